//! `POST /inventory/{sku}/adjustments`: adds units to a stock, or removes some.
//!
//! For admins. 409 `out_of_stock` if fewer units are left than it removes, `stock_not_tracked` if the
//! stock is not tracked. A retry with the same `Idempotency-Key` returns the same movement.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::problem_code::ProblemCode;
use shared::domain::sku::Sku;
use shared::domain::stock::StockDelta;
use shared::domain::text::StockReason;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::idempotency::{Once, once};
use shared::services::inventory;
use shared::{Ctx, Result};

use crate::view::MovementView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "StockAdjustment", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    /// The number of units to add (positive) or to remove (negative).
    delta: StockDelta,
    /// Why the stock changes, for the list of movements.
    reason: StockReason,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Adjust the stock of a SKU")
        .describe(
            "Adds what was delivered, or removes what is broken or lost. What is sold meanwhile does \
             not matter.",
        )
        .path::<Sku>("sku", "The SKU.")
        .body::<Body>()
        .idempotent()
        .responds(Success::created::<MovementView>("The movement. `Location` is the list of movements.").replayed())
        .refuses(&[
            ProblemCode::OutOfStock,
            ProblemCode::StockNotTracked,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let sku: Sku = request.path_parameter("sku")?;
    let json = request.body()?;
    let key = request.idempotency(&json)?;

    let adjust = async {
        let Body { delta, reason } = json.read()?;
        inventory::adjust(ctx, &sku, delta, &reason, key.as_ref()).await
    };
    let (id, entry, replayed) = match once(ctx, key.as_ref(), adjust).await? {
        Once::New((id, entry)) => (id, entry, None),
        Once::Replayed(remembered) => {
            let id = remembered.id()?;
            let entry = ctx.store.ledger().get(&id).await?;
            (id, entry, Some(remembered))
        }
    };

    let location = format!("/inventory/{sku}/movements");
    let response = Response::created(&location, &MovementView::of(&id, entry))?;
    Ok(response.replay_of(replayed.as_ref()))
}
