//! `PUT /inventory/{sku}`: sets the number of units in stock, the variant's own threshold of low stock,
//! or both.
//!
//! For admins. 428 without `If-Match`, 412 if it names another version than the current one, which rises
//! with every sale; 409 `stock_not_tracked` for a number of units if stock is not tracked; 422
//! `nothing_to_change` if the body names neither. The body may be the response of `get_inventory`.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::inventory::InventorySettings;
use shared::domain::patch::{Optional, Patch};
use shared::domain::problem_code::ProblemCode;
use shared::domain::quantity::Stock;
use shared::domain::schema;
use shared::domain::sku::Sku;
use shared::domain::text::StockReason;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::inventory;
use shared::{Ctx, Error, Result};

use crate::view::InventoryView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "InventorySettings", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    /// The number of units in stock.
    #[deserr(default, from(Optional<Stock>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Stock>")]
    available: Option<Stock>,
    /// The variant's own threshold; null for that of its product. Another one than the one that applies
    /// already becomes the variant's own.
    #[deserr(default)]
    #[schemars(default)]
    low_stock_threshold: Patch<Stock>,
    /// Why the stock changes, for the list of movements.
    #[deserr(default, from(Optional<StockReason>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<StockReason>")]
    reason: Option<StockReason>,
}

/// The members of the view that are not set.
const READ_ONLY: &[&str] = &[
    "sku",
    "product_id",
    "name",
    "options",
    "status",
    "own_low_stock_threshold",
    "low_stock",
    "version",
    "updated_at",
];

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Set the stock of a SKU")
        .describe(
            "Members that are left out stay; the body may be the response of `get_inventory`, of which \
             only `available` and `low_stock_threshold` count. After a count of what is on the shelf: read the stock, \
             count, and send the ETag in `If-Match`; if something was sold meanwhile, the response is \
             412. To add what was delivered, use `adjust_inventory`.",
        )
        .path::<Sku>("sku", "The SKU.")
        .body::<Body>()
        .ignoring("InventoryReplacement", READ_ONLY)
        .requires_if_match("The version of the stock.")
        .responds(Success::ok::<InventoryView>("The changed stock.").versioned())
        .refuses(&[
            ProblemCode::NothingToChange,
            ProblemCode::StockNotTracked,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let sku = request.path_parameter("sku")?;
    let expected = request.if_match()?;
    let mut body = request.body_or_empty()?;
    READ_ONLY.iter().for_each(|path| body.remove(path));
    let Body { available, low_stock_threshold, reason } = body.read()?;
    if available.is_none() && low_stock_threshold == Patch::Keep {
        let detail = "Name `available`, a `low_stock_threshold`, or both.";
        return Err(Error::invalid("", ProblemCode::NothingToChange, detail));
    }

    let settings = InventorySettings { available, low_stock_threshold, reason };
    let stock = inventory::set(ctx, &sku, &settings, &expected.required()?).await?;

    InventoryView::respond(stock)
}
