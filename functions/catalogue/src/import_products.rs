//! `POST /products/import`: creates and changes products by rows, of which each is a variant.
//!
//! For admins. 200 with the outcome of every row, also if none was taken; 422 if the body has no
//! rows, more than a thousand, or a header that can't be read.

mod cells;
mod rows;

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use shared::domain::ids::ProductId;
use shared::domain::import_id::ImportId;
use shared::domain::invalid::Invalid;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::ProductRow;
use shared::domain::schema;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::imports::{self, Line, Outcome};
use shared::{Ctx, Result};

use crate::view::ProductView;

/// What identifies an import.
#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct ImportQuery {
    /// Your identifier of the import. With it, rows can be sent again after a lost response: their
    /// `set_stock` is carried out once in 30 days for each SKU, so that sales since then stay.
    #[deserr(default)]
    import_id: Option<ImportId>,
}

/// The outcome of an import.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportResult")]
struct ImportView {
    /// The number of rows whose variant is new.
    created: usize,
    /// The number of rows that changed their variant, or its product.
    updated: usize,
    /// The number of rows that changed nothing.
    unchanged: usize,
    /// The number of rows that were refused.
    failed: usize,
    /// The number of rows that the time did not suffice for. Send them again.
    not_processed: usize,
    /// The outcome of each row, in their order.
    results: Vec<RowView>,
}

/// The outcome of a row.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportedRow")]
struct RowView {
    /// The line of the body on which the row begins, from 1.
    line: u64,
    status: RowStatus,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ProductId>,
    /// The code of the problem, if the row was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// What is wrong with the row, and what would be valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RowStatus {
    Created,
    Updated,
    Unchanged,
    Failed,
    NotProcessed,
}

/// The rows of an import.
struct ImportBody;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Import products")
        .describe(
            "Each row is a variant: one with a known SKU is changed, any other is created. Rows \
             with the same `group` are the variants of one product, which the first of them \
             describes. Up to 1,000 rows; good ones are taken whatever the others are.",
        )
        .query::<ImportQuery>()
        .body::<ImportBody>()
        .responds(Success::ok::<ImportView>("What became of each row."))
        .refuses(&[ProblemCode::NotUtf8])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let query: ImportQuery = request.query()?;
    let (media_type, body) = request.bytes()?;
    let lines = rows::read(&media_type, body, ctx.currency())?;

    let id = query.import_id.as_ref();
    let outcomes = imports::import(ctx, &lines, id, ProductView::check_size).await?;

    Response::ok(&ImportView::new(&lines, outcomes))
}

impl ImportView {
    fn new(lines: &[Line], outcomes: Vec<Outcome>) -> Self {
        let count =
            |counted: fn(&Outcome) -> bool| outcomes.iter().filter(|it| counted(it)).count();
        Self {
            created: count(|outcome| matches!(outcome, Outcome::Created(_))),
            updated: count(|outcome| matches!(outcome, Outcome::Updated(_))),
            unchanged: count(|outcome| matches!(outcome, Outcome::Unchanged(_))),
            failed: count(|outcome| matches!(outcome, Outcome::Failed(_))),
            not_processed: count(|outcome| matches!(outcome, Outcome::NotProcessed)),
            results: lines
                .iter()
                .zip(outcomes)
                .map(|(line, outcome)| RowView::new(line.number, outcome))
                .collect(),
        }
    }
}

impl RowView {
    fn new(line: u64, outcome: Outcome) -> Self {
        let of = |status, id| Self { line, status, id, code: None, detail: None };
        match outcome {
            Outcome::Created(id) => of(RowStatus::Created, Some(id)),
            Outcome::Updated(id) => of(RowStatus::Updated, Some(id)),
            Outcome::Unchanged(id) => of(RowStatus::Unchanged, Some(id)),
            Outcome::NotProcessed => of(RowStatus::NotProcessed, None),
            Outcome::Failed(failure) => Self {
                code: Some(failure.code.slug()),
                detail: Some(failure.detail),
                ..of(RowStatus::Failed, None)
            },
        }
    }
}

impl JsonSchema for ImportBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ImportBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "string",
            "description": "Rows as NDJSON, a `ProductRow` on each line, or as CSV in UTF-8 with a \
                            header of the same names. In CSV, prices are whole numbers of minor \
                            units, `tags`, `images` and `image_alts` are separated by `|` (`\\|` and \
                            `\\\\` stand for the characters themselves), an option is a column such \
                            as `option:size`, and `options` has their names in their order. A \
                            member that is absent stays as it is; null, or an empty cell, clears it.",
            "contentSchema": generator.subschema_for::<ProductRow>(),
        });
        schema::refuse(
            &mut schema,
            &[
                ProblemCode::TooFew,
                ProblemCode::TooMany,
                ProblemCode::Required,
                ProblemCode::UnknownField,
                ProblemCode::Duplicate,
            ],
        );
        schema
    }
}
