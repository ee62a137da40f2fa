//! A rebuild of the catalogue: whatever the log says, it then says what the table has.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::context::Ctx;
use shared::domain::ids::ProductId;
use shared::domain::slug::Slug;
use shared::services::catalogue_log::Appended;
use shared::services::rebuild::{self, Progress};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, id, path_of, product, slug, usd};
use tests::stream::Stream;

use super::catalogue_log::{
    Catalogue, Writer, check, delete_category, has_ended_after, log, put_category,
};

/// Rebuilds the catalogue from what its log lists.
async fn rebuild(app: &App) -> Appended {
    let (products, categories) = listed(app).await;
    let work = rebuild::rebuild(app.unrestricted, &products, &categories, |_| {});
    work.await.expect("a rebuild")
}

/// Returns the products and categories that the log lists.
async fn listed(app: &App) -> (BTreeSet<ProductId>, BTreeSet<Slug>) {
    let catalogue = Catalogue::replay(&log(app).await);
    let products = catalogue.products.keys().map(|id| id.parse().expect("an id"));
    (products.collect(), catalogue.categories.keys().map(|it| slug(it)).collect())
}

/// Creates `number` products, active ones, drafts and archived ones in turn, in two categories.
async fn create_products(admin: &Persona<'_>, number: usize) -> Vec<Value> {
    let mut products = Vec::new();
    for n in 0..number {
        let mut body = product(&format!("Product {n}"), 100, 3);
        body["status"] = ["active", "draft", "archived"][n % 3].into();
        body["category"] = ["cups", "pans"][n % 2].into();
        products.push(create_product(admin, body).await);
    }
    products
}

async fn delete(admin: &Persona<'_>, product: &Value) {
    admin.delete(&path_of(product)).await.expect(204);
}

/// Makes the product's item unreadable, as a change by hand may.
async fn spoil(app: &App, product: &Value) {
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(format!("PRODUCT#{}", id(product))));
    let update = update.key("sk", AttributeValue::S("PRODUCT".to_owned()));
    let update = update.update_expression("SET price = :price");
    let price = AttributeValue::S("one dollar".to_owned());
    update.expression_attribute_values(":price", price).send().await.expect("an update");
}

#[tokio::test]
async fn an_empty_log_becomes_the_whole_catalogue() {
    let app = App::start().await;
    let admin = app.admin().await;
    assert_eq!(rebuild(&app).await, Appended::default(), "an empty shop");
    assert_eq!(log(&app).await, []);
    let products = create_products(&admin, 130).await;
    let (deleted, _) = products.split_at(5);
    for product in deleted {
        delete(&admin, product).await;
    }
    let (mut steps, none, no_category) = (Vec::new(), BTreeSet::new(), BTreeSet::new());

    let work = rebuild::rebuild(app.unrestricted, &none, &no_category, |step| steps.push(step));
    let rebuilt = work.await.expect("a rebuild");

    assert_eq!(rebuilt, Appended { products: 125, categories: 2, ..Appended::default() });
    let step = |products| Progress { products, of: 125 };
    assert_eq!(steps, [step(50), step(100), step(125)]);
    check(&app).await;
}

#[tokio::test]
async fn what_no_longer_exists_is_no_longer_listed() {
    let app = App::start().await;
    let admin = app.admin().await;
    let products = create_products(&admin, 12).await;
    put_category(&app, "gone", "Gone", None).await;
    app.project_changes(&mut Stream::default()).await;
    check(&app).await;
    // The records of all this are lost.
    for product in &products[..3] {
        delete(&admin, product).await;
    }
    let body = json!({"name": "Renamed", "price": usd(900), "category": "bowls"});
    admin.ensure_category("bowls").await;
    admin.put(&path_of(&products[4]), body).await.expect(200);
    create_products(&admin, 2).await;
    delete_category(&app, "gone").await;

    let rebuilt = rebuild(&app).await;

    let expected = Appended {
        products: 11,
        deleted_products: 3,
        categories: 3,
        deleted_categories: 1,
        unreadable: BTreeSet::new(),
    };
    assert_eq!(rebuilt, expected);
    check(&app).await;
}

#[tokio::test]
async fn a_second_rebuild_says_the_same_once_more() {
    let app = App::start().await;
    let admin = app.admin().await;
    let products = create_products(&admin, 9).await;
    app.project_changes(&mut Stream::default()).await;
    delete(&admin, &products[0]).await;
    assert_eq!(rebuild(&app).await.deleted_products, 1);
    let first = Catalogue::replay(&log(&app).await);

    let rebuilt = rebuild(&app).await;

    assert_eq!(rebuilt, Appended { products: 8, categories: 2, ..Appended::default() });
    assert_eq!(Catalogue::replay(&log(&app).await), first);
    check(&app).await;
}

/// While a rebuild is anywhere, one product changes, another is created and a third is deleted, and
/// `project-changes` writes that: the older state must not come last.
#[tokio::test]
async fn what_changes_while_a_rebuild_runs_ends_in_its_newest_state() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Mug", 1800, 3)).await;
    let mut stream = Stream::default();
    let writer = Writer::of(&app);
    writer.run(&app.records(&mut stream).await).await;
    let mut moments = 0;
    for polls in 0.. {
        let bowl = create_product(&admin, product("Bowl", 1200, 1)).await;
        writer.run(&app.records(&mut stream).await).await;
        let (products, categories) = listed(&app).await;
        let ctx: &Ctx = Writer::of(&app).ctx;
        let mut work = Box::pin(rebuild::rebuild(ctx, &products, &categories, |_| {}));
        if has_ended_after(polls, &mut work).await {
            break;
        }
        moments += 1;
        let price = usd(1000 + i64::try_from(polls).expect("small"));
        admin.put(&path_of(&mug), json!({"name": "Mug", "price": price})).await.expect(200);
        delete(&admin, &bowl).await;
        put_category(&app, &format!("category-{}", polls % 3), &format!("{polls}"), None).await;
        writer.run(&app.records(&mut stream).await).await;
        work.await.expect("a rebuild");
        check(&app).await;
    }
    assert!(moments > 6, "{moments}");
}

#[tokio::test]
async fn a_product_that_can_not_be_read_is_named_and_delays_no_other() {
    let app = App::start().await;
    let admin = app.admin().await;
    let products = create_products(&admin, 6).await;
    app.project_changes(&mut Stream::default()).await;
    let before = Catalogue::replay(&log(&app).await);
    spoil(&app, &products[2]).await;
    delete(&admin, &products[1]).await;

    let rebuilt = rebuild(&app).await;

    let bad = id(&products[2]);
    assert_eq!(rebuilt.unreadable, BTreeSet::from([bad.parse().expect("an id")]));
    assert_eq!((rebuilt.products, rebuilt.deleted_products), (4, 1));
    let after = Catalogue::replay(&log(&app).await);
    assert_eq!(after.products[bad], before.products[bad], "as before");
    assert_eq!(after.products.len(), 5);
}

#[tokio::test]
async fn lists_and_facets_are_the_same_from_a_rebuild_as_live() {
    let app = App::start().await;
    let admin = app.admin().await;
    let products = create_products(&admin, 12).await;
    delete(&admin, &products[0]).await;
    let lists = async || {
        let mut lists = Vec::new();
        for path in [
            "/products?limit=100",
            "/products?q=prod%201",
            "/products?category=pans&sort=name",
            "/products?status=draft",
            "/products/facets",
        ] {
            let mut list = admin.get(path).await.expect(200);
            // It has a number of the log.
            list.as_object_mut().expect("an object").remove("next_cursor");
            lists.push(list);
        }
        lists
    };
    let live = lists().await;
    for item in app.items().await {
        let pk = item["pk"].as_s().expect("a key").clone();
        if pk.starts_with("CATALOGUE#") {
            let delete = app.client.delete_item().table_name(&app.table);
            let delete = delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            delete.send().await.expect("a deletion");
        }
    }
    for function in ["list-products", "list-facets"] {
        *app.context(function).catalogue.lock().await = None;
    }
    assert_eq!(admin.get("/products").await.expect(200)["data"], json!([]), "all is lost");

    rebuild(&app).await;
    assert_eq!(lists().await, live);
}
