//! Names as sort keys.

use super::super::bytes::as_text;

/// A product's name as a sort key: the order is that of the code points of the folded name.
#[derive(Debug, Clone, Copy)]
pub struct NameKey<'a>(pub(super) &'a [u8]);

impl NameKey<'_> {
    /// Returns the folded name.
    pub fn folded(self) -> String {
        as_text(self.0).to_ascii_lowercase()
    }
}

impl<'a> From<&'a str> for NameKey<'a> {
    /// Takes a folded name as a key.
    fn from(folded: &'a str) -> Self {
        Self(folded.as_bytes())
    }
}

impl PartialEq for NameKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for NameKey<'_> {}

impl PartialOrd for NameKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NameKey<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // A name in ASCII folds to its lower case, and a folded one has no other ASCII letters. The
        // order of UTF-8's bytes is that of the code points.
        let one = self.0.iter().map(u8::to_ascii_lowercase);
        one.cmp(other.0.iter().map(u8::to_ascii_lowercase))
    }
}
