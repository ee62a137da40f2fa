//! `cargo shop import`, run with its arguments against the shop's API.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Instant;

use operator::Output;
use serde_json::Value;
use tests::app::App;
use tests::gate::Count;
use tests::persona::Persona;
use tests::samples::{create_sku, text_of};
use tests::served::{Fault, serve};

const PASSWORD: &str = "correct horse";

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bodega-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.0.join(name)).ok()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Creates an admin whose password the command knows.
async fn admin(app: &App) -> Persona<'_> {
    app.admin().await.with_password(PASSWORD).await
}

async fn email_of(persona: &Persona<'_>) -> String {
    let me = persona.get("/users/me").await.expect(200);
    me["email"].as_str().expect("an email").to_owned()
}

const NO_FAULT: Fault<'static> = &|_, _| None;

/// Runs the command as this user; returns its output, or why it failed.
async fn import(
    app: &App,
    email: &str,
    fault: Fault<'_>,
    file: &Path,
    more: &[&str],
) -> Result<Output, String> {
    serve(app, fault, async |url| import_at(url, email, file, more).await).await
}

async fn import_at(url: &str, email: &str, file: &Path, more: &[&str]) -> Result<Output, String> {
    let file = file.to_str().expect("a text");
    let arguments = [&["import", file, "--api", url, "--email", email], more].concat();
    let password = |name| (name == "SHOP_PASSWORD").then(|| PASSWORD.to_owned());
    operator::run(arguments, password).await.map_err(|failure| failure.to_string())
}

/// Returns the number of products that search finds.
async fn found(app: &App, words: &str) -> usize {
    let mut path = format!("/products?limit=100&q={words}");
    let mut found = 0;
    loop {
        let page = app.anonymous().get(&path).await.expect(200);
        found += page["data"].as_array().map_or(0, Vec::len);
        let Some(cursor) = page["next_cursor"].as_str() else { return found };
        path = format!("/products?limit=100&q={words}&cursor={cursor}");
    }
}

/// Returns rows of products, one of which in a hundred has no valid stock.
fn rows(count: usize) -> String {
    let row = |number: usize| {
        let stock = if number % 100 == 7 { "-1" } else { "5" };
        format!("R-{number},Thing {number},100,{stock}\n")
    };
    let rows: String = (0..count).map(row).collect();
    format!("sku,name,price,stock\n{rows}")
}

const WOOCOMMERCE: &str = "\
ID,Type,SKU,Name,Published,Short description,Description,Stock,Regular price,Categories,Images,Parent,\
Attribute 1 name,Attribute 1 value(s)
1,variable,TEE,Tee,1,,A tee.,,,\"Clothes > Shirts, Sale\",,,Size,\"S, M\"
2,simple,MUG,Mug,1,,A mug.,5,18,Home,,,,
3,variation,TEE-S,Tee - S,1,,,3,25,,,TEE,Size,S
4,variation,TEE-M,Tee - M,1,,,4,25,,,TEE,Size,M
5,external,EXT,Elsewhere,1,,,,9,Home,,,,
";

#[tokio::test]
async fn a_shops_export_comes_with_its_categories_and_what_is_refused_is_told() {
    let app = App::start().await;
    let admin = admin(&app).await;
    let email = email_of(&admin).await;
    admin.create_category("home").await;
    let folder = Folder::new("import-woocommerce");
    let file = folder.write("shop.csv", WOOCOMMERCE);

    let output =
        import(&app, &email, NO_FAULT, &file, &["--currency", "USD"]).await.expect("an import");

    assert!(!output.is_complete, "{output:?}");
    assert!(output.text.contains("3 created, 0 updated, 0 unchanged"), "{output:?}");
    let categories = admin.get("/categories").await.expect(200);
    let categories: Vec<_> = categories["data"]
        .as_array()
        .expect("categories")
        .iter()
        .map(|it| (it["slug"].as_str().expect("a slug"), it["product_count"].as_u64()))
        .collect();
    let expected = [("clothes", Some(1)), ("clothes-shirts", Some(1)), ("home", Some(0))];
    assert_eq!(categories[..3], expected, "{categories:?}");
    assert!(categories[3].0.starts_with("home-"), "the slug is another category's: {categories:?}");
    let refused = folder.read("shop.refused.csv").expect("refused rows");
    let header = WOOCOMMERCE.lines().next().expect("a header");
    assert!(refused.starts_with(header), "{refused}");
    assert!(refused.contains("EXT") && !refused.contains("MUG"), "{refused}");
    let report = folder.read("shop.report.txt").expect("a report");
    assert!(report.contains("line 6, EXT: external_product: "), "{report}");
    assert_eq!(folder.read("shop.import.json"), None, "the import has ended");

    let again = import(&app, &email, NO_FAULT, &file, &["--json"]).await.expect("an import");
    let counts: Value = serde_json::from_str(&again.text).expect("JSON");
    assert_eq!((&counts["created"], &counts["unchanged"]), (&0.into(), &3.into()), "{counts}");
    assert_eq!(counts["refused"]["external_product"], 1);
}

#[tokio::test]
async fn an_import_that_is_cut_off_goes_on_and_loses_and_doubles_nothing() {
    let app = App::start().await;
    let admin = admin(&app).await;
    let email = email_of(&admin).await;
    create_sku(&admin, "FIRST", 100, 1).await;
    let folder = Folder::new("import-cut-off");
    let file = folder.write("big.csv", &rows(2_300));
    let has_failed = Cell::new(false);
    // The first call after some progress, of which a busy machine needs several.
    let one_fails = |_: &str, path: &str| {
        let has_progress = || folder.read("big.import.json").is_some();
        let fails = path == "/products/import" && !has_failed.get() && has_progress();
        has_failed.set(has_failed.get() || fails);
        fails.then_some(500)
    };

    let output = serve(&app, &one_fails, async |url| {
        let failure = import_at(url, &email, &file, &[]).await.expect_err("a failure");
        assert!(failure.contains("500"), "{failure}");
        let progress = folder.read("big.import.json").expect("the progress");
        assert!(progress.contains("\"groups\":"), "{progress}");
        import_at(url, &email, &file, &["--json"]).await.expect("an import")
    })
    .await;

    let counts: Value = serde_json::from_str(&output.text).expect("JSON");
    assert_eq!(counts["created"], 2_300 - 23, "{counts}");
    assert_eq!(counts["unchanged"], 0, "nothing is sent twice");
    assert_eq!(found(&app, "thing").await, 2_300 - 23);
    let refused = folder.read("big.refused.csv").expect("refused rows");
    assert_eq!(refused.lines().count(), 1 + 23, "{refused}");
    assert_eq!(folder.read("big.report.txt").expect("a report").lines().count(), 23);
}

#[tokio::test]
async fn refused_rows_are_mended_and_imported() {
    let app = App::start().await;
    let admin = admin(&app).await;
    let email = email_of(&admin).await;
    create_sku(&admin, "FIRST", 100, 1).await;
    let folder = Folder::new("import-mended");
    let file = folder.write("rows.csv", &rows(10));
    assert!(!import(&app, &email, NO_FAULT, &file, &[]).await.expect("an import").is_complete);
    let refused = folder.read("rows.refused.csv").expect("refused rows");

    let mended = folder.write("mended.csv", &refused.replace("-1", "1"));

    let output = import(&app, &email, NO_FAULT, &mended, &[]).await.expect("an import");
    assert!(output.is_complete && output.text.contains("1 created"), "{output:?}");
}

#[tokio::test]
async fn a_shop_that_is_too_busy_is_asked_again() {
    let app = App::start().await;
    let admin = admin(&app).await;
    let email = email_of(&admin).await;
    create_sku(&admin, "FIRST", 100, 1).await;
    let folder = Folder::new("import-busy");
    let file = folder.write("rows.csv", &rows(5));
    let faults = Cell::new(vec![503, 429, 502, 504]);
    let busy = |_: &str, path: &str| {
        let mut left = faults.take();
        let fault = if path == "/products/import" { left.pop() } else { None };
        faults.set(left);
        fault
    };
    let output = import(&app, &email, &busy, &file, &[]).await.expect("an import");
    assert!(output.text.contains("5 created"), "{output:?}");
    assert!(faults.take().is_empty());
}

#[tokio::test]
async fn a_trial_sends_nothing() {
    let app = App::start().await;
    let email = "nobody@example.com".to_owned();
    let folder = Folder::new("import-trial");
    let file = folder.write("shop.csv", WOOCOMMERCE);
    let posts = |method: &str, path: &str| {
        assert_eq!(method, "GET", "{path}");
        None
    };
    let output = import(&app, &email, &posts, &file, &["--currency", "USD", "--dry-run"]).await;
    let text = output.expect("a trial").text;
    assert!(text.contains("3 would be sent") && text.contains("external_product"), "{text}");
    assert!(text.contains("would make the category Clothes > Shirts"), "{text}");
    assert_eq!(folder.read("shop.report.txt"), None);
}

#[tokio::test]
async fn only_an_admin_imports_and_the_currency_must_be_known() {
    let app = App::start().await;
    let folder = Folder::new("import-refused");
    let file = folder.write("rows.csv", &rows(1));
    let email = "nobody@example.com".to_owned();
    let failure = import(&app, &email, NO_FAULT, &file, &[]).await.expect_err("no account");
    assert!(failure.contains("logging in: 401"), "{failure}");
    let email = email_of(&app.customer("ada").await.with_password(PASSWORD).await).await;
    let failure = import(&app, &email, NO_FAULT, &file, &[]).await.expect_err("no admin");
    assert!(failure.contains("is no admin"), "{failure}");

    let app = App::start().await;
    let email = email_of(&admin(&app).await).await;
    let failure = import(&app, &email, NO_FAULT, &file, &[]).await.expect_err("no currency");
    assert!(failure.contains("--currency"), "{failure}");
}

#[tokio::test]
#[ignore = "takes five minutes; prints the figures of docs/figures.md"]
async fn a_hundred_thousand_rows_that_are_cut_off_twice_arrive_once() {
    let app = App::builder().without_stream().start().await;
    let email = email_of(&admin(&app).await).await;
    let folder = Folder::new("import-huge");
    let file = folder.write("big.csv", &rows(100_000));
    let calls = Cell::new(0);
    let two_fail = |_: &str, path: &str| {
        calls.set(calls.get() + u32::from(path == "/products/import"));
        (path == "/products/import" && [30, 75].contains(&calls.get())).then_some(500)
    };
    let arguments = ["--json", "--currency", "USD"];
    let began = Instant::now();

    let output = serve(&app, &two_fail, async |url| {
        for _ in 0..2 {
            let failure = import_at(url, &email, &file, &arguments).await.expect_err("a failure");
            assert!(failure.contains("500"), "{failure}");
        }
        import_at(url, &email, &file, &arguments).await.expect("an import")
    })
    .await;

    let took = began.elapsed().as_secs();
    let counts: Value = serde_json::from_str(&output.text).expect("JSON");
    let items = app.items().await;
    let products = items.iter().filter(|item| text_of(item, "type") == "product").count();
    assert_eq!((&counts["created"], products), (&99_000.into(), 99_000), "{counts}");
    assert_eq!(counts["unchanged"], 0, "nothing is sent twice");
    let Count { requests, half_reads, writes, index_writes, .. } =
        app.take_count("import-products");
    println!(
        "{} calls, {took} s, {requests} requests, {} read units, {writes} write units, \
         {index_writes} index write units",
        calls.get(),
        half_reads / 2,
    );
}
