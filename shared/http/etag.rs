//! Entity tags: `"<version>-<hash>"`, or `"<hash>"` of what has no version. `If-Match` compares
//! only the version, `If-None-Match` the whole tag.

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::problem_code::ProblemCode;
use crate::domain::version::ExpectedVersion;

/// Returns the tag of a resource's version and representation, its body.
pub(super) fn of(version: u64, representation: &str) -> String {
    format!("\"{version}-{}\"", hash(representation))
}

/// Returns the tag of a representation without a version.
pub(super) fn of_content(representation: &str) -> String {
    format!("\"{}\"", hash(representation))
}

fn hash(representation: &str) -> String {
    let mut hash = digest([representation.as_bytes()]);
    hash.truncate(12);
    hash
}

/// Reads `If-Match` (RFC 9110, section 13.1.1): tags separated by commas, or `*`. Only the version
/// in a tag counts; a tag that the shop did not issue matches no version. 400 `invalid_if_match` if
/// it can't be parsed.
pub(super) fn if_match(header: Option<&str>) -> Result<ExpectedVersion> {
    match header.map(str::trim) {
        None => Ok(ExpectedVersion::Any),
        Some("*") => Ok(ExpectedVersion::Stored),
        Some(list) => {
            let tags = tags(list).filter(|tags| !tags.is_empty());
            let tags = tags.ok_or_else(|| Error::Malformed {
                code: ProblemCode::InvalidIfMatch,
                detail: "If-Match must be ETags in double quotes, separated by commas, or *."
                    .into(),
            })?;
            Ok(ExpectedVersion::OneOf(tags.into_iter().filter_map(version).collect()))
        }
    }
}

/// Whether the client has the representation with this tag, according to `If-None-Match`
/// (RFC 9110, section 13.1.2): tags separated by commas, which are compared weakly, or `*`. A value
/// that can't be parsed names no tag: unlike with `If-Match`, nothing goes wrong if the client gets
/// what it already has.
pub(super) fn is_known(if_none_match: &str, tag: &str) -> bool {
    match if_none_match.trim() {
        "*" => true,
        list => tags(list).is_some_and(|tags| tags.contains(&tag.trim_matches('"'))),
    }
}

/// Returns the schema of an `If-Match` that can be parsed. Header fields have visible ASCII and
/// spaces.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    let tag = "(W/)?\"[ !#-~]*\"";
    json_schema!({ "type": "string", "pattern": format!("^(\\*|{tag}( *, *{tag})*)$") })
}

/// Returns the opaque parts of a list of tags, which may contain commas; `None` if it can't be
/// parsed.
fn tags(list: &str) -> Option<Vec<&str>> {
    let (mut tags, mut rest) = (Vec::new(), list.trim_start());
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
            continue;
        }
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = opaque.split_once('"')?;
        tags.push(tag);
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    Some(tags)
}

fn version(tag: &str) -> Option<u64> {
    let written = tag.split_once('-').map_or(tag, |(version, _)| version);
    // `+7` and `07` are numbers too, but not as we write them.
    written.parse().ok().filter(|version: &u64| version.to_string() == written)
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
    fn a_foreign_tag_matches_no_version() {
        for tag in ["\"x\"", "\"\"", "\"-1\"", "\"+7-x\"", "\"07-x\"", "W/\"abc\""] {
            assert_eq!(if_match(Some(tag)).unwrap(), ExpectedVersion::OneOf(vec![]), "{tag}");
        }
    }

    #[test]
    fn if_none_match_compares_whole_tags_weakly() {
        let tag = of(7, "{}");
        let other = of(7, "{\"stock\":1}");
        for list in [
            tag.clone(),
            format!("W/{tag}"),
            format!("{other}, {tag}"),
            format!("\"a,b\",,W/{tag} , \"\""),
            format!("\"\u{fc}\", {tag}"),
            " * ".to_owned(),
        ] {
            assert!(is_known(&list, &tag), "{list}");
        }
        for list in ["\"7\"", "\"7-\"", &other, &of(8, "{}"), "\"*\"", "\"\""] {
            assert!(!is_known(list, &tag), "{list}");
        }
    }

    #[test]
    fn an_if_none_match_that_can_not_be_parsed_names_no_tag() {
        let tag = of_content("{}");
        let bare = tag.trim_matches('"');
        for list in
            ["", ",", bare, &format!("w/{tag}"), &format!("{tag} {tag}"), &format!("*, {tag}")]
        {
            assert!(!is_known(list, &tag), "{list}");
        }
    }

    #[test]
    fn an_invalid_tag_is_malformed() {
        for tag in ["7", "", ",", "\"1", "\"1\" \"2\"", "*, \"1\"", "w/\"1\""] {
            assert!(if_match(Some(tag)).is_err(), "{tag}");
        }
    }
}
