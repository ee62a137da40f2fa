//! Every key of every item type; each prefix is written once. `docs/data-model.md` explains them,
//! and a golden test pins their text, since an item can't be found any more if its key changes.

use crate::catalogue::manifest::Slot;
use crate::domain::cart_key::CartKey;
use crate::domain::email::{Email, EmailDigest};
use crate::domain::ids::{CartId, MessageId, OrderId, ProductId, RegistrationId, ReviewId, UserId};
use crate::domain::import_id::ImportId;
use crate::domain::order::{OrderNumber, OrderStatus};
use crate::domain::quantity::Stars;
use crate::domain::rate_limit::RateLimit;
use crate::domain::review::ReviewStatus;
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::time::Timestamp;
use crate::domain::user::NameKey;

/// The name of the partition key attribute.
pub const PK: &str = "pk";
/// The name of the sort key attribute.
pub const SK: &str = "sk";
/// The name of the attribute that holds an item's type.
pub const TYPE: &str = "type";
/// The name of the attribute that holds an item's expiry time, in seconds since 1970. DynamoDB
/// deletes the item some time after it.
pub const TTL: &str = "ttl";

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }
}

/// Returns the key of a user's profile.
pub fn profile(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "PROFILE")
}

/// Returns the key of a user's security item (status, role, sessions), which `lambda::authorize`
/// reads before every signed-in request.
pub fn security(user: UserId) -> Key {
    Key::new(format!("USER#{user}"), "SECURITY")
}

/// Returns the key of the credential of an e-mail address: its account and password hash.
pub fn credential(email: &Email) -> Key {
    Key::new(format!("EMAIL#{email}"), "CREDENTIAL")
}

/// Returns the key of a registration whose e-mail address is not verified yet.
pub fn registration(email: &EmailDigest, registration: RegistrationId) -> Key {
    Key::new(registrations(email), registration.to_string())
}

/// Returns the partition of all registrations of an e-mail address. It contains a digest, not
/// the address, because mailed tokens contain it.
pub fn registrations(email: &EmailDigest) -> String {
    format!("REGISTRATION#{email}")
}

/// Returns the key of a password reset, by the digest of its mailed token.
pub fn reset(digest: &str) -> Key {
    Key::new(format!("RESET#{digest}"), "RESET")
}

/// Returns the key of a deleted account whose data other items still hold.
pub fn deletion(user: UserId) -> Key {
    Key::new(deletions(), user.to_string())
}

/// Returns the partition of all deleted accounts whose data other items still hold.
pub fn deletions() -> String {
    "DELETION".to_owned()
}

const PRODUCT: &str = "PRODUCT#";

/// Returns the key of a product; its variants are in the same partition.
pub fn product(product: ProductId) -> Key {
    Key::new(format!("{PRODUCT}{product}"), "PRODUCT")
}

/// Returns the product in whose partition an item is; `None` if it is in another kind of partition.
pub fn product_of(partition: &str) -> Option<ProductId> {
    partition.strip_prefix(PRODUCT)?.parse().ok()
}

/// Returns the key of a variant, in its product's partition.
pub fn variant(product: ProductId, sku: &Sku) -> Key {
    Key::new(format!("{PRODUCT}{product}"), format!("VARIANT#{sku}"))
}

/// Returns the key of the pointer from a SKU to its product.
pub fn sku(sku: &Sku) -> Key {
    Key::new(format!("SKU#{sku}"), "SKU")
}

/// Returns the key of a movement in the ledger of a variant's stock. Movements sort by number.
pub fn movement(product: ProductId, sku: &Sku, number: u64) -> Key {
    Key::new(ledger(product, sku), movement_number(number))
}

/// Returns the partition of all movements of a variant's stock. A SKU that moves to another product
/// gets another ledger.
pub fn ledger(product: ProductId, sku: &Sku) -> String {
    format!("LEDGER#{product}#{sku}")
}

/// Returns the sort key of a movement with this number.
pub fn movement_number(number: u64) -> String {
    format!("{number:012}")
}

/// Returns the key of the number of reviews of a product by their stars, in its partition.
pub fn rating(product: ProductId) -> Key {
    Key::new(format!("{PRODUCT}{product}"), "RATING")
}

/// Returns the key of a review. Those of a product sort by creation time.
pub fn review(product: ProductId, review: ReviewId) -> Key {
    Key::new(reviews(product), review.to_string())
}

/// Returns the partition of all reviews of a product.
pub fn reviews(product: ProductId) -> String {
    format!("REVIEWS#{product}")
}

/// Returns the key of the marker that a user has reviewed a product.
pub fn review_marker(user: UserId, product: ProductId) -> Key {
    Key::new(review_markers(user), product.to_string())
}

/// Returns the partition of the markers of all products that a user has reviewed.
pub fn review_markers(user: UserId) -> String {
    format!("REVIEWER#{user}")
}

/// Returns the key of a user's purchase of a product with an order.
pub fn purchase(user: UserId, product: ProductId, order: OrderId) -> Key {
    Key::new(purchases(user), format!("{}{order}", purchases_of(product)))
}

/// Returns the partition of all purchases of a user.
pub fn purchases(user: UserId) -> String {
    format!("PURCHASES#{user}")
}

/// Returns the beginning of the sort keys of all purchases of a product.
pub fn purchases_of(product: ProductId) -> String {
    format!("{product}#")
}

/// Returns the key of the marker that an import has set the stock of a SKU.
pub fn import_marker(import: &ImportId, sku: &Sku) -> Key {
    Key::new(format!("IMPORT#{}#{sku}", import.as_str()), "STOCK")
}

/// Returns the key of an entry of the catalogue's log. Entries sort by number.
pub fn catalogue_log_entry(number: u64) -> Key {
    Key::new(catalogue_log(), format!("{number:012}"))
}

/// Returns the partition of the catalogue's log.
pub fn catalogue_log() -> String {
    "CATALOGUE#LOG".to_owned()
}

/// Returns the key of the manifest of the catalogue's segments.
pub fn catalogue_manifest() -> Key {
    Key::new("CATALOGUE#MANIFEST".to_owned(), "MANIFEST")
}

/// Returns the key of a segment of the catalogue, the one with this index in its set. Each is a
/// partition of its own, because a partition has 1,000 write units a second.
pub fn catalogue_segment(slot: Slot, index: u32) -> Key {
    Key::new(format!("CATALOGUE#SEGMENT#{}#{index}", slot.name()), "SEGMENT")
}

/// Returns the key of a category.
pub fn category(slug: &Slug) -> Key {
    Key::new(categories(), slug.as_str())
}

/// Returns the key of the item with the number of categories and the version of their tree. Slugs
/// are in lower case, so that no category has it.
pub fn category_tree() -> Key {
    Key::new(categories(), "TREE")
}

/// Returns the partition of all categories.
pub fn categories() -> String {
    "CATEGORIES".to_owned()
}

/// Returns the key of a cart.
pub fn cart(cart: &CartKey) -> Key {
    let partition = match cart {
        CartKey::Customer(user) => format!("CART#{}", CartId::from(*user)),
        CartKey::Guest(digest) => format!("CART#{digest}"),
    };
    Key::new(partition, "CART")
}

/// Returns the key of the shop's settings.
pub fn settings() -> Key {
    Key::new("SETTINGS".to_owned(), "SETTINGS")
}

/// Returns the key of an order.
pub fn order(order: OrderId) -> Key {
    Key::new(format!("ORDER#{order}"), "ORDER")
}

/// Returns the key of a message in the outbox, in one of the partitions of [`outboxes`].
pub fn message(message: MessageId) -> Key {
    let shard = message.uuid().as_bytes()[15] % OUTBOX_PARTITIONS;
    Key::new(outbox(shard), message.to_string())
}

/// Returns the partitions of the outbox.
pub fn outboxes() -> impl Iterator<Item = String> {
    (0..OUTBOX_PARTITIONS).map(outbox)
}

/// Returns the lowest sort key of a message created at `time`: it sorts after those of all earlier
/// messages.
pub fn messages_before(time: Timestamp) -> String {
    MessageId::first_at(time).to_string()
}

/// Returns the key of a failed message: it could not be sent and waits for an operator.
pub fn failed_message(message: MessageId) -> Key {
    Key::new(failed_messages(), message.to_string())
}

/// Returns the partition of all failed messages.
pub fn failed_messages() -> String {
    "OUTBOX#failed".to_owned()
}

/// The number of outbox partitions. One partition takes 1,000 write units a second; with sixteen,
/// mail does not limit the rate of orders.
const OUTBOX_PARTITIONS: u8 = 16;

fn outbox(shard: u8) -> String {
    format!("OUTBOX#{shard:x}")
}

/// Returns the key of an idempotency marker; `identity` is a digest of the caller and the
/// `Idempotency-Key`.
pub fn idempotency(identity: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{identity}"), "MARKER")
}

/// Returns the key of a rate limit's counter; `identity` is a digest of the account, email or IP
/// address that is limited, and `window` the start of the window in seconds since 1970.
pub fn rate_limit(limit: RateLimit, identity: &str, window: i64) -> Key {
    Key::new(format!("LIMIT#{}#{identity}#{window}", limit.name()), "COUNT")
}

/// Returns the key of an IP address from which a user has logged in to an account; `ip` is a
/// digest.
pub fn known_ip(account: &EmailDigest, ip: &str) -> Key {
    Key::new(known_ips(account), ip)
}

/// Returns the partition of all IP addresses from which a user has logged in to an account.
pub fn known_ips(account: &EmailDigest) -> String {
    format!("KNOWN#{account}")
}

/// Returns the key of the register of admins, active and disabled.
pub fn admins() -> Key {
    Key::new("ADMINS".to_owned(), "ADMINS")
}

/// Returns the key of the item with the public keys that verify access tokens.
pub fn signing_keys() -> Key {
    Key::new("SIGNING_KEYS".to_owned(), "PUBLIC")
}

/// The table itself, or one of its sparse indexes, which contain only the items that have the
/// index's partition key attribute.
#[derive(Clone, Copy)]
pub struct Index {
    /// The index's name in the template; `None` for the table.
    pub name: Option<&'static str>,
    /// The name of the partition key attribute.
    pub partition: &'static str,
    /// The name of the sort key attribute.
    pub sort: &'static str,
    /// Converts a partition key (first) and sort key (second) of the index to the item's primary
    /// key; `None` if the sort key is malformed.
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
/// All products that are not deleted, in the partitions of [`product_shards`], each sorted by
/// creation time.
pub const PRODUCTS: Index = Index {
    name: Some("products"),
    partition: "product_shard",
    sort: "id",
    key: |_, id| id.parse().ok().map(product),
};
/// The orders of one customer, or those that guests placed with one e-mail address, sorted by creation
/// time.
pub const CUSTOMER_ORDERS: Index = Index {
    name: Some("customer-orders"),
    partition: "customer",
    sort: "id",
    key: |_, id| id.parse().ok().map(order),
};
/// All orders, in the partitions of [`order_shards`], each sorted by creation time.
pub const ORDERS_BY_TIME: Index = Index {
    name: Some("orders-by-time"),
    partition: "order_shard",
    sort: "id",
    key: |_, id| id.parse().ok().map(order),
};
/// All orders by their status, in the partitions of [`order_status_shards`], each sorted by creation
/// time.
pub const ORDERS_BY_STATUS: Index = Index {
    name: Some("orders-by-status"),
    partition: "status_shard",
    sort: "id",
    key: |_, id| id.parse().ok().map(order),
};
/// The orders that wait for their payment, in the partitions of [`expiry_shards`], each sorted by the
/// time at which they expire.
pub const EXPIRING_ORDERS: Index = Index {
    name: Some("expiring-orders"),
    partition: "expiry_shard",
    sort: "expiry",
    key: |_, expiry| expiry.rsplit_once('#')?.1.parse().ok().map(order),
};
/// All SKUs, in the partitions of [`sku_shards`], each sorted.
pub const SKUS: Index = Index {
    name: Some("skus"),
    partition: "sku_shard",
    sort: "sku",
    key: |_, text| Sku::parse(text.to_owned()).ok().as_ref().map(sku),
};
/// The SKUs of which few units are left, in the partitions of [`sku_shards`], each sorted.
pub const LOW_STOCK: Index = Index {
    name: Some("low-stock"),
    partition: "low_stock_shard",
    sort: "sku",
    key: |_, text| Sku::parse(text.to_owned()).ok().as_ref().map(sku),
};
/// The approved reviews of a product, sorted by their stars, and those with the same by creation time.
pub const REVIEWS_BY_RATING: Index = Index {
    name: Some("reviews-by-rating"),
    partition: "rated_product",
    sort: "rating_key",
    key: |partition, rating_key| {
        let product = partition.strip_prefix(RATED)?.parse().ok()?;
        Some(review(product, rating_key.split_once('#')?.1.parse().ok()?))
    },
};
/// All reviews by their status, sorted by creation time.
pub const REVIEWS_BY_STATUS: Index = Index {
    name: Some("reviews-by-status"),
    partition: "review_status",
    sort: "status_key",
    key: |_, status_key| {
        let (id, product) = status_key.split_once('#')?;
        Some(review(product.parse().ok()?, id.parse().ok()?))
    },
};
/// All users, sorted by name.
pub const USERS_BY_NAME: Index = Index {
    name: Some("users-by-name"),
    partition: "user_listing",
    sort: "name_key",
    key: |_, name_key| name_key.parse::<NameKey>().ok().map(|key| profile(key.user())),
};

/// The number of partitions of [`PRODUCTS`]. Every new product is written to one of them, and one
/// partition takes 1,000 write units a second.
const PRODUCT_SHARDS: u8 = 8;

/// Returns a product's partition of [`PRODUCTS`].
pub fn product_shard(product: ProductId) -> String {
    shard(product.uuid().as_bytes()[15] % PRODUCT_SHARDS)
}

/// Returns the partitions of [`PRODUCTS`], in their order.
pub fn product_shards() -> impl Iterator<Item = String> {
    (0..PRODUCT_SHARDS).map(shard)
}

fn shard(number: u8) -> String {
    format!("PRODUCTS#{number}")
}

/// The number of partitions of [`SKUS`] and of [`LOW_STOCK`]. Every new SKU is written to one of them,
/// and one partition takes 1,000 write units a second.
const SKU_SHARDS: u8 = 8;

/// Returns a SKU's partition of [`SKUS`] and of [`LOW_STOCK`].
pub fn sku_shard(sku: &Sku) -> String {
    // FNV-1a (RFC 9923), which spreads texts that differ in one character.
    let hash = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let [.., last] = sku.as_str().bytes().fold(0x811c_9dc5, hash).to_be_bytes();
    sku_shard_at(last % SKU_SHARDS)
}

/// Returns the partitions of [`SKUS`] and of [`LOW_STOCK`], in their order.
pub fn sku_shards() -> impl Iterator<Item = String> {
    (0..SKU_SHARDS).map(sku_shard_at)
}

fn sku_shard_at(shard: u8) -> String {
    format!("SKUS#{shard}")
}

/// The number of partitions of [`ORDERS_BY_TIME`], and of each status in [`ORDERS_BY_STATUS`]. Every
/// order is written to one of them, and one partition takes 1,000 write units a second.
const ORDER_SHARDS: u8 = 8;

/// Returns the partition of [`ORDERS_BY_TIME`] of the orders with a number. It follows from the
/// number, so that one query finds them.
pub fn order_shard(number: OrderNumber) -> String {
    order_shard_at(number.shard(ORDER_SHARDS))
}

/// Returns the partitions of [`ORDERS_BY_TIME`].
pub fn order_shards() -> impl Iterator<Item = String> {
    (0..ORDER_SHARDS).map(order_shard_at)
}

fn order_shard_at(shard: u8) -> String {
    format!("ORDERS#{shard}")
}

/// Returns the partition of [`ORDERS_BY_STATUS`] of an order in a status.
pub fn order_status_shard(status: OrderStatus, number: OrderNumber) -> String {
    format!("{status}#{}", number.shard(ORDER_SHARDS))
}

/// Returns the partitions of [`ORDERS_BY_STATUS`] of a status.
pub fn order_status_shards(status: OrderStatus) -> impl Iterator<Item = String> {
    (0..ORDER_SHARDS).map(move |shard| format!("{status}#{shard}"))
}

/// The number of partitions of [`EXPIRING_ORDERS`].
const EXPIRY_SHARDS: u8 = 16;

/// Returns an order's partition of [`EXPIRING_ORDERS`].
pub fn expiry_shard(order: OrderId) -> String {
    expiry_shard_at(order.uuid().as_bytes()[15] % EXPIRY_SHARDS)
}

/// Returns the partitions of [`EXPIRING_ORDERS`].
pub fn expiry_shards() -> impl Iterator<Item = String> {
    (0..EXPIRY_SHARDS).map(expiry_shard_at)
}

fn expiry_shard_at(shard: u8) -> String {
    format!("EXPIRING#{shard:x}")
}

/// Returns the sort key in [`EXPIRING_ORDERS`] of an order that expires at a time.
pub fn expiry(at: Timestamp, order: OrderId) -> String {
    format!("{at}#{order}")
}

/// Returns a sort key of [`EXPIRING_ORDERS`] after those of all orders that expire at a time or before
/// it.
pub fn expiries_until(time: Timestamp) -> String {
    // The character after `#`.
    format!("{time}$")
}

const RATED: &str = "RATED#";

/// Returns a product's partition of [`REVIEWS_BY_RATING`].
pub fn rated_product(product: ProductId) -> String {
    format!("{RATED}{product}")
}

/// Returns a review's sort key in [`REVIEWS_BY_RATING`].
pub fn rating_key(stars: Stars, review: ReviewId) -> String {
    format!("{}{review}", with_stars(stars))
}

/// Returns the beginning of the sort keys in [`REVIEWS_BY_RATING`] of reviews with this many stars.
pub fn with_stars(stars: Stars) -> String {
    format!("{}#", stars.get())
}

/// Returns the partition of [`REVIEWS_BY_STATUS`] of the reviews with a status.
pub fn review_status(status: ReviewStatus) -> String {
    format!("REVIEWS#{status}")
}

/// Returns a review's sort key in [`REVIEWS_BY_STATUS`].
pub fn review_status_key(review: ReviewId, product: ProductId) -> String {
    format!("{review}#{product}")
}

/// Returns the only partition of [`USERS_BY_NAME`].
pub fn user_listing() -> String {
    "USERS".to_owned()
}

/// Returns the partition of [`CUSTOMER_ORDERS`] of the orders that guests placed with an e-mail
/// address. It contains a digest, so that no key shows an address.
pub fn guest(email: &EmailDigest) -> String {
    format!("GUEST#{email}")
}

/// Returns a customer's partition of [`CUSTOMER_ORDERS`].
pub fn customer(user: UserId) -> String {
    format!("CUSTOMER#{user}")
}
