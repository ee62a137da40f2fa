//! Sorted texts, each with a payload.
//!
//! A text is stored as the length of what it shares with the text before it, and the rest ("front
//! coding"). Each sixteenth text begins a block and is stored whole, so that a search halves the
//! blocks and then reads one.

use super::super::bytes::{Reader, offset_at, put_length, put_offset};

/// The number of texts in a block.
const BLOCK: usize = 16;

/// Writes a dictionary.
#[derive(Debug, Default)]
pub(super) struct DictionaryWriter {
    /// For each block, where its texts begin and where its payloads do.
    blocks: Vec<u8>,
    entries: Vec<u8>,
    payloads: Vec<u8>,
    count: usize,
    last: Vec<u8>,
}

/// A dictionary in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dictionary<'a> {
    pub blocks: &'a [u8],
    pub entries: &'a [u8],
    pub payloads: &'a [u8],
}

/// Reads the entries of a dictionary in their order.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    entries: Reader<'a>,
    payloads: Reader<'a>,
    next: usize,
    text: Vec<u8>,
}

/// A text with its payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'t, 'a> {
    /// Its place in the dictionary, counted from 0.
    pub ordinal: usize,
    pub text: &'t [u8],
    pub is_flagged: bool,
    pub payload: &'a [u8],
}

impl DictionaryWriter {
    /// Appends a text that is not before the last one.
    pub fn push(&mut self, text: &[u8], is_flagged: bool, payload: &[u8]) {
        if self.count.is_multiple_of(BLOCK) {
            put_offset(&mut self.blocks, self.entries.len());
            put_offset(&mut self.blocks, self.payloads.len());
            self.last.clear();
        }
        let shared = text.iter().zip(&self.last).take_while(|(one, other)| one == other).count();
        put_length(&mut self.entries, shared);
        put_length(&mut self.entries, text.len() - shared);
        self.entries.extend_from_slice(&text[shared..]);
        put_length(&mut self.entries, payload.len() << 1 | usize::from(is_flagged));
        self.payloads.extend_from_slice(payload);
        self.last.truncate(shared);
        self.last.extend_from_slice(&text[shared..]);
        self.count += 1;
    }

    /// Returns the three parts of the dictionary.
    pub fn finish(self) -> [Vec<u8>; 3] {
        [self.blocks, self.entries, self.payloads]
    }
}

impl<'a> Dictionary<'a> {
    /// Returns all entries.
    pub fn entries(self) -> Entries<'a> {
        self.block(0)
    }

    /// Visits the entries from the first one that is not before `text`, until `visit` returns
    /// false.
    pub fn visit_from(self, text: &[u8], mut visit: impl FnMut(Entry<'_, 'a>) -> bool) {
        let (mut low, mut high) = (0, self.blocks.len() / 8);
        while low < high {
            let middle = (low + high) / 2;
            if self.first_of(middle) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // The block before the first one that begins at the text or after it.
        let mut entries = self.block(low.saturating_sub(1));
        while let Some(entry) = entries.next() {
            if entry.text >= text && !visit(entry) {
                return;
            }
        }
    }

    /// Visits the entry at a place of the dictionary.
    pub fn visit_at(self, ordinal: usize, visit: impl FnOnce(Entry<'_, 'a>)) {
        let mut entries = self.block(ordinal / BLOCK);
        while let Some(entry) = entries.next() {
            if entry.ordinal == ordinal {
                return visit(entry);
            }
        }
    }

    fn first_of(self, block: usize) -> &'a [u8] {
        let at = offset_at(self.blocks, block * 2);
        let mut entry = Reader(self.entries.get(at..).unwrap_or_default());
        entry.number();
        let length = entry.length();
        entry.bytes(length)
    }

    fn block(self, block: usize) -> Entries<'a> {
        let from = |bytes: &'a [u8], at| Reader(bytes.get(at..).unwrap_or_default());
        Entries {
            entries: from(self.entries, offset_at(self.blocks, block * 2)),
            payloads: from(self.payloads, offset_at(self.blocks, block * 2 + 1)),
            next: block * BLOCK,
            text: Vec::new(),
        }
    }
}

impl<'a> Entries<'a> {
    /// Returns the next entry; `None` at the end. Its text is valid until the entry after it.
    pub fn next(&mut self) -> Option<Entry<'_, 'a>> {
        if self.entries.is_at_end() {
            return None;
        }
        let (shared, length) = (self.entries.length(), self.entries.length());
        self.text.truncate(shared);
        self.text.extend_from_slice(self.entries.bytes(length));
        let payload = self.entries.length();
        let ordinal = self.next;
        self.next += 1;
        Some(Entry {
            ordinal,
            text: &self.text,
            is_flagged: payload & 1 == 1,
            payload: self.payloads.bytes(payload >> 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_and_so_is_what_follows_one_that_is_not_there() {
        let mut texts: Vec<String> = (0..100).map(|number| format!("w{}", number * 7)).collect();
        // As often as several blocks have texts.
        texts.extend(vec!["same".to_owned(); 40]);
        texts.sort();
        let mut writer = DictionaryWriter::default();
        for (index, text) in texts.iter().enumerate() {
            writer.push(text.as_bytes(), index % 3 == 0, index.to_string().as_bytes());
        }
        let [blocks, entries, payloads] = writer.finish();
        let dictionary = Dictionary { blocks: &blocks, entries: &entries, payloads: &payloads };
        for wanted in texts.iter().map(String::as_str).chain(["", "a", "same0", "w", "w99", "x"]) {
            let expected = texts.partition_point(|text| text.as_str() < wanted);
            let mut index = expected;
            dictionary.visit_from(wanted.as_bytes(), |entry| {
                assert_eq!(
                    (entry.ordinal, entry.text),
                    (index, texts[index].as_bytes()),
                    "{wanted}"
                );
                assert_eq!(entry.is_flagged, index % 3 == 0);
                assert_eq!(entry.payload, index.to_string().as_bytes());
                index += 1;
                true
            });
            assert_eq!(index, texts.len(), "{wanted}");
        }
        let nothing = Dictionary { blocks: &[], entries: &[], payloads: &[] };
        nothing.visit_from(b"w", |_| panic!("there is nothing"));
        assert!(nothing.entries().next().is_none());
    }
}
