//! `PUT /orders/{order_id}`: moves an order to another status, says how its parcel travels, and adds a
//! note that the customer sees.
//!
//! For admins. Naming the present status changes the rest only. 409 `illegal_transition` if the status
//! can't follow, 409 `refund_first` if a payment has to be refunded, 412 if `If-Match` names another
//! version than the current one, 422 `nothing_to_change` for an empty body.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::ids::OrderId;
use shared::domain::invalid::Invalid;
use shared::domain::order::{Change, OrderStatus, Tracking};
use shared::domain::patch::Optional;
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema;
use shared::domain::text::Note;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::orders;
use shared::{Ctx, Error, Result};

use crate::view::OrderView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "OrderChange", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default, from(Optional<OrderStatus>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<OrderStatus>")]
    status: Option<OrderStatus>,
    #[deserr(default, from(Optional<Tracking>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Tracking>")]
    tracking: Option<Tracking>,
    #[deserr(default, from(Optional<Note>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Note>")]
    note: Option<Note>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Change an order")
        .describe(
            "Moves it to another status, says how its parcel travels, and adds a note, which the \
             customer sees. Naming the present status changes the rest only. `tracking` replaces \
             what was there. The same request again changes nothing.",
        )
        .path::<OrderId>("order_id", "The order's identifier.")
        .body::<Body>()
        .if_match("The version of the order.")
        .responds(Success::ok::<OrderView>("The changed order.").versioned())
        .refuses(&[
            ProblemCode::NothingToChange,
            ProblemCode::IllegalTransition,
            ProblemCode::RefundFirst,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let viewer = request.viewer()?;
    let id = request.path_parameter("order_id")?;
    let expected = request.if_match()?;
    let Body { status, tracking, note } = request.json_or_empty()?;
    if status.is_none() && tracking.is_none() && note.is_none() {
        let detail = "Name a `status`, a `tracking` or a `note`.";
        return Err(Error::invalid("", ProblemCode::NothingToChange, detail));
    }

    let change = Change { status, tracking, note };
    let order = orders::change(ctx, id, &viewer, &change, &expected).await?;

    OrderView::respond(order, &viewer)
}
