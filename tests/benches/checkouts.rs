//! Measures how many checkouts a second this machine makes, through the handlers in one process and
//! the embedded database, which writes one transaction after the other.
//!
//!     cargo bench -p tests --bench checkouts
//!
//! Each customer has a cart of some lines and orders it; so many customers order at a time.
//!
//! The second table is about one SKU that everybody wants at once. A transaction holds the items that it
//! writes for 5 to 20 ms meanwhile, and DynamoDB rejects another one that writes one of them: the embedded
//! database has no such conflicts, so the gate before it makes them.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::{self, iter};
use serde_json::json;
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::samples::create_sku;

const CUSTOMERS: usize = 400;
const AT_A_TIME: usize = 16;
const SKUS: usize = 40;

#[tokio::main]
async fn main() {
    println!("| lines of a cart | orders | at a time | ms | orders a second |");
    println!("|---|---|---|---|---|");
    for lines in [1, 3, 10] {
        let app = App::start().await;
        let customers = shop(&app, lines).await;
        let start = Instant::now();
        let orders = customers.iter().map(|customer| customer.post("/orders", json!({})));
        let placed = iter(orders).buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
        let millis = start.elapsed().as_millis();
        assert!(placed.iter().all(|answer| answer.status == 201), "every order is placed");
        let rate = CUSTOMERS as u128 * 1000 / millis;
        println!("| {lines} | {CUSTOMERS} | {AT_A_TIME} | {millis} | {rate} |");
    }
    sell_one_sku().await;
}

/// How many customers want one unit of the same SKU at the same moment.
const CROWDS: [usize; 5] = [1, 10, 50, 100, 200];

/// Lets crowds order one SKU, with the timeouts of a deployed shop. Whoever gets a 503 sends the request
/// again after the time that it names.
async fn sell_one_sku() {
    println!();
    println!(
        "| at once | sold a second | attempts a sale | 503 | median wait, ms | 99 of 100, ms | longest, ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for crowd in CROWDS {
        let faults = Faults { holds: Some(5..=20), ..Faults::default() };
        let rejected = faults.held.rejected();
        let app = App::builder().faults(faults).as_deployed().start().await;
        create_sku(&app.admin().await, "HOT", 1800, 100_000).await;
        let customers = iter(0..crowd).then(async |number| {
            let customer = app.customer(&format!("customer-{number}")).await;
            customer.post("/cart/items", json!({"sku": "HOT", "quantity": 1})).await.expect(200);
            customer
        });
        let customers: Vec<_> = customers.collect().await;
        let before = rejected.load(Ordering::Relaxed);
        let start = Instant::now();
        let waits = join_all(customers.iter().map(async |customer| {
            let mut busy = 0;
            loop {
                let answer = customer.post("/orders", json!({})).await;
                match answer.status {
                    201 => return (start.elapsed(), busy),
                    503 => {
                        busy += 1;
                        let after = answer.header("retry-after").and_then(|it| it.parse().ok());
                        tokio::time::sleep(Duration::from_secs(after.expect("seconds"))).await;
                    }
                    _ => panic!("{answer:?}"),
                }
            }
        }))
        .await;
        let rate = crowd as u128 * 1000 / start.elapsed().as_millis().max(1);
        let tenths = (rejected.load(Ordering::Relaxed) - before) * 10 / crowd as u64 + 10;
        let attempts = format!("{}.{}", tenths / 10, tenths % 10);
        let busy: u32 = waits.iter().map(|(_, busy)| busy).sum();
        let mut waits: Vec<_> = waits.iter().map(|(wait, _)| wait.as_millis()).collect();
        waits.sort_unstable();
        let of = |percent: usize| waits[(waits.len() * percent / 100).min(waits.len() - 1)];
        println!(
            "| {crowd} | {rate} | {attempts} | {busy} | {} | {} | {} |",
            of(50),
            of(99),
            of(100),
        );
    }
}

/// Creates the SKUs, and customers with full carts.
async fn shop(app: &App, lines: usize) -> Vec<Persona<'_>> {
    let admin = app.admin().await;
    for sku in 0..SKUS {
        create_sku(&admin, &format!("SKU-{sku}"), 1800, 100_000).await;
    }
    let customers = stream::iter(0..CUSTOMERS).then(|number| async move {
        let customer = app.customer(&format!("customer-{number}")).await;
        for line in 0..lines {
            let sku = format!("SKU-{}", (number * 7 + line) % SKUS);
            let item = json!({"sku": sku, "quantity": 1});
            customer.post("/cart/items", item).await.expect(200);
        }
        customer
    });
    customers.collect().await
}
