//! Calls of `POST /products/import`.

use std::collections::HashSet;

use lambda_http::http::{Method, StatusCode};
use serde_json::Value;
use shared::domain::import_id::ImportId;

use super::categories::Categories;
use super::report::report_of;
use super::tally::Tally;
use crate::api::Api;
use crate::failure::{Failure, Result};
use crate::import::Group;

/// The most rows of a call.
const MAX_ROWS: usize = 1_000;

/// The most bytes of a call. Lambda's limit of 6 MB counts the escapes of a text in JSON too.
const MAX_BYTES: usize = 3 * 1024 * 1024;

/// How often rows are sent again that the time did not suffice for.
const MAX_REPETITIONS: usize = 20;

/// The rows of a product, ready to be sent.
#[derive(Debug)]
pub struct Entry {
    group: Group,
    /// The rows as the file has them.
    texts: Vec<String>,
    /// The rows to send, each a line of NDJSON.
    rows: Vec<String>,
}

/// Products that are sent together.
#[derive(Debug, Default)]
pub struct Call {
    entries: Vec<Entry>,
    rows: usize,
    bytes: usize,
}

/// What became of the products of a call.
#[derive(Debug, Default)]
pub struct Done {
    /// Counts of their rows.
    pub tally: Tally,
    /// The rows of products with refused ones, as the file has them.
    pub refused: Vec<String>,
    /// A line for each refused or changed row.
    pub report: String,
}

/// What the shop says of a row.
struct Answer {
    status: String,
    code: String,
    detail: String,
}

impl Entry {
    /// Prepares a product's rows; `texts` are those as the file has them.
    pub fn new(group: Group, texts: Vec<String>, categories: &Categories) -> Result<Self> {
        let mut rows = Vec::with_capacity(group.rows.len());
        for row in &group.rows {
            let mut members = row.members.clone();
            if let Some(path) = &row.category {
                let slug = categories.slug(path).ok_or_else(|| {
                    Failure::new(format!("the category {} is missing", path.join(" > ")))
                })?;
                members.insert("category".to_owned(), slug.into());
            }
            rows.push(Value::Object(members).to_string());
        }
        Ok(Self { group, texts, rows })
    }

    fn bytes(&self) -> usize {
        self.rows.iter().map(|row| row.len() + 1).sum()
    }
}

impl Call {
    /// Whether a product fits into the call. One that is too large by itself is sent alone, and the
    /// shop says so.
    pub fn has_room_for(&self, entry: &Entry) -> bool {
        let fits =
            self.rows + entry.rows.len() <= MAX_ROWS && self.bytes + entry.bytes() <= MAX_BYTES;
        self.entries.is_empty() || fits
    }

    /// Adds a product.
    pub fn add(&mut self, entry: Entry) {
        self.rows += entry.rows.len();
        self.bytes += entry.bytes();
        self.entries.push(entry);
    }

    /// Returns the number of its products' rows in the file.
    pub fn lines(&self) -> u64 {
        self.entries.iter().map(|entry| entry.group.lines.len() as u64).sum()
    }

    /// Sends the rows, again those that the shop's time did not suffice for.
    pub async fn send(self, api: &mut Api, import: &ImportId) -> Result<Done> {
        let mut done = Done::default();
        let mut open = Vec::new();
        for entry in self.entries {
            match entry.rows.is_empty() {
                true => done.add(entry, &[]),
                false => open.push(entry),
            }
        }
        for _ in 0..MAX_REPETITIONS {
            if open.is_empty() {
                return Ok(done);
            }
            let mut answers = answers(api, import, &open).await?.into_iter();
            let mut later = Vec::new();
            for entry in open {
                let own: Vec<_> = answers.by_ref().take(entry.rows.len()).collect();
                if own.iter().any(|answer| answer.status == "not_processed") {
                    later.push(entry);
                } else {
                    done.add(entry, &own);
                }
            }
            open = later;
        }
        Err(Failure::new(
            "the shop does not get on with these rows: start the import again later, it goes on",
        ))
    }
}

impl Done {
    fn add(&mut self, entry: Entry, answers: &[Answer]) {
        let Entry { mut group, texts, .. } = entry;
        self.tally.add_reading(&group);
        let refused: Vec<_> = group
            .rows
            .iter()
            .zip(answers)
            .filter(|(_, answer)| answer.status == "failed")
            .map(|(row, answer)| {
                let sku = row.members.get("sku").and_then(Value::as_str).map(str::to_owned);
                (row.line, sku, answer)
            })
            .collect();
        for answer in answers {
            self.tally.add_answer(&answer.status, &answer.code);
        }
        self.report.push_str(&report_of(&group));
        for (line, sku, Answer { code, detail, .. }) in &refused {
            let sku = sku.as_deref().map(|sku| format!(", {sku}")).unwrap_or_default();
            self.report.push_str(&format!("line {line}{sku}: {code}: {detail}\n"));
        }
        if !refused.is_empty() || !group.refused.is_empty() {
            self.refused.extend(texts);
        }
        group.rows.clear();
    }
}

async fn answers(api: &mut Api, import: &ImportId, entries: &[Entry]) -> Result<Vec<Answer>> {
    let rows: Vec<_> = entries.iter().flat_map(|entry| &entry.rows).map(String::as_str).collect();
    let path = format!("/products/import?import_id={}", import.as_str());
    let response = api.call(Method::POST, &path, "application/x-ndjson", rows.join("\n")).await?;
    let body = response.expect(StatusCode::OK, "sending rows")?;
    let results = body["results"].as_array().cloned().unwrap_or_default();
    let lines: HashSet<_> = results.iter().filter_map(|result| result["line"].as_u64()).collect();
    if results.len() != rows.len() || lines.len() != rows.len() {
        return Err(Failure::new(format!(
            "the shop answered for {} of {} rows: start the import again",
            results.len(),
            rows.len()
        )));
    }
    let text =
        |result: &Value, member: &str| result[member].as_str().unwrap_or_default().to_owned();
    let answer = |result: &Value| Answer {
        status: text(result, "status"),
        code: text(result, "code"),
        detail: text(result, "detail"),
    };
    Ok(results.iter().map(answer).collect())
}
