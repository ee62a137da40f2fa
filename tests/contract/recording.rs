//! Records real requests and responses as the document's examples: `cargo openapi --record FOLDER`.
//!
//! Requests and responses that succeed are those of the events in `events/`, sent to the demo shop.
//! Problems are those that tests have met.

use std::io;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use shared::Ctx;
use shared::http::routes::{self, Accepts};

use super::example_values::Names;
use super::{check, document, examples, files};
use crate::demo::{DemoShop, event};

/// Records the examples anew. An example of a problem stays as long as its schema allows it;
/// `problems` are those that tests have met, by code.
pub async fn record(codes: &[&str], problems: &Map<String, Value>) -> io::Result<()> {
    let kept = |code: &str| {
        let known = &examples::recorded()["problems"][code];
        (known.is_object() && check::broken_example(code, known).is_none()).then_some(known)
    };
    let problems: Map<_, _> = codes
        .iter()
        .filter_map(|code| Some(((*code).to_owned(), kept(code).or(problems.get(*code))?.clone())))
        .collect();
    let examples = json!({ "operations": operations().await, "problems": problems });
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/contract/examples.json"));
    std::fs::write(path, files::text(&examples))
}

/// Sends the event of every route to the demo shop; returns the requests' bodies, and the responses
/// that are JSON, by operation id.
pub async fn operations() -> Value {
    let mut examples = Map::new();
    for (name, handler) in crate::app::handlers() {
        let route = routes::named(name);
        // The document itself would be an example of it.
        if route.method.is_none() || name == "get-openapi" {
            continue;
        }
        let shop = DemoShop::open().await;
        // Handlers take a `&'static Ctx`.
        let ctx: &'static Ctx = Box::leak(Box::new(Ctx::new(shop.config())));
        let sent = event(name);
        let event = serde_json::from_value(sent.clone()).expect("an event");
        let answer = handler.respond(ctx, route, event).await;

        let mut names = Names::default();
        let mut example = Map::new();
        let text = sent["body"].as_str();
        let request = match route.accepts {
            Accepts::Json => text.and_then(json_of).map(|body| names.replaced("", body)),
            Accepts::OneOf(_) | Accepts::Anything => text.map(Value::from),
        };
        example.extend(request.map(|request| ("request".to_owned(), request)));
        if let Some(response) = answer.body.as_deref().and_then(json_of) {
            let status = answer.status.as_u16().to_string();
            let responses = json!({ status: names.replaced("", response) });
            example.insert("responses".to_owned(), responses);
        }
        for path in route.paths() {
            examples.insert(document::operation_id(route, path), example.clone().into());
        }
    }
    examples.into()
}

/// Reads a JSON object.
fn json_of(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}
