//! `cargo shop rebuild`: writes what every product and category is now to the catalogue's log.

use shared::config::BadSetting;
use shared::domain::search_language::SearchLanguage;
use shared::services::catalogue_log::Appended;
use shared::services::rebuild::{self, Progress};

use crate::failure::{Failure, Result};
use crate::listed::Listed;
use crate::options::RebuildOptions;
use crate::shop::Shop;

/// After how many products a line says how far it is.
const STEP: usize = 1_000;

/// The most products that a line names.
const NAMED: usize = 20;

/// Rebuilds the catalogue of a shop; returns what it has written. Fails, after it has written
/// everything else, if products can't be read.
pub async fn run(
    shop: Shop,
    options: &RebuildOptions,
    variable: &impl Fn(&'static str) -> Option<String>,
) -> Result<String> {
    let chosen = match options.search_language {
        Some(language) => Some(language),
        None => of_environment(variable)?,
    };
    let listed = Listed::read(&shop.store).await.map_err(|error| shop.explain(&error))?;
    let (language, origin) = match (chosen, listed.language) {
        (Some(language), _) => (language, ""),
        (None, Some(language)) => (language, ", that of the catalogue"),
        (None, None) => (SearchLanguage::ENGLISH, ", the default"),
    };
    eprintln!("language  {}{origin}", language.name());
    let ctx = shop.context(language);
    let work = rebuild::rebuild(&ctx, &listed.products, &listed.categories, show);
    summary(&work.await.map_err(|error| shop.explain(&error))?)
}

fn of_environment(
    variable: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<SearchLanguage>> {
    let Some(name) = variable("SEARCH_LANGUAGE") else { return Ok(None) };
    let unknown = BadSetting::new("SEARCH_LANGUAGE", "is neither a known language nor off");
    let language = SearchLanguage::parse(&name);
    language.map(Some).ok_or_else(|| Failure::new(unknown.to_string()))
}

fn show(Progress { products, of }: Progress) {
    if products % STEP == 0 || products == of {
        eprintln!("{products} of {of} products");
    }
}

fn summary(appended: &Appended) -> Result<String> {
    let Appended { products, deleted_products, categories, deleted_categories, unreadable } =
        appended;
    let written = format!(
        "products: {products} written, {deleted_products} removed that no longer exist\n\
         categories: {categories} written, {deleted_categories} removed that no longer exist\n",
    );
    if unreadable.is_empty() {
        return Ok(written);
    }
    let mut ids: Vec<_> = unreadable.iter().take(NAMED).map(ToString::to_string).collect();
    if unreadable.len() > NAMED {
        ids.push(format!("and {} more", unreadable.len() - NAMED));
    }
    Err(Failure::new(format!(
        "products that can't be read, and stay in lists as they were: {} ({}). Repair their items, \
         and rebuild again. All others are done:\n{}",
        unreadable.len(),
        ids.join(", "),
        written.trim_end(),
    )))
}
