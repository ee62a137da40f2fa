//! A file of products, product by product.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use shared::domain::money::Currency;
use shared::domain::time::Timestamp;

use super::cells::{self, Cells, Columns, Splitter};
use super::decimal::{Evidence, Separator};
use super::file;
use super::headers::{self, Format};
use super::index::{Builder, Item, Key, Place};
use super::product::Context;
use super::row::{Group, Problem, Refused};
use super::scanner::{Fault, Layout, MAX_CELL, Scanned, Scanner};
use super::translations::Translations;
use super::{ndjson, own, own_rows, shopify, woocommerce};
use crate::failure::{Failure, Result};

/// What reading a file needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The shop's currency, in which the file's prices are.
    pub currency: Currency,
    /// The time, which decides whether a sale goes on.
    pub now: Timestamp,
    /// The file of `--columns`, which says what WooCommerce's headers are in English.
    pub columns: Option<PathBuf>,
}

/// A file that has been read once, and whose products can be read now.
#[derive(Debug)]
pub struct Source {
    name: String,
    input: BufReader<File>,
    format: Format,
    header: Option<Place>,
    columns: Columns,
    splitter: Splitter,
    items: Vec<Item>,
    rows: u64,
    prices: Evidence,
    settings: Settings,
}

/// The products of a file, in its order.
#[derive(Debug)]
pub struct Groups<'s> {
    source: &'s mut Source,
    next: usize,
    context: Context,
}

impl Source {
    /// Reads a file once: finds its format, and where its rows lie. Refuses a file that is not UTF-8
    /// text or has no header that is known.
    pub fn open(path: &Path, settings: &Settings) -> Result<Self> {
        let translations = match &settings.columns {
            Some(path) => translations(path)?,
            None => Translations::default(),
        };
        let name = path.display().to_string();
        let file::TextFile { input, start, head } = file::open(path)?;
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        let (layout, separator) = match first {
            Some(b'{') => (Layout::Lines, b','),
            Some(b'[') => {
                let remedy = "write one product's object on each line, without brackets around all";
                return Err(Failure::new(format!("{name} is a JSON array: {remedy}")));
            }
            _ => {
                let separator = cells::separator(&head);
                (Layout::Cells(separator), separator)
            }
        };
        let mut source = Self {
            name,
            input,
            format: Format::Ndjson,
            header: None,
            columns: Columns::default(),
            splitter: Splitter::new(separator),
            items: Vec::new(),
            rows: 0,
            prices: Evidence::default(),
            settings: settings.clone(),
        };
        source.index(layout, start, &translations)?;
        Ok(source)
    }

    /// Whose format the file has.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The number of its rows, those included that can't be read.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The number of its groups, including those whose rows are all refused.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it has no groups.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Reads the products, in the order in which the file begins each.
    pub fn groups(&mut self) -> Groups<'_> {
        // Shopify writes a point unless a spreadsheet has changed it; WooCommerce what its shop chose.
        let usual = (self.format == Format::Shopify).then_some(Separator::Point);
        let separator = self.prices.separator(usual);
        let context = Context { currency: self.settings.currency, separator, skus: HashMap::new() };
        Groups { source: self, next: 0, context }
    }

    /// Returns the header as the file has it, without its line end; `None` in NDJSON.
    pub fn header_text(&mut self) -> Result<Option<String>> {
        self.header.map(|place| self.text(place)).transpose()
    }

    /// Returns the rows of a group as the file has them, without their line ends.
    fn row_texts(&mut self, group: usize) -> Result<Vec<String>> {
        let places = match self.items.get(group) {
            Some(Item::Product(places) | Item::TooLarge(places)) => places.clone(),
            Some(Item::Refused(_, place)) => vec![*place],
            None => Vec::new(),
        };
        places.into_iter().map(|place| self.text(place)).collect()
    }

    fn failed(&self, problem: impl std::fmt::Display) -> Failure {
        Failure::new(format!("{}: {problem}", self.name))
    }

    /// Reads the whole file and takes note of where its rows lie.
    fn index(&mut self, layout: Layout, start: u64, translations: &Translations) -> Result<()> {
        let input = self.input.get_ref().try_clone().map_err(|error| self.failed(error))?;
        let mut scanner = Scanner::new(BufReader::with_capacity(256 * 1024, input), layout, start);
        self.input.seek(SeekFrom::Start(start)).map_err(|error| self.failed(error))?;
        let mut header = Vec::new();
        if layout != Layout::Lines {
            header = self.read_header(&mut scanner, translations)?;
        }
        let mut builder = Builder::default();
        while let Some(row) = scanner.next_row().map_err(|error| self.failed(error))? {
            let text = std::str::from_utf8(scanner.text()).map_err(|error| self.failed(error))?;
            let place = Place { offset: row.offset, length: row.length, line: row.line };
            match self.key(&row, text, &header) {
                Ok(Some(key)) => builder.add(place, key),
                Ok(None) => continue,
                Err(refused) => builder.refuse(refused, place),
            }
            self.rows += 1;
        }
        self.items = builder.finish();
        if self.items.is_empty() {
            return Err(self.failed("it has a header and no rows: export the products again"));
        }
        Ok(())
    }

    fn read_header(
        &mut self,
        scanner: &mut Scanner<BufReader<File>>,
        translations: &Translations,
    ) -> Result<Vec<String>> {
        let mut row = scanner.next_row().map_err(|error| self.failed(error))?;
        let first = String::from_utf8_lossy(scanner.text());
        if cells::named_separator(&first).is_some() {
            row = scanner.next_row().map_err(|error| self.failed(error))?;
        }
        let Some(row) = row else { return Err(self.failed("it is empty")) };
        if let Some(fault) = row.fault {
            return Err(self.failed(format!("line {}: {}", row.line, told(fault, &row).reason)));
        }
        let text = std::str::from_utf8(scanner.text()).map_err(|error| self.failed(error))?;
        let header = self.splitter.split(text);
        let found = headers::recognize(&header, row.line, translations);
        (self.format, self.columns) = found.map_err(|problem| self.failed(problem))?;
        self.header = Some(Place { offset: row.offset, length: row.length, line: row.line });
        Ok(header)
    }

    /// Returns which product a row belongs to; `None` if all its cells are empty.
    fn key(
        &mut self,
        row: &Scanned,
        text: &str,
        header: &[String],
    ) -> std::result::Result<Option<Key>, Refused> {
        let line = row.line;
        let refuse = |problem: Problem| {
            let Problem { kind, reason } = problem;
            Refused { line, sku: None, kind, reason }
        };
        if let Some(fault) = row.fault {
            return Err(refuse(told(fault, row)));
        }
        if self.format == Format::Ndjson {
            let too_large = || refuse(told(Fault::TooLarge, row));
            let members = if text.len() > MAX_CELL { Err(too_large()) } else { Ok(text) };
            let members = ndjson::members(members?).map_err(refuse)?;
            return Ok(Some(ndjson::key(&members)));
        }
        let values = self.splitter.split(text);
        if values.iter().all(|value| value.trim().is_empty()) {
            return Ok(None);
        }
        if values == header {
            let reason = "the header stands here again: remove the line";
            return Err(refuse(Problem::new("header_again", reason)));
        }
        if values.len() != self.columns.count() {
            return Err(refuse(wrong_count(values.len(), self.columns.count(), row)));
        }
        let cells = Cells::new(&self.columns, values);
        match self.format {
            Format::Ndjson | Format::Csv => Ok(Some(own::key(&cells))),
            Format::Shopify => shopify::key(&cells, line, &mut self.prices).map(Some),
            Format::WooCommerce => woocommerce::key(&cells, line, &mut self.prices).map(Some),
        }
    }

    /// Reads a row again.
    fn text(&mut self, place: Place) -> Result<String> {
        let changed = |problem: String| {
            Failure::new(format!(
                "{}, line {}: it has changed meanwhile: {problem}",
                self.name, place.line
            ))
        };
        let position = self.input.stream_position().map_err(|error| changed(error.to_string()))?;
        let distance = i64::try_from(place.offset).unwrap_or(i64::MAX)
            - i64::try_from(position).unwrap_or(i64::MAX);
        self.input.seek_relative(distance).map_err(|error| changed(error.to_string()))?;
        let mut bytes = vec![0; usize::try_from(place.length).map_err(|e| changed(e.to_string()))?];
        self.input.read_exact(&mut bytes).map_err(|error| changed(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| changed(error.to_string()))
    }
}

impl Groups<'_> {
    /// Returns the rows of the product that was read last as the file has them, without their line
    /// ends, to be mended and sent again.
    pub fn texts(&mut self) -> Result<Vec<String>> {
        match self.next.checked_sub(1) {
            Some(last) => self.source.row_texts(last),
            None => Ok(Vec::new()),
        }
    }

    /// Reads the next product.
    fn read(&mut self, item: &Item) -> Result<Group> {
        let places = match item {
            Item::Refused(refused, _) => return Ok(Group::of_refused(refused.clone())),
            Item::TooLarge(places) => {
                let reason = "the rows of its product have more than 64 MB together: divide it";
                let problem = Problem::new("product_too_large", reason);
                let mut group = Group { lines: lines(places), ..Group::default() };
                places.iter().for_each(|it| group.refuse(it.line, None, problem.clone()));
                return Ok(group);
            }
            Item::Product(places) => places,
        };
        let mut group = Group { lines: lines(places), ..Group::default() };
        let texts: Vec<_> = places.iter().map(|it| self.source.text(*it)).collect::<Result<_>>()?;
        if self.source.format == Format::Ndjson {
            let names = texts.iter().map(|text| ndjson::option_names(text)).collect();
            let rows = places.iter().zip(&texts).map(|(it, text)| (it.line, ndjson::members(text)));
            own_rows::add(rows.collect(), names, &mut self.context, &mut group);
            return Ok(group);
        }
        let Source { splitter, columns, format, settings, .. } = &mut *self.source;
        let rows = texts.iter().zip(places).map(|(text, place)| {
            let cells = Cells::new(columns, splitter.split(text));
            (place.line, cells)
        });
        let rows: Vec<_> = rows.collect();
        match format {
            Format::Shopify => shopify::read(&rows, &mut self.context, &mut group),
            Format::WooCommerce => {
                woocommerce::read(&rows, settings.now, &mut self.context, &mut group);
            }
            Format::Ndjson | Format::Csv => {
                let currency = settings.currency;
                let rows = rows.iter().map(|(line, cells)| (*line, own::members(cells, currency)));
                let rows = rows.collect();
                own_rows::add(rows, Vec::new(), &mut self.context, &mut group);
            }
        }
        Ok(group)
    }
}

impl Iterator for Groups<'_> {
    type Item = Result<Group>;

    fn next(&mut self) -> Option<Result<Group>> {
        let item = self.source.items.get(self.next)?.clone();
        self.next += 1;
        Some(self.read(&item))
    }
}

fn translations(path: &Path) -> Result<Translations> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("can't read {name}: {error}")))?;
    Translations::parse(&text).map_err(|problem| Failure::new(format!("{name}, {problem}")))
}

fn lines(places: &[Place]) -> Vec<u64> {
    places.iter().map(|place| place.line).collect()
}

fn told(fault: Fault, row: &Scanned) -> Problem {
    match fault {
        Fault::LoneQuote => Problem::new(
            "lone_quote",
            "a quotation mark stands alone: put the cell in quotation marks, and double those in it",
        ),
        Fault::TooLarge => Problem::new(
            "cell_too_large",
            format!(
                "a cell has more than 1 MB{}: shorten it; if it is not that long, a quotation mark \
                 is missing",
                until(row)
            ),
        ),
    }
}

fn wrong_count(found: usize, expected: usize, row: &Scanned) -> Problem {
    let kind = if found < expected { "row_too_short" } else { "row_too_long" };
    let reason = format!(
        "the row has {found} cells{}, and the header {expected}: add or remove some, and put cells \
         with separators or quotation marks in quotation marks",
        until(row)
    );
    Problem::new(kind, reason)
}

/// Says where a row ends, if it has several lines.
fn until(row: &Scanned) -> String {
    match row.last_line {
        last if last > row.line => format!(" down to line {last}"),
        _ => String::new(),
    }
}
