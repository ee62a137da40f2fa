//! Which products of a segment have a word.

use super::super::bytes::Reader;
use super::super::words::Fields;
use super::{Part, Segment};

/// A word of a search.
#[derive(Debug, Clone, Copy)]
pub struct SearchWord<'q> {
    /// The word, folded.
    pub word: &'q str,
    /// Its stem; `None` if words with the same stem do not match.
    pub stem: Option<&'q str>,
    /// Whether words that begin with it match.
    pub is_prefix: bool,
}

/// How well a word of a product matches a word of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It begins with it.
    Prefix = 1,
    /// It has the same stem.
    Stem,
    /// They are equal.
    Exact,
}

impl Segment {
    /// Calls `found` for each product and each of its words that matches a word of a search, with
    /// how well it does and the fields.
    pub fn search(&self, wanted: SearchWord<'_>, mut found: impl FnMut(usize, Match, Fields)) {
        let words = self.words();
        let word = wanted.word.as_bytes();
        words.visit_from(word, |entry| {
            let is_exact = entry.text == word;
            let how = match is_exact {
                true => Match::Exact,
                false if wanted.is_prefix && entry.text.starts_with(word) => Match::Prefix,
                false => return false,
            };
            postings(entry.payload, |product, fields| found(product, how, fields));
            true
        });
        let Some(stem) = wanted.stem.map(str::as_bytes) else { return };
        // The words that are their own stems are in no other dictionary.
        words.visit_from(stem, |entry| {
            if entry.text == stem && entry.is_flagged {
                postings(entry.payload, |product, fields| found(product, Match::Stem, fields));
            }
            entry.text == stem
        });
        self.dictionary(Part::Stems).visit_from(stem, |entry| {
            if entry.text != stem {
                return false;
            }
            let mut ordinals = Reader(entry.payload);
            let mut ordinal = 0;
            while !ordinals.is_at_end() {
                ordinal += ordinals.length();
                words.visit_at(ordinal, |entry| {
                    postings(entry.payload, |product, fields| found(product, Match::Stem, fields));
                });
            }
            false
        });
    }
}

/// Calls `found` for each product that has a word, with the fields.
pub(super) fn postings(payload: &[u8], mut found: impl FnMut(usize, Fields)) {
    let (mut reader, mut product) = (Reader(payload), 0);
    while !reader.is_at_end() {
        let step = reader.length();
        product += step >> 1;
        let fields =
            if step & 1 == 1 { Fields::from_bits(reader.byte()) } else { Fields::IN_DESCRIPTION };
        found(product, fields);
    }
}
