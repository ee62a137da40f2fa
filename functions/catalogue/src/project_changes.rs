//! The job `project-changes`: writes changed products and categories to the catalogue's log, and
//! movements of stock to the ledger; keeps the list of low stock, and tells the admins about it; and
//! records what customers have bought, for the mark of their reviews.
//!
//! The table's stream starts it. For the log and the list, the records only say what to read: they get
//! the state of the table. A movement and a purchase are what their record says. The result names the
//! records that have to be delivered again.

use futures_util::future::join3;
use serde::de::DeserializeOwned;
use shared::domain::ids::ProductId;
use shared::domain::inventory::Inventory;
use shared::domain::order::Order;
use shared::domain::review::Review;
use shared::domain::slug::Slug;
use shared::domain::stock;
use shared::jobs::{BatchItemFailures, Image, StreamEvent, StreamRecord};
use shared::services::catalogue_log::{self, Changed};
use shared::services::purchases::{self, PurchaseChanges};
use shared::services::stock_ledger::{self, StockChanges};
use shared::store::keys;
use shared::{Ctx, Result};
use tracing::error;

/// Attributes of products and variants that neither a list nor a search shows. `available` and
/// `track_stock` count only by whether the variant is in stock.
const IGNORED: [&str; 14] = [
    "available",
    "is_counted",
    "low_stock_threshold",
    "movement",
    "movements",
    "own_low_stock_threshold",
    "revision",
    "tax_class",
    "threshold_changed_at",
    "threshold_changes",
    "track_stock",
    "updated_at",
    "version",
    "weight_grams",
];

/// The attributes of a category that the log has; the others are counters.
const OF_CATEGORY: [&str; 2] = ["name", "parent"];

/// The attributes of a variant that say how much is in stock, and whether that is low.
const OF_STOCK: [&str; 6] = [
    "available",
    "low_stock_threshold",
    "movements",
    "own_low_stock_threshold",
    "status",
    "track_stock",
];

/// What a record changes in the catalogue.
#[derive(Debug, PartialEq)]
enum Subject {
    Product(ProductId),
    Category(Slug),
}

pub async fn handle(ctx: &'static Ctx, event: StreamEvent) -> Result<BatchItemFailures> {
    let (mut changed, mut stock) = (Changed::default(), StockChanges::default());
    let (mut bought, mut of_products) = (PurchaseChanges::default(), Vec::new());
    for record in event.records {
        match record.item_type.as_str() {
            "variant" => add_stock(&mut stock, &record),
            "order" => add_purchases(&mut bought, &record),
            "review" => add_review(&mut bought, &record),
            _ => {}
        }
        match subject(&record) {
            None => {}
            Some(Subject::Category(slug)) => changed.add_category(slug),
            Some(Subject::Product(id)) => {
                changed.products.insert(id);
                of_products.push((id, record.sequence_number));
            }
        }
    }
    // None of them ends early because another one fails.
    let (appended, recorded, bought) = join3(
        catalogue_log::append(ctx, changed),
        stock_ledger::project(ctx, stock),
        purchases::project(ctx, bought),
    )
    .await;
    let appended = appended.and_then(|appended| recorded.and(bought).map(|()| appended))?;
    let failed = of_products.into_iter().filter(|(id, _)| appended.unreadable.contains(id));
    Ok(failed.map(|(_, sequence_number)| sequence_number).collect())
}

/// Parses an image; `None` if it can't be parsed. It would fail again and again, and keep all other
/// records waiting.
fn parse<T: DeserializeOwned>(image: &Image, record: &StreamRecord) -> Option<T> {
    let parsed = image.parse();
    parsed.inspect_err(|problem| error!(?problem, key = ?record.key, "an item can't be read")).ok()
}

/// Adds what a record says of a variant's stock; nothing if that has not changed.
fn add_stock(changes: &mut StockChanges, record: &StreamRecord) {
    let (before, Some(after)) = (record.before.as_ref(), record.after.as_ref()) else { return };
    if before.is_some_and(|before| before.equals_in(after, &OF_STOCK)) {
        return;
    }
    let before: Option<Inventory> = before.and_then(|image| parse(image, record));
    if let Some(after) = parse(after, record) {
        changes.add(before.as_ref(), after);
    }
}

/// Adds what a record says of a customer's purchases; nothing if the order says what it said before.
fn add_purchases(changes: &mut PurchaseChanges, record: &StreamRecord) {
    let (before, Some(after)) = (record.before.as_ref(), record.after.as_ref()) else { return };
    let before: Option<Order> = before.and_then(|image| parse(image, record));
    if let Some(after) = parse::<Order>(after, record) {
        changes.add_order(before.as_ref(), &after);
    }
}

/// Adds a new review, which a purchase of a moment ago may concern.
fn add_review(changes: &mut PurchaseChanges, record: &StreamRecord) {
    if let (None, Some(after)) = (&record.before, &record.after)
        && let Some(review) = parse::<Review>(after, record)
    {
        changes.add_review(&review);
    }
}

/// Returns what a record changes in the catalogue; `None` if that is nothing, as with most sales, or
/// if the record is about another kind of item.
fn subject(record: &StreamRecord) -> Option<Subject> {
    let (before, after) = (record.before.as_ref(), record.after.as_ref());
    match record.item_type.as_str() {
        "product" | "deleted_product" | "variant" | "rating" => {
            let id = keys::product_of(&record.key.pk)?;
            let is_same = before.zip(after).is_some_and(|(before, after)| {
                before.equals_except(after, &IGNORED) && is_in_stock(before) == is_in_stock(after)
            });
            (!is_same).then_some(Subject::Product(id))
        }
        "category" => {
            let slug = Slug::parse(record.key.sk.clone()).ok()?;
            let is_same = before.zip(after).is_some_and(|(b, a)| b.equals_in(a, &OF_CATEGORY));
            (!is_same).then_some(Subject::Category(slug))
        }
        _ => None,
    }
}

/// Whether a variant is in stock; false for a product.
fn is_in_stock(variant: &Image) -> bool {
    let track_stock = variant.flag("track_stock").unwrap_or_else(stock::is_tracked_by_default);
    stock::is_in_stock(track_stock, variant.number("available").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "prd_01890a5d-ac96-774b-bcce-b302099a8057";

    fn record(kind: &str, before: Value, after: Value) -> StreamRecord {
        let image = |mut image: Value| {
            image["type"] = json!({"S": kind});
            image
        };
        let key = match kind {
            "category" => json!({"pk": {"S": "CATEGORIES"}, "sk": {"S": "mugs"}}),
            _ => json!({"pk": {"S": format!("PRODUCT#{ID}")}, "sk": {"S": "VARIANT#MUG"}}),
        };
        let mut details = json!({"Keys": key, "SequenceNumber": "1"});
        if !before.is_null() {
            details["OldImage"] = image(before);
        }
        if !after.is_null() {
            details["NewImage"] = image(after);
        }
        serde_json::from_value(json!({"eventName": "MODIFY", "dynamodb": details})).unwrap()
    }

    #[test]
    fn a_variant_changes_the_catalogue_only_in_its_card_or_when_it_gets_into_or_out_of_stock() {
        let stock = |units: u32| json!({"available": {"N": units.to_string()}, "movements": {"N": units.to_string()}});
        let of = |name: &str, value: Value| json!({ name: value });
        let tracked = |tracked: bool, units: u32, revision: u32| {
            let mut item = stock(units);
            item["track_stock"] = json!({ "BOOL": tracked });
            item["revision"] = json!({"N": revision.to_string()});
            item
        };
        for (before, after, counts) in [
            (stock(3), stock(2), false),
            (stock(1), stock(0), true),
            (stock(0), stock(5), true),
            (Value::Null, stock(5), true),
            (stock(5), Value::Null, true),
            (tracked(true, 0, 1), tracked(false, 0, 2), true),
            (tracked(false, 0, 2), tracked(true, 0, 3), true),
            (tracked(false, 5, 2), tracked(true, 5, 3), false),
            (tracked(false, 0, 2), tracked(false, 5, 2), false),
            (stock(5), tracked(true, 5, 1), false),
            (stock(0), tracked(true, 0, 1), false),
            (of("status", json!({"S": "hidden"})), of("status", json!({"S": "on_sale"})), true),
            (json!({}), of("barcode", json!({"S": "4006381333931"})), true),
            (json!({}), of("low_stock_threshold", json!({"N": "3"})), false),
        ] {
            let record = record("variant", before, after);
            assert_eq!(subject(&record).is_some(), counts, "{record:?}");
        }
    }

    #[test]
    fn a_categorys_counters_do_not_count() {
        let of =
            |name: &str, products: &str| json!({"name": {"S": name}, "products": {"N": products}});
        assert_eq!(subject(&record("category", of("Mugs", "1"), of("Mugs", "2"))), None);
        let renamed = subject(&record("category", of("Mugs", "1"), of("Cups", "1")));
        assert_eq!(renamed, Some(Subject::Category(Slug::parse("mugs".into()).unwrap())));
    }

    #[test]
    fn records_of_other_kinds_are_left_alone() {
        for kind in ["order", "catalogue_log_entry", "category_tree", "something_new", ""] {
            assert_eq!(subject(&record(kind, Value::Null, json!({}))), None, "{kind}");
        }
    }
}
