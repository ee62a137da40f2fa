//! The different values of a member of the products in a segment, such as their brands.

use super::super::bytes::{as_text, offset_at, put_offset};
use crate::domain::text::fold_case;

/// Values in their order: those that differ only in case follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// Where each text ends: of each value its key, then the value itself.
    ends: &'a [u8],
    texts: &'a [u8],
}

/// Returns what values have in common that differ only in case.
pub fn key_of(value: &str) -> String {
    fold_case(value)
}

/// Writes values, which are sorted by key and value.
pub(super) fn write<'v>(values: impl Iterator<Item = (&'v str, &'v str)>) -> [Vec<u8>; 2] {
    let (mut ends, mut texts) = (Vec::new(), Vec::new());
    for (key, value) in values {
        for text in [key, value] {
            texts.extend_from_slice(text.as_bytes());
            put_offset(&mut ends, texts.len());
        }
    }
    [ends, texts]
}

impl<'a> Values<'a> {
    pub(super) fn new(ends: &'a [u8], texts: &'a [u8]) -> Self {
        Self { ends, texts }
    }

    /// Returns how many there are.
    pub fn count(self) -> usize {
        self.ends.len() / 8
    }

    /// Returns a value.
    pub fn get(self, ordinal: usize) -> &'a str {
        self.text(ordinal * 2 + 1)
    }

    /// Returns the key of a value.
    pub fn key(self, ordinal: usize) -> &'a str {
        self.text(ordinal * 2)
    }

    fn text(self, index: usize) -> &'a str {
        let start = index.checked_sub(1).map_or(0, |before| offset_at(self.ends, before));
        as_text(self.texts.get(start..offset_at(self.ends, index)).unwrap_or_default())
    }
}
