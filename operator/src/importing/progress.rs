//! The files that an import keeps beside the imported one, `products.csv`:
//!
//! - `products.import.json`: how far it is, until it has ended;
//! - `products.refused.csv` or `.ndjson`: the rows of products with refused rows, as the file has
//!   them, to be mended and imported;
//! - `products.report.txt`: a line for each row that was refused, or taken differently.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use shared::crypto::random::below;
use shared::domain::import_id::ImportId;

use super::calls::Done;
use super::tally::Tally;
use crate::failure::{Failure, Result};
use crate::import::{Format, Source};
use crate::options::ImportOptions;

/// The progress of an import.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    state: State,
    refused: Appended,
    report: Appended,
    header: Option<String>,
}

/// What is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    api: String,
    /// The length of the file and the time of its last change, which tell another file.
    length: u64,
    modified: u128,
    import_id: ImportId,
    /// The number of products that are done.
    groups: usize,
    tally: Tally,
    refused_bytes: u64,
    report_bytes: u64,
}

/// A file that is made when something is written to it.
#[derive(Debug)]
struct Appended {
    path: PathBuf,
    bytes: u64,
}

impl Progress {
    /// Finds the progress of an earlier import of the same file into the same shop, or begins anew.
    pub fn open(options: &ImportOptions, source: &mut Source) -> Result<Self> {
        let file = &options.file;
        let metadata = std::fs::metadata(file).map_err(|error| failed(file, &error))?;
        let modified = metadata.modified().map_err(|error| failed(file, &error))?;
        let modified = modified.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        let path = file.with_extension("import.json");
        let begins = State {
            api: options.api.clone(),
            length: metadata.len(),
            modified,
            import_id: options.import_id.clone().map_or_else(new_id, Ok)?,
            groups: 0,
            tally: Tally::default(),
            refused_bytes: 0,
            report_bytes: 0,
        };
        let is_same = |earlier: &State| {
            let same_import = options.import_id.as_ref().is_none_or(|id| *id == earlier.import_id);
            same_import
                && (&earlier.api, earlier.length, earlier.modified)
                    == (&begins.api, begins.length, begins.modified)
        };
        let earlier = std::fs::read(&path).ok();
        let earlier = earlier.and_then(|text| serde_json::from_slice::<State>(&text).ok());
        let state = earlier.filter(is_same).unwrap_or(begins);
        if state.groups > 0 {
            eprintln!("goes on after {} rows", state.tally.rows());
        }
        let extension = match source.format() {
            Format::Ndjson => "refused.ndjson",
            Format::Csv | Format::Shopify | Format::WooCommerce => "refused.csv",
        };
        Ok(Self {
            refused: Appended::open(file.with_extension(extension), state.refused_bytes)?,
            report: Appended::open(file.with_extension("report.txt"), state.report_bytes)?,
            header: source.header_text()?,
            path,
            state,
        })
    }

    /// The number of products that are done.
    pub const fn groups(&self) -> usize {
        self.state.groups
    }

    /// What became of the rows so far.
    pub const fn tally(&self) -> &Tally {
        &self.state.tally
    }

    /// The identifier of the import.
    pub const fn import_id(&self) -> &ImportId {
        &self.state.import_id
    }

    /// Stores that the first `groups` products are done, of which the last ones are `done`. Cut off
    /// at any moment, the next import begins with what was stored last.
    pub fn store(&mut self, groups: usize, done: &Done) -> Result<()> {
        let mut refused = String::new();
        if !done.refused.is_empty() {
            let header = self.header.iter().filter(|_| self.refused.bytes == 0);
            for row in header.chain(&done.refused) {
                refused.push_str(row);
                refused.push('\n');
            }
        }
        self.refused.write(&refused)?;
        self.report.write(&done.report)?;
        self.state.groups = groups;
        self.state.tally.add(&done.tally);
        self.state.refused_bytes = self.refused.bytes;
        self.state.report_bytes = self.report.bytes;
        let text = serde_json::to_vec(&self.state).map_err(|it| Failure::new(it.to_string()))?;
        let new = self.path.with_extension("json.new");
        std::fs::write(&new, text).map_err(|error| failed(&new, &error))?;
        std::fs::rename(&new, &self.path).map_err(|error| failed(&self.path, &error))
    }

    /// Forgets the progress of an import that has ended; returns what it says.
    pub fn finish(&self, is_json: bool) -> Result<String> {
        if self.path.exists() {
            std::fs::remove_file(&self.path).map_err(|error| failed(&self.path, &error))?;
        }
        let files = [("refused_rows", &self.refused), ("report", &self.report)];
        let files = files.into_iter().filter(|(_, file)| file.bytes > 0);
        if is_json {
            let files: Vec<_> =
                files.map(|(name, file)| (name, file.path.display().to_string().into())).collect();
            return self.state.tally.to_json(&files);
        }
        let mut text = self.state.tally.to_string();
        for (name, file) in files {
            let what = match name {
                "refused_rows" => "the products with refused rows, to be mended and imported",
                _ => "each row that was refused or taken differently, and why",
            };
            text.push_str(&format!("{}: {what}\n", file.path.display()));
        }
        Ok(text)
    }
}

impl Appended {
    /// Opens a file whose first `bytes` bytes are to stay; removes it if none are.
    fn open(path: PathBuf, bytes: u64) -> Result<Self> {
        if path.exists() {
            let truncated = match bytes {
                0 => std::fs::remove_file(&path),
                bytes => {
                    OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(bytes))
                }
            };
            truncated.map_err(|error| failed(&path, &error))?;
        }
        Ok(Self { path, bytes })
    }

    fn write(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let append = |path: &Path| -> std::io::Result<()> {
            let mut file: File =
                OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            file.seek(SeekFrom::Start(self.bytes))?;
            file.write_all(text.as_bytes())?;
            file.sync_data()
        };
        append(&self.path).map_err(|error| failed(&self.path, &error))?;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

fn new_id() -> Result<ImportId> {
    let text = format!("{}-{}", super::now().unix_millis(), below(1_000_000_000));
    ImportId::parse(text).map_err(|refused| Failure::new(refused.detail))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
