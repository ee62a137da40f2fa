//! Lists: how a page is answered.

use serde::Serialize;

use super::percent::encode;
use super::{Request, Response};
use crate::domain::error::Result;
use crate::domain::page::{Page, Paging};

#[derive(Serialize)]
struct View<'a, T> {
    data: Vec<T>,
    next_cursor: Option<&'a str>,
}

impl Response {
    /// 200 with a page of a list. Its `Link` repeats the request's own query.
    pub fn page<T: Serialize>(page: Page<T>, paging: &Paging, request: &Request) -> Result<Self> {
        let Page { items, next } = page;
        let next_cursor = next.as_ref().map(|cursor| cursor.as_str());
        let answer = Self::ok(&View { data: items, next_cursor })?;
        Ok(match next_cursor {
            Some(cursor) => answer.header("link", &link(cursor, paging, request)),
            None => answer,
        })
    }
}

fn link(cursor: &str, paging: &Paging, request: &Request) -> String {
    let query = request.query_without(&["cursor", "page", "per_page", "limit"]);
    let size = paging.named_size().map(|size| size.get().to_string());
    let size = size.as_deref().map(|size| ("limit", size));
    let pairs: Vec<_> = query
        .into_iter()
        .chain(size)
        .chain([("cursor", cursor)])
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    format!("<{}?{}>; rel=\"next\"", request.path, pairs.join("&"))
}
