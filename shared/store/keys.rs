//! Every key of every entity, each prefix written once. `docs/data-model.md` explains them, and a
//! golden test pins their text: a key that changes loses data.

use crate::domain::email::Email;
use crate::domain::ids::{CartId, MessageId, OrderId, ProductId, UserId};
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;

/// The partition key's attribute.
pub const PK: &str = "pk";
/// The sort key's attribute.
pub const SK: &str = "sk";
/// The attribute that says what an item is.
pub const TYPE: &str = "type";
/// The attribute by which DynamoDB tidies up, in seconds since 1970.
pub const TTL: &str = "ttl";

/// Where an item lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in the partition.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// A person's profile.
pub fn profile(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "PROFILE")
}

/// What `run` reads of a person before every signed-in request: status, role, sessions.
pub fn security(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "SECURITY")
}

/// An address and its password: which account it opens.
pub fn credential(email: &Email) -> Key {
    Key::new(format!("EMAIL#{email}"), "CREDENTIAL")
}

/// A product; its variants share its partition.
pub fn product(product: ProductId) -> Key {
    Key::new(format!("PRODUCT#{product}"), "PRODUCT")
}

/// A variant, in its product's partition.
pub fn variant(product: ProductId, sku: &Sku) -> Key {
    Key::new(format!("PRODUCT#{product}"), format!("VARIANT#{sku}"))
}

/// The pointer from a bare SKU to its product.
pub fn sku(sku: &Sku) -> Key {
    Key::new(format!("SKU#{sku}"), "SKU")
}

/// A cart.
pub fn cart(cart: CartId) -> Key {
    Key::new(format!("CART#{cart}"), "CART")
}

/// An order.
pub fn order(order: OrderId) -> Key {
    Key::new(format!("ORDER#{order}"), "ORDER")
}

/// A message on its way out.
pub fn message(message: MessageId) -> Key {
    Key::new(format!("OUTBOX#{message}"), "MESSAGE")
}

/// The memory of a request with an `Idempotency-Key`; `identity` is a digest of caller and key.
pub fn idempotency(identity: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{identity}"), "MARKER")
}

/// The public halves of the keys that sign tokens.
pub fn signing_keys() -> Key {
    Key::new("SIGNING_KEYS".to_owned(), "PUBLIC")
}

/// A sparse index: only items that carry its partition attribute are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name in the template.
    pub name: &'static str,
    /// The attribute that is its partition key.
    pub partition: &'static str,
    /// The attribute that is its sort key.
    pub sort: &'static str,
}

/// Active products, by age.
pub const NEWEST_PRODUCTS: Index =
    Index { name: "newest-products", partition: "listing", sort: "id" };
/// Active products of one category, by age.
pub const CATEGORY_PRODUCTS: Index =
    Index { name: "category-products", partition: "category_listing", sort: "id" };
/// The orders of one customer, by age.
pub const CUSTOMER_ORDERS: Index =
    Index { name: "customer-orders", partition: "customer", sort: "id" };

/// The one partition of [`NEWEST_PRODUCTS`].
pub fn listing() -> String {
    "ACTIVE".to_owned()
}

/// A partition of [`CATEGORY_PRODUCTS`].
pub fn category_listing(category: &Slug) -> String {
    format!("CATEGORY#{category}")
}

/// A partition of [`CUSTOMER_ORDERS`].
pub fn customer(user: UserId) -> String {
    format!("CUSTOMER#{user}")
}
