//! Entity tags: `"<version>-<hash>"`. `If-Match` compares the version, `If-None-Match` the whole.

use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::version::ExpectedVersion;

/// The tag of a representation of a resource's version.
pub(super) fn of(version: u64, representation: &str) -> String {
    format!("\"{version}-{}\"", &digest([representation.as_bytes()])[..12])
}

/// Reads `If-Match` (RFC 9110, section 13.1.1): tags separated by commas, or `*`. Of a tag only the
/// version counts; one that is not ours fits no version.
pub(super) fn if_match(header: Option<&str>) -> Result<ExpectedVersion> {
    match header.map(str::trim) {
        None => Ok(ExpectedVersion::Any),
        Some("*") => Ok(ExpectedVersion::Stored),
        Some(list) => {
            let tags = tags(list).filter(|tags| !tags.is_empty());
            let tags = tags.ok_or_else(|| Error::Malformed {
                code: "invalid_if_match",
                detail: "If-Match must be ETags in double quotes, separated by commas, or *."
                    .into(),
            })?;
            Ok(ExpectedVersion::OneOf(tags.into_iter().filter_map(version).collect()))
        }
    }
}

/// The opaque parts of a list of tags; a tag may hold a comma.
fn tags(list: &str) -> Option<Vec<&str>> {
    let (mut tags, mut rest) = (Vec::new(), list.trim_start());
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind.trim_start();
            continue;
        }
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, behind) = opaque.split_once('"')?;
        tags.push(tag);
        rest = behind.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    Some(tags)
}

fn version(tag: &str) -> Option<u64> {
    tag.split_once('-').map_or(tag, |(version, _)| version).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_compares_versions() {
        let seven = ExpectedVersion::OneOf(vec![7]);
        for tag in [of(7, "{}"), of(7, "{\"stock\":1}"), "\"7\"".into(), "W/\"7-x\"".into()] {
            assert_eq!(if_match(Some(&tag)).unwrap(), seven, "{tag}");
        }
        assert_eq!(if_match(Some("*")).unwrap(), ExpectedVersion::Stored);
        assert_eq!(if_match(None).unwrap(), ExpectedVersion::Any);
    }

    #[test]
    fn several_tags_are_alternatives() {
        let versions = |list| if_match(Some(list)).unwrap();
        assert_eq!(versions("\"1-a\", W/\"2-b,c\",\"3\""), ExpectedVersion::OneOf(vec![1, 2, 3]));
    }

    #[test]
    fn a_tag_that_is_not_ours_fits_no_version() {
        for tag in ["\"x\"", "\"\"", "\"-1\"", "W/\"abc\""] {
            assert_eq!(if_match(Some(tag)).unwrap(), ExpectedVersion::OneOf(vec![]), "{tag}");
        }
    }

    #[test]
    fn what_is_no_tag_is_malformed() {
        for tag in ["7", "", ",", "\"1", "\"1\" \"2\"", "*, \"1\"", "w/\"1\""] {
            assert!(if_match(Some(tag)).is_err(), "{tag}");
        }
    }
}
