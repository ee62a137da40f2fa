//! Unicode properties and normalization, for all texts that users type.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark, VariationSelector,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The canonical combining class of viramas (UAX #44, section 5.7.4).
const VIRAMA: u8 = 9;

/// Returns the text in Unicode normalization form C (UAX #15), in which `é` is the same character
/// whether it was typed as one character or as `e` and an accent.
pub fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Whether a character is invisible by itself: spaces and line breaks, format characters, Hangul
/// fillers, variation selectors, the blank Braille pattern.
///
/// These are `White_Space`, `Default_Ignorable_Code_Point`, general category `Cf` except
/// `Prepended_Concatenation_Mark` (which are visible), and U+2800.
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

/// Whether a text has no visible character; true for the empty text.
pub fn shows_nothing(text: &str) -> bool {
    text.chars().all(is_hidden)
}

/// Removes hidden characters at both ends. A hidden character that belongs to the last visible one
/// stays: a variation selector, the tags of a flag, or a joiner after a virama.
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

/// Whether a character embeds, overrides or isolates a text direction, and so can change how the
/// text around it is displayed (UAX #9, sections 2.1 to 2.5). False for the marks U+200E, U+200F
/// and U+061C, which have no such effect and are common in Arabic and Hebrew.
pub const fn is_explicit_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is a space other than U+0020 (general category `Zs`).
pub fn is_other_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii() && !c.is_control() && !is_line_separator(c)
}

/// Whether a character is Unicode's line separator or paragraph separator.
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
    fn visible_characters_are_not_hidden() {
        for c in "a7.éß漢가\u{301}\u{93f}\u{600}\u{6dd}\u{110bd}\u{20e3}👩\u{e000}\u{0}".chars()
        {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn other_spaces_and_digits_of_every_script_are_recognised() {
        let others = "\u{a0}\u{1680}\u{2000}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
        assert!(others.chars().all(is_other_space));
        assert!(!" \t\n\u{85}\u{2028}\u{2029}\u{200b}\u{2800}a".chars().any(is_other_space));
        assert!("07٣७７".chars().all(is_digit));
        assert!(!"a½Ⅷ²十".chars().any(is_digit));
    }
}
