//! Words: the terms by which search finds a product.
//!
//! A text is split by UAX #29, and its words are folded. Scripts that are written without spaces
//! become pairs of adjacent characters, so that each part of a text is found without a dictionary.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use frostem::Stemmer;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::{CodePointMapData, props};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::fold::{compatible, fold};
use super::html;
use crate::domain::product::ProductWithVariants;
use crate::domain::search_language::SearchLanguage;
use crate::domain::text::fold_case;
use crate::domain::unicode;

/// The most words of one product. Beyond it, the last words of its description are not found.
pub const MAX_WORDS: usize = 4_096;

/// The most bytes of one product's words, so that they fit into an item.
const MAX_BYTES: usize = 280_000;

/// The most characters of a word; the rest of a longer one is cut off, in a search as well.
const MAX_LENGTH: usize = 64;

/// The shortest part after an apostrophe that is found by itself: `eau` in `l'eau`.
const SHORTEST_PART: usize = 3;

/// Where in a product a word stands, as a bit of [`Fields`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// Its name.
    Name = 1,
    /// Its brand.
    Brand = 2,
    /// The slug of its category.
    Category = 4,
    /// Its tags.
    Tags = 8,
    /// Its description.
    Description = 16,
    /// The SKU of a variant.
    Sku = 32,
    /// The barcode of a variant.
    Barcode = 64,
}

/// A set of [`Field`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields(u8);

impl Fields {
    /// Only the description, as of most words.
    pub const IN_DESCRIPTION: Self = Self(Field::Description as u8);

    /// Returns the fields of these bits.
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Returns a bit for each field.
    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it contains a field.
    pub const fn contains(self, field: Field) -> bool {
        self.0 & field as u8 != 0
    }

    /// Adds a field.
    pub const fn add(&mut self, field: Field) {
        self.0 |= field as u8;
    }
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word, folded.
    pub word: String,
    /// The stem that it shares with its other forms, folded; the word itself without a language.
    pub stem: String,
}

/// A word of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word and its stem.
    pub token: Token,
    /// Where it stands.
    pub fields: Fields,
}

/// The words of a product, sorted, each once.
///
/// Stored as a text, `mug:1 mugs:11:-1`: each word with its fields in hexadecimal. Then follows how
/// many characters the stem has less than the word, or `=` and the stem; nothing if they are equal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Words(Vec<Word>);

/// Splits texts into words, for products and for searches.
#[derive(Clone, Copy)]
pub struct Analyzer {
    stemmer: Option<Stemmer>,
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Analyzer({:?})", self.stemmer.map(|stemmer| stemmer.algorithm()))
    }
}

impl Analyzer {
    /// Creates an analyzer for texts in a language.
    pub fn new(language: SearchLanguage) -> Self {
        Self { stemmer: Stemmer::try_from_name(language.name()).ok() }
    }

    /// Returns the words of a text, in its order. Texts that differ only in case, accents, width or
    /// punctuation have the same words.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        let text = compatible(text);
        let (mut tokens, mut unspaced) = (Vec::new(), String::new());
        for segment in text.split_word_bounds() {
            if segment.starts_with(is_unspaced) {
                unspaced.push_str(segment);
                continue;
            }
            pairs(&mut unspaced, &mut tokens);
            let words = segment.split(|c| !is_of_word(c)).filter(|word| has_letter(word));
            tokens.extend(words.map(|word| self.token(word)).filter(|it| !it.word.is_empty()));
        }
        pairs(&mut unspaced, &mut tokens);
        tokens
    }

    /// Returns the words of a product.
    pub fn words(&self, of: &ProductWithVariants) -> Words {
        let product = &of.product;
        let mut found = Found::default();
        let category =
            product.category.as_ref().map(|category| (Field::Category, category.as_str()));
        let name = (Field::Name, product.name.as_str());
        let brand = product.brand.as_ref().map(|brand| (Field::Brand, brand.as_str()));
        let tags = product.tags.iter().map(|tag| (Field::Tags, tag.as_str()));
        let skus = of.current_variants().map(|variant| (Field::Sku, variant.sku.as_str()));
        let barcodes = of.current_variants().filter_map(|variant| variant.barcode.as_ref());
        let barcodes = barcodes.map(|barcode| (Field::Barcode, barcode.as_str()));
        let description = product.description.as_ref();
        let description = description.map(|text| (Field::Description, text.as_str()));
        // The description is last, because what is too much is left out.
        let texts =
            [name].into_iter().chain(brand).chain(category).chain(tags).chain(skus).chain(barcodes);
        for (field, text) in texts.chain(description) {
            let text = html::strip(text);
            for token in self.tokens(&text) {
                found.add(token, field);
            }
            for part in compatible(&text).unicode_words().filter_map(after_apostrophe) {
                found.add(self.token(part), field);
            }
        }
        found.finish()
    }

    fn token(&self, word: &str) -> Token {
        let cased: String =
            fold_case(word).chars().map(|c| if is_apostrophe(c) { '\'' } else { c }).collect();
        let stem = self.stemmer.map(|stemmer| folded(&stemmer.stem(&cased)));
        let word = folded(&cased);
        let stem = stem.filter(|stem| !stem.is_empty()).unwrap_or_else(|| word.clone());
        Token { word, stem }
    }
}

/// The words that were found so far.
#[derive(Default)]
struct Found {
    words: BTreeMap<String, (String, Fields)>,
    bytes: usize,
}

impl Found {
    fn add(&mut self, Token { word, stem }: Token, field: Field) {
        if let Some((_, fields)) = self.words.get_mut(&word) {
            fields.add(field);
            return;
        }
        let bytes = word.len() + stem.len() + ": 00:=".len();
        if self.words.len() >= MAX_WORDS || self.bytes + bytes > MAX_BYTES || word.is_empty() {
            return;
        }
        self.bytes += bytes;
        let mut fields = Fields::default();
        fields.add(field);
        self.words.insert(word, (stem, fields));
    }

    fn finish(self) -> Words {
        let words = self.words.into_iter();
        Words(
            words
                .map(|(word, (stem, fields))| Word { token: Token { word, stem }, fields })
                .collect(),
        )
    }
}

impl Words {
    /// Returns words that are sorted and different.
    pub(super) const fn from_sorted(words: Vec<Word>) -> Self {
        Self(words)
    }

    /// Returns the same words with the stems that an analyzer finds for them as they are stored:
    /// folded, so that a stem which depends on an accent may be another than that of the product.
    #[must_use]
    pub fn stemmed(mut self, analyzer: &Analyzer) -> Self {
        for Word { token, .. } in &mut self.0 {
            token.stem = analyzer.token(&token.word).stem;
        }
        self
    }

    /// Returns the words in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Word> {
        self.0.iter()
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        let mut text = String::new();
        for Word { token: Token { word, stem }, fields } in words.0 {
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a text can't fail.
            let _ = write!(text, "{space}{word}:{:x}", fields.0);
            let _ = match word.strip_prefix(&*stem) {
                Some("") => Ok(()),
                Some(ending) => write!(text, ":-{}", ending.chars().count()),
                None => write!(text, ":={stem}"),
            };
        }
        text
    }
}

impl TryFrom<String> for Words {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words = text.split(' ').filter(|word| !word.is_empty());
        let words = words.map(|text| word(text).ok_or_else(|| format!("{text} is no word")));
        words.collect::<Result<_, _>>().map(Self)
    }
}

fn word(text: &str) -> Option<Word> {
    let mut parts = text.split(':');
    let (word, fields) = (parts.next()?, parts.next()?);
    let stem = match parts.next() {
        None => word,
        Some(stem) if stem.starts_with('=') => &stem[1..],
        Some(cut) => {
            let cut: usize = cut.strip_prefix('-')?.parse().ok()?;
            let (at, _) = word.char_indices().rev().nth(cut.checked_sub(1)?)?;
            &word[..at]
        }
    };
    let fields = Fields(u8::from_str_radix(fields, 16).ok()?);
    Some(Word { token: Token { word: word.to_owned(), stem: stem.to_owned() }, fields })
}

/// Adds the pairs of adjacent characters of a text without spaces to `tokens`, and empties it. A
/// single character is a word.
fn pairs(text: &mut String, tokens: &mut Vec<Token>) {
    let characters: Vec<char> = fold(text).chars().filter(|c| is_of_word(*c)).collect();
    text.clear();
    let pairs = match characters.as_slice() {
        [] => return,
        [one] => vec![one.to_string()],
        many => many.windows(2).map(String::from_iter).collect(),
    };
    tokens.extend(pairs.into_iter().map(|word| Token { stem: word.clone(), word }));
}

/// Folds a word, without its apostrophes, and cuts it off after the most characters of one.
fn folded(word: &str) -> String {
    let folded = fold(&word.replace(is_apostrophe, ""));
    // Some compatibility forms decompose to several words.
    folded.chars().filter(|c| is_of_word(*c)).take(MAX_LENGTH).collect()
}

/// Returns the part of a word after its last apostrophe, unless it is short.
fn after_apostrophe(word: &str) -> Option<&str> {
    let (_, part) = word.rsplit_once(is_apostrophe)?;
    (part.chars().count() >= SHORTEST_PART).then_some(part)
}

fn has_letter(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

/// Whether a word continues at a character. All other punctuation ends it, so that `node.js`,
/// `node_js` and `node js` are the same.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric()
        || is_apostrophe(c)
        || (!c.is_ascii() && (is_mark(c) || unicode::is_hidden(c)))
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// Whether a character inside a word is left out: an apostrophe, the middle dot of Catalan, or a
/// geresh of Hebrew.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '·' | '׳' | '״')
}

/// Whether a character is of a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    const SCRIPTS: [Script; 7] = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
    ];
    // The long vowel of kana is of no script.
    !c.is_ascii()
        && (c == 'ー' || SCRIPTS.contains(&CodePointMapData::<props::Script>::new().get(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = Analyzer::new(SearchLanguage::ENGLISH).tokens(text);
        tokens.into_iter().map(|token| token.word).collect()
    }

    fn stem(language: &str, word: &str) -> String {
        let analyzer = Analyzer::new(SearchLanguage::parse(language).unwrap());
        let [token] = <[Token; 1]>::try_from(analyzer.tokens(word)).unwrap();
        token.stem
    }

    #[test]
    fn a_text_has_the_same_words_whatever_its_punctuation() {
        for (text, expected) in [
            ("Node.js, node_js & NODE js!", "node js node js node js"),
            ("T-Shirt 3.5 (new)", "t shirt 3 5 new"),
            ("Women’s women's", "womens womens"),
            ("col·lecció", "colleccio"),
            ("500ml AB-12/X", "500ml ab 12 x"),
            ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
            ("наш Дом", "наш дом"),
            ("한국 음식", "한국 음식"),
            ("हिंदी", "हिंदी"),
            ("صفحه\u{200c}ها", "صفحهها"),
            ("👩 ☕ --- ...", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn scripts_without_spaces_become_pairs_of_characters() {
        for (text, expected) in [
            ("東京都", "東京 京都"),
            ("茶", "茶"),
            ("らーめん", "らー ーめ めん"),
            ("ﾋﾞｰﾙ 2本", "ビー ール 2 本"),
            ("Tシャツ", "t シャ ャツ"),
            ("กาแฟ", "กา าแ แฟ"),
            ("日本、東京", "日本 東京"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
        for text in ["ພາສາລາວ", "ភាសាខ្មែរ", "မြန်မာ"] {
            assert!(words(text).iter().all(|word| word.chars().count() == 2), "{text}");
        }
    }

    #[test]
    fn each_part_of_a_text_without_spaces_has_only_pairs_of_the_whole() {
        for text in ["東京都庁の珈琲", "ภาษาไทยสวย", "ភាសាខ្មែរ"]
        {
            let (all, letters) = (words(text), text.chars().collect::<Vec<_>>());
            for part in letters.windows(4).map(String::from_iter) {
                assert!(words(&part).iter().all(|pair| all.contains(pair)), "{part} of {text}");
            }
        }
    }

    #[test]
    fn singular_and_plural_have_one_stem_with_and_without_accents() {
        for (language, one, other) in [
            ("english", "mug", "mugs"),
            ("english", "berry", "Berries"),
            ("english", "women", "women's"),
            ("english", "café", "cafes"),
            ("german", "Tasse", "Tassen"),
            ("german", "Haus", "Häuser"),
            ("french", "eau", "l’eau"),
            ("spanish", "taza", "tazas"),
            ("russian", "чашка", "чашки"),
        ] {
            assert_eq!(stem(language, one), stem(language, other), "{language}: {one}, {other}");
        }
        assert_eq!(stem("off", "mugs"), "mugs");
    }

    #[test]
    fn every_language_has_a_stemmer() {
        for language in SearchLanguage::ALL {
            let has_stemmer = Analyzer::new(language).stemmer.is_some();
            assert_eq!(has_stemmer, language != SearchLanguage::OFF, "{}", language.name());
        }
    }

    #[test]
    fn a_product_has_at_most_so_many_words_that_they_fit_into_an_item() {
        let stored = |word: &dyn Fn(u32) -> String| {
            let mut found = Found::default();
            for number in 0..9_000 {
                for token in Analyzer::new(SearchLanguage::ENGLISH).tokens(&word(number)) {
                    found.add(token, Field::Description);
                }
            }
            let words = found.finish();
            (words.0.len(), String::from(words).len())
        };
        let (count, bytes) = stored(&|number| format!("w{number}"));
        assert_eq!(count, MAX_WORDS);
        assert!(bytes < 50_000, "{bytes}");
        let (count, bytes) = stored(&|number| format!("𐐨{number}{}", "𐐨".repeat(60)));
        assert!(count > 500 && bytes <= MAX_BYTES, "{count}, {bytes}");
        assert_eq!(words(&"x".repeat(1_000)), ["x".repeat(MAX_LENGTH)]);
    }

    #[test]
    fn words_are_stored_as_a_short_text() {
        let mut found = Found::default();
        for (text, field) in
            [("Mugs", Field::Name), ("running berries mugs ご飯", Field::Description)]
        {
            for token in Analyzer::new(SearchLanguage::ENGLISH).tokens(text) {
                found.add(token, field);
            }
        }
        let words = found.finish();
        let text = String::from(words.clone());
        assert_eq!(text, "berries:10:-2 mugs:11:-1 running:10:-4 ご飯:10");
        assert_eq!(Words::try_from(text), Ok(words));
        for bad in ["mug", "mug:x", "mug:1:-9", "mug:1:-0", "mug:1:1", "mug:100"] {
            assert!(Words::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
