//! Every route has an event in `events/` that succeeds in the demo shop.

use std::collections::BTreeSet;

use local::demo::{
    ADMIN, LEAVER, SHOPPER, access_token, logout_refresh_token, reset_token,
    reusable_refresh_token, verification_token,
};
use shared::Ctx;
use shared::http::routes::{Access, ROUTES};
use shared::jobs::{self, JOBS, Job};
use tests::demo::{DemoShop, event, root};

use crate::workspace::{Tree, this};

#[test]
fn every_function_has_an_event_and_every_event_a_function() {
    let files = std::fs::read_dir(root().join("events")).expect("events/");
    let files = files
        .flatten()
        .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".json")?.to_owned()));
    let files: BTreeSet<_> = files.collect();
    for route in ROUTES {
        let name = route.name;
        assert!(files.contains(name), "add events/{name}.json, a request that succeeds");
    }
    for Job { name, .. } in JOBS {
        assert!(files.contains(*name), "add events/{name}.json, an event that succeeds");
    }
    for file in files {
        let known = ROUTES.iter().any(|route| route.name == file)
            || JOBS.iter().any(|job| job.name == file);
        assert!(known, "events/{file}.json belongs to no route and no job");
    }
}

#[test]
fn an_event_is_what_the_gateway_sends() {
    check_events(this());
}

pub fn check_events(tree: &Tree) {
    for route in &tree.routes {
        let (name, event) = (route.name, tree.event(route.name));
        let http = &event["requestContext"]["http"];
        let key = match &route.method {
            None => "$default".to_owned(),
            Some(method) => {
                assert_eq!(http["method"], method.as_str(), "{name}");
                format!("{method} {}", route.path)
            }
        };
        assert_eq!(event["version"], "2.0", "{name}");
        assert_eq!(event["routeKey"], key, "{name}");
        assert_eq!(event["requestContext"]["routeKey"], key, "{name}");
        assert_eq!(event["rawPath"], http["path"], "{name}");
        if route.method.is_some() {
            let mut path = route.path.to_owned();
            for (parameter, value) in event["pathParameters"].as_object().into_iter().flatten() {
                path = path.replace(&format!("{{{parameter}}}"), value.as_str().expect("a text"));
            }
            assert_eq!(event["rawPath"], path, "{name}: pathParameters");
        }
    }
}

#[test]
fn an_event_has_the_demo_accounts_token() {
    check_tokens(this());
}

pub fn check_tokens(tree: &Tree) {
    for route in &tree.routes {
        let account = match route.access {
            Access::Public | Access::Guest | Access::Signature => continue,
            _ if ["delete-me", "change-password"].contains(&route.name) => LEAVER,
            Access::Customer | Access::Owner => SHOPPER,
            Access::Admin => ADMIN,
        };
        let token = format!("Bearer {}", access_token(&account).expect("a token"));
        let sent = &tree.event(route.name)["headers"]["authorization"];
        assert_eq!(*sent, token, "events/{}.json", route.name);
    }
}

/// Sends a route's event to the demo shop; returns the status.
async fn send(shop: &DemoShop, route: &str) -> u16 {
    let mut handlers = tests::app::handlers().into_iter();
    let (_, handler) = handlers.find(|(name, _)| *name == route).expect("a handler");
    let ctx: &'static Ctx = Box::leak(Box::new(Ctx::new(shop.config())));
    let event = serde_json::from_value(event(route)).expect("an event");
    handler.respond(ctx, shared::http::routes::named(route), event).await.status.as_u16()
}

#[tokio::test]
async fn account_events_can_be_sent_again_and_end_no_session_that_other_events_use() {
    let shop = DemoShop::open().await;
    for _ in 0..2 {
        for route in ["refresh-token", "log-out", "update-me", "change-password", "get-me"] {
            let status = send(&shop, route).await;
            assert!((200..300).contains(&status), "events/{route}.json: {status}");
        }
        assert_eq!(send(&shop, "refresh-token").await, 200, "a token refresh, again");
        assert_eq!(send(&shop, "log-out").await, 204, "its session has ended");
        assert_eq!(send(&shop, "refresh-token").await, 200, "an ended session ends no other");
        // `cargo dev` starts again.
        let config = shop.config();
        local::demo::load(&config).await.expect("loaded");
    }
}

#[test]
fn an_event_has_the_refresh_token_of_its_demo_session() {
    for (route, token) in
        [("refresh-token", reusable_refresh_token()), ("log-out", logout_refresh_token())]
    {
        let body = event(route)["body"].as_str().expect("a body").to_owned();
        assert!(body.contains(&token.write()), "events/{route}.json: send {}", token.write());
    }
}

#[test]
fn an_event_has_the_token_of_its_demo_mail() {
    let verification = verification_token().expect("a token");
    for (route, token) in
        [("verify-email", verification.write()), ("reset-password", reset_token().write())]
    {
        let body = event(route)["body"].as_str().expect("a body").to_owned();
        assert!(body.contains(&token), "events/{route}.json: send {token}");
    }
}

#[tokio::test]
async fn every_event_succeeds_in_the_demo_shop() {
    for (name, handler) in tests::app::handlers() {
        let route = shared::http::routes::named(name);
        let shop = DemoShop::open().await;
        // Handlers take a `&'static Ctx`.
        let ctx: &'static Ctx = Box::leak(Box::new(Ctx::new(shop.config())));
        let event = serde_json::from_value(event(name)).expect("an event");

        let answer = handler.respond(ctx, route, event).await;

        let status = answer.status.as_u16();
        let good = if route.method.is_some() { 200..300 } else { 404..405 };
        assert!(good.contains(&status), "events/{name}.json: {status} {:?}", answer.body);
    }
}

#[tokio::test]
async fn every_jobs_event_succeeds_in_the_demo_shop() {
    for (name, handler) in tests::app::job_handlers() {
        let shop = DemoShop::open().await;
        let ctx: &'static Ctx = Box::leak(Box::new(Ctx::new(shop.config())));

        let answer = handler.respond(ctx, jobs::named(name), event(name)).await;

        assert!(answer.is_some(), "events/{name}.json: the job fails");
    }
}
