//! Responses with a page of a list.

use lambda_http::http::StatusCode;
use lambda_http::http::header::{CONTENT_TYPE, LINK};
use serde::Serialize;
use serde_json::json;

use super::percent::encode;
use super::{Request, Response};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Cursor, Page, Paging};
use crate::domain::problem_code::ProblemCode;

/// The most bytes of the items of a page.
const MAX_BYTES: usize = 5_000_000;

/// The most bytes of the items of a page inside the function's JSON payload, in which every
/// quotation mark and backslash takes two. Lambda limits the payload, including headers, to 6 MiB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_BYTES_QUOTED: usize = 6 * 1024 * 1024 - 32 * 1024;

/// The most bytes of a `Link`. The gateway limits all headers of a response to 10,240 bytes, and
/// those of the request that follows the link as well.
const MAX_LINK_BYTES: usize = 6_000;

impl Response {
    /// Creates a 200 with a page of a list, and a `Link` to the next page that repeats the list's
    /// own parameters. A page that would be too large for a response ends early; if it is a
    /// numbered one, 422 `page_too_large`.
    pub fn page<T: Serialize>(page: Page<T>, paging: &Paging, request: &Request) -> Result<Self> {
        Self::page_beside(page, "", paging, request)
    }

    /// Creates a 200 like [`Response::page`], whose `summary` says something of the whole list.
    pub fn page_with_summary<T: Serialize>(
        page: Page<T>,
        summary: &impl Serialize,
        paging: &Paging,
        request: &Request,
    ) -> Result<Self> {
        let summary = serde_json::to_string(summary).map_err(Error::internal)?;
        Self::page_beside(page, &format!(",\"summary\":{summary}"), paging, request)
    }

    fn page_beside<T: Serialize>(
        page: Page<T>,
        beside: &str,
        paging: &Paging,
        request: &Request,
    ) -> Result<Self> {
        let (data, next) = join(page, paging)?;
        let next = next.as_ref().map(Cursor::as_str);
        let body = format!("{{\"data\":[{data}],\"next_cursor\":{}{beside}}}", json!(next));
        let response = Self { body: Some(body), ..Self::empty(StatusCode::OK) };
        let response = response.header(CONTENT_TYPE.as_str(), "application/json");
        let link = next.map(|cursor| link(cursor, paging, request));
        // A client with such a long query has the query itself, and `next_cursor` is in the body.
        Ok(match link.filter(|link| link.len() <= MAX_LINK_BYTES) {
            Some(link) => response.header(LINK.as_str(), &link),
            None => response,
        })
    }
}

/// Returns the items of a page as JSON, as far as there is room for them, and the cursor of the
/// next page.
fn join<T: Serialize>(page: Page<T>, paging: &Paging) -> Result<(String, Option<Cursor>)> {
    let (mut data, mut quoted) = (String::new(), 0);
    for (index, item) in page.items.iter().enumerate() {
        let item = serde_json::to_string(item).map_err(Error::internal)?;
        quoted += 1 + item.len() + item.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        let is_full = data.len() + 1 + item.len() > MAX_BYTES || quoted > MAX_BYTES_QUOTED;
        if index > 0 && is_full {
            if paging.is_numbered() {
                let detail =
                    "The page has more than 5 MB. Use a smaller `per_page`, or use `cursor`.";
                return Err(Error::invalid("per_page", ProblemCode::PageTooLarge, detail));
            }
            let last = page.cursors.get(index - 1).cloned();
            let last =
                last.ok_or_else(|| Error::internal("a page without cursors is too large"))?;
            return Ok((data, Some(last)));
        }
        if index > 0 {
            data.push(',');
        }
        data += &item;
    }
    Ok((data, page.next))
}

fn link(cursor: &str, paging: &Paging, request: &Request) -> String {
    let filters = paging.filters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let size = paging.named_size().map(|size| size.get().to_string());
    let size = size.as_deref().map(|size| ("limit", size));
    let pairs: Vec<_> = filters
        .chain(size)
        .chain([("cursor", cursor)])
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    format!("<{}{}?{}>; rel=\"next\"", request.prefix(), request.path, pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of `items` items of `letters` letters each, in a list that continues after it.
    fn page(items: usize, letter: &str, letters: usize) -> Page<String> {
        let cursor = |number: usize| Cursor::new(number.to_string());
        Page {
            items: vec![letter.repeat(letters); items],
            cursors: (1..=items).map(cursor).collect(),
            next: Some(cursor(items)),
        }
    }

    fn count(data: &str) -> usize {
        let items: Vec<String> = serde_json::from_str(&format!("[{data}]")).unwrap();
        items.len()
    }

    #[test]
    fn a_page_that_is_too_large_ends_early_and_continues_after_its_last_item() {
        // A quotation mark takes two bytes in a page, and four in a response.
        for (letter, letters, items) in
            [("x", 86_000, 58), ("x", 49_997, 100), ("\"", 50_000, 31), ("ü", 50_000, 49)]
        {
            let (data, next) = join(page(100, letter, letters), &Paging::default()).unwrap();
            assert_eq!(count(&data), items, "{letters} of {letter}");
            assert_eq!(next, Some(Cursor::new(items.to_string())), "{letters} of {letter}");
            assert!(
                data.len() <= MAX_BYTES && serde_json::to_string(&data).unwrap().len() < 6 << 20
            );
        }
    }

    #[test]
    fn a_page_has_at_least_one_item() {
        let (data, next) = join(page(2, "x", 6_000_000), &Paging::default()).unwrap();
        assert_eq!((count(&data), next), (1, Some(Cursor::new("1".to_owned()))));
    }

    #[test]
    fn a_numbered_page_that_is_too_large_is_refused() {
        let numbered = || Paging {
            per_page: Some(crate::domain::page::PageSize::DEFAULT),
            ..Paging::default()
        };
        let refusal = join(page(100, "x", 86_000), &numbered()).unwrap_err();
        let Error::Invalid(invalid) = refusal else { panic!("{refusal:?}") };
        let field = &invalid.fields()[0];
        assert_eq!((field.pointer.as_str(), field.code.slug()), ("per_page", "page_too_large"));
        assert!(field.detail.contains("`per_page`") && field.detail.contains("`cursor`"));
        assert!(join(page(50, "x", 86_000), &numbered()).is_ok());
    }
}
