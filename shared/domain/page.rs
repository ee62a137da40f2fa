//! Lists, page by page.

use deserr::Deserr;

use super::error::{Error, Result};
use super::invalid::{Invalid, Refused};

/// How many items a page may hold: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Invalid, try_from(String) = PageSize::parse -> Refused)]
pub struct PageSize(u32);

impl PageSize {
    /// The page size of a list whose caller names none.
    pub const DEFAULT: Self = Self(20);
    /// The page size of a numbered page whose caller names none.
    pub const DEFAULT_PER_PAGE: Self = Self(10);

    /// Reads a page size.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.parse() {
            Ok(size @ 1..=100) => Ok(Self(size)),
            _ => Err(Refused::new("limit_out_of_range", "Must be a whole number from 1 to 100.")),
        }
    }

    /// The page size.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The number of a page, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Invalid, try_from(String) = PageNumber::parse -> Refused)]
pub struct PageNumber(u32);

impl PageNumber {
    /// The first page.
    pub const FIRST: Self = Self(1);
    /// Numbered pages reach down to this many items; deeper, a cursor is the way.
    pub const DEEPEST_ITEM: u32 = 1000;

    /// Reads a page number.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.parse() {
            Ok(page @ 1..=Self::DEEPEST_ITEM) => Ok(Self(page)),
            _ => Err(Refused::new("page_out_of_range", "Must be a whole number from 1 to 1000.")),
        }
    }

    /// The page's number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The parameters by which a query asks for a page of a list.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Invalid)]
pub struct Paging {
    /// `limit`: the most items of a page, 1 to 100.
    #[deserr(default)]
    pub limit: Option<PageSize>,
    /// `cursor`: where the page before ended.
    #[deserr(default)]
    pub cursor: Option<String>,
    /// `page`, counted from 1.
    #[deserr(default)]
    pub page: Option<PageNumber>,
    /// `per_page`: the items of a numbered page, 1 to 100.
    #[deserr(default)]
    pub per_page: Option<PageSize>,
    /// The list's own parameters and their values, which links to other pages repeat.
    #[deserr(skip)]
    pub filters: Vec<(String, String)>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone)]
pub struct Part {
    /// Where it begins.
    pub start: Start,
    /// How many items it has at most.
    pub size: PageSize,
}

/// Where a part begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// With the first item.
    First,
    /// Behind the position in this cursor.
    After(String),
    /// Behind so many items.
    Skip(u32),
}

impl Paging {
    /// The same for a list that has no numbered pages: `page` and `per_page` are unknown to it.
    #[must_use]
    pub fn by_cursor(self) -> Self {
        Self { page: None, per_page: None, ..self }
    }

    /// Whether pages are asked for by their numbers.
    pub fn is_numbered(&self) -> bool {
        self.page.is_some() || self.per_page.is_some()
    }

    /// The size that links to the next page repeat; `None` where the caller named none.
    pub fn named_size(&self) -> Option<PageSize> {
        if self.is_numbered() { Some(self.per_page()) } else { self.limit }
    }

    /// The part that is asked for. 422 where numbers and a cursor are mixed, or a number is too deep.
    pub fn part(&self) -> Result<Part> {
        if !self.is_numbered() {
            let start = self.cursor.clone().map_or(Start::First, Start::After);
            return Ok(Part { start, size: self.limit.unwrap_or(PageSize::DEFAULT) });
        }
        if self.cursor.is_some() {
            let detail = "Use either `cursor`, or `page` and `per_page`.";
            return Err(Error::invalid("page", "mixed_paging", detail));
        }
        let size = self.per_page();
        let skip = (self.page.unwrap_or(PageNumber::FIRST).get() - 1) * size.get();
        if skip + size.get() > PageNumber::DEEPEST_ITEM {
            let detail = format!(
                "Numbered pages reach the first {} items; go deeper with `cursor`.",
                PageNumber::DEEPEST_ITEM
            );
            return Err(Error::invalid("page", "page_too_deep", detail));
        }
        Ok(Part { start: Start::Skip(skip), size })
    }

    fn per_page(&self) -> PageSize {
        self.per_page.or(self.limit).unwrap_or(PageSize::DEFAULT_PER_PAGE)
    }
}

/// An opaque text that leads to the next page of one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor of this text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What leads to the part after each item, should an answer have no room for the ones behind it.
    pub cursors: Vec<Cursor>,
    /// Leads to the next part; `None` at the end of the list.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A list that ends with these items.
    pub const fn last(items: Vec<T>) -> Self {
        Self { items, cursors: Vec::new(), next: None }
    }

    /// The same page with every item turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, cursors, next } = self;
        Page { items: items.into_iter().map(f).collect(), cursors, next }
    }
}
