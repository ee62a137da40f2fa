//! Compresses what is stored of the catalogue, with DEFLATE (RFC 1951).

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_slice_iter_to_slice;

use super::bytes::{Reader, put_length};
use crate::domain::error::{Error, Result};

/// How hard the compression tries, from 0 to 10. A higher level saves a few percent and takes twice
/// the time.
const LEVEL: u8 = 4;

/// Returns bytes compressed, with their length before them.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::new();
    put_length(&mut deflated, bytes.len());
    deflated.extend(compress_to_vec(bytes, LEVEL));
    deflated
}

/// Returns the bytes that were compressed; an error if these are not compressed bytes, or if they
/// would become more than `most`.
pub fn inflate(deflated: &[u8], most: usize) -> Result<Vec<u8>> {
    let mut reader = Reader(deflated);
    let length = reader.length();
    if length > most {
        return Err(Error::internal(format!("{length} bytes are compressed, of at most {most}")));
    }
    let mut bytes = vec![0; length];
    let stream = std::iter::once(reader.0);
    let inflated = decompress_slice_iter_to_slice(&mut bytes, stream, false, true);
    if inflated != Ok(length) {
        return Err(Error::internal(format!("compressed bytes are damaged: {inflated:?}")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Vec<u8> {
        (0..1_000).flat_map(|number| format!("{number} mugs, ").into_bytes()).collect()
    }

    #[test]
    fn what_was_deflated_is_inflated() {
        for bytes in [text(), Vec::new(), vec![7]] {
            assert_eq!(inflate(&deflate(&bytes), 20_000).unwrap(), bytes);
        }
        assert!(deflate(&text()).len() < text().len() / 3);
    }

    #[test]
    fn no_more_memory_is_taken_than_allowed() {
        let (bytes, deflated) = (text(), deflate(&text()));
        assert!(inflate(&deflated, bytes.len()).is_ok());
        assert!(inflate(&deflated, bytes.len() - 1).is_err());
        let mut endless = vec![0xff; 9];
        endless.extend(&deflated);
        assert!(inflate(&endless, 20_000).is_err());
        // One that says that it is shorter than it is.
        let mut longer = Vec::new();
        put_length(&mut longer, bytes.len() - 1);
        longer.extend(compress_to_vec(&bytes, LEVEL));
        assert!(inflate(&longer, 20_000).is_err());
    }

    #[test]
    fn bytes_that_end_early_or_are_none_are_an_error() {
        let deflated = deflate(&text());
        for end in [0, 1, 2, 3, deflated.len() / 2, deflated.len() - 1] {
            let inflated = inflate(&deflated[..end], 20_000);
            assert!(inflated.is_err(), "{end}");
        }
        assert!(inflate(&[5, 0xff, 0xff, 0xff], 20_000).is_err());
    }
}
