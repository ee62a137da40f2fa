//! Orders in responses.

use schemars::JsonSchema;
use serde::Serialize;
use shared::Result;
use shared::domain::email::Email;
use shared::domain::ids::{OrderId, ProductId, UserId};
use shared::domain::money::Money;
use shared::domain::order::{
    Actor, HistoryEntry, ListedOrder, Order, OrderHeader, OrderLine, OrderNumber, OrderStatus,
    OrderSummary, PaymentMethod, PaymentStatus, Tracking,
};
use shared::domain::product::Options;
use shared::domain::quantity::Quantity;
use shared::domain::sku::Sku;
use shared::domain::text::ProductName;
use shared::domain::time::Timestamp;
use shared::domain::totals::TaxTotal;
use shared::domain::user::Address;
use shared::domain::viewer::Viewer;
use shared::http::Response;
use shared::http::shipping_view::ShippingView;

/// An order in full.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Order")]
pub(crate) struct OrderView {
    #[serde(flatten)]
    summary: SummaryView,
    /// Where it is sent; null if nothing is sent.
    shipping_address: Option<Address>,
    /// How the parcel travels; null until an admin says it.
    tracking: Option<Tracking>,
    /// Every change of status, and the notes about the order, oldest first.
    history: Vec<HistoryEntry>,
    /// The statuses that the caller may change it to.
    allowed_transitions: Vec<OrderStatus>,
}

/// An order in the list of a customer's orders.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OrderSummary")]
pub(crate) struct SummaryView {
    #[serde(flatten)]
    header: HeaderView,
    items: Vec<LineView>,
}

/// An order in the list of all orders.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OrderHeader")]
pub(crate) struct HeaderView {
    id: OrderId,
    /// A number that people can read out.
    number: OrderNumber,
    /// The customer; null for a guest, and once the account is deleted.
    user_id: Option<UserId>,
    /// The buyer's e-mail address when it was placed; null once the account is deleted.
    email: Option<Email>,
    status: OrderStatus,
    payment_status: PaymentStatus,
    /// The sum of the lines.
    subtotal: Money,
    /// How it is shipped; null if it has no shipping.
    shipping: Option<ShippingView>,
    /// The sum of the taxes.
    tax: Money,
    /// The taxes of the lines and of shipping.
    taxes: Vec<TaxTotal>,
    /// Whether `tax` is within the prices, instead of on top of them.
    prices_include_tax: bool,
    /// What the buyer pays: the lines, shipping, and `tax` unless it is within them.
    total: Money,
    payment: PaymentView,
    /// When it expires unpaid; null if it no longer can.
    expires_at: Option<Timestamp>,
    /// Raised by every change; part of the `ETag`.
    version: u64,
    placed_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Payment")]
struct PaymentView {
    method: PaymentMethod,
    /// The state of the payment itself, `succeeded` once it is paid. Refunds show in the order's
    /// `payment_status` only.
    status: PaymentState,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OrderLine")]
struct LineView {
    sku: Sku,
    product_id: ProductId,
    name: ProductName,
    #[serde(serialize_with = "Options::as_object")]
    #[schemars(with = "Options")]
    options: Options,
    /// The price of one unit when it was ordered.
    unit_price: Money,
    quantity: Quantity,
    /// `unit_price` times `quantity`.
    line_total: Money,
    /// The tax of all units.
    tax: Money,
    /// How many of the units are refunded.
    refunded_quantity: u32,
    /// How many of the units went back to stock.
    restocked_quantity: u32,
}

/// The state of a payment.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PaymentState {
    Unpaid,
    Authorized,
    Succeeded,
    Failed,
    Canceled,
}

impl OrderView {
    /// Returns an order to who asked for it or changed it.
    pub fn respond(order: Order, viewer: &Viewer) -> Result<Response> {
        let version = order.summary.version;
        Ok(Response::ok(&Self::new(order, viewer.actor()))?.version(version))
    }

    /// Creates the view of an order; `allowed_transitions` are the states that this viewer may
    /// change it to.
    pub fn new(order: Order, viewer: Actor) -> Self {
        Self {
            shipping_address: order.shipping_address.clone(),
            tracking: order.tracking.clone(),
            history: order.history.clone(),
            allowed_transitions: order.allowed_transitions(viewer),
            summary: SummaryView::from(ListedOrder::from(order)),
        }
    }
}

impl From<ListedOrder> for SummaryView {
    fn from(order: ListedOrder) -> Self {
        let ListedOrder { id, summary, lines } = order;
        Self {
            header: HeaderView::from(OrderHeader { id, summary }),
            items: lines.into_iter().map(LineView::from).collect(),
        }
    }
}

impl From<OrderHeader> for HeaderView {
    fn from(OrderHeader { id, summary }: OrderHeader) -> Self {
        let (subtotal, tax) = (summary.subtotal(), summary.tax());
        Self {
            payment: PaymentView::from(&summary),
            subtotal,
            shipping: summary.shipping.map(ShippingView::from),
            tax,
            taxes: summary.taxes,
            prices_include_tax: summary.prices_include_tax,
            id,
            number: OrderNumber::of(id),
            user_id: summary.user_id,
            email: summary.email,
            status: summary.status,
            payment_status: summary.payment_status,
            total: summary.total,
            expires_at: summary.expires_at,
            version: summary.version,
            placed_at: summary.placed_at,
            updated_at: summary.updated_at,
        }
    }
}

impl From<&OrderSummary> for PaymentView {
    fn from(order: &OrderSummary) -> Self {
        let status = match order.payment_status {
            PaymentStatus::Unpaid => PaymentState::Unpaid,
            PaymentStatus::Authorized => PaymentState::Authorized,
            PaymentStatus::Failed => PaymentState::Failed,
            PaymentStatus::Voided => PaymentState::Canceled,
            PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                PaymentState::Succeeded
            }
        };
        Self { method: order.payment_method, status }
    }
}

impl From<OrderLine> for LineView {
    fn from(line: OrderLine) -> Self {
        Self {
            line_total: line.total(),
            tax: line.tax.map_or(Money::new(0, line.unit_price.currency()), |tax| tax.amount),
            sku: line.sku,
            product_id: line.product_id,
            name: line.name,
            options: line.options,
            unit_price: line.unit_price,
            quantity: line.quantity,
            refunded_quantity: line.refunded_quantity,
            restocked_quantity: line.restocked_quantity,
        }
    }
}
