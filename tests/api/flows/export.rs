//! Exports of products, imported again: into the same shop, which changes nothing, and into an empty
//! one, which then has the same products.

use std::collections::BTreeMap;
use std::path::PathBuf;

use operator::exporting::file::Draft;
use operator::import::{Settings, Source};
use serde_json::{Map, Value, json};
use shared::domain::money::Currency;
use shared::domain::text::fold_case;
use shared::domain::time::Timestamp;
use tests::app::App;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, path_of, usd};

const NDJSON: (&str, &str) = ("ndjson", "application/x-ndjson");
const CSV: (&str, &str) = ("csv", "text/csv");

const CATEGORIES: [&str; 3] = ["home", "mugs", "misc"];

/// What texts are made of: all scripts, and what a file's format gives a meaning.
#[rustfmt::skip]
const PIECES: [&str; 58] = [
    "=", "+", "-", "@", "'", "''", "\"", "\"\"", "|", "||", "\\", "\\|", "\\\\", ",", ";", ";;;;", ":",
    "#", "sep=;", "=1+1", "'=1", "=HYPERLINK(\"a\")", "option:", "null", "true", "[", "{}", "0012",
    "1E9", " ", "  ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b}", "é", "e\u{301}", "Größe",
    "GRÖSSE", "İ", "ı", "ΌΣΟΣ", "όσος", "чашка", "東京", "コーヒー", "한국", "שלום", "مرحبا", "ไทย",
    "हिन्दी", "क्\u{200d}", "👩‍👩‍👧", "❤\u{fe0f}", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "size", "Size", "x",
];

/// Names of options, each in several spellings.
const OPTIONS: [[&str; 3]; 3] =
    [["size", "Size", "SIZE"], ["größe", "Größe", "GRÖSSE"], ["όσος", "Όσοσ", "ΌΣΟΣ"]];

/// What only descriptions may have.
const BREAKS: [&str; 6] = ["\n", "\r\n", "\r", "\t", "\n\n", "\n=1"];

/// Makes products of random members.
struct Sample {
    random: Random,
}

impl Sample {
    fn one<'a>(&self, of: &[&'a str]) -> &'a str {
        of[self.random.below(of.len() as u64) as usize]
    }

    fn maybe<T>(&self, make: impl FnOnce() -> T) -> Option<T> {
        self.random.percent(60).then(make)
    }

    /// Returns a text of one line, with a visible character.
    fn text(&self) -> String {
        let before = self.pieces(&PIECES);
        let visible = self.one(&["=", "+", "-", "@", "'", "|", "\\", "\"", ";", "ü", "京", "a"]);
        let text = format!("{before}{visible}{}", self.pieces(&PIECES));
        text.chars().take(58).collect()
    }

    fn pieces(&self, of: &[&str]) -> String {
        (0..self.random.below(4)).map(|_| self.one(of)).collect()
    }

    /// Returns a text of several lines, which may be empty.
    fn lines(&self) -> String {
        let of: Vec<_> = PIECES.into_iter().chain(BREAKS).chain(BREAKS).collect();
        (0..self.random.below(8)).map(|_| self.one(&of)).collect()
    }

    fn image(&self) -> Value {
        let url = format!("https://img.example.com/{}.jpg?a=1;b=2,3", self.random.below(1000));
        match self.maybe(|| self.text()) {
            Some(alt) => json!({"url": url, "alt": alt}),
            None => url.into(),
        }
    }

    /// Returns a price, and a price to compare with.
    fn prices(&self) -> (Value, Option<Value>) {
        let cents = self.random.below(100_000_000) as i64;
        let above = 1 + self.random.below(1000) as i64;
        (usd(cents), self.maybe(|| usd(cents + above)))
    }

    fn variant(&self, number: u64, names: &[String]) -> Value {
        // The first option tells the variants apart.
        let options = names.iter().enumerate().filter_map(|(index, name)| match index {
            0 => Some((name.clone(), format!("{}{number}", self.text()))),
            _ => self.maybe(|| (name.clone(), self.text())),
        });
        let options: BTreeMap<_, _> = options.collect();
        let (price, compare_at_price) = self.maybe(|| self.prices()).unzip();
        let price = price.unwrap_or_default();
        json!({
            "options": options,
            "price": price,
            "compare_at_price": compare_at_price.flatten(),
            "image": self.maybe(|| format!("https://img.example.com/v{number}.jpg")),
            "barcode": self.maybe(|| self.text()),
            "weight_grams": self.maybe(|| self.random.below(5000)),
            "track_stock": self.random.percent(80),
            "stock": self.random.below(100),
        })
    }

    fn product(&self, number: u64) -> Value {
        let (price, compare_at_price) = self.prices();
        let names = (0..self.random.below(4) as usize).map(|index| match self.random.percent(50) {
            true => self.one(&OPTIONS[index]).to_owned(),
            false => format!("{}{index}", self.text()),
        });
        let mut names: Vec<_> = names.collect();
        let count = if names.is_empty() { 1 } else { 1 + self.random.below(4) };
        let mut variants: Vec<_> = (0..count).map(|it| self.variant(it, &names)).collect();
        for (index, variant) in variants.iter_mut().enumerate() {
            if self.random.percent(50) {
                variant["sku"] = format!("{}{number}.{index}", self.one(&["-", "_", "00"])).into();
            }
        }
        names.reverse();
        json!({
            "name": self.text(),
            "description": self.maybe(|| self.lines()),
            "category": self.maybe(|| self.one(&CATEGORIES)),
            "brand": self.maybe(|| self.text()),
            "tags": (0..self.random.below(4)).map(|_| self.text()).collect::<Vec<_>>(),
            "images": (0..self.random.below(4)).map(|_| self.image()).collect::<Vec<_>>(),
            "price": price,
            "compare_at_price": compare_at_price,
            "tax_class": self.maybe(|| self.text()),
            "status": self.one(&["active", "active", "draft", "archived"]),
            "low_stock_threshold": self.maybe(|| self.random.below(10)),
            "options": names,
            "variants": variants,
        })
    }
}

/// A shop without products.
async fn empty_shop() -> App {
    let app = App::start().await;
    let admin = app.admin().await;
    for category in CATEGORIES {
        admin.create_category(category).await;
    }
    app
}

/// A shop with random products, of which some have a variant that is withdrawn.
async fn random_shop(sample: &Sample, count: u64) -> App {
    let app = empty_shop().await;
    let admin = app.admin().await;
    for number in 0..count {
        let body = sample.product(number);
        let answer = admin.post("/products", body.clone()).await;
        assert_eq!(answer.status, 201, "{body}: {answer:?}");
        let mut product = answer.body;
        let variants = product["variants"].as_array_mut().expect("variants");
        if variants.len() > 1 && sample.random.percent(30) {
            variants.remove(sample.random.below(variants.len() as u64) as usize);
            admin.put(&path_of(&product), product.clone()).await.expect(200);
        }
    }
    app
}

/// Returns all products, oldest first.
async fn products(admin: &Persona<'_>) -> Vec<Value> {
    let mut products = Vec::new();
    for status in ["active", "draft", "archived"] {
        let mut path = format!("/products?status={status}&limit=100");
        loop {
            let page = admin.get(&path).await.expect(200);
            for card in page["data"].as_array().expect("products") {
                products.push(admin.get(&path_of(card)).await.expect(200));
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/products?status={status}&limit=100&cursor={cursor}");
        }
    }
    products.sort_by_key(|product| product["id"].as_str().map(str::to_owned));
    products
}

/// A file that is removed at the end of its test.
struct TestFile(PathBuf);

impl TestFile {
    /// Exports products to a file with this extension.
    fn export(products: &[Value], extension: &str) -> Self {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default().replace(':', "-");
        let name = format!("bodega-{test}-{}.{extension}", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        let mut draft = Draft::create(&file.0).expect("a file");
        products.iter().for_each(|product| draft.add(product).expect("a product"));
        let counts = draft.finish().expect("a file");
        assert_eq!(counts.products, products.len() as u64);
        file
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).expect("a text")
    }

    /// Returns the rows that the import command reads.
    fn rows(&self) -> Vec<Map<String, Value>> {
        let settings = Settings {
            currency: Currency::parse("USD".to_owned()).expect("a currency"),
            now: Timestamp::from_unix_millis(1_767_225_600_000),
            columns: None,
        };
        let mut source = Source::open(&self.0, &settings).expect("a file that is known");
        let mut rows = Vec::new();
        for group in source.groups() {
            let group = group.expect("a group");
            assert_eq!((&group.refused, &group.changed), (&Vec::new(), &Vec::new()));
            rows.extend(group.rows.into_iter().map(|row| row.members));
        }
        rows
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn import(admin: &Persona<'_>, media_type: &str, text: &str) -> Value {
    admin.call("POST", "/products/import").body(media_type, text).send().await.expect(200)
}

fn lines(rows: &[Map<String, Value>]) -> String {
    rows.iter().map(|row| format!("{}\n", json!(row))).collect()
}

/// Checks that all rows of an import have this outcome.
fn assert_all(result: &Value, outcome: &str, text: &str) {
    let count = result["results"].as_array().map_or(0, Vec::len);
    let other = result["results"].as_array().into_iter().flatten();
    let other: Vec<_> = other
        .filter(|row| row["status"] != outcome)
        .map(|row| {
            let line = row["line"].as_u64().expect("a line") as usize;
            (row, text.lines().nth(line - 1).unwrap_or_default())
        })
        .collect();
    assert!(other.is_empty(), "of {count} rows: {other:#?}");
}

/// Imports rows into the shop that they are of; nothing is written.
async fn assert_unchanged(app: &App, admin: &Persona<'_>, media_type: &str, text: &str) {
    let before = app.contents().await;
    app.take_count("import-products");
    let result = import(admin, media_type, text).await;
    assert_all(&result, "unchanged", text);
    assert_eq!(app.take_count("import-products").writes, 0);
    assert_eq!(app.contents().await, before);
}

/// Returns what an export keeps of a product.
fn exported(product: &Value) -> Value {
    let mut product = product.clone();
    let members = product.as_object_mut().expect("an object");
    for member in ["id", "version", "rating", "created_at", "updated_at"] {
        members.remove(member).expect("a member");
    }
    product
}

/// Checks products that are imported into an empty shop.
async fn assert_same(expected: &[Value], media_type: &str, text: &str) {
    let app = empty_shop().await;
    let admin = app.admin().await;
    let result = import(&admin, media_type, text).await;
    assert_all(&result, "created", text);
    // In the order of their SKUs, since they are all made at the same time.
    let by_sku = |products: &[Value]| {
        let by_sku = products.iter().map(|it| (it["variants"][0]["sku"].to_string(), exported(it)));
        by_sku.collect::<BTreeMap<_, _>>()
    };
    let (found, expected) = (by_sku(&products(&admin).await), by_sku(expected));
    assert_eq!(found.len(), expected.len());
    for (sku, product) in &expected {
        assert_eq!(found.get(sku), Some(product), "{sku}");
    }
}

#[tokio::test]
async fn importing_an_export_changes_nothing() {
    let sample = Sample { random: Random::seeded() };
    let app = random_shop(&sample, 60).await;
    let admin = app.admin().await;
    let products = products(&admin).await;
    assert_eq!(products.len(), 60);
    for (extension, media_type) in [NDJSON, CSV] {
        let file = TestFile::export(&products, extension);
        assert_unchanged(&app, &admin, media_type, &file.text()).await;
        // As the command sends it.
        assert_unchanged(&app, &admin, NDJSON.1, &lines(&file.rows())).await;
    }
}

#[tokio::test]
async fn an_empty_shop_that_imports_an_export_has_the_same_products() {
    let sample = Sample { random: Random::seeded() };
    let app = random_shop(&sample, 40).await;
    let products = products(&app.admin().await).await;
    for (extension, media_type) in [NDJSON, CSV] {
        let file = TestFile::export(&products, extension);
        assert_same(&products, media_type, &file.text()).await;
        assert_same(&products, NDJSON.1, &lines(&file.rows())).await;
    }
}

#[tokio::test]
async fn the_import_command_reads_the_same_rows_of_both_formats() {
    let sample = Sample { random: Random::seeded() };
    let app = random_shop(&sample, 40).await;
    let products = products(&app.admin().await).await;
    let [ndjson, csv] =
        [NDJSON, CSV].map(|(extension, _)| TestFile::export(&products, extension).rows());
    assert_eq!(ndjson.len(), csv.len());
    for (ndjson, csv) in ndjson.iter().zip(&csv) {
        assert_eq!(plain(ndjson), plain(csv));
    }
}

/// Returns what a row says, whichever format it has.
fn plain(row: &Map<String, Value>) -> Map<String, Value> {
    let mut row = row.clone();
    let options = row.remove("options").unwrap_or_else(|| json!({}));
    // A column may spell its option otherwise than the product.
    let options = options.as_object().expect("an object").iter();
    let options = options.filter(|(_, value)| !value.is_null());
    let options: BTreeMap<_, _> = options.map(|(name, it)| (fold_case(name), it)).collect();
    row.insert("options".to_owned(), json!(options));
    for image in row.get_mut("images").and_then(Value::as_array_mut).into_iter().flatten() {
        if image.is_string() {
            *image = json!({"url": image});
        }
    }
    // An empty list and null are the same.
    row.retain(|_, value| !value.is_null() && *value != json!([]));
    row
}

#[tokio::test]
async fn the_name_of_an_option_may_have_more_semicolons_than_the_header_has_columns() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"name": "Tee", "price": usd(500), "variants": [
        {"sku": "TEE-S", "options": {";".repeat(60): ";a"}}, {"sku": "TEE-M", "options": {}}]});
    let product = create_product(&admin, body).await;
    let file = TestFile::export(std::slice::from_ref(&product), "csv");
    assert_eq!(file.rows().len(), 2);
    assert_unchanged(&app, &admin, CSV.1, &file.text()).await;
}

#[tokio::test]
async fn a_name_that_a_spreadsheet_would_run_is_guarded_and_comes_back() {
    let app = App::start().await;
    let admin = app.admin().await;
    let name = "=HYPERLINK(\"https://evil.example\", \"Click\")";
    let body = json!({"name": name, "price": usd(500), "tags": ["=1|2", "\\"], "brand": "'tis"});
    let product = create_product(&admin, body).await;

    let file = TestFile::export(std::slice::from_ref(&product), "csv");

    let text = file.text();
    let cell = "\"'=HYPERLINK(\"\"https://evil.example\"\", \"\"Click\"\")\"";
    assert!(text.contains(&format!(",{cell},")), "{text}");
    assert!(text.contains(r"'=1\|2|\\,") && text.contains(",''tis,"), "{text}");
    assert_unchanged(&app, &admin, CSV.1, &text).await;
    assert_same(&[product], CSV.1, &text).await;
}
