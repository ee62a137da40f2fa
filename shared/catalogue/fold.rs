//! Folding: texts that differ only in case, accents or width become equal.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::domain::text::fold_case;
use crate::domain::unicode;

/// U+0640, which only makes an Arabic word wider.
const TATWEEL: char = '\u{640}';

/// Removes differences of case, accents, width and compatibility forms, in any script, and hidden
/// characters but the space: `Łódź`, `LODZ` and `ｌｏｄｚ` become `lodz`. Marks that make another letter stay, such
/// as those of kana, of Thai and of Indic scripts.
pub fn fold(text: &str) -> String {
    let decompose = DecomposingNormalizerBorrowed::new_nfkd();
    // Twice: some capitals and ligatures change case only once they are decomposed, and some letters
    // decompose only then.
    let text = fold_case(&decompose.normalize(text));
    let text = decompose.normalize(&text);
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match base_letter(c) {
            Some(letters) => folded.push_str(letters),
            None if c != ' ' && (is_accent(c) || c == TATWEEL || unicode::is_hidden(c)) => {}
            None => folded.push(c),
        }
    }
    match ComposingNormalizerBorrowed::new_nfc().normalize(&folded) {
        std::borrow::Cow::Borrowed(_) => folded,
        std::borrow::Cow::Owned(composed) => composed,
    }
}

/// Returns a text in Unicode normalization form KC: full-width letters become usual ones.
pub(super) fn compatible(text: &str) -> std::borrow::Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}

/// Whether a character is a mark above, below or across a letter, or a vowel point of Hebrew,
/// Arabic or Syriac, by its canonical combining class (UAX #44, section 5.7.4). The classes of
/// nuktas (7), kana's voicing (8), viramas (9) and the vowels and tones of Thai, Lao and others (84
/// to 132) make another letter.
fn is_accent(c: char) -> bool {
    !c.is_ascii()
        && matches!(CanonicalCombiningClassMapBorrowed::new().get_u8(c), 1 | 10..=36 | 200..=240)
}

/// Returns the plain letters for a Latin letter whose stroke or ligature Unicode does not decompose,
/// as UTR #30 listed them.
fn base_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        // Of the capital ẞ, whose lower case it is.
        'ß' => "ss",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_width_make_no_difference() {
        for (text, folded) in [
            ("Łódź", "lodz"),
            ("ＬＯＤＺ", "lodz"),
            ("cafe\u{301}", "cafe"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("ΌΣΟΣ", "οσοσ"),
            ("όσος", "οσοσ"),
            ("İstanbul", "istanbul"),
            ("ISPARTA", "isparta"),
            ("ﬁne", "fine"),
            ("Ёлка", "елка"),
            ("ﾋﾞｰﾙ", "ビール"),
            ("한국", "한국"),
            ("عَرَبِيّ", "عربي"),
            ("שָׁלוֹם", "שלום"),
            ("Ærø", "aero"),
            ("soft\u{ad}ware", "software"),
            ("Łódź 2", "lodz 2"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn marks_that_make_another_letter_stay() {
        for (text, another) in [("が", "か"), ("ที่", "ที"), ("हिंदी", "हदी"), ("កី", "ក"), ("က်", "က")]
        {
            assert_ne!(fold(text), fold(another), "{text}");
        }
    }

    #[test]
    fn folding_again_changes_nothing() {
        for text in ["Łódź ﬁ ẞ ΐ ǰ ﷺ ﾋﾞ", "ᾼ ŉ Ǆ İ ℡ ½"] {
            let once = fold(text);
            assert_eq!(fold(&once), once, "{text}");
        }
    }
}
