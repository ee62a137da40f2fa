//! The files that are generated from the code: `openapi.json` and `docs/problems.md`.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use serde_json::Value;

use super::{document, examples, problems};

/// A generated file.
pub struct File {
    /// Its path in the repository.
    pub path: &'static str,
    /// What it should contain.
    pub content: String,
}

impl File {
    /// Whether the file in the repository has this content.
    pub fn is_current(&self) -> bool {
        std::fs::read_to_string(self.location()).is_ok_and(|content| content == self.content)
    }

    /// Writes the file in the repository.
    pub fn write(&self) -> io::Result<()> {
        std::fs::write(self.location(), &self.content)
    }

    fn location(&self) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(self.path)
    }
}

/// Returns every generated file.
pub fn all() -> [File; 2] {
    let document = document::document(examples::recorded());
    [
        File { path: "openapi.json", content: text(&document) },
        File { path: "docs/problems.md", content: problems::page() },
    ]
}

/// Writes a value as indented JSON in ASCII: the patterns name invisible characters, which editors
/// and reviews would not show.
pub fn text(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a value has a text");
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            // Outside strings, JSON has ASCII only.
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").expect("a string takes every character");
            }
        }
    }
    ascii + "\n"
}
