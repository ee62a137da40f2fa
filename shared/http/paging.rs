//! Lists: how a page is answered.

use lambda_http::http::StatusCode;
use lambda_http::http::header::{CONTENT_TYPE, LINK};
use serde::Serialize;
use serde_json::json;

use super::percent::encode;
use super::{Request, Response};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Cursor, Page, Paging};

/// The most bytes of a page.
const MOST_BYTES: usize = 5_000_000;

/// The most bytes of a page within what a function answers, where every quotation mark and
/// backslash takes two. Lambda takes 6 MiB of it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>), headers included.
const MOST_BYTES_QUOTED: usize = 6 * 1024 * 1024 - 32 * 1024;

/// The most bytes of a `Link`. The gateway takes 10,240 of all headers of an answer, and as many of a
/// request's, which the link is to become.
const MOST_OF_A_LINK: usize = 6_000;

impl Response {
    /// 200 with a page of a list, whose `Link` repeats the list's own parameters. A page that would
    /// be too large for an answer ends early; 422 `page_too_large` where it is a numbered one.
    pub fn page<T: Serialize>(page: Page<T>, paging: &Paging, request: &Request) -> Result<Self> {
        let (data, next) = join(page, paging)?;
        let next = next.as_ref().map(Cursor::as_str);
        let body = format!("{{\"data\":[{data}],\"next_cursor\":{}}}", json!(next));
        let answer = Self { body: Some(body), ..Self::empty(StatusCode::OK) };
        let answer = answer.header(CONTENT_TYPE.as_str(), "application/json");
        let link = next.map(|cursor| link(cursor, paging, request));
        // Who sends so long a query knows it, and `next_cursor` is there.
        Ok(match link.filter(|link| link.len() <= MOST_OF_A_LINK) {
            Some(link) => answer.header(LINK.as_str(), &link),
            None => answer,
        })
    }
}

/// The items of a page as JSON, as far as there is room for them, and what leads to the next one.
fn join<T: Serialize>(page: Page<T>, paging: &Paging) -> Result<(String, Option<Cursor>)> {
    let (mut data, mut quoted) = (String::new(), 0);
    for (index, item) in page.items.iter().enumerate() {
        let item = serde_json::to_string(item).map_err(Error::internal)?;
        quoted += 1 + item.len() + item.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        let is_full = data.len() + 1 + item.len() > MOST_BYTES || quoted > MOST_BYTES_QUOTED;
        if index > 0 && is_full {
            if paging.is_numbered() {
                let detail = "The page has more than 5 MB. Ask for fewer items by a smaller \
                              `per_page`, or go through the list by `cursor`.";
                return Err(Error::invalid("per_page", "page_too_large", detail));
            }
            let last = page.cursors.get(index - 1).cloned();
            let last =
                last.ok_or_else(|| Error::internal("a page that can't end early is full"))?;
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

    /// A page of so many items of so many letters each, which says that the list goes on behind it.
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
    fn a_page_that_is_too_large_ends_early_and_goes_on_behind_its_last_item() {
        // A quotation mark takes two bytes in a page, and four in an answer.
        for (letter, letters, items) in
            [("x", 86_000, 58), ("x", 49_997, 100), ("\"", 50_000, 31), ("ü", 50_000, 49)]
        {
            let (data, next) = join(page(100, letter, letters), &Paging::default()).unwrap();
            assert_eq!(count(&data), items, "{letters} of {letter}");
            assert_eq!(next, Some(Cursor::new(items.to_string())), "{letters} of {letter}");
            assert!(
                data.len() <= MOST_BYTES && serde_json::to_string(&data).unwrap().len() < 6 << 20
            );
        }
    }

    #[test]
    fn a_page_has_one_item_at_least() {
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
        assert_eq!((field.pointer.as_str(), field.code), ("per_page", "page_too_large"));
        assert!(field.detail.contains("`per_page`") && field.detail.contains("`cursor`"));
        assert!(join(page(50, "x", 86_000), &numbered()).is_ok());
    }
}
