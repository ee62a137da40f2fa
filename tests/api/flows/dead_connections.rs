//! A function that thaws with connections which the database has forgotten meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::auth::issuer::Issuer;
use shared::config::Timeouts;
use shared::context::{Clock, Ctx};
use shared::http::routes;
use shared::jobs;
use shared::store::Store;
use tests::app::{App, handlers, job_handlers};
use tests::persona::Persona;
use tests::proxy::{Forgotten, Proxy};
use tests::samples::{available, create_product, order_of, product};

/// A function's context, as patient as a deployed one, with its own connections to the database.
fn context(app: &App, function: &str, proxy: &Proxy) -> &'static Ctx {
    let mut config = app.context(function).config.clone();
    config.aws.dynamodb_endpoint = Some(proxy.url());
    config.timeouts = Timeouts::default();
    let store = Store::new(&config, None);
    let now = Arc::new(AtomicI64::new(app.unrestricted.now().unix_millis()));
    let ctx = Ctx::with(config, store, Issuer::default(), Clock::Manual(now));
    ctx.mailer.set(Box::new(app.mailbox.clone())).expect("a new context has no mailer");
    Box::leak(Box::new(ctx))
}

/// Places an order by way of this context, and says with which status that ended.
async fn place(app: &App, ctx: &'static Ctx, who: &Persona<'_>, body: &Value) -> u16 {
    let token = who.token.as_deref().expect("somebody signed in");
    let headers = HashMap::from([
        ("authorization".to_owned(), format!("Bearer {token}")),
        ("content-type".to_owned(), "application/json".to_owned()),
    ]);
    let event = app.event("POST", "/orders", "", &headers, Some(&body.to_string()));
    let (_, handler) =
        handlers().into_iter().find(|(name, _)| *name == "place-order").expect("a handler");
    let event = serde_json::from_value(event).expect("an event");
    handler.respond(ctx, routes::named("place-order"), event).await.status.as_u16()
}

#[tokio::test]
async fn an_order_is_placed_once_however_many_connections_are_dead() {
    for how in [Forgotten::Reset, Forgotten::Silence] {
        let (app, proxy) = (App::start().await, Proxy::start().await);
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 99)).await;
        let ctx = context(&app, "place-order", &proxy);
        let others = join_all((0..5).map(|_| app.customer("somebody"))).await;
        let body = order_of(&mug, 2);
        let placed = join_all(others.iter().map(|who| place(&app, ctx, who, &body))).await;
        assert_eq!(placed, [201; 5]);
        assert!(proxy.opened() >= 4, "{how:?}: {} connections", proxy.opened());
        let ada = app.customer("ada").await;
        proxy.forget(how);

        let began = Instant::now();
        let status = place(&app, ctx, &ada, &body).await;

        assert_eq!(status, 201, "{how:?}, {} requests lost", proxy.lost());
        assert_eq!(proxy.lost(), 1, "{how:?}: the others are not tried");
        assert!(began.elapsed() < Duration::from_millis(2_500), "{how:?}: {:?}", began.elapsed());
        let orders = ada.get("/orders").await.expect(200);
        assert_eq!(orders["data"].as_array().map(Vec::len), Some(1), "{how:?}");
        assert_eq!(available(&ada, &mug).await, 99 - 6 * 2, "{how:?}: taken once");
    }
}

#[tokio::test]
async fn a_batch_of_mail_is_delivered_however_many_connections_are_dead() {
    for how in [Forgotten::Reset, Forgotten::Silence] {
        let (app, proxy) = (App::start().await, Proxy::start().await);
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 99)).await;
        let ctx = context(&app, "deliver-mail", &proxy);
        for _ in 0..5 {
            let ada = app.customer("ada").await;
            ada.post("/orders", order_of(&mug, 1)).await.expect(201);
        }
        let records = app.outbox().await;
        let (first, second) = records.split_at(4);
        let deliver = async |records: &[Value]| {
            let (_, handler) =
                job_handlers().into_iter().find(|(name, _)| *name == "deliver-mail").expect("one");
            let event = json!({"Records": records});
            handler.respond(ctx, jobs::named("deliver-mail"), event).await
        };
        assert_eq!(deliver(first).await, Some(json!({"batchItemFailures": []})));
        assert!(proxy.opened() >= 4, "{how:?}: {} connections", proxy.opened());
        proxy.forget(how);

        let answer = deliver(second).await;

        assert_eq!(answer, Some(json!({"batchItemFailures": []})), "{how:?}");
        assert_eq!(app.mailbox.count(), 5, "{how:?}: each once");
        assert_eq!(proxy.lost(), 1, "{how:?}: the others are not tried");
    }
}
