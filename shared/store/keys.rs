//! Every key of every entity, each prefix written once. `docs/data-model.md` explains them, and a
//! golden test pins their text: a key that changes loses data.

use crate::domain::email::{Email, EmailDigest};
use crate::domain::ids::{CartId, MessageId, OrderId, ProductId, RegistrationId, UserId};
use crate::domain::rate_limit::RateLimit;
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::time::Timestamp;
use crate::domain::user::NameKey;

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

/// What `lambda::authorize` reads of a person before every signed-in request: status, role, sessions.
pub fn security(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "SECURITY")
}

/// An address and its password: which account it opens.
pub fn credential(email: &Email) -> Key {
    Key::new(format!("EMAIL#{email}"), "CREDENTIAL")
}

/// A registration that waits to be verified.
pub fn registration(address: &EmailDigest, registration: RegistrationId) -> Key {
    Key::new(registrations(address), registration.to_string())
}

/// The partition of all registrations under an address. It is named by a digest, for it is part
/// of the tokens that are mailed.
pub fn registrations(address: &EmailDigest) -> String {
    format!("REGISTRATION#{address}")
}

/// A forgotten password's token, by its digest.
pub fn reset(digest: &str) -> Key {
    Key::new(format!("RESET#{digest}"), "RESET")
}

/// An account that is being deleted.
pub fn deletion(user: UserId) -> Key {
    Key::new(deletions(), user.to_string())
}

/// The partition of all accounts that are being deleted.
pub fn deletions() -> String {
    "DELETION".to_owned()
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

/// A message on its way out. What is still there can be found by going through [`outboxes`].
pub fn message(message: MessageId) -> Key {
    let shard = message.uuid().as_bytes()[15] % OUTBOXES;
    Key::new(outbox(shard), message.to_string())
}

/// The partitions of all messages on their way out.
pub fn outboxes() -> impl Iterator<Item = String> {
    (0..OUTBOXES).map(outbox)
}

/// What sorts before every message of that time or later, and behind all earlier ones.
pub fn messages_before(time: Timestamp) -> String {
    let millis = u64::try_from(time.unix_millis()).unwrap_or(0);
    let first = uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
    MessageId::from_uuid(first).to_string()
}

/// A message that could not be sent, and waits for somebody to look at it.
pub fn failed_message(message: MessageId) -> Key {
    Key::new(failed_messages(), message.to_string())
}

/// The partition of all messages that could not be sent.
pub fn failed_messages() -> String {
    "OUTBOX#failed".to_owned()
}

/// One partition takes 1,000 write units a second: with sixteen, mail is no limit to selling.
const OUTBOXES: u8 = 16;

fn outbox(shard: u8) -> String {
    format!("OUTBOX#{shard:x}")
}

/// The memory of a request with an `Idempotency-Key`; `identity` is a digest of caller and key.
pub fn idempotency(identity: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{identity}"), "MARKER")
}

/// What a limit has counted of somebody in the window that began then; `identity` is a digest.
pub fn rate_limit(limit: RateLimit, identity: &str, window: i64) -> Key {
    Key::new(format!("LIMIT#{}#{identity}#{window}", limit.name()), "COUNT")
}

/// An IP address from which an account has been opened, by a digest of it.
pub fn known_ip(account: &EmailDigest, ip: &str) -> Key {
    Key::new(known_ips(account), ip)
}

/// The partition of all IP addresses from which an account has been opened.
pub fn known_ips(account: &EmailDigest) -> String {
    format!("KNOWN#{account}")
}

/// The active admins of the shop.
pub fn admins() -> Key {
    Key::new("ADMINS".to_owned(), "ADMINS")
}

/// The public halves of the keys that sign tokens.
pub fn signing_keys() -> Key {
    Key::new("SIGNING_KEYS".to_owned(), "PUBLIC")
}

/// The table itself, or one of its sparse indexes, in which only those items are that carry its
/// partition attribute.
#[derive(Clone, Copy)]
pub struct Index {
    /// Its name in the template; `None` for the table itself.
    pub name: Option<&'static str>,
    /// The attribute that is its partition key.
    pub partition: &'static str,
    /// The attribute that is its sort key.
    pub sort: &'static str,
    /// The table key of the item in a partition (first) at a value of the sort key (second).
    pub key: fn(&str, &str) -> Option<Key>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name.unwrap_or("table"))
    }
}

/// The table.
pub const TABLE: Index =
    Index { name: None, partition: PK, sort: SK, key: |pk, sk| Some(Key::new(pk.to_owned(), sk)) };
/// Active products, by age.
pub const NEWEST_PRODUCTS: Index = Index {
    name: Some("newest-products"),
    partition: "listing",
    sort: "id",
    key: |_, id| id.parse().ok().map(product),
};
/// Active products of one category, by age.
pub const CATEGORY_PRODUCTS: Index = Index {
    name: Some("category-products"),
    partition: "category_listing",
    sort: "id",
    key: |_, id| id.parse().ok().map(product),
};
/// The orders of one customer, by age.
pub const CUSTOMER_ORDERS: Index = Index {
    name: Some("customer-orders"),
    partition: "customer",
    sort: "id",
    key: |_, id| id.parse().ok().map(order),
};

/// Everybody with an account, by name.
pub const USERS_BY_NAME: Index = Index {
    name: Some("users-by-name"),
    partition: "user_listing",
    sort: "name_key",
    key: |_, place| place.parse::<NameKey>().ok().map(|place| profile(place.user())),
};

/// The one partition of [`NEWEST_PRODUCTS`].
pub fn listing() -> String {
    "ACTIVE".to_owned()
}

/// A partition of [`CATEGORY_PRODUCTS`].
pub fn category_listing(category: &Slug) -> String {
    format!("CATEGORY#{category}")
}

/// The one partition of [`USERS_BY_NAME`].
pub fn user_listing() -> String {
    "USERS".to_owned()
}

/// A partition of [`CUSTOMER_ORDERS`].
pub fn customer(user: UserId) -> String {
    format!("CUSTOMER#{user}")
}
