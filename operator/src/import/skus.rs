//! SKUs of other shops, which may be missing or have characters that ours can't have.

use shared::crypto::digest::digest;
use shared::domain::sku::Sku;

use super::row::Problem;

/// The most characters of a SKU.
const MAX: usize = 64;

/// The characters of the digest that keeps two shortened SKUs apart.
const DIGEST: usize = 10;

/// Returns a cell without the apostrophe that a spreadsheet or a shop puts before a text that looks
/// like a number or a formula.
pub fn without_apostrophe(text: &str) -> &str {
    text.strip_prefix('\'').unwrap_or(text)
}

/// Reads a SKU, and says how it is changed if it is. An error if a spreadsheet has rounded it.
pub fn read(text: &str) -> Result<(String, Option<Problem>), Problem> {
    let text = without_apostrophe(text.trim()).trim();
    if is_rounded(text) {
        let reason = format!(
            "«{text}» is a number that a spreadsheet has rounded: write the whole SKU, in a column \
             that is formatted as text"
        );
        return Err(Problem::new("rounded_sku", reason));
    }
    let sku = derive(&[text]);
    if sku == text {
        return Ok((sku, None));
    }
    let reason = format!(
        "the SKU «{text}» becomes {sku}: a SKU here has up to 64 letters, digits, dots, underscores \
         and hyphens; write another in the file if you want one"
    );
    Ok((sku, Some(Problem::new("sku_changed", reason))))
}

/// Makes a SKU of texts, such as a handle and option values: always the same of the same texts.
/// They are joined by hyphens, which also replace spaces. If characters are lost or the SKU would
/// be too long, it ends with a digest of the texts.
pub fn derive(texts: &[&str]) -> String {
    let joined = texts.join("-");
    let plain: String = joined.split_whitespace().collect::<Vec<_>>().join("-");
    if Sku::parse(plain.clone()).is_ok() {
        return plain;
    }
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
    let kept: String = plain.chars().map(|c| if is_allowed(&c) { c } else { '-' }).collect();
    let kept: String = kept.chars().take(MAX - DIGEST - 1).collect();
    // Digests have letters, digits, hyphens and underscores.
    let digest = digest(texts.iter().map(|text| text.as_bytes()));
    let kept = Some(kept.trim_matches('-')).filter(|kept| !kept.is_empty()).unwrap_or("sku");
    format!("{kept}-{}", &digest[..DIGEST])
}

/// Whether a text is a number in the notation of spreadsheets for long numbers: `1.23457E+12`.
pub fn is_rounded(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    exponent.strip_prefix('+').is_some_and(is_digits)
        && number.split_once(['.', ',']).is_none_or(|(_, after)| is_digits(after))
        && number.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_sku_is_made_of_handle_and_options() {
        assert_eq!(derive(&["linen-shirt", "M", "Sea Blue"]), "linen-shirt-M-Sea-Blue");
        assert_eq!(derive(&["linen-shirt"]), "linen-shirt");
        let long = ["a-handle-that-goes-on-and-on-and-on-for-a-long-while", "Extra Large", "Navy"];
        let sku = derive(&long);
        assert!(sku.len() <= MAX && Sku::parse(sku.clone()).is_ok(), "{sku}");
        assert_eq!(derive(&long), sku);
        assert!(sku.starts_with("a-handle-that-goes-on-and-on-and-on-for-a-long-while-"), "{sku}");
        assert_ne!(sku, derive(&[long[0], "Extra Large", "Grey"]));
    }

    #[test]
    fn every_derived_sku_is_valid_and_different_texts_stay_different() {
        let texts: [&[&str]; 9] = [
            &["hemd", "Größe M"],
            &["hemd", "Grösse M"],
            &["hemd", "½"],
            &["hemd", "¼"],
            &["シャツ"],
            &["帽子"],
            &[".."],
            &[" "],
            &["'"],
        ];
        let skus: std::collections::BTreeSet<_> = texts.iter().map(|texts| derive(texts)).collect();
        assert_eq!(skus.len(), texts.len(), "{skus:?}");
        for sku in skus {
            assert!(Sku::parse(sku.clone()).is_ok(), "{sku}");
        }
    }

    #[test]
    fn a_sku_of_the_file_stays_unless_it_can_not() {
        for (text, sku) in [("'00123", "00123"), (" MUG-1 ", "MUG-1"), ("a_b.C", "a_b.C")] {
            assert_eq!(read(text), Ok((sku.to_owned(), None)), "{text}");
        }
        for (text, start) in [("RED 42", "RED-42"), ("RED/42", "RED-42-"), ("''5", "5-")] {
            let (sku, changed) = read(text).unwrap();
            assert!(sku.starts_with(start), "{text}: {sku}");
            assert_eq!(changed.map(|problem| problem.kind), Some("sku_changed"), "{text}");
        }
        for text in ["1.23457E+12", "4E+11", "1,2E+10"] {
            assert_eq!(read(text).unwrap_err().kind, "rounded_sku", "{text}");
        }
        for text in ["E+12", "1E12", "1.E+1", "A1E+5"] {
            assert!(!is_rounded(text), "{text}");
        }
    }
}
