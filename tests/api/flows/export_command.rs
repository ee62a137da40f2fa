//! `cargo shop export`, run with its arguments against the shop's API.

use std::cell::Cell;
use std::path::Path;

use operator::Output;
use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::usd;
use tests::served::{Fault, serve};

const PASSWORD: &str = "correct horse";

async fn email_of(persona: &Persona<'_>) -> String {
    let me = persona.get("/users/me").await.expect(200);
    me["email"].as_str().expect("an email").to_owned()
}

/// Runs a command as this user; returns its output, or why it failed.
async fn run(app: &App, fault: Fault<'_>, command: &[&str], email: &str) -> Result<Output, String> {
    let password = |name| (name == "SHOP_PASSWORD").then(|| PASSWORD.to_owned());
    let run = async |url: &str| {
        let arguments = [command, &["--api", url, "--email", email]].concat();
        operator::run(arguments, password).await.map_err(|failure| failure.to_string())
    };
    serve(app, fault, run).await
}

fn path(name: &str) -> String {
    let name = format!("bodega-export-command-{}-{name}", std::process::id());
    std::env::temp_dir().join(name).to_str().expect("a text").to_owned()
}

#[tokio::test]
async fn the_export_of_a_shop_imported_again_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin().await.with_password(PASSWORD).await;
    let statuses = ["active", "draft", "archived"];
    let rows = (0..240).map(|number| {
        json!({"sku": format!("S-{number}"), "group": format!("{}", number / 2), "name": "=Tee",
            "price": usd(500), "status": statuses[number / 2 % 3], "options": {"nr": format!("{number}")},
            "stock": number})
        .to_string()
    });
    let rows = rows.collect::<Vec<_>>().join("\n");
    let made =
        admin.call("POST", "/products/import").body("application/x-ndjson", &rows).send().await;
    assert_eq!(made.expect(200)["created"], 240);
    let before = app.contents().await;
    let email = email_of(&admin).await;
    for name in ["a.csv", "a.ndjson"] {
        let file = path(name);
        // The shop is busy now and then.
        let requests = Cell::new(0);
        let fault = |method: &str, _: &str| {
            requests.set(requests.get() + 1);
            (method == "GET" && requests.get() % 17 == 0).then_some(503)
        };
        let output =
            run(&app, &fault, &["export", "products", &file], &email).await.expect("a file");
        assert!(output.text.ends_with("120 products, 240 variants\n"), "{output:?}");

        let output = run(&app, &|_, _| None, &["import", &file, "--json"], &email).await;
        let output: Value = serde_json::from_str(&output.expect("an import").text).expect("JSON");
        println!("{output}");
        assert_eq!(output["unchanged"], 240, "{output}");
        std::fs::remove_file(&file).expect("a file");
    }
    // Logins and sessions are new.
    let after = app.contents().await;
    let products = before.iter().filter(|(key, _)| key.starts_with("PRODUCT"));
    let products: Vec<_> = products.collect();
    assert_eq!(products.len(), 120 + 240);
    for (key, item) in products {
        assert_eq!(after.get(key), Some(item), "{key}");
    }
}

#[tokio::test]
async fn only_an_admin_exports() {
    let app = App::start().await;
    let customer = app.customer("Ada").await.with_password(PASSWORD).await;
    let file = path("b.csv");
    let email = email_of(&customer).await;
    let failure = run(&app, &|_, _| None, &["export", "products", &file], &email).await;
    assert!(failure.expect_err("refused").contains("is no admin"));
    assert!(!Path::new(&file).exists());
}
