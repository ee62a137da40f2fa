//! Cursors: an opaque position in one list. A cursor never names a partition, so it can't lead
//! into somebody else's list; and it fits only the list with the filters it was made for.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};

/// A position of the list that `list` describes.
pub(super) fn write(list: &str, position: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{position}", fingerprint(list)))
}

/// The position in a cursor of this list.
pub(super) fn read<P: FromStr>(list: &str, cursor: &str) -> Result<P> {
    let position = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        text.strip_prefix(&fingerprint(list))?.parse().ok()
    };
    position().ok_or_else(|| Error::Malformed {
        code: "invalid_cursor",
        detail: "The cursor does not belong to this list; begin again without it.".into(),
    })
}

fn fingerprint(list: &str) -> String {
    digest([list.as_bytes()])[..6].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position_in_its_list_only() {
        let cursor = write("products", 42);
        assert_eq!(read::<u32>("products", &cursor).unwrap(), 42);
        assert!(read::<u32>("orders", &cursor).is_err());
        for forged in ["", "!", "AAAA", &cursor[1..], &format!("{cursor}A")] {
            let read = read::<u32>("products", forged);
            assert!(!matches!(read, Ok(42)), "{forged}");
        }
    }
}
