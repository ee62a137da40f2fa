//! Tests of `functions/orders`.

mod cancel_order;
mod expire_orders;
mod get_order;
mod get_settings;
mod guest_orders;
mod list_all_orders;
mod list_orders;
mod place_order;
mod place_order_again;
mod track_order;
mod update_order;
mod update_settings;

use serde_json::Value;
use tests::samples::id;

/// The path of a well-formed order identifier that does not exist.
const UNKNOWN_ORDER: &str = "/orders/ord_01890a5d-ac96-774b-bcce-b302099a8057";

/// Paths with identifiers that no order can have.
const IMPOSSIBLE: [&str; 5] = [
    "/orders/7",
    "/orders/ord_7",
    "/orders/01890a5d-ac96-774b-bcce-b302099a8057",
    "/orders/prd_01890a5d-ac96-774b-bcce-b302099a8057",
    "/orders/ORD_01890A5D-AC96-774B-BCCE-B302099A8057",
];

/// The path of an order.
fn path(order: &Value) -> String {
    format!("/orders/{}", id(order))
}
