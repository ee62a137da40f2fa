//! The products of a shop, one after the other.

use std::collections::HashSet;

use lambda_http::http::StatusCode;
use serde_json::Value;
use shared::domain::ids::ProductId;

use crate::api::Api;
use crate::failure::{Failure, Result};

const STATUSES: [&str; 3] = ["active", "draft", "archived"];

/// How many products are read at the same time.
const AT_ONCE: usize = 8;

/// Reads all products, also drafts and archived ones, each once; those are left out that are deleted
/// meanwhile.
///
/// A product that changes its status meanwhile may be in no list at the time that list is read. So
/// all lists are read twice, and the second time the products that are new in them.
pub async fn read(api: &mut Api, mut take: impl FnMut(Value) -> Result<()>) -> Result<()> {
    let mut known = HashSet::new();
    for status in STATUSES.into_iter().chain(STATUSES) {
        let mut cursor = String::new();
        loop {
            // The newest are the last, so that those appear that are created meanwhile.
            let path = format!("/products?status={status}&sort=created_at&limit=100{cursor}");
            let page = api.get(&path).await?.expect(StatusCode::OK, "listing the products")?;
            let mut ids = ids(&page)?;
            ids.retain(|id| known.insert(*id));
            for ids in ids.chunks(AT_ONCE) {
                products(api, ids).await?.into_iter().try_for_each(&mut take)?;
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    Ok(())
}

fn ids(page: &Value) -> Result<Vec<ProductId>> {
    let products = page["data"].as_array().map(Vec::as_slice);
    let id = |product: &Value| product["id"].as_str()?.parse().ok();
    let ids = products.and_then(|products| products.iter().map(id).collect());
    ids.ok_or_else(|| Failure::new("the response is no list of products"))
}

/// Reads some products; those are left out that don't exist any more.
async fn products(api: &mut Api, ids: &[ProductId]) -> Result<Vec<Value>> {
    let paths: Vec<_> = ids.iter().map(|id| format!("/products/{id}")).collect();
    let responses = api.get_all(&paths).await?.into_iter().zip(ids);
    let products = responses.filter(|(response, _)| response.status != StatusCode::NOT_FOUND);
    products.map(|(it, id)| it.expect(StatusCode::OK, &format!("reading {id}"))).collect()
}
