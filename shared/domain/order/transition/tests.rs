//! Tests of the transition table against the HTTP contract, and of a transition's effects.

use super::super::{Buyer, NewOrder};
use super::*;
use crate::domain::cart::{Cart, CartLine};
use crate::domain::destination::{Destination, DestinationSource};
use crate::domain::ids::{OrderId, ProductId, UserId};
use crate::domain::money::{Currency, Money, Total};
use crate::domain::product::Options;
use crate::domain::quantity::Quantity;
use crate::domain::settings::Settings;
use crate::domain::sku::Sku;
use crate::domain::text::ProductName;
use crate::domain::totals::ChargedLine;

/// The transition table of the HTTP contract: from, to, actors, payment method, effect on stock.
const CONTRACT: &str = "
    pending_payment  paid              gateway         card    stays
    pending_payment  paid              admin           manual  stays
    pending_payment  processing        admin           manual  stays
    pending_payment  expired           clock           any     back
    pending_payment  cancelled         customer,admin  any     back
    paid             processing        admin           any     stays
    paid             cancelled         customer,admin  any     back
    processing       shipped           admin           any     stays
    processing       cancelled         admin           any     back
    shipped          delivered         admin           any     stays
    shipped          returned          admin           any     by_refund
    delivered        return_requested  customer        any     stays
    delivered        returned          admin           any     by_refund
    return_requested returned          admin           any     by_refund
    return_requested delivered         admin           any     by_refund
";

const STATUSES: [OrderStatus; 9] = [
    OrderStatus::PendingPayment,
    OrderStatus::Paid,
    OrderStatus::Processing,
    OrderStatus::Shipped,
    OrderStatus::Delivered,
    OrderStatus::ReturnRequested,
    OrderStatus::Returned,
    OrderStatus::Cancelled,
    OrderStatus::Expired,
];
const ACTORS: [Actor; 4] = [Actor::Customer, Actor::Admin, Actor::Clock, Actor::Gateway];
const METHODS: [PaymentMethod; 2] = [PaymentMethod::Manual, PaymentMethod::Card];

fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_767_225_600_000)
}

fn order(status: OrderStatus, payment_method: PaymentMethod, cents: i64) -> Order {
    let currency = Currency::parse("USD".into()).unwrap();
    let line = CartLine {
        sku: Sku::parse("MUG".into()).unwrap(),
        product_id: ProductId::new(now()),
        name: ProductName::parse("Mug".into()).unwrap(),
        image: None,
        options: Options::default(),
        unit_price: Money::new(cents, currency),
        tax_class: None,
        revision: 1,
        track_stock: true,
        quantity: Quantity::new(2).unwrap(),
    };
    let (total, no_settings) = (line.unit_price.times(2), Settings::default());
    let charges = no_settings.charges(&Destination::default(), total, &DestinationSource::ORDER);
    let totals = charges.unwrap().totals([ChargedLine { total, tax_class: None }], currency);
    let new = NewOrder {
        id: OrderId::new(now()),
        buyer: Buyer::Customer(UserId::new(now())),
        email: None,
        cart: None,
        token_digest: None,
        lines: vec![line],
        totals,
        payment_method,
        shipping_address: None,
    };
    let mut order = Order::place(new, now()).order;
    order.summary.status = status;
    order
}

/// The effect on stock that the contract names for a transition; `None` if it has no such row.
fn contract(
    from: OrderStatus,
    to: OrderStatus,
    actor: Actor,
    method: PaymentMethod,
) -> Option<&'static str> {
    let actor = format!("{actor:?}").to_lowercase();
    let method = format!("{method:?}").to_lowercase();
    CONTRACT.lines().find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [row_from, row_to, actors, row_method, stock] = words[..] else { return None };
        let fits = row_from == from.to_string()
            && row_to == to.to_string()
            && actors.split(',').any(|one| one == actor)
            && (row_method == "any" || row_method == method);
        fits.then_some(stock)
    })
}

#[test]
fn the_table_equals_the_contract_row_by_row() {
    for from in STATUSES {
        for to in STATUSES {
            for actor in ACTORS {
                for method in METHODS {
                    let order = order(from, method, 1800);
                    let mut rows = TRANSITIONS.iter().filter(|row| row.allows(&order, actor));
                    let row = rows.find(|row| row.to == to);
                    let stock = row.map(|row| match row.stock {
                        StockEffect::Stays => "stays",
                        StockEffect::Returns => "back",
                        StockEffect::ByRefund => "by_refund",
                    });
                    let case = format!("{from} → {to} by {actor:?}, {method:?}");
                    assert_eq!(stock, contract(from, to, actor, method), "{case}");
                    let applied = order.apply(&Change::to(to), actor, now());
                    let by_request =
                        from == to || row.is_some_and(|row| row.cause == Cause::Request);
                    assert_eq!(applied.is_ok(), by_request, "{case}: {applied:?}");
                }
            }
        }
    }
    let rows = CONTRACT.lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(TRANSITIONS.len(), rows);
}

#[test]
fn cancelling_an_order_returns_its_units_frees_its_unpaid_place_and_mails_its_customer() {
    let order = order(OrderStatus::PendingPayment, PaymentMethod::Manual, 1800);
    let user_id = order.summary.user_id;

    let cancel = Change::to(OrderStatus::Cancelled);
    let transition = order.apply(&cancel, Actor::Customer, now()).unwrap();

    let cancelled = &transition.order.summary;
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
    assert_eq!(cancelled.payment_status, PaymentStatus::Voided);
    assert_eq!((cancelled.version, cancelled.expires_at), (2, None));
    assert_eq!(transition.order.history.len(), 2);
    assert_eq!(transition.stock[0].movement.delta, 2);
    assert_eq!(transition.stock[0].movement.reason, MovementReason::Cancellation);
    let cart = CartKey::Customer(user_id.unwrap());
    assert_eq!(transition.unpaid, UnpaidOrderChange::Removed(cart));
    let mail = Event::OrderCancelled { order_id: order.id, user_id };
    assert_eq!(transition.messages, [mail]);
}

#[test]
fn every_transition_out_of_pending_payment_frees_the_customers_unpaid_place() {
    for (to, actor) in [
        (OrderStatus::Paid, Actor::Admin),
        (OrderStatus::Processing, Actor::Admin),
        (OrderStatus::Expired, Actor::Clock),
        (OrderStatus::Cancelled, Actor::Customer),
    ] {
        let order = order(OrderStatus::PendingPayment, PaymentMethod::Manual, 1800);
        let customer = order.summary.user_id.unwrap();
        let transition = order.apply(&Change::to(to), actor, now()).unwrap();
        let cart = CartKey::Customer(customer);
        assert_eq!(transition.unpaid, UnpaidOrderChange::Removed(cart), "{to}");
        assert_eq!(transition.order.summary.expires_at, None, "{to}");
    }
}

#[test]
fn a_paid_order_is_not_cancelled_without_a_refund() {
    let mut paid = order(OrderStatus::Paid, PaymentMethod::Manual, 1800);
    paid.summary.payment_status = PaymentStatus::Paid;
    let cancel = Change::to(OrderStatus::Cancelled);
    let refused = paid.apply(&cancel, Actor::Admin, now()).unwrap_err();
    assert_eq!(refused.code.slug(), "refund_first");
}

#[test]
fn an_order_that_costs_nothing_is_paid_at_once_and_can_be_cancelled() {
    let free = order(OrderStatus::Paid, PaymentMethod::Manual, 0);
    assert_eq!(free.summary.payment_status, PaymentStatus::Paid);
    assert_eq!((free.history.len(), free.history[0].status), (1, OrderStatus::Paid));
    assert_eq!(free.summary.expires_at, None);

    let cancel = Change::to(OrderStatus::Cancelled);
    let transition = free.apply(&cancel, Actor::Customer, now()).unwrap();

    assert_eq!(transition.order.summary.payment_status, PaymentStatus::Voided);
    assert_eq!(transition.unpaid, UnpaidOrderChange::Unchanged);
}

#[test]
fn a_client_can_send_the_total_of_the_largest_possible_order() {
    let usd = Currency::parse("USD".to_owned()).unwrap();
    let line = Money::new(Money::MAX, usd).times(Quantity::MAX);
    let total = Money::sum(vec![line; Cart::MAX_LINES], usd);
    assert!((Money::MAX..=Total::MAX).contains(&total.amount()), "{total}");
}

#[test]
fn an_admin_can_mark_only_a_manual_order_paid() {
    let allowed =
        |method| order(OrderStatus::PendingPayment, method, 1800).allowed_transitions(Actor::Admin);
    assert!(allowed(PaymentMethod::Manual).contains(&OrderStatus::Paid));
    assert!(!allowed(PaymentMethod::Card).contains(&OrderStatus::Paid));
}
