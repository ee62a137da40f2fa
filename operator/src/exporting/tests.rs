//! Exports from a shop that answers with what a test gives it.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::file::{Counts, Draft};

/// A folder that is removed at the end of its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("bodega-export-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The names of its files.
    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Exports products; returns the file's text.
    fn export(&self, name: &str, products: &[Value]) -> String {
        let path = self.0.join(name);
        let mut draft = Draft::create(&path).unwrap();
        products.iter().for_each(|product| draft.add(product).unwrap());
        draft.finish().unwrap();
        fs::read_to_string(path).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn usd(cents: i64) -> Value {
    json!({"amount": cents, "currency": "USD"})
}

/// A variant without anything, changed by `members`.
fn variant(sku: &str, members: Value) -> Value {
    let mut variant = json!({
        "sku": sku, "options": {}, "price": null, "unit_price": usd(500), "compare_at_price": null,
        "image": null, "barcode": null, "weight_grams": null, "track_stock": true, "available": 3,
    });
    variant.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    variant
}

fn product(number: u32, options: Value, variants: Value) -> Value {
    json!({
        "id": id(number), "slug": "tee", "name": "Tee", "description": null, "category": null,
        "brand": null, "tags": [], "images": [], "price": usd(500), "compare_at_price": null,
        "tax_class": null, "status": "active", "low_stock_threshold": null, "options": options,
        "variants": variants, "in_stock": true, "rating": {"average": null, "count": 0},
        "version": 1, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    })
}

fn id(number: u32) -> String {
    format!("prd_01900000-0000-7000-8000-{number:012}")
}

/// A product with every member that an export keeps.
fn full() -> Value {
    let mut full = product(
        1,
        json!(["Size", "Fit"]),
        json!([
            variant(
                "TEE-S",
                json!({"options": {"Size": "S"}, "price": usd(700),
                "compare_at_price": usd(900), "image": "https://a.example/s.jpg",
                "barcode": "0012", "weight_grams": 180})
            ),
            variant(
                "TEE-M",
                json!({"options": {"Fit": "=x", "Size": "M"}, "track_stock": false,
                "available": null})
            ),
        ]),
    );
    full.as_object_mut().unwrap().extend(
        json!({
            "description": "One\r\n\"two\"; three", "category": "tees", "brand": "'tis",
            "tags": ["a|b", "c\\"], "compare_at_price": usd(600), "tax_class": "reduced",
            "images": ["https://a.example/1.jpg", {"url": "https://a.example/2.jpg", "alt": "B"}],
            "status": "draft", "low_stock_threshold": 2,
        })
        .as_object()
        .unwrap()
        .clone(),
    );
    full
}

#[test]
fn the_first_row_of_a_product_has_its_members_and_each_row_its_variant() {
    let folder = Folder::new();
    let text = folder
        .export("a.jsonl", &[full(), product(2, json!([]), json!([variant("B", json!({}))]))]);
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        rows,
        [
            json!({
                "group": id(1), "sku": "TEE-S", "name": "Tee", "category": "tees",
                "description": "One\r\n\"two\"; three", "brand": "'tis", "tags": ["a|b", "c\\"],
                "images": full()["images"], "price": usd(500), "compare_at_price": usd(600),
                "tax_class": "reduced", "status": "draft", "low_stock_threshold": 2,
                "option_names": ["Size", "Fit"], "options": {"Size": "S", "Fit": null},
                "variant_price": usd(700), "variant_compare_at_price": usd(900),
                "variant_image": "https://a.example/s.jpg", "barcode": "0012", "weight_grams": 180,
                "track_stock": true, "stock": 3,
            }),
            json!({
                "group": id(1), "sku": "TEE-M", "options": {"Size": "M", "Fit": "=x"},
                "variant_price": null, "variant_compare_at_price": null, "variant_image": null,
                "barcode": null, "weight_grams": null, "track_stock": false,
            }),
            json!({
                "sku": "B", "name": "Tee", "description": null, "category": null, "brand": null,
                "tags": [], "images": [], "price": usd(500), "compare_at_price": null,
                "tax_class": null, "status": "active", "low_stock_threshold": null,
                "option_names": [], "variant_price": null, "variant_compare_at_price": null,
                "variant_image": null, "barcode": null, "weight_grams": null, "track_stock": true,
                "stock": 3,
            }),
        ]
    );
    assert!(text.starts_with("{\"group\":\"prd_"), "the members have the order of the columns");
    assert_eq!(folder.names(), ["a.jsonl"]);
}

#[test]
fn a_csv_has_a_column_for_every_option_of_the_shop() {
    let folder = Folder::new();
    let other = variant("B", json!({"options": {"SIZE": "9", "a;b": "1"}}));
    let other = product(2, json!(["SIZE", "a;b"]), json!([other]));
    let text = folder.export("a.CSV", &[full(), other]);
    let group = id(1);
    assert_eq!(
        text,
        format!(
            "\u{feff}group,sku,name,description,category,brand,tags,images,image_alts,price,\
             compare_at_price,tax_class,status,low_stock_threshold,options,option:Size,option:Fit,\
             \"option:a;b\",variant_price,variant_compare_at_price,variant_image,barcode,\
             weight_grams,track_stock,stock\r\n\
             {group},TEE-S,Tee,\"One\r\n\"\"two\"\"; three\",tees,''tis,a\\|b|c\\\\,\
             https://a.example/1.jpg|https://a.example/2.jpg,|B,500,600,reduced,draft,2,Size|Fit,\
             S,,,700,900,https://a.example/s.jpg,0012,180,true,3\r\n\
             {group},TEE-M,,,,,,,,,,,,,,M,'=x,,,,,,,false,\r\n\
             ,B,Tee,,,,,,,500,,,active,,\"SIZE|a;b\",9,,1,,,,,,true,3\r\n"
        )
    );
    assert_eq!(folder.names(), ["a.CSV"]);
}

#[test]
fn a_file_that_is_not_completed_leaves_nothing_and_the_one_before_stays() {
    let folder = Folder::new();
    folder.export("a.csv", &[full()]);
    let before = fs::read_to_string(folder.0.join("a.csv")).unwrap();
    let mut draft = Draft::create(&folder.0.join("a.csv")).unwrap();
    draft.add(&full()).unwrap();
    let failure = draft.add(&json!({"id": id(7), "name": "Tee"})).unwrap_err().to_string();
    assert!(failure.contains(&id(7)) && failure.contains("missing field"), "{failure}");
    drop(draft);
    assert_eq!(fs::read_to_string(folder.0.join("a.csv")).unwrap(), before);
    assert_eq!(folder.names(), ["a.csv"]);
}

#[test]
fn a_file_that_can_not_be_written_is_refused_at_once() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("folder.csv")).unwrap();
    for (name, words) in [
        ("a.xlsx", ".csv, .ndjson or .jsonl"),
        ("a", ".csv, .ndjson or .jsonl"),
        (".csv", ".csv, .ndjson or .jsonl"),
        ("folder.csv", "is a folder"),
        ("none/a.csv", "can't write"),
    ] {
        let failure = Draft::create(&folder.0.join(name)).unwrap_err().to_string();
        assert!(failure.contains(words), "{name}: {failure}");
    }
    assert_eq!(folder.names(), ["folder.csv"]);
}

/// A shop of an admin. Its lists are those of a test, by status, one after the other; the last one
/// stays. Products are those that it has.
struct Shop {
    lists: Mutex<HashMap<&'static str, VecDeque<Vec<u32>>>>,
    missing: u32,
    fails: bool,
    /// How many products are answered with 503 at first.
    busy: AtomicU32,
    reads: AtomicU32,
}

impl Shop {
    fn new(lists: Vec<(&'static str, Vec<Vec<u32>>)>) -> Self {
        let lists = lists.into_iter().map(|(status, lists)| (status, lists.into())).collect();
        let (busy, reads) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { lists: Mutex::new(lists), missing: 0, fails: false, busy, reads }
    }

    fn answer(&self, request: &str) -> (u16, Value) {
        let target = request.split(' ').nth(1).unwrap();
        if target == "/auth/login" {
            let body = json!({"access_token": "a", "refresh_token": "r", "expires_in": 900,
                "user": {"role": "admin"}});
            return (200, body);
        }
        if let Some(query) = target.strip_prefix("/products?status=") {
            return (200, self.page(query));
        }
        let is_busy = |busy: u32| busy.checked_sub(1);
        if self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_busy).is_ok() {
            return (503, json!({}));
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
        let number = target.rsplit('-').next().unwrap().parse().unwrap();
        match number {
            _ if self.fails => (500, json!({"title": "Something is wrong"})),
            _ if number == self.missing => (404, json!({})),
            _ => (
                200,
                product(number, json!([]), json!([variant(&format!("S{number}"), json!({}))])),
            ),
        }
    }

    /// Returns a page of two products.
    fn page(&self, query: &str) -> Value {
        let (status, rest) = query.split_once("&sort=created_at&limit=100").unwrap();
        let from: usize = rest.strip_prefix("&cursor=").map_or(0, |cursor| cursor.parse().unwrap());
        let mut lists = self.lists.lock().unwrap();
        let Some(lists) = lists.get_mut(status) else {
            return json!({"data": [], "next_cursor": null});
        };
        let list = lists.front().unwrap().clone();
        let data: Vec<_> = list[from..].iter().take(2).map(|it| json!({"id": id(*it)})).collect();
        let next = (from + 2 < list.len()).then(|| (from + 2).to_string());
        if next.is_none() && lists.len() > 1 {
            lists.pop_front();
        }
        json!({"data": data, "next_cursor": next})
    }

    /// Exports its products to a file; returns the SKUs, or why it failed.
    async fn export(self, folder: &Folder) -> Result<(Vec<String>, u32), String> {
        let shop = Arc::new(self);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = shop.clone();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, served.clone()));
            }
        });
        let file = folder.0.join("a.ndjson");
        let name = file.to_str().unwrap();
        let arguments = ["export", "products", name, "--api", &url, "--email", "ada@example.com"];
        let password = |name| (name == "SHOP_PASSWORD").then(|| "correct horse".to_owned());
        let output = crate::run(arguments, password).await;
        server.abort();
        let output = output.map_err(|failure| failure.to_string())?;
        let text = fs::read_to_string(&file).unwrap();
        let sku = |line: &str| serde_json::from_str::<Value>(line).unwrap()["sku"].clone();
        let skus: Vec<_> = text.lines().map(|it| sku(it).as_str().unwrap().to_owned()).collect();
        let counted = format!("{0} products, {0} variants\n", skus.len());
        assert!(output.text.ends_with(&counted) && output.is_complete, "{output:?}");
        Ok((skus, shop.reads.load(Ordering::Relaxed)))
    }
}

/// Answers the requests of a connection.
async fn serve(mut stream: TcpStream, shop: Arc<Shop>) {
    let mut read = Vec::new();
    loop {
        let Some(head) = read.windows(4).position(|it| it == b"\r\n\r\n") else {
            let mut bytes = [0; 4096];
            match stream.read(&mut bytes).await {
                Ok(count) if count > 0 => read.extend_from_slice(&bytes[..count]),
                _ => return,
            }
            continue;
        };
        let request = String::from_utf8(read[..head].to_vec()).unwrap();
        let length = request.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ").map(|it| it.parse().unwrap())
        });
        let mut body = vec![0; (head + 4 + length.unwrap_or(0usize)).saturating_sub(read.len())];
        stream.read_exact(&mut body).await.unwrap();
        read.clear();
        let (status, body) = shop.answer(&request);
        let body = body.to_string();
        let response =
            format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(response.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn every_product_is_written_once_whatever_its_status_is_meanwhile() {
    let folder = Folder::new();
    let mut shop = Shop::new(vec![
        // 3 becomes a draft after it is read; 9, a draft, becomes active before drafts are listed.
        ("active", vec![vec![1, 2, 3, 4, 5], vec![1, 2, 4, 5, 9]]),
        ("draft", vec![vec![6, 3]]),
        ("archived", vec![vec![7]]),
    ]);
    // It is deleted after it is listed.
    shop.missing = 4;
    shop.busy = 2.into();
    let (skus, reads) = shop.export(&folder).await.unwrap();
    assert_eq!(skus, ["S1", "S2", "S3", "S5", "S6", "S7", "S9"]);
    assert_eq!(reads, 8, "none is read twice");
}

#[tokio::test]
async fn a_failed_export_says_what_failed_and_leaves_no_file() {
    let folder = Folder::new();
    let mut shop = Shop::new(vec![("draft", vec![vec![1]])]);
    shop.fails = true;
    let failure = shop.export(&folder).await.unwrap_err();
    assert!(failure.contains(&id(1)) && failure.contains("Something is wrong"), "{failure}");
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn an_empty_shop_gives_a_file_without_rows() {
    let folder = Folder::new();
    assert_eq!(folder.export("a.ndjson", &[]), "");
    let draft = Draft::create(&folder.0.join("b.csv")).unwrap();
    assert_eq!(draft.finish().unwrap(), Counts { products: 0, variants: 0 });
    assert_eq!(fs::read_to_string(folder.0.join("b.csv")).unwrap().lines().count(), 1);
}
