//! The payment methods that a shop offers.

use super::order::PaymentMethod;

/// The payment methods that are enabled, for customers and for guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethods {
    /// What customers may use.
    pub customers: Vec<PaymentMethod>,
    /// What guests may use.
    pub guests: Vec<PaymentMethod>,
}

impl PaymentMethods {
    /// Reads names, separated by commas. The error says which name is no method, or not one that the
    /// shop can offer.
    pub fn parse(names: &str) -> Result<Vec<PaymentMethod>, String> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let read = names.map(|name| match name {
            "manual" => Ok(PaymentMethod::Manual),
            "card" => Err("contains `card`: card payments are not set up".to_owned()),
            name => Err(format!("contains an unknown payment method: `{name}`")),
        });
        read.collect()
    }

    /// Returns the methods that a customer or a guest may use.
    pub fn enabled(&self, is_guest: bool) -> &[PaymentMethod] {
        if is_guest { &self.guests } else { &self.customers }
    }
}

/// Customers may pay by agreement with the shop. Guests may not, because an unpaid order holds its
/// units for a day, and nobody knows who they are.
impl Default for PaymentMethods {
    fn default() -> Self {
        Self { customers: vec![PaymentMethod::Manual], guests: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_methods_is_read_and_a_typo_quoted() {
        assert_eq!(PaymentMethods::parse(" manual ,"), Ok(vec![PaymentMethod::Manual]));
        assert_eq!(PaymentMethods::parse(""), Ok(Vec::new()));
        let unknown = "contains an unknown payment method: `cash`";
        assert_eq!(PaymentMethods::parse("manual,cash"), Err(unknown.to_owned()));
    }
}
