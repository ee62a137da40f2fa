//! Measures how many checkouts a second this machine makes, through the handlers in one process and
//! the embedded database, which writes one transaction after the other.
//!
//!     cargo bench -p tests --bench checkouts
//!
//! Each customer has a cart of some lines and orders it; so many customers order at a time.

use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::{self, iter};
use serde_json::json;
use tests::app::App;
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
