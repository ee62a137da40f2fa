//! Reads the rows of an import: NDJSON, or CSV with a header.

use std::ops::Range;

use csv::{ByteRecord, ReaderBuilder, Terminator};
use shared::domain::error::{Error, Result};
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::money::Currency;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::ProductRow;
use shared::services::imports::{Failure, Line};

use super::cells::Columns;

/// The most rows of an import.
const MAX_ROWS: usize = 1000;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads the rows of a body. 400 `not_utf8`; 422 if there are none or too many, or if a CSV's header
/// can't be read. What is wrong with a row is in its line.
pub(super) fn read(media_type: &str, body: &[u8], currency: Currency) -> Result<Vec<Line>> {
    let text = std::str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let lines = match media_type {
        "text/csv" => read_csv(text, currency)?,
        _ => read_ndjson(text)?,
    };
    if lines.is_empty() {
        let detail = "The body has no rows; send at least one.";
        return Err(Invalid::for_field("", ProblemCode::TooFew, detail).into());
    }
    Ok(lines)
}

fn read_ndjson(text: &str) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if !line.trim().is_empty() {
            check_count(lines.len())?;
            let row = Json::parse(line.as_bytes()).map_err(failure).and_then(row_of);
            lines.push(Line { number, row });
        }
    }
    Ok(lines)
}

fn read_csv(text: &str, currency: Currency) -> Result<Vec<Line>> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .terminator(Terminator::CRLF)
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(Error::internal)? {
        return Ok(Vec::new());
    }
    let columns = Columns::read(cells(&record)?)?;
    let (mut lines, mut begin) = (Vec::new(), position(&reader));
    let mut number = 1 + line_breaks(text, 0..begin);
    while reader.read_byte_record(&mut record).map_err(Error::internal)? {
        let end = position(&reader);
        // A record begins with the line break of the one before, and blank lines.
        let raw = text.get(begin..end).unwrap_or_default();
        let row = raw.trim_start_matches(['\r', '\n']);
        let start = end - row.len();
        number += line_breaks(text, begin..start);
        let line = number;
        number += line_breaks(text, start..end);
        begin = end;
        check_count(lines.len())?;
        let row = match row.matches('"').count() % 2 {
            0 => columns.row(&cells(&record)?, currency).and_then(row_of),
            _ => Err(Failure::new(
                ProblemCode::InvalidQuote,
                "A quote in this row is not closed: put the cell in quotes and double each quote \
                 in it.",
            )),
        };
        lines.push(Line { number: line, row });
    }
    Ok(lines)
}

/// Returns the number of line breaks of any kind that end within a part of a text.
fn line_breaks(text: &str, part: Range<usize>) -> u64 {
    let bytes = text.as_bytes();
    let ends = |index: usize| match bytes.get(index) {
        Some(b'\n') => 1,
        Some(b'\r') => u64::from(bytes.get(index + 1) != Some(&b'\n')),
        _ => 0,
    };
    part.map(ends).sum()
}

fn position(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// Returns the cells of a record, whose text is UTF-8.
fn cells(record: &ByteRecord) -> Result<Vec<&str>> {
    record.iter().map(|cell| std::str::from_utf8(cell).map_err(Error::internal)).collect()
}

/// Returns what separates the cells: of comma, semicolon and tab the one that the header has most
/// often outside of quotes.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let unquoted: String = header.split('"').step_by(2).collect();
    let count = |delimiter: &u8| unquoted.bytes().filter(|byte| byte == delimiter).count();
    // Of equals the last counts.
    b"\t;,".iter().copied().max_by_key(count).unwrap_or(b',')
}

fn check_count(read: usize) -> Result<(), Invalid> {
    if read < MAX_ROWS {
        return Ok(());
    }
    let detail =
        format!("The body has more than {MAX_ROWS} rows; send the others in another call.");
    Err(Invalid::for_field("", ProblemCode::TooMany, detail))
}

fn row_of(json: Json) -> Result<ProductRow, Failure> {
    json.read().map_err(|invalid| Failure::of_row(&invalid))
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Malformed { code, detail } => Failure::new(code, detail),
        _ => Failure::new(ProblemCode::InvalidJson, "The line is not a JSON object."),
    }
}

fn not_utf8(body: &[u8], valid_up_to: usize) -> Error {
    let valid = body.get(..valid_up_to).unwrap_or_default();
    let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
    let detail = format!("Line {line} is not UTF-8. Save the file as UTF-8 and send it again.");
    Error::Malformed { code: ProblemCode::NotUtf8, detail }
}
