//! The file of `--columns`, which says what WooCommerce's headers in another language are in English.

use std::collections::HashMap;

use super::woocommerce::columns::{self, folded};
use crate::failure::{Failure, Result};

/// WooCommerce's English header of each header in another language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translations(HashMap<String, String>);

impl Translations {
    /// Parses lines such as `Prix régulier = Regular price`. Blank lines and those that begin with
    /// `#` are skipped. `%d` on both sides stands for the number of an attribute.
    pub fn parse(text: &str) -> Result<Self> {
        let mut names = HashMap::new();
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let failed = |problem: String| Failure::new(format!("line {number}: {problem}"));
            let Some((header, english)) = line.rsplit_once('=') else {
                let example = "`Prix régulier = Regular price`";
                return Err(failed(format!("«{line}» has no `=`: write lines such as {example}")));
            };
            let (header, english) = (header.trim(), english.trim());
            let sample = english.replace("%d", "1");
            let Some(known) = columns::english(&sample) else {
                return Err(failed(format!("WooCommerce has no header «{english}» in English")));
            };
            if header.is_empty() || header.contains("%d") != english.contains("%d") {
                return Err(failed("`%d` stands on both sides or on none".to_owned()));
            }
            let known = if english.contains("%d") { known.replacen('1', "%d", 1) } else { known };
            if names.insert(folded(header), known).is_some() {
                return Err(failed(format!("«{header}» is named twice")));
            }
        }
        Ok(Self(names))
    }

    /// Returns the English header of a header.
    pub fn english(&self, header: &str) -> Option<String> {
        let header = folded(header);
        if let Some(english) = self.0.get(&header) {
            return Some(english.clone());
        }
        let digits = |c: char| c.is_ascii_digit();
        let start = header.find(digits)?;
        let rest = &header[start..];
        let number = &rest[..rest.find(|c| !digits(c)).unwrap_or(rest.len())];
        let pattern = format!("{}%d{}", &header[..start], &rest[number.len()..]);
        self.0.get(&pattern).map(|english| english.replace("%d", number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_header_is_in_english() {
        let text = "\u{FEFF}# French\n\nUGS = SKU\nPoids (kg)=Weight (kg)\r\n\
                    Nom de l’attribut %d = Attribute %d name\nTarif régulier = Regular price\n";
        let names = Translations::parse(text).unwrap();
        for (header, english) in [
            ("UGS", Some("SKU")),
            ("ugs", Some("SKU")),
            ("Tarif\u{A0}régulier", Some("Regular price")),
            ("Nom de l'attribut 12", Some("Attribute 12 name")),
            ("Poids (kg)", Some("Weight (kg)")),
            ("Nom", None),
            ("Nom de l'attribut", None),
        ] {
            assert_eq!(names.english(header).as_deref(), english, "{header}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, told) in [
            ("\nUGS SKU", "line 2: «UGS SKU» has no `=`"),
            ("UGS = Sku number", "line 1: WooCommerce has no header «Sku number» in English"),
            ("Nom = Attribute %d name", "line 1: `%d` stands on both sides or on none"),
            (" = SKU", "line 1: `%d` stands on both sides or on none"),
            ("UGS = SKU\nugs = ID", "line 2: «ugs» is named twice"),
        ] {
            let failure = Translations::parse(text).unwrap_err().to_string();
            assert!(failure.starts_with(told), "{failure}");
        }
    }
}
