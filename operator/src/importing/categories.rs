//! The categories that a file names by paths, such as `Home > Garden`: each is found in the shop by
//! its name and its parent, or made.

use std::collections::{BTreeSet, HashMap};

use lambda_http::http::StatusCode;
use serde_json::{Value, json};
use shared::crypto::digest::digest;
use shared::domain::slug::Slug;

use crate::api::Api;
use crate::failure::{Failure, Result};

/// The categories of a shop by their paths, the outermost name first.
#[derive(Debug, Default)]
pub struct Categories {
    slugs: HashMap<Vec<String>, String>,
}

/// How many hexadecimal digits, two for each character of a digest, tell categories apart whose slugs
/// would be the same.
const DIGITS: usize = 12;

impl Categories {
    /// Reads the shop's categories.
    pub async fn read(api: &mut Api) -> Result<Self> {
        let body =
            api.get("/categories").await?.expect(StatusCode::OK, "reading the categories")?;
        let text = |category: &Value, member: &str| category[member].as_str().map(str::to_owned);
        let listed: HashMap<String, (String, Option<String>)> = body["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| Some((text(it, "slug")?, (text(it, "name")?, text(it, "parent")))))
            .collect();
        let mut slugs = HashMap::new();
        for slug in listed.keys() {
            let mut path = Vec::new();
            let mut next = Some(slug.clone());
            // A tree has no cycle, but what another program wrote could.
            while let Some((name, parent)) =
                next.filter(|_| path.len() <= listed.len()).and_then(|slug| listed.get(&slug))
            {
                path.push(name.clone());
                next = parent.clone();
            }
            path.reverse();
            // Of two with the same path the first by slug counts.
            let known = slugs.entry(path).or_insert_with(|| slug.clone());
            if slug < known {
                known.clone_from(slug);
            }
        }
        Ok(Self { slugs })
    }

    /// Returns the slug of a category.
    pub fn slug(&self, path: &[String]) -> Option<&str> {
        self.slugs.get(path).map(String::as_str)
    }

    /// Returns the paths of these categories and of those around them that the shop does not have,
    /// each as a text.
    pub fn missing(&self, paths: &BTreeSet<Vec<String>>) -> Vec<String> {
        all(paths).filter(|path| self.slug(path).is_none()).map(|path| path.join(" > ")).collect()
    }

    /// Makes the categories that the shop does not have, the outer ones first; returns how many.
    pub async fn make(&mut self, api: &mut Api, paths: &BTreeSet<Vec<String>>) -> Result<usize> {
        let mut made = 0;
        for path in all(paths) {
            if self.slug(&path).is_some() {
                continue;
            }
            let parent = path.split_last().and_then(|(_, parent)| self.slug(parent));
            let slug = create(api, &path, parent).await?;
            self.slugs.insert(path, slug);
            made += 1;
        }
        Ok(made)
    }
}

/// Makes a category; returns its slug: that of the whole path, and a digest of the path if another
/// category has it.
async fn create(api: &mut Api, path: &[String], parent: Option<&str>) -> Result<String> {
    let shown = path.join(" > ");
    let name = path.last().map(String::as_str).unwrap_or_default();
    for slug in slugs(path) {
        let body = json!({ "slug": slug, "name": name, "parent": parent });
        let response = api.post("/categories", &body).await?;
        if response.status == StatusCode::CONFLICT && response.code() == "slug_taken" {
            continue;
        }
        response.expect(StatusCode::CREATED, &format!("making the category {shown}"))?;
        return Ok(slug);
    }
    Err(Failure::new(format!(
        "the category {shown} can't be made: others have its slugs. Make it by hand, with this name \
         and parent, and import again"
    )))
}

/// Returns the slugs that a category may get, the better one first.
fn slugs(path: &[String]) -> Vec<String> {
    let digest = digest(path.iter().map(String::as_bytes));
    // A slug has neither capitals nor underscores, which are half of the digest's characters.
    let hexadecimal: String = digest.bytes().map(|byte| format!("{byte:02x}")).collect();
    let digest: String = hexadecimal.chars().take(DIGITS).collect();
    let slug = Slug::of_name(&path.join(" "));
    let Some(slug) = slug.as_ref().map(Slug::as_str) else {
        return vec![format!("category-{digest}")];
    };
    let mut short: String = slug.chars().take(80 - DIGITS - 1).collect();
    short.truncate(short.trim_end_matches('-').len());
    vec![slug.to_owned(), format!("{short}-{digest}")]
}

/// Returns these paths and those of the categories around them, the outer ones first.
fn all(paths: &BTreeSet<Vec<String>>) -> impl Iterator<Item = Vec<String>> {
    let prefixes = paths.iter().flat_map(|path| (1..=path.len()).map(|end| path[..end].to_vec()));
    let prefixes: BTreeSet<Vec<String>> = prefixes.collect();
    prefixes.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn the_categories_around_one_come_first_and_each_once() {
        let paths = [path("Home/Garden/Pots"), path("Home/Kitchen")].into_iter().collect();
        let shown: Vec<_> = all(&paths).map(|path| path.join("/")).collect();
        assert_eq!(shown, ["Home", "Home/Garden", "Home/Garden/Pots", "Home/Kitchen"]);
    }

    #[test]
    fn a_slug_is_the_whole_paths_and_one_that_is_taken_gets_a_digest() {
        let slugs = |text: &str| slugs(&path(text));
        assert_eq!(slugs("Home/Garden")[0], "home-garden");
        assert!(slugs("Home/Garden")[1].starts_with("home-garden-"));
        assert_ne!(slugs("C")[1], slugs("C++")[1]);
        assert_eq!(slugs("++").len(), 1);
        for name in ["++".to_owned(), "a".repeat(255), format!("{}/b", "a".repeat(79))] {
            assert!(slugs(&name).iter().all(|slug| Slug::parse(slug.clone()).is_ok()), "{name}");
        }
    }
}
