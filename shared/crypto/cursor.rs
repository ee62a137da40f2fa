//! Cursors of lists: a position, after a digest of it and of a text that describes the list. The
//! digest tells a cursor of another list, and one that was changed or cut off. It is no secret: a
//! cursor must hold nothing that its owner may not choose.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::page::Cursor;

/// The length of the digest.
const LENGTH: usize = 6;

/// Creates the cursor of a position in a list.
pub fn write(list: &str, position: &str) -> Cursor {
    Cursor::new(URL_SAFE_NO_PAD.encode(short_digest(list, position) + position))
}

/// Returns the position in a cursor. 400 `invalid_cursor` if it is none of this list.
pub fn read(list: &str, cursor: &str) -> Result<String> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = text.as_deref().and_then(|text| text.split_at_checked(LENGTH));
    let position = parts.filter(|(given, position)| *given == short_digest(list, position));
    position.map(|(_, position)| position.to_owned()).ok_or_else(Error::invalid_cursor)
}

fn short_digest(list: &str, position: &str) -> String {
    let mut digest = digest([list.as_bytes(), position.as_bytes()]);
    digest.truncate(LENGTH);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_a_position_of_its_list_only() {
        for position in ["prd_1", "", "a mug: 2 of 3", "Łódź"] {
            let cursor = write("mugs", position);
            let cursor = cursor.as_str();
            assert_eq!(read("mugs", cursor).unwrap(), position);
            assert!(read("cups", cursor).is_err());
            for length in 0..cursor.len() {
                assert!(read("mugs", &cursor[..length]).is_err(), "{length}");
            }
            assert!(read("mugs", &format!("{cursor}AAAA")).is_err());
        }
    }
}
