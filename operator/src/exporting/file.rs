//! The file that an export writes: under another name until it is complete.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use csv::{Terminator, WriterBuilder};
use serde_json::{Map, Value};

use super::cells::{Columns, OptionColumns};
use super::rows::rows;
use crate::failure::{Failure, Result};

const BUFFER: usize = 256 * 1024;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Ndjson,
    Csv,
}

/// A file of products that is not complete yet. Dropped, it leaves nothing.
///
/// In memory are the names of all options. The header of a CSV has these, so its rows are written as
/// JSON first, into a file beside it.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    format: Format,
    rows: Part,
    options: OptionColumns,
    counts: Counts,
}

/// What a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Products.
    pub products: u64,
    /// Variants, each in a row.
    pub variants: u64,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "ndjson" | "jsonl" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err(Failure::new(format!(
                "{}: its name says no format: let it end with .csv, .ndjson or .jsonl",
                path.display()
            ))),
        }
    }
}

impl Draft {
    /// Begins a file whose name ends with its format.
    pub fn create(path: &Path) -> Result<Self> {
        let format = Format::of(path)?;
        if path.is_dir() {
            return Err(Failure::new(format!("{} is a folder", path.display())));
        }
        let rows = Part::create(path, "rows")?;
        let (options, counts) = (OptionColumns::default(), Counts::default());
        Ok(Self { path: path.to_owned(), format, rows, options, counts })
    }

    /// Adds a product, given as the API shows it.
    pub fn add(&mut self, product: &Value) -> Result<()> {
        for row in rows(product)? {
            if self.format == Format::Csv {
                self.options.add(row.option_names());
            }
            let mut line = serde_json::to_vec(&row).map_err(|error| self.rows.failed(&error))?;
            line.push(b'\n');
            self.rows.write(&line)?;
            self.counts.variants += 1;
        }
        self.counts.products += 1;
        Ok(())
    }

    /// The number of products so far.
    pub const fn products(&self) -> u64 {
        self.counts.products
    }

    /// Completes the file; one of this name is replaced.
    pub fn finish(self) -> Result<Counts> {
        let Self { path, format, rows, options, counts } = self;
        match format {
            Format::Ndjson => rows.complete(&path)?,
            Format::Csv => to_csv(rows, &path, &Columns::new(options))?.complete(&path)?,
        }
        Ok(counts)
    }
}

/// Writes a CSV of rows that are JSON.
fn to_csv(mut rows: Part, path: &Path, columns: &Columns) -> Result<Part> {
    let lines = rows.read()?;
    let mut part = Part::create(path, "part")?;
    // Without a byte order mark, some spreadsheets take a CSV for Windows-1252.
    part.write("\u{feff}".as_bytes())?;
    // Quotation marks around a `;`, as if comments began with it, keep it from being taken for the
    // separator.
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .comment(Some(b';'))
        .from_writer(&mut part.writer);
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
    writer.write_record(columns.header()).map_err(|error| failed(&error))?;
    for line in lines.lines() {
        let line = line.map_err(|error| failed(&error))?;
        let row: Map<String, Value> =
            serde_json::from_str(&line).map_err(|error| failed(&error))?;
        writer.write_record(columns.cells(&row)).map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))?;
    drop(writer);
    Ok(part)
}

/// A file beside the exported one. It is removed when it is dropped.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl Part {
    /// Creates a file beside the one at `path`.
    fn create(path: &Path, extension: &str) -> Result<Self> {
        let mut name = path.as_os_str().to_owned();
        // Two exports at once don't meet.
        name.push(format!(".{}.{extension}", std::process::id()));
        let path = PathBuf::from(name);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file =
            file.map_err(|error| Failure::new(format!("can't write {}: {error}", path.display())))?;
        Ok(Self { path, writer: BufWriter::with_capacity(BUFFER, file) })
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::new(format!("can't write {}: {error}", self.path.display()))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).map_err(|error| self.failed(&error))
    }

    /// Returns what was written.
    fn read(&mut self) -> Result<BufReader<File>> {
        self.writer.rewind().map_err(|error| self.failed(&error))?;
        let file = self.writer.get_ref().try_clone().map_err(|error| self.failed(&error))?;
        Ok(BufReader::with_capacity(BUFFER, file))
    }

    /// Gives the file its name.
    fn complete(mut self, path: &Path) -> Result<()> {
        self.writer.flush().map_err(|error| self.failed(&error))?;
        self.writer.get_ref().sync_all().map_err(|error| self.failed(&error))?;
        fs::rename(&self.path, path)
            .map_err(|error| Failure::new(format!("can't write {}: {error}", path.display())))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is gone if it got its name.
        let _ = fs::remove_file(&self.path);
    }
}
