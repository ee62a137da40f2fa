//! Paging of lists: what the query asks for, and the page that is returned.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};

use super::error::{Error, Result};
use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// A page size: 1 to 100 items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(transform = PageSize::describe)]
#[deserr(error = Invalid, try_from(String) = PageSize::parse -> Refused)]
pub struct PageSize(u32);

impl PageSize {
    const MAX: u32 = 100;

    fn describe(schema: &mut Schema) {
        schema::between(schema, 1, Self::MAX, ProblemCode::LimitOutOfRange);
    }

    /// The default of `limit`.
    pub const DEFAULT: Self = Self(20);
    /// The default of `per_page`.
    pub const DEFAULT_PER_PAGE: Self = Self(10);

    /// Reads a page size. 422 `limit_out_of_range` if it is not a whole number from 1 to 100.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.parse() {
            Ok(size @ 1..=Self::MAX) => Ok(Self(size)),
            _ => Err(Refused::new(
                ProblemCode::LimitOutOfRange,
                "Must be a whole number from 1 to 100.",
            )),
        }
    }

    /// Returns the number of items.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The number of a page, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(transform = PageNumber::describe)]
#[deserr(error = Invalid, try_from(String) = PageNumber::parse -> Refused)]
pub struct PageNumber(u32);

impl PageNumber {
    fn describe(schema: &mut Schema) {
        schema::between(schema, 1, Self::DEEPEST_ITEM, ProblemCode::PageOutOfRange);
        let codes = [ProblemCode::PageTooDeep, ProblemCode::MixedPaging];
        schema::refuse(schema, &codes);
    }

    /// The first page.
    pub const FIRST: Self = Self(1);
    /// The last item that numbered pages reach. Further items need a cursor.
    pub const DEEPEST_ITEM: u32 = 1000;

    /// Reads a page number. 422 `page_out_of_range` if it is not a whole number from 1 to 1000.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.parse() {
            Ok(page @ 1..=Self::DEEPEST_ITEM) => Ok(Self(page)),
            _ => Err(Refused::new(
                ProblemCode::PageOutOfRange,
                "Must be a whole number from 1 to 1000.",
            )),
        }
    }

    /// Returns the number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The paging parameters of a list without numbered pages.
#[derive(Debug, Clone, Default, Deserr, JsonSchema)]
#[deserr(error = Invalid)]
pub struct CursorPaging {
    /// The most items of a page; 20 if it is left out.
    #[deserr(default)]
    limit: Option<PageSize>,
    /// The `next_cursor` of the previous page.
    #[deserr(default)]
    cursor: Option<String>,
}

impl From<CursorPaging> for Paging {
    fn from(CursorPaging { limit, cursor }: CursorPaging) -> Self {
        Self { limit, cursor, ..Self::default() }
    }
}

/// The paging parameters of a list with numbered pages.
#[derive(Debug, Clone, Default, Deserr, JsonSchema)]
#[deserr(error = Invalid)]
pub struct Paging {
    /// The most items of a page; 20 if it is left out.
    #[deserr(default)]
    pub limit: Option<PageSize>,
    /// The `next_cursor` of the previous page.
    #[deserr(default)]
    pub cursor: Option<String>,
    /// The number of the page, counted from 1, instead of a cursor.
    #[deserr(default)]
    pub page: Option<PageNumber>,
    /// The most items of a numbered page; 10 if it is left out.
    #[deserr(default)]
    pub per_page: Option<PageSize>,
    /// The list's filter parameters and their values, which links to other pages repeat.
    #[deserr(skip)]
    #[schemars(skip)]
    pub filters: Vec<(String, String)>,
}

/// The requested part of a list.
#[derive(Debug, Clone)]
pub struct Part {
    /// Where it begins.
    pub start: Start,
    /// How many items it has at most.
    pub size: PageSize,
}

/// Where a part of a list begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// At the first item.
    First,
    /// After the position in this cursor.
    After(String),
    /// After this many items.
    Skip(u32),
}

impl Paging {
    /// Whether the query uses page numbers (`page` or `per_page`) instead of a cursor.
    pub fn is_numbered(&self) -> bool {
        self.page.is_some() || self.per_page.is_some()
    }

    /// Returns the page size that links to the next page repeat; `None` if the query has none.
    pub fn named_size(&self) -> Option<PageSize> {
        if self.is_numbered() { Some(self.per_page()) } else { self.limit }
    }

    /// Returns the requested part. 422 `mixed_paging` if the query has both a cursor and page
    /// numbers, 422 `page_too_deep` if the page ends after the 1,000th item.
    pub fn part(&self) -> Result<Part> {
        if !self.is_numbered() {
            let start = self.cursor.clone().map_or(Start::First, Start::After);
            return Ok(Part { start, size: self.limit.unwrap_or(PageSize::DEFAULT) });
        }
        if self.cursor.is_some() {
            let detail = "Use either `cursor`, or `page` and `per_page`.";
            return Err(Error::invalid("page", ProblemCode::MixedPaging, detail));
        }
        let size = self.per_page();
        let skip = (self.page.unwrap_or(PageNumber::FIRST).get() - 1) * size.get();
        if skip + size.get() > PageNumber::DEEPEST_ITEM {
            let detail = format!(
                "Numbered pages reach the first {} items; use `cursor` for the others.",
                PageNumber::DEEPEST_ITEM
            );
            return Err(Error::invalid("page", ProblemCode::PageTooDeep, detail));
        }
        Ok(Part { start: Start::Skip(skip), size })
    }

    fn per_page(&self) -> PageSize {
        self.per_page.or(self.limit).unwrap_or(PageSize::DEFAULT_PER_PAGE)
    }
}

/// An opaque text that identifies the position in one list after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Creates a cursor with this text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// For each item, the cursor of the page after it, which is needed if the response has no room
    /// for all items.
    pub cursors: Vec<Cursor>,
    /// The cursor of the next page; `None` at the end of the list.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Creates the last page of a list.
    pub const fn last(items: Vec<T>) -> Self {
        Self { items, cursors: Vec::new(), next: None }
    }

    /// Converts every item, and leaves out those that become `None`.
    pub fn filter_map<U>(self, mut f: impl FnMut(T) -> Option<U>) -> Page<U> {
        let Self { items, cursors, next } = self;
        let (mut kept, mut of_kept) = (Vec::new(), Vec::new());
        let mut cursors = cursors.into_iter();
        for item in items {
            let cursor = cursors.next();
            if let Some(item) = f(item) {
                kept.push(item);
                of_kept.extend(cursor);
            }
        }
        Page { items: kept, cursors: of_kept, next }
    }

    /// Converts every item.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, cursors, next } = self;
        Page { items: items.into_iter().map(f).collect(), cursors, next }
    }
}
