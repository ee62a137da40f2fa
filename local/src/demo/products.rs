//! The demo products, generated from the categories. A product has the same identifier, SKUs, price
//! and stock on every machine.

use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::categories::{CATEGORIES, DemoCategory, DemoItem};

/// The number of demo products.
pub const COUNT: usize = CATEGORIES.len() * 10 * 2;

/// When the first product was created: 1 June 2024, 08:00 UTC, in milliseconds since 1970.
pub(super) const DEMO_START: u64 = 1_717_228_800_000;
/// The time between the creation of two products: 36 hours, in milliseconds.
const PRODUCT_INTERVAL: u64 = 36 * 60 * 60 * 1_000;
/// When the demo order was placed: one interval after the last product.
pub(super) const DEMO_END: u64 = DEMO_START + PRODUCT_INTERVAL * COUNT as u64;

/// Model names, which distinguish two brands' products of the same kind.
const MODELS: [&str; 24] = [
    "Alma", "Birk", "Cove", "Dale", "Elin", "Fenn", "Glade", "Holm", "Isla", "Juno", "Kell",
    "Lark", "Mare", "Nora", "Oslo", "Pine", "Quill", "Rowan", "Sten", "Tarn", "Una", "Vale",
    "Wren", "Yarrow",
];

/// A product as an admin would create it, with a fixed identifier and creation time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoProduct {
    /// The UUIDv7 in its identifier; sorts by `created_at`.
    pub uuid: Uuid,
    /// When it was created, in milliseconds since 1970.
    pub created_at: u64,
    /// Name.
    pub name: String,
    /// Slug of the category.
    pub category: &'static str,
    /// Brand.
    pub brand: &'static str,
    /// Description.
    pub description: String,
    /// Tags.
    pub tags: &'static [&'static str],
    /// URL of its image.
    pub image: String,
    /// Price in minor units.
    pub price: i64,
    /// Stock at or below this is low.
    pub low_stock_threshold: u32,
    /// Its variants.
    pub variants: Vec<DemoVariant>,
}

/// One variant of a demo product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoVariant {
    /// SKU.
    pub sku: String,
    /// Size, if it has one.
    pub size: Option<&'static str>,
    /// Colour, if it has one.
    pub colour: Option<&'static str>,
    /// Whether its stock is tracked.
    pub track_stock: bool,
    /// Units in stock.
    pub stock: u32,
}

impl DemoProduct {
    /// Returns the body of the `POST /products` that would create it.
    pub fn body(&self, currency: &str) -> Value {
        let variants: Vec<_> = self.variants.iter().map(DemoVariant::body).collect();
        let has = |option: fn(&DemoVariant) -> bool| self.variants.iter().any(option);
        let options = [
            ("size", has(|variant| variant.size.is_some())),
            ("colour", has(|variant| variant.colour.is_some())),
        ];
        let options = options.into_iter().filter(|(_, has)| *has).map(|(name, _)| name);
        json!({
            "name": self.name,
            "description": self.description,
            "category": self.category,
            "brand": self.brand,
            "tags": self.tags,
            "images": [self.image],
            "price": {"amount": self.price, "currency": currency},
            "low_stock_threshold": self.low_stock_threshold,
            "options": options.collect::<Vec<_>>(),
            "variants": variants,
        })
    }
}

impl DemoVariant {
    fn body(&self) -> Value {
        let options: serde_json::Map<_, _> = [("size", self.size), ("colour", self.colour)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect();
        json!({
            "sku": self.sku,
            "options": options,
            "track_stock": self.track_stock,
            "stock": self.stock,
        })
    }
}

/// Returns all demo products, oldest first.
pub fn products() -> impl Iterator<Item = DemoProduct> {
    (0..COUNT).map(product)
}

/// Generates a product. Consecutive products have different categories, so that the newest products
/// are of many categories.
fn product(index: usize) -> DemoProduct {
    let category = &CATEGORIES[index % CATEGORIES.len()];
    let turn = index / CATEGORIES.len();
    let (item, edition) = (&category.items[turn % 10], turn / 10);
    let mut random = SplitMix64(index as u64);

    let (brand, about) = category.brands[(turn + 2 * edition) % category.brands.len()];
    let name = format!("{} {}", MODELS[(index + 7 * edition) % MODELS.len()], item.name);
    let care = random.pick(&category.care);
    let created_at = DEMO_START + PRODUCT_INTERVAL * index as u64;
    DemoProduct {
        uuid: Builder::from_unix_timestamp_millis(created_at, &random.bytes()).into_uuid(),
        created_at,
        category: category.category,
        brand,
        description: format!("{} {about} {care}", item.text),
        tags: item.tags,
        image: format!("https://images.bodega.example/{}-{}.jpg", category.category, index + 1),
        price: price(item.price, edition, &mut random),
        low_stock_threshold: 5,
        variants: variants(category, item, index, edition, &mut random),
        name,
    }
}

/// Returns a price in minor units: for the second brand up to 25 % higher, and always ending in 00,
/// 50 or 90.
fn price(base: i64, edition: usize, random: &mut SplitMix64) -> i64 {
    let percent = if edition == 0 { 100 } else { 105 + i64::from(random.below(20)) };
    let whole = base * percent / 100 / 100 * 100;
    whole + [0, 50, 90][random.below(3) as usize]
}

fn variants(
    category: &DemoCategory,
    item: &DemoItem,
    index: usize,
    edition: usize,
    random: &mut SplitMix64,
) -> Vec<DemoVariant> {
    // The second brand has one colour fewer, if there are several.
    let colours = item.colours.len().saturating_sub(edition).max(item.colours.len().min(1));
    let sold_out = index % 40 == 13;
    let mut variants = Vec::new();
    for colour in each(&item.colours[..colours]) {
        for size in each(item.sizes) {
            let mut sku = format!("{}-{:03}", category.code, index + 1);
            for part in [colour, size].into_iter().flatten() {
                sku.push('-');
                sku.extend(
                    part.chars()
                        .filter(char::is_ascii_alphanumeric)
                        .map(|c| c.to_ascii_uppercase()),
                );
            }
            let track_stock = !item.is_made_to_order;
            let stock = if sold_out || !track_stock { 0 } else { stock(random) };
            variants.push(DemoVariant { sku, size, colour, track_stock, stock });
        }
    }
    variants
}

/// Returns every value of an option; a single `None` if the product lacks the option.
fn each(values: &'static [&'static str]) -> impl Iterator<Item = Option<&'static str>> {
    let none = values.is_empty().then_some(None);
    values.iter().copied().map(Some).chain(none)
}

/// Returns a random stock: one variant in twelve is sold out, one in eight has low stock.
fn stock(random: &mut SplitMix64) -> u32 {
    match random.below(24) {
        0 | 1 => 0,
        2..=4 => 1 + random.below(4),
        _ => 6 + random.below(75),
    }
}

/// The random number generator SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every
/// machine.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    fn pick<T: Copy>(&mut self, from: &[T; 3]) -> T {
        from[self.below(3) as usize]
    }

    fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;

    #[test]
    fn every_category_has_twenty_products() {
        let mut categories = BTreeMap::<_, usize>::new();
        for product in products() {
            *categories.entry(product.category).or_default() += 1;
        }
        assert!(categories.values().sum::<usize>() >= 200);
        assert!(categories.len() >= 8, "{categories:?}");
        assert!(categories.values().all(|count| *count == 20), "{categories:?}");
    }

    #[test]
    fn the_products_are_always_the_same() {
        assert!(products().eq(products()));
        let first = products().next().unwrap();
        assert_eq!(first.uuid.to_string(), "018fd2d0-0800-7e78-9e6a-a1b965f406c4");
    }

    #[test]
    fn identifiers_names_and_skus_are_unique() {
        let mut seen = HashSet::new();
        for product in products() {
            assert!(seen.insert(product.uuid.to_string()), "{}", product.name);
            assert!(seen.insert(format!("{} {}", product.brand, product.name)), "{}", product.name);
            for variant in product.variants {
                assert!(seen.insert(variant.sku.clone()), "{}", variant.sku);
            }
        }
    }

    #[test]
    fn every_product_is_valid() {
        for product in products() {
            let name = &product.name;
            assert!(product.price > 0, "{name}");
            assert!((1..=40).contains(&product.variants.len()), "{name}");
            assert_eq!(product.uuid.get_version_num(), 7, "{name}");
            for variant in &product.variants {
                let sku = &variant.sku;
                let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                assert!((1..=64).contains(&sku.len()) && sku.chars().all(allowed), "{sku}");
            }
        }
    }

    #[test]
    fn newer_products_have_greater_identifiers() {
        assert!(products().map(|product| product.uuid).is_sorted());
    }

    #[test]
    fn every_level_of_stock_occurs() {
        let products: Vec<_> = products().collect();
        let variants = || products.iter().flat_map(|product| &product.variants);
        assert!(variants().any(|variant| !variant.track_stock), "made to order");
        let variants = || variants().filter(|variant| variant.track_stock);
        assert!(variants().any(|variant| variant.stock == 0), "sold out");
        assert!(variants().any(|variant| (1..=5).contains(&variant.stock)), "low");
        assert!(variants().any(|variant| variant.stock > 50), "plenty");
        assert!(products.iter().any(|product| product.variants.len() == 1), "one variant only");
        assert!(
            products
                .iter()
                .any(|product| product.variants.iter().all(|it| it.track_stock && it.stock == 0)),
            "sold out in every variant"
        );
    }
}
