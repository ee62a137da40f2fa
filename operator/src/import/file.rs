//! The bytes of a file: whether they are UTF-8, and what they look like.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::failure::{Failure, Result};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The most bytes of a file's beginning that are looked at: more than any header line has.
const HEAD: u64 = 64 * 1024;

/// A file of UTF-8 text.
#[derive(Debug)]
pub struct TextFile {
    /// The file.
    pub input: BufReader<File>,
    /// Where its text begins: after a byte order mark.
    pub start: u64,
    /// The beginning of its text.
    pub head: Vec<u8>,
}

/// Opens a file and reads all of it once, so that nothing of it is taken if any of it is not UTF-8.
pub fn open(path: &Path) -> Result<TextFile> {
    let name = path.display();
    let failed = |error: std::io::Error| Failure::new(format!("can't read {name}: {error}"));
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::new(format!("{name} is a folder: name a file")));
    }
    let mut input = BufReader::with_capacity(256 * 1024, file);
    let mut head = Vec::new();
    (&mut input).take(HEAD).read_to_end(&mut head).map_err(failed)?;
    if let Some(problem) = unreadable(&head) {
        return Err(Failure::new(format!("{name} {problem}")));
    }
    input.rewind().map_err(failed)?;
    if let Some(problem) = check(&mut input).map_err(failed)? {
        return Err(Failure::new(format!("{name}: {problem}")));
    }
    let start = if head.starts_with(BOM) { BOM.len() } else { 0 };
    head.drain(..start);
    if head.iter().all(u8::is_ascii_whitespace) && (head.len() as u64) < HEAD - 3 {
        return Err(Failure::new(format!("{name} is empty: export the products again")));
    }
    let start = start as u64;
    input.seek(SeekFrom::Start(start)).map_err(failed)?;
    Ok(TextFile { input, start, head })
}

/// Returns what a file is, by its first bytes, if it is not text.
fn unreadable(head: &[u8]) -> Option<&'static str> {
    const UTF_16: &str = "is UTF-16, which spreadsheets call Unicode text: save it as CSV UTF-8";
    const FORMATS: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "is an Excel workbook or a ZIP archive: save the sheet as CSV UTF-8"),
        (b"\xD0\xCF\x11\xE0", "is an old Excel workbook: save the sheet as CSV UTF-8"),
        (b"\xFF\xFE", UTF_16),
        (b"\xFE\xFF", UTF_16),
        (b"\x1F\x8B", "is compressed: unpack it with gunzip"),
    ];
    FORMATS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, problem)| *problem)
}

/// Reads to the end; returns the first line that is not UTF-8 or has a NUL byte, and what to do.
fn check(input: &mut impl Read) -> std::io::Result<Option<String>> {
    let mut buffer = vec![0; 256 * 1024];
    let (mut kept, mut line, mut after_cr) = (0, 1_u64, false);
    loop {
        let read = input.read(&mut buffer[kept..])?;
        let bytes = &buffer[..kept + read];
        let (valid, is_wrong) = match std::str::from_utf8(bytes) {
            Ok(_) => (bytes.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || read == 0),
        };
        for byte in &bytes[..valid] {
            match byte {
                0 => return Ok(Some(format!("line {line} has a NUL byte: {DAMAGED}"))),
                b'\n' if after_cr => {}
                b'\n' | b'\r' => line += 1,
                _ => {}
            }
            after_cr = *byte == b'\r';
        }
        if is_wrong {
            return Ok(Some(format!("line {line} is not UTF-8: {NOT_UTF_8}")));
        }
        if read == 0 {
            return Ok(None);
        }
        let rest = valid..bytes.len();
        kept = rest.len();
        buffer.copy_within(rest, 0);
    }
}

const DAMAGED: &str = "the file is damaged, or is UTF-16: export it again, or save it as CSV UTF-8";
const NOT_UTF_8: &str = "the file seems to be in another encoding, such as Windows-1252; open it in a \
                         spreadsheet and save it as CSV UTF-8";

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(bytes: &[u8]) -> Option<String> {
        let mut bytes = bytes;
        check(&mut bytes).unwrap()
    }

    /// Gives its bytes one by one, so that every character of several bytes is cut.
    struct Slowly<'b>(&'b [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (buffer[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    #[test]
    fn the_line_that_is_not_utf_8_is_named() {
        for (bytes, expected) in [
            (b"sku\nMUG-1\n".as_slice(), None),
            ("sku\nGröße\n€😀".as_bytes(), None),
            (b"sku\nMug\nGr\xF6\xDFe\n", Some("line 3 is not UTF-8")),
            (b"sku\r\nMug\r\n\xF6\r\n", Some("line 3 is not UTF-8")),
            (b"sku\rMug\r\x80", Some("line 3 is not UTF-8")),
            (b"sku\nMug \xE2\x82", Some("line 2 is not UTF-8")),
            (b"sku\nMu\0g\n", Some("line 2 has a NUL byte")),
        ] {
            for found in [problem(bytes), check(&mut Slowly(bytes)).unwrap()] {
                match expected {
                    None => assert_eq!(found, None, "{bytes:?}"),
                    Some(text) => assert!(found.unwrap().starts_with(text), "{bytes:?}"),
                }
            }
        }
    }
}
