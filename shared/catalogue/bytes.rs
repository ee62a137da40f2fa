//! Numbers and texts as the bytes of a segment.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as NotAValue;

use crate::domain::error::{Error, Result};

/// Appends a number in LEB128: seven bits a byte, the lowest first.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Appends a length.
pub(super) fn put_length(bytes: &mut Vec<u8>, length: usize) {
    put_number(bytes, length as u64);
}

/// Appends a text with its length before it.
pub(super) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_length(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

/// Appends an offset, in four bytes.
pub(super) fn put_offset(bytes: &mut Vec<u8>, offset: usize) {
    // A segment is smaller than an item of DynamoDB, 400 KB.
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&offset.to_le_bytes());
}

/// Returns the offset at an index of a list of offsets; 0 after its end.
pub(super) fn offset_at(offsets: &[u8], index: usize) -> usize {
    let bytes = offsets.get(index * 4..).and_then(|rest| rest.first_chunk::<4>());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

/// Reads bytes from the first to the last. What is not there reads as zero or as empty: a segment
/// has a digest, so that no other bytes are read than were written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    pub fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 63 {
                return number;
            }
        }
    }

    pub fn length(&mut self) -> usize {
        self.number() as usize
    }

    pub fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    pub fn text(&mut self) -> &'a str {
        as_text(self.text_bytes())
    }

    pub fn text_bytes(&mut self) -> &'a [u8] {
        let length = self.length();
        self.bytes(length)
    }
}

/// Returns the text that bytes are.
pub(super) fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Returns the value whose text was stored.
pub(super) fn from_text<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T> {
    T::deserialize(text.into_deserializer()).map_err(|error: NotAValue| Error::internal(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let (numbers, mut bytes) = ([0, 1, 127, 128, 300, u64::MAX], Vec::new());
        for number in numbers {
            put_number(&mut bytes, number);
        }
        put_text(&mut bytes, "Łódź");
        let mut reader = Reader(&bytes);
        assert_eq!(numbers.map(|_| reader.number()), numbers);
        assert_eq!(reader.text(), "Łódź");
        assert!(reader.is_at_end());
        assert_eq!((reader.number(), reader.text()), (0, ""));
    }
}
