//! `cargo shop export products`: writes all products of a shop to a file, through its API.
//!
//! | module | what |
//! |---|---|
//! | [`products`] | reads the products of a shop, each once |
//! | [`rows`] | the rows of a product |
//! | [`cells`] | the columns of a CSV, and a row's cells |
//! | [`mod@file`] | the file, from its first row to its name |
//!
//! In memory are the identifiers of the products and the names of their options, not the products.

pub mod cells;
pub mod file;
pub mod products;
pub mod rows;

#[cfg(test)]
mod tests;

use self::file::{Counts, Draft};
use crate::Output;
use crate::api::Api;
use crate::failure::Result;
use crate::options::ExportOptions;
use crate::password;

/// After how many products the progress is shown.
const SHOWN: u64 = 1000;

/// Exports the products; returns how many. Fails, without a file, if the shop can't be read or the
/// login is not an admin's.
pub async fn run(
    options: &ExportOptions,
    variable: &impl Fn(&'static str) -> Option<String>,
) -> Result<Output> {
    let ExportOptions { file, api, email } = options;
    let mut draft = Draft::create(file)?;
    let mut api = Api::at(api)?;
    api.log_in(email, &password::read(email, variable)?).await?;
    products::read(&mut api, |product| {
        draft.add(&product)?;
        if draft.products() % SHOWN == 0 {
            eprintln!("{} products", draft.products());
        }
        Ok(())
    })
    .await?;
    let Counts { products, variants } = draft.finish()?;
    let text = format!("{}: {products} products, {variants} variants\n", file.display());
    Ok(Output { text, is_complete: true })
}
