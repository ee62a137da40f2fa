//! One form for one text: what Unicode says of characters, for all values that people type.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark, VariationSelector,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The canonical combining class of viramas (UAX #44, section 5.7.4).
const VIRAMA: u8 = 9;

/// The text in Unicode's Normalization Form C (UAX #15): the same characters for `é` whether it was
/// typed as one character or as `e` and an accent.
pub fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Whether a character shows nothing by itself: spaces and line breaks, format characters, fillers
/// of Hangul, variation selectors, the blank of Braille.
///
/// Unicode's `White_Space`, `Default_Ignorable_Code_Point`, and general category `Cf` but for
/// `Prepended_Concatenation_Mark`, which are signs that show; and U+2800.
pub fn is_hidden(c: char) -> bool {
    let is_format = || {
        CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format
            && !CodePointSetData::new::<PrependedConcatenationMark>().contains(c)
    };
    !c.is_ascii_graphic()
        && (c.is_whitespace()
            || c == '\u{2800}'
            || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
            || is_format())
}

/// Whether nobody sees anything of a text; true of the empty one.
pub fn shows_nothing(text: &str) -> bool {
    text.chars().all(is_hidden)
}

/// The text without the hidden characters around it. One that belongs to the last character that
/// shows stays: a variation selector, the tags of a flag, a joiner behind a virama.
pub fn trim(text: &str) -> &str {
    let text = text.trim_start_matches(is_hidden);
    let shown = text.trim_end_matches(is_hidden);
    let Some(last) = shown.chars().next_back() else { return "" };
    let mut hidden = text[shown.len()..].chars();
    let kept: usize = match last {
        '\u{1f3f4}' => hidden.take_while(is_tag).map(char::len_utf8).sum(),
        _ => hidden.next().filter(|c| belongs_to(*c, last)).map_or(0, char::len_utf8),
    };
    &text[..shown.len() + kept]
}

/// Whether a character embeds, overrides or isolates a direction of writing, and so can make the
/// text around it read otherwise than it is (UAX #9, sections 2.1 to 2.5). The marks U+200E, U+200F
/// and U+061C change nothing but their own place, and are part of good Arabic and Hebrew.
pub const fn is_explicit_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is a space other than U+0020 (general category `Zs`).
pub fn is_other_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii() && !c.is_control() && !is_line_separator(c)
}

/// Whether a character is Unicode's own separator of lines or of paragraphs.
pub const fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character is a decimal digit of any script (general category `Nd`).
pub fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
        || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DecimalNumber
}

fn is_tag(c: &char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

fn belongs_to(hidden: char, last: char) -> bool {
    match hidden {
        '\u{200c}' | '\u{200d}' => CanonicalCombiningClassMapBorrowed::new().get_u8(last) == VIRAMA,
        _ => !last.is_ascii() && CodePointSetData::new::<VariationSelector>().contains(hidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_is_not_hidden() {
        for c in "a7.éß漢가\u{301}\u{93f}\u{600}\u{6dd}\u{110bd}\u{20e3}👩\u{e000}\u{0}".chars()
        {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn spaces_are_of_one_kind_and_digits_of_every_script() {
        let others = "\u{a0}\u{1680}\u{2000}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
        assert!(others.chars().all(is_other_space));
        assert!(!" \t\n\u{85}\u{2028}\u{2029}\u{200b}\u{2800}a".chars().any(is_other_space));
        assert!("07٣७７".chars().all(is_digit));
        assert!(!"a½Ⅷ²十".chars().any(is_digit));
    }
}
