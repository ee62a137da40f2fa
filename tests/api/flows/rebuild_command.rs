//! `cargo shop rebuild`, run with its arguments against a local shop with the demo data, and under
//! the rights that the manual lists for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use operator::listed::Listed;
use serde_json::{Value, json};
use shared::config::Config;
use shared::context::{Clock, Ctx};
use shared::domain::search_language::SearchLanguage;
use shared::services::rebuild;
use shared::store::{Read, Store, keys};
use tests::app::App;
use tests::demo::{DemoShop, root};
use tests::gate::{Access, Gate};
use tests::policy::{Call, Policy};
use tests::samples::{create_product, product, random_words};

use super::catalogue_log::check;

/// A local shop, as `cargo dev` has one.
struct LocalShop {
    config: Config,
    store: Store,
    _shop: DemoShop,
}

impl LocalShop {
    /// Opens the demo shop, whose log is lost.
    async fn open() -> Self {
        let shop = DemoShop::open().await;
        let config = shop.config();
        let store = Store::new(&config, None);
        let log = store.catalogue_log();
        for number in 1..=log.tail().await.expect("the log") {
            log.delete(number).await.expect("a deletion");
        }
        Self { store, config, _shop: shop }
    }

    /// Runs `cargo shop rebuild --local` with these other arguments; returns its output, or why it
    /// failed.
    async fn rebuild(&self, arguments: &[&str]) -> Result<String, String> {
        let endpoint = self.config.aws.dynamodb_endpoint.as_deref().unwrap_or_default();
        let arguments = [&["rebuild", "--local", "--endpoint", endpoint], arguments].concat();
        let output = operator::run(arguments, |_| None).await;
        output.map(|output| output.text).map_err(|failure| failure.to_string())
    }

    /// Returns what the catalogue lists, and its language.
    async fn listed(&self) -> Listed {
        Listed::read(&self.store).await.expect("the log")
    }
}

#[tokio::test]
async fn the_command_lists_the_whole_demo_shop() {
    let shop = LocalShop::open().await;
    assert_eq!(shop.listed().await, Listed::default(), "no log yet");

    let output = shop.rebuild(&[]).await.expect("a rebuild");

    assert!(output.contains("products: 240 written, 0 removed"), "{output}");
    let listed = shop.listed().await;
    let ids = shop.store.products().ids(None, 1000).await.expect("identifiers");
    assert!(listed.products.is_superset(&BTreeSet::from_iter(ids)));
    assert_eq!((listed.products.len(), listed.language), (240, Some(SearchLanguage::ENGLISH)));
    let tree = shop.store.categories().tree(Read::Consistent).await.expect("categories");
    assert_eq!(listed.categories, tree.categories.into_keys().collect());
}

#[tokio::test]
async fn the_language_is_the_chosen_one_or_that_of_the_catalogue() {
    let shop = LocalShop::open().await;
    let german = SearchLanguage::parse("german");
    for arguments in [&["--search-language", "german"][..], &[]] {
        shop.rebuild(arguments).await.expect("a rebuild");
        assert_eq!(shop.listed().await.language, german, "{arguments:?}");
    }
}

#[tokio::test]
async fn the_command_fails_with_the_products_that_can_not_be_read() {
    let shop = LocalShop::open().await;
    let ids = shop.store.products().ids(None, 1).await.expect("identifiers");
    let client = shared::aws::dynamodb::client(&shop.config, None);
    let update = client.update_item().table_name(&shop.config.table);
    let keys::Key { pk, sk } = keys::product(ids[0]);
    let update = update.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
    let update = update.update_expression("SET price = :price");
    let price = AttributeValue::S("one dollar".to_owned());
    update.expression_attribute_values(":price", price).send().await.expect("an update");

    let failure = shop.rebuild(&[]).await.expect_err("a failure");

    assert!(failure.contains(&ids[0].to_string()), "{failure}");
    assert!(failure.contains("products: 239 written"), "{failure}");
    assert_eq!(shop.listed().await.products.len(), 239);
}

#[tokio::test]
async fn a_failure_names_the_remedy() {
    let shop = LocalShop::open().await;
    let failure = shop.rebuild(&["--table", "shop"]).await.expect_err("no such table");
    assert!(failure.contains("no table shop") && failure.contains("cargo dev"), "{failure}");

    let failure = shop.rebuild(&["--endpoint", "http://127.0.0.1:1"]).await;
    let failure = failure.expect_err("nothing listens there");
    assert!(failure.contains("start `cargo dev`"), "{failure}");

    // An empty variable counts as absent.
    let failure = operator::run(["rebuild"], |_| Some(String::new())).await;
    let failure = failure.expect_err("no shop is named").to_string();
    assert!(failure.contains("--table") && failure.contains("--local"), "{failure}");
}

/// Returns the policy that the manual lists.
fn documented_policy() -> Policy {
    let manual = std::fs::read_to_string(root().join("docs/operating.md")).expect("the manual");
    let (_, section) = manual.split_once("### Rights of the operator").expect("a section");
    let (_, policy) = section.split_once("```json\n").expect("a policy");
    let (policy, _) = policy.split_once("```").expect("its end");
    let table = "\"arn:aws:dynamodb:eu-central-1:123456789012:table/shop-Table-1ABCDEFGHIJKL";
    let policy = policy.replace(&format!("{table}\""), r#"{"Fn::GetAtt": ["Table", "Arn"]}"#);
    let policy = policy.replace(table, "\"${Table.Arn}");
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    Policy::of(&json!({"Properties": {"Policies": [policy]}}), &|_| false)
}

#[tokio::test]
async fn the_documented_rights_are_enough_and_all_used() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut mug = product("Mug", 1800, 3);
    mug["category"] = "cups".into();
    mug["low_stock_threshold"] = 5.into();
    create_product(&admin, mug).await;
    let policy = documented_policy();
    let describe = Call::on_partition("dynamodb:DescribeTable", None, "");
    assert!(policy.allows(&describe));
    let http = Builder::new().build_http();
    let gate = Gate::new(http, "shop", Some(policy.clone()), Arc::default(), Arc::default());
    let config = app.unrestricted.config.clone();
    let store = Store::new(&config, Some(SharedHttpClient::new(gate.clone())));
    let ctx = Ctx::with(config, store, Default::default(), Clock::System);

    // So much of the log that it is compacted.
    for number in 0..12 {
        let mut long = product(&format!("Long {number}"), 100, 1);
        long["description"] = random_words(number, 700).into();
        create_product(&admin, long).await;
    }

    for _ in 0..2 {
        let listed = Listed::read(&ctx.store).await.expect("the log");
        let work = rebuild::rebuild(&ctx, &listed.products, &listed.categories, |_| {});
        work.await.expect("a rebuild");
        app.run_job("compact-catalogue", json!({})).await.expect("it runs");
    }

    check(&app).await;
    let accesses = gate.take_count().accesses;
    let is_used = |action: &str, pattern: &str| {
        let prefix = pattern.trim_end_matches('*');
        let is_one = |it: &Access| it.action == action && it.partition.starts_with(prefix);
        accesses.iter().any(is_one)
    };
    for statement in &policy.statements {
        for pattern in statement.leading_keys().unwrap_or_default() {
            let used = statement.actions.iter().any(|action| is_used(action, pattern));
            assert!(used, "nothing uses {pattern} of {:?}", statement.actions);
        }
        for action in statement.actions.iter().filter(|it| *it != "dynamodb:DescribeTable") {
            assert!(is_used(action, ""), "nothing uses {action}");
        }
    }
}
