//! Every product of the demo shop can be read and put back as it is.

use serde_json::{Value, json};
use shared::Ctx;
use shared::http::routes::named;
use tests::demo::{DemoShop, event};

/// Sends a route's event for this product, with this body.
async fn send(ctx: &'static Ctx, route: &str, id: &str, body: Option<&Value>) -> Value {
    let mut event = event(route);
    let path = format!("/products/{id}");
    event["rawPath"] = path.clone().into();
    event["requestContext"]["http"]["path"] = path.into();
    event["pathParameters"] = json!({"product_id": id});
    if let Some(body) = body {
        event["body"] = body.to_string().into();
        event["isBase64Encoded"] = false.into();
    }
    let mut handlers = tests::app::handlers().into_iter();
    let (_, handler) = handlers.find(|(name, _)| *name == route).expect("a handler");
    let event = serde_json::from_value(event).expect("an event");
    let answer = handler.respond(ctx, named(route), event).await;
    let body = answer.body.unwrap_or_default();
    assert_eq!(answer.status.as_u16(), 200, "{route} {id}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

#[tokio::test]
async fn every_demo_product_is_put_back_unchanged() {
    let shop = DemoShop::open().await;
    let ctx: &'static Ctx = Box::leak(Box::new(Ctx::new(shop.config())));
    let (mut after, mut number) = (None, 0);
    loop {
        let ids = ctx.store.products().ids(after, 100).await.expect("identifiers");
        for id in &ids {
            let id = id.to_string();
            let shown = send(ctx, "get-product", &id, None).await;
            let mut put = send(ctx, "update-product", &id, Some(&shown)).await;
            assert_eq!(put["version"], shown["version"].as_u64().expect("a version") + 1);
            for member in ["version", "updated_at"] {
                put[member] = shown[member].clone();
            }
            assert_eq!(put, shown);
            number += 1;
        }
        after = ids.last().copied();
        if after.is_none() {
            break;
        }
    }
    assert!(number > 40, "{number} products");
}
