//! Runs the release binaries as Lambda does: starts each, sends it its event, and measures it.
//!
//! They must be built first: `.ci/run` shows how, and runs this with `--ignored`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::order_filter::OrderFilter;
use shared::domain::page::Paging;
use shared::http::routes::ROUTES;
use shared::jobs::JOBS;
use shared::store::Store;
use shared::store::keys::{self, Key};
use tests::built::{Failed, Function};
use tests::demo::{DemoShop, event};
use tests::random::Random;
use tests::stream::Stream;

/// The memory budget, in KiB, of a function that hashes no password.
const MEMORY: u64 = 10 * 1024;
const MEMORY_FOR_PASSWORDS: u64 = MEMORY + 19 * 1024;

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn every_function_answers_its_event() {
    println!(
        "{:<18} {:>6} {:>12} {:>12} {:>10}",
        "function", "status", "start, ms", "answer, ms", "peak, KiB"
    );
    let mut failures = Vec::new();
    let routes = ROUTES.iter().map(|route| route.name);
    for name in routes.chain(JOBS.iter().map(|job| job.name)) {
        let shop = DemoShop::open().await;
        let function = Function::start(name, &shop.environment());
        let sent = Instant::now();
        let answer = function.invoke(&event(name));
        let took = sent.elapsed();

        // A job's result has no status; a failed job's error has an `errorType`.
        let status = answer["statusCode"].as_u64();
        let peak = function.peak_memory();
        let started = function.started.as_secs_f64() * 1e3;
        let took = took.as_secs_f64() * 1e3;
        let shown = status.map_or_else(|| "job".to_owned(), |status| status.to_string());
        println!("{name:<18} {shown:>6} {started:>12.1} {took:>12.1} {peak:>10}");

        let good = match status {
            Some(status) if name == "route-not-found" => status == 404,
            Some(status) => (200..300).contains(&status),
            None => answer.get("errorType").is_none(),
        };
        if !good {
            failures.push(format!("{name}: {answer}"));
        }
        if peak > if hashes_passwords(name) { MEMORY_FOR_PASSWORDS } else { MEMORY } {
            failures.push(format!("{name}: a peak of {peak} KiB"));
        }
        for line in function.log() {
            if serde_json::from_str::<Value>(&line).is_err() {
                failures.push(format!("{name}: not JSON: {line}"));
            }
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

/// Returns whether a function needs memory for Argon2.
fn hashes_passwords(name: &str) -> bool {
    matches!(
        name,
        "register-user"
            | "verify-email"
            | "log-in"
            | "reset-password"
            | "change-password"
            | "delete-me"
    )
}

/// The memory budget of a full import, in KiB.
const MEMORY_FOR_IMPORTS: u64 = 128 * 1024;

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn a_full_import_fits_into_its_memory() {
    let shop = DemoShop::open().await;
    let function = Function::start("import-products", &shop.environment());
    // Each product has 500 words, so that the calls are as large as the command sends them: 3 MiB.
    let description = "Made by hand of good clay. ".repeat(110);
    let row = |number: usize, cents: usize| {
        let price = if number % 10 == 9 {
            json!("9.99")
        } else {
            json!({"amount": cents, "currency": "USD"})
        };
        let row = json!({
            "sku": format!("MUG-{number}"),
            "name": format!("Mug {number}"),
            "description": description,
            "price": price,
            "stock": 5,
        });
        row.to_string() + "\n"
    };
    println!(
        "{:<24} {:>13} {:>12} {:>10}",
        "1,000 rows, 100 invalid", "processor, ms", "answer, ms", "peak, KiB"
    );
    for (rows, cents, counts) in [
        ("new", 900, [900, 0, 0, 100]),
        ("the same again", 900, [0, 0, 900, 100]),
        ("with other prices", 901, [0, 900, 0, 100]),
    ] {
        let mut event = event("import-products");
        let body: String = (0..1_000).map(|number| row(number, cents)).collect();
        event["headers"]["content-length"] = body.len().to_string().into();
        event["body"] = body.into();
        let (used, sent) = (function.processor_time(), Instant::now());
        let answer = function.invoke(&event);
        let [used, took] =
            [function.processor_time() - used, sent.elapsed()].map(|time| time.as_secs_f64() * 1e3);
        let peak = function.peak_memory();
        println!("{rows:<24} {used:>13.0} {took:>12.0} {peak:>10}");

        let body = answer["body"].as_str().expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let counted = ["created", "updated", "unchanged", "failed"].map(|name| &body[name]);
        assert_eq!(counted, counts.map(Value::from).each_ref(), "{rows}: {answer}");
        assert!(peak <= MEMORY_FOR_IMPORTS, "{rows}: a peak of {peak} KiB");
    }
}

/// The records of a batch of the table's stream, as the template sets it.
const BATCH: i64 = 100;

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn the_ledger_keeps_up_with_a_hot_sku() {
    let shop = DemoShop::open().await;
    let function = Function::start("project-changes", &shop.environment());
    let store = Store::new(&shop.config(), None);
    let sku = SOLD.parse().expect("a SKU");
    let stock = store.inventory().get(&sku).await.expect("stock");
    let client = shared::aws::dynamodb::client(&shop.config(), None);
    let get = async |key: Key| {
        let get = client.get_item().table_name("bodega");
        let get = get.key(keys::PK, AttributeValue::S(key.pk));
        let get = get.key(keys::SK, AttributeValue::S(key.sk));
        get.consistent_read(true).send().await.expect("a read").item.expect("an item")
    };
    let first = get(keys::variant(stock.product_id, &sku)).await;
    let movements = i64::try_from(stock.movements).expect("a number");
    // The variant as it is after so many sales; its stock begins again where it ends.
    let after = |sales: i64| {
        let mut item = first.clone();
        let number = |number: i64| AttributeValue::N(number.to_string());
        item.insert("movements".to_owned(), number(movements + sales));
        item.insert("available".to_owned(), number(1_000_000 - sales));
        BTreeMap::from([(SOLD.to_owned(), item)])
    };
    let mut stream = Stream::default();
    stream.changes(after(0));
    println!(
        "{:<24} {:>13} {:>12} {:>10}",
        "100 sales of a SKU", "processor, ms", "answer, ms", "a second"
    );
    for batch in 0..5 {
        let sales = (batch * BATCH + 1)..=(batch + 1) * BATCH;
        let records: Vec<_> = sales.flat_map(|sale| stream.changes(after(sale))).collect();
        assert_eq!(records.len(), 100);
        let (used, sent) = (function.processor_time(), Instant::now());
        let answer = function.invoke(&json!({"Records": records}));
        let [used, took] =
            [function.processor_time() - used, sent.elapsed()].map(|time| time.as_secs_f64() * 1e3);
        println!("{batch:<24} {used:>13.0} {took:>12.0} {:>10.0}", 100_000.0 / took);
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }
    let last = keys::movement(stock.product_id, &sku, stock.movements + 5 * BATCH as u64);
    let entry = get(last).await;
    assert_eq!(entry["available_after"], AttributeValue::N("999500".to_owned()));
}

/// The event of a guest's order of one unit, under an idempotency key of its own.
fn order_of_guest(number: u8) -> Value {
    let mut order = event("place-order");
    let headers = order["headers"].as_object_mut().expect("headers");
    headers.remove("authorization");
    headers.insert("cart-token".to_owned(), URL_SAFE_NO_PAD.encode([number; 32]).into());
    headers.insert("idempotency-key".to_owned(), format!("order-{number}").into());
    let items = json!([{"sku": SOLD, "quantity": 1}]);
    let body = json!({"email": "guest@example.com", "items": items}).to_string();
    headers.insert("content-length".to_owned(), body.len().to_string().into());
    order["body"] = body.into();
    order
}

const SOLD: &str = "KNT-001-OATMEAL-M";

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn twenty_kills_in_mid_checkout_leave_one_order_each_and_the_stock_right() {
    let shop = DemoShop::open().await;
    let mut environment = shop.environment();
    environment.push(("GUEST_PAYMENT_METHODS", "manual".to_owned()));
    environment.push(("RATE_LIMITS", "guest_checkout_ip=off".to_owned()));
    let store = Store::new(&shop.config(), None);
    let sku = SOLD.parse().expect("a SKU");
    let stock = async || store.inventory().get(&sku).await.expect("stock").available.get();
    let (before, random) = (stock().await, Random::seeded());
    let (mut orders, mut committed) = (BTreeSet::new(), 0);
    for number in 0..20 {
        let order = order_of_guest(number);
        let function = Function::start("place-order", &environment);
        function.kill_while(&order, Duration::from_micros(random.below(25_000)));

        let function = Function::start("place-order", &environment);
        let again = function.invoke(&order);
        assert_eq!(again["statusCode"], 201, "order {number}: {again}");
        committed += u32::from(again["headers"]["idempotent-replayed"] == "true");
        let body: Value =
            serde_json::from_str(again["body"].as_str().expect("a body")).expect("JSON");
        assert!(orders.insert(body["id"].as_str().expect("an id").to_owned()), "{again}");
        assert_eq!(before - stock().await, orders.len() as u32, "order {number}");
    }
    println!("20 kills: {committed} after the order was stored, {} before", 20 - committed);
    let email = Email::parse("guest@example.com".to_owned()).expect("an address");
    let all = OrderFilter {
        email: Some(email),
        status: None,
        user_id: None,
        number: None,
        from: None,
        to: None,
    };
    let page = store.orders().all(&all, None, &Paging::default()).await.expect("a page");
    assert_eq!(page.items.len(), 20, "no order but these");
}

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn a_panic_is_a_constant_500_and_the_function_keeps_running() {
    let shop = DemoShop::open().await;
    let function = Function::start_example("panics", &shop.environment());
    for _ in 0..2 {
        let answer = function.invoke(&event("get-health"));
        assert_eq!(answer["statusCode"], 500, "{answer}");
        assert_eq!(answer["headers"]["content-type"], "application/problem+json");
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
}

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn a_malformed_host_is_a_400() {
    let shop = DemoShop::open().await;
    let function = Function::start("get-health", &shop.environment());
    let mut event = event("get-health");
    event["headers"]["host"] = "no host [".into();
    event["requestContext"]["domainName"] = Value::Null;
    let answer = function.invoke(&event);
    assert_eq!(answer["statusCode"], 400, "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(body["code"], "invalid_host", "{answer}");
    assert_eq!(answer["headers"]["x-request-id"], body["request_id"], "{answer}");
    assert_eq!(
        function.invoke(&tests::demo::event("get-health"))["statusCode"],
        200,
        "it lives on"
    );
}

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn a_function_that_can_not_start_says_why_in_one_line_and_to_lambda() {
    let shop = DemoShop::open().await;
    let broken = |name: &'static str, value: &str| {
        let mut environment = shop.environment();
        environment.retain(|(variable, _)| *variable != name);
        environment.push((name, value.to_owned()));
        environment
    };
    for (function, setting, value) in [
        ("get-health", "TABLE_NAME", ""),
        ("place-order", "SHOP_CURRENCY", "dollars"),
        ("get-product", "SSL_CERT_FILE", "/dev/null"),
        ("deliver-mail", "MAIL_FROM", "the shop"),
    ] {
        let Failed { init_error, log, stderr } = Function::fail(function, &broken(setting, value));

        assert_eq!(init_error["errorType"], "Function.BadSetting", "{function}: {init_error}");
        let message = init_error["errorMessage"].as_str().expect("a message");
        assert!(message.contains(setting), "{function}: {message}");
        assert_eq!(log.len(), 1, "{function}: {log:?}");
        let line: Value = serde_json::from_str(&log[0]).expect("JSON");
        assert_eq!(line["setting"], setting, "{function}: {line}");
        assert_eq!(stderr, "", "{function}: nothing else is said");
    }
}

#[tokio::test]
#[ignore = "needs the release binaries"]
async fn without_a_database_the_response_is_a_503_within_three_seconds() {
    let shop = DemoShop::open().await;
    // Nothing listens on the first endpoint, and the second never responds.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    for endpoint in ["http://127.0.0.1:1".to_owned(), silent] {
        for name in ["get-product", "place-order"] {
            let mut environment = shop.environment();
            environment.retain(|(variable, _)| *variable != "AWS_ENDPOINT_URL_DYNAMODB");
            environment.push(("AWS_ENDPOINT_URL_DYNAMODB", endpoint.clone()));
            let function = Function::start(name, &environment);
            assert!(function.started < Duration::from_secs(1), "{:?}", function.started);

            let sent = Instant::now();
            let answer = function.invoke(&event(name));

            assert!(sent.elapsed() < Duration::from_secs(3), "{name}: {:?}", sent.elapsed());
            assert_eq!(answer["statusCode"], json!(503), "{name}: {answer}");
            assert!(answer["headers"]["retry-after"].is_string(), "{name}: {answer}");
        }
    }
}
