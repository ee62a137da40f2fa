//! Entity tags: `"<version>-<hash>"`. `If-Match` compares the version, `If-None-Match` the whole.

use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::version::Expected;

/// The tag of a representation of a resource's version.
pub(super) fn of(version: u64, representation: &str) -> String {
    format!("\"{version}-{}\"", &digest([representation.as_bytes()])[..12])
}

/// Reads `If-Match`: one tag, or `*`.
pub(super) fn if_match(header: Option<&str>) -> Result<Expected> {
    match header.map(str::trim) {
        None => Ok(Expected::Any),
        Some("*") => Ok(Expected::Stored),
        Some(tag) => version(tag).map(Expected::Version).ok_or_else(|| Error::Malformed {
            code: "invalid_if_match",
            detail: "If-Match must be one ETag as this API gives them, or *.".into(),
        }),
    }
}

fn version(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_prefix('"')?.strip_suffix('"').filter(|tag| !tag.contains('"'))?;
    tag.split_once('-').map_or(tag, |(version, _)| version).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_compares_versions() {
        for tag in [of(7, "{}"), of(7, "{\"stock\":1}"), "\"7\"".into(), "W/\"7-x\"".into()] {
            assert_eq!(if_match(Some(&tag)).unwrap(), Expected::Version(7), "{tag}");
        }
        assert_eq!(if_match(Some("*")).unwrap(), Expected::Stored);
        assert_eq!(if_match(None).unwrap(), Expected::Any);
    }

    #[test]
    fn a_tag_that_is_not_ours_is_malformed() {
        for tag in ["7", "\"x\"", "", "\"-1\"", "\"1-a\", \"2-b\""] {
            assert!(if_match(Some(tag)).is_err(), "{tag}");
        }
    }
}
