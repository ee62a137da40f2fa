//! Files, from their bytes to their rows.

mod accepted;
mod files;
mod own;
mod shopify;
mod woocommerce;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value};
use shared::domain::money::Currency;
use shared::domain::time::Timestamp;

use super::{Group, Report, Settings, Source};
use crate::failure::Failure;

/// A file that is removed at the end of its test.
struct TestFile(PathBuf);

impl TestFile {
    fn new(bytes: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("bodega-import-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn settings(currency: &str) -> Settings {
    Settings {
        currency: Currency::parse(currency.to_owned()).unwrap(),
        now: Timestamp::try_from("2026-06-15T12:00:00Z".to_owned()).unwrap(),
        columns: None,
    }
}

fn open(bytes: impl AsRef<[u8]>) -> Result<Vec<Group>, Failure> {
    read_with(bytes, &settings("USD"))
}

fn read_with(bytes: impl AsRef<[u8]>, settings: &Settings) -> Result<Vec<Group>, Failure> {
    let file = TestFile::new(bytes);
    Source::open(&file.0, settings)?.groups().collect()
}

/// Reads a file of lines, of which the first is the header.
fn read(lines: &[&str]) -> Vec<Group> {
    open(lines.join("\n")).unwrap()
}

fn report(groups: &[Group]) -> Report {
    let mut report = Report::default();
    groups.iter().for_each(|group| report.add(group));
    report
}

/// Returns the members of all rows.
fn members(groups: &[Group]) -> Vec<&Map<String, Value>> {
    groups.iter().flat_map(|group| &group.rows).map(|row| &row.members).collect()
}

/// Returns the line and kind of all refused rows.
fn refused(groups: &[Group]) -> Vec<(u64, &'static str)> {
    groups.iter().flat_map(|group| &group.refused).map(|it| (it.line, it.kind)).collect()
}

/// Returns the line and kind of all changes.
fn changed(groups: &[Group]) -> Vec<(u64, &'static str)> {
    groups.iter().flat_map(|group| &group.changed).map(|it| (it.line, it.kind)).collect()
}
