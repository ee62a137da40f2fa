//! The filter of the list of all orders.

use std::ops::RangeInclusive;

use super::email::Email;
use super::ids::{OrderId, UserId};
use super::order::{OrderNumber, OrderStatus};
use super::time::Timestamp;
use uuid::Uuid;

/// Selects orders that have all of this; `None` selects every order.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// The status.
    pub status: Option<OrderStatus>,
    /// The customer.
    pub user_id: Option<UserId>,
    /// The e-mail address of the customer's account, or that a guest named.
    pub email: Option<Email>,
    /// The number.
    pub number: Option<OrderNumber>,
    /// The time at or after which it was placed.
    pub from: Option<Timestamp>,
    /// The time before which it was placed.
    pub to: Option<Timestamp>,
}

impl OrderFilter {
    /// Returns the first and the last identifier that an order with this number and time may have,
    /// for identifiers contain both; `None` if there is none.
    pub fn ids(&self) -> Option<RangeInclusive<OrderId>> {
        let first = self.from.map(OrderId::first_at);
        let last = self.to.map(|to| {
            let end = OrderId::first_at(to).uuid().as_u128();
            OrderId::from_uuid(Uuid::from_u128(end.saturating_sub(1)))
        });
        let number = self.number.map(|number| number.ids());
        let [lowest, highest] =
            [u128::MIN, u128::MAX].map(|bits| OrderId::from_uuid(Uuid::from_u128(bits)));
        let first = [first, number.as_ref().map(|ids| *ids.start())].into_iter().flatten().max();
        let last = [last, number.as_ref().map(|ids| *ids.end())].into_iter().flatten().min();
        let (first, last) = (first.unwrap_or(lowest), last.unwrap_or(highest));
        (first <= last).then_some(first..=last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(1_767_225_600_000 + millis)
    }

    fn selects(filter: &OrderFilter, id: OrderId) -> bool {
        filter.ids().is_some_and(|ids| ids.contains(&id))
    }

    #[test]
    fn the_times_select_orders_from_the_first_to_before_the_second() {
        let orders: Vec<_> = (0..4).map(|millis| OrderId::new(at(millis))).collect();
        let selected = |from: Option<i64>, to: Option<i64>| -> Vec<bool> {
            let (from, to) = (from.map(at), to.map(at));
            let filter = OrderFilter { from, to, ..OrderFilter::default() };
            orders.iter().map(|id| selects(&filter, *id)).collect()
        };
        assert_eq!(selected(None, None), [true; 4]);
        assert_eq!(selected(Some(1), None), [false, true, true, true]);
        assert_eq!(selected(None, Some(2)), [true, true, false, false]);
        assert_eq!(selected(Some(1), Some(3)), [false, true, true, false]);
        assert_eq!(selected(Some(2), Some(2)), [false; 4]);
        assert_eq!(selected(Some(3), Some(1)), [false; 4]);
    }

    #[test]
    fn a_number_selects_its_order_within_the_times() {
        let (order, other) = (OrderId::new(at(5)), OrderId::new(at(6)));
        let number = Some(OrderNumber::of(order));
        let filter = OrderFilter { number, ..OrderFilter::default() };
        assert!(selects(&filter, order) && !selects(&filter, other));
        let filter = OrderFilter { number, from: Some(at(5)), to: Some(at(6)), ..filter };
        assert!(selects(&filter, order));
        let filter = OrderFilter { number, from: Some(at(6)), to: None, ..filter };
        assert!(filter.ids().is_none());
    }
}
