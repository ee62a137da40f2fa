//! Pages that would be larger than what a function may answer.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::domain::ids::OrderId;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, order_of, product};

/// What the gateway takes of all headers together.
const MOST_OF_HEADERS: usize = 10_240;

type Item = HashMap<String, AttributeValue>;

/// So many orders of this customer, which are copies of one after this change; newest first.
async fn place_copies(
    app: &App,
    ada: &Persona<'_>,
    orders: usize,
    change: impl Fn(&mut Item),
) -> Vec<String> {
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let is_order = |item: &&Item| {
        item.get("type").and_then(|kind| kind.as_s().ok()).is_some_and(|kind| kind == "order")
    };
    let items = app.items().await;
    let order = items.iter().find(is_order).expect("the order");
    let mut ids = vec![order["id"].as_s().expect("an id").clone()];
    for _ in 1..orders {
        let id = OrderId::new(app.unrestricted.now()).to_string();
        let mut copy = order.clone();
        let pk = copy["pk"].as_s().expect("a key").replace(&ids[0], &id);
        copy.insert("pk".to_owned(), AttributeValue::S(pk));
        copy.insert("id".to_owned(), AttributeValue::S(id.clone()));
        change(&mut copy);
        let put = app.client.put_item().table_name(&app.table).set_item(Some(copy));
        put.send().await.expect("a copy");
        ids.push(id);
    }
    ids.sort();
    ids.reverse();
    ids
}

/// Lets an order have many lines: some 86 KB of them in a list.
fn lengthen(order: &mut Item) {
    let mut line = order["lines"].as_l().expect("lines")[0].as_m().expect("a line").clone();
    line.insert("name".to_owned(), AttributeValue::S("\"".repeat(200)));
    order.insert("lines".to_owned(), AttributeValue::L(vec![AttributeValue::M(line); 122]));
}

/// Lets a newer version have written much that this one does not show.
fn fatten(order: &mut Item) {
    let mut summary = order["summary"].as_m().expect("a summary").clone();
    summary.insert("of_a_newer_version".to_owned(), AttributeValue::S("x".repeat(380_000)));
    order.insert("summary".to_owned(), AttributeValue::M(summary));
}

fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().expect("data").iter();
    data.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_list_of_large_orders_can_be_read_to_its_end() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let placed = place_copies(&app, &ada, 62, lengthen).await;

    let refused = ada.get("/orders?page=1&per_page=100").await;
    let problem = refused.expect_problem(422, "page_too_large");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("per_page") && detail.contains("cursor"), "{detail}");

    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let answer = ada.get(&format!("/orders?limit=100{next}")).await;
        assert!(answer.text.len() <= 5_000_000, "{} bytes", answer.text.len());
        let page = answer.expect(200);
        found.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(found, placed, "each once");
}

#[tokio::test]
async fn a_numbered_page_of_large_orders_is_full_however_many_queries_it_takes() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    // A query reads 1 MB: two of these.
    let placed = place_copies(&app, &ada, 90, fatten).await;

    let page = ada.get("/orders?page=9&per_page=10").await.expect(200);

    assert_eq!(ids(&page), placed[80..90]);
}

#[tokio::test]
async fn no_query_makes_the_headers_of_an_answer_too_large() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 99)).await;
    let ada = app.customer("ada").await;
    for _ in 0..3 {
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
        app.customer("ada").await;
    }
    let odd = "(".repeat(5_600);
    let spaces = "+".repeat(9_000);
    for (who, target) in [
        (&ada, format!("/orders?limit=1&status=pending_payment&x={odd}")),
        (&ada, format!("/orders?page=1&per_page=1&{odd}")),
        (&admin, format!("/users?limit=1&name=ada{spaces}")),
        (&admin, format!("/users?limit=1&name=ada&name={odd}")),
    ] {
        let answer = who.get(&target).await;
        let size: usize =
            answer.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let target = &target[..30];
        assert!(size < MOST_OF_HEADERS, "{target}…: {size} bytes");
        if let Some(link) = answer.header("link") {
            assert!(!link.contains("x="), "{target}…: {link}");
        }
        let cursor = answer.expect(200)["next_cursor"].clone();
        assert!(cursor.is_string(), "{target}…: {cursor}");
    }
    let link = ada.get(&format!("/orders?x={odd}&status=pending_payment&limit=1")).await;
    let link = link.header("link").expect("a link").to_owned();
    assert!(link.starts_with("</orders?status=pending_payment&limit=1&cursor="), "{link}");
}
