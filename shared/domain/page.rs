//! Lists, page by page.

use deserr::Deserr;

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
            Ok(limit @ 1..=100) => Ok(Self(limit)),
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

/// Which part of a list: behind a position, or so many items from the start.
#[derive(Debug, Clone)]
pub struct Part<P> {
    /// Where to begin; `None` at the start.
    pub start: Start<P>,
    /// How many items at most.
    pub size: PageSize,
}

/// Where a part begins.
#[derive(Debug, Clone)]
pub enum Start<P> {
    /// With the first item.
    First,
    /// Right behind this item.
    After(P),
    /// Behind so many items.
    Skip(u32),
}

/// A part of a list, and the position behind which it goes on.
#[derive(Debug, Clone)]
pub struct Page<T, P> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next part begins; `None` at the end of the list.
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// The same page with every item turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U, P> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
