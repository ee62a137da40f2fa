//! Lists: which part a query asks for, and how a page is answered.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;

use super::{Request, Response, cursor};
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, PageNumber, PageSize, Part, Start};

/// The parameters that every list takes, as a query's fields hold them.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// `limit`.
    pub limit: Option<PageSize>,
    /// `cursor`.
    pub cursor: Option<String>,
    /// `page`, counted from 1.
    pub page: Option<PageNumber>,
    /// `per_page`.
    pub per_page: Option<PageSize>,
}

impl Paging {
    /// The part that is asked for. `list` describes the list with its filters.
    pub fn part<P: FromStr>(&self, list: &str) -> Result<Part<P>> {
        if !self.is_numbered() {
            let start = match &self.cursor {
                None => Start::First,
                Some(cursor) => Start::After(cursor::read(list, cursor)?),
            };
            return Ok(Part { start, size: self.limit.unwrap_or(PageSize::DEFAULT) });
        }
        if self.cursor.is_some() {
            let detail = "Use either `cursor`, or `page` and `per_page`.";
            return Err(Error::invalid("page", "mixed_paging", detail));
        }
        let limit = self.per_page();
        let skip = (self.page.unwrap_or(PageNumber::FIRST).get() - 1) * limit.get();
        if skip + limit.get() > PageNumber::DEEPEST_ITEM {
            let detail = format!(
                "Numbered pages reach the first {} items; go deeper with `cursor`.",
                PageNumber::DEEPEST_ITEM
            );
            return Err(Error::invalid("page", "page_too_deep", detail));
        }
        Ok(Part { start: Start::Skip(skip), size: limit })
    }

    /// Whether pages are asked for by their numbers.
    fn is_numbered(&self) -> bool {
        self.page.is_some() || self.per_page.is_some()
    }

    fn per_page(&self) -> PageSize {
        self.per_page.or(self.limit).unwrap_or(PageSize::DEFAULT_PER_PAGE)
    }

    /// The answer that holds a page. Its `Link` repeats the request's own query.
    pub fn answer<T: Serialize, P: Display>(
        &self,
        list: &str,
        page: Page<T, P>,
        request: &Request,
    ) -> Result<Response> {
        let next_cursor = page.next.map(|position| cursor::write(list, position));
        let link = next_cursor.as_ref().map(|cursor| self.link(cursor, request));
        let answer = Response::ok(&Answer { data: page.items, next_cursor })?;
        Ok(match link {
            Some(link) => answer.header("link", &link),
            None => answer,
        })
    }

    fn link(&self, cursor: &str, request: &Request) -> String {
        let query = request.query_without(&["cursor", "page", "per_page", "limit"]);
        let limit = match self.is_numbered() {
            true => Some(self.per_page()),
            false => self.limit,
        };
        let limit = limit.map(|limit| limit.get().to_string());
        let limit = limit.as_deref().map(|limit| ("limit", limit));
        let pairs: Vec<_> = query
            .into_iter()
            .chain(limit)
            .chain([("cursor", cursor)])
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        format!("<{}?{}>; rel=\"next\"", request.path, pairs.join("&"))
    }
}

#[derive(Serialize)]
struct Answer<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

/// RFC 3986: everything but unreserved characters is escaped.
fn encode(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
