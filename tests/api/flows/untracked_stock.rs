//! Variants whose stock is not tracked: they are never out of stock, and whatever happens while
//! tracking is switched on and off, exactly the units that were taken come back.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::domain::cart_key::CartKey;
use shared::domain::ids::UserId;
use shared::domain::order::{MAX_UNPAID_ORDERS, Order, OrderStatus};
use shared::store::Read;
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, create_sku, id, path_of, usd};
use tests::stream::Stream;

/// The body of a gift card for 25 dollars, whose stock is not tracked.
fn gift_card(stock: u32) -> Value {
    let variant = json!({"sku": "GIFT", "options": {}, "track_stock": false, "stock": stock});
    json!({"name": "Gift Card", "price": usd(2500), "variants": [variant]})
}

/// Switches tracking of a product's variants, by editing and putting what a GET returns.
async fn track(admin: &Persona<'_>, product: &Value, track_stock: bool) -> Value {
    let path = path_of(product);
    let mut product = admin.get(&path).await.expect(200);
    for variant in product["variants"].as_array_mut().expect("variants") {
        variant["track_stock"] = json!(track_stock);
    }
    admin.put(&path, product).await.expect(200)
}

fn key_of(product: &Value, sku: &str) -> Key {
    keys::variant(id(product).parse().expect("an id"), &sku.parse().expect("a SKU"))
}

/// Returns the numbers `available` and `movements` of a product's first variant, as stored.
async fn stock(app: &App, product: &Value) -> (i64, i64) {
    let key = key_of(product, product["variants"][0]["sku"].as_str().expect("a SKU"));
    let item = &app.contents().await[&format!("{} {}", key.pk, key.sk)];
    let number = |name: &str| item[name].as_n().expect("a number").parse().expect("a whole one");
    (number("available"), number("movements"))
}

fn units(sku: &str, quantity: u32) -> Value {
    json!({"items": [{"sku": sku, "quantity": quantity}]})
}

fn line(sku: &str, quantity: u32) -> Value {
    json!({"sku": sku, "quantity": quantity})
}

/// Removes an attribute, as if the item were from before it existed.
async fn remove(app: &App, key: Key, path: &str) {
    // `lines` is one of DynamoDB's reserved words.
    let update = app.client.update_item().table_name(&app.table);
    let update = match path.contains("lines") {
        true => update.expression_attribute_names("#lines", "lines"),
        false => update,
    };
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression(format!("REMOVE {}", path.replace("lines", "#lines")));
    update.send().await.expect("an update");
}

/// Sets whether a variant's stock is tracked, and nothing else.
async fn set_track_stock(app: &App, key: Key, track_stock: bool) {
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update = update.update_expression("SET track_stock = :tracked");
    let tracked = AttributeValue::Bool(track_stock);
    update.expression_attribute_values(":tracked", tracked).send().await.expect("an update");
}

fn cart_of(ada: &Persona<'_>) -> Key {
    let user: UserId = ada.user_id.expect("an id");
    keys::cart(&CartKey::Customer(user))
}

fn order_key(order: &Value) -> Key {
    keys::order(id(order).parse().expect("an id"))
}

#[tokio::test]
async fn a_variant_whose_stock_is_not_tracked_is_ordered_with_nothing_in_stock() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let card = create_product(&app.admin().await, gift_card(0)).await;
    let (before, shown) = (stock(&app, &card).await, &card["variants"][0]);
    assert_eq!((&shown["track_stock"], &shown["available"]), (&json!(false), &json!(null)));
    assert_eq!((&card["in_stock"], before), (&json!(true), (0, 1)));

    let cart = ada.post("/cart/items", line("GIFT", 998)).await.expect(200);
    let in_cart = &cart["items"][0];
    assert_eq!((&in_cart["available"], &in_cart["problem"]), (&json!(null), &json!(null)));
    let cart = ada.put("/cart/items/GIFT", json!({"quantity": 999})).await.expect(200);
    assert_eq!(cart["items"][0]["available"], json!(null));
    let order = ada.post("/orders", json!({})).await.expect(201);
    assert_eq!((&order["items"][0]["quantity"], &order["total"]), (&json!(999), &usd(2_497_500)));
    ada.post("/orders", units("GIFT", 999)).await.expect(201);

    assert_eq!(stock(&app, &card).await, before, "no unit is taken, and there is no movement");
    let list = app.anonymous().get("/products").await.expect(200);
    assert_eq!(list["data"][0]["in_stock"], true);
}

#[tokio::test]
async fn more_units_than_the_stored_number_are_ordered_and_it_stays() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let card = create_product(&app.admin().await, gift_card(3)).await;
    assert_eq!(stock(&app, &card).await, (3, 1), "stored, with the initial movement");

    let order = ada.post("/orders", units("GIFT", 5)).await.expect(201);
    assert_eq!(stock(&app, &card).await, (3, 1));
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    assert_eq!(stock(&app, &card).await, (3, 1), "cancelling returns nothing");
}

#[tokio::test]
async fn a_cancellation_returns_what_the_order_took_whatever_is_tracked_now() {
    for (at_the_order, at_the_cancellation, left, back) in
        [(true, true, 6, 10), (true, false, 6, 10), (false, true, 10, 10), (false, false, 10, 10)]
    {
        let case = format!("tracked {at_the_order}, then {at_the_cancellation}");
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let mug = create_sku(&admin, "MUG", 1800, 10).await;
        track(&admin, &mug, at_the_order).await;

        let order = ada.post("/orders", units("MUG", 4)).await.expect(201);
        assert_eq!(stock(&app, &mug).await.0, left, "{case}");
        let before = stock(&app, &mug).await;
        let switched = track(&admin, &mug, at_the_cancellation).await;
        assert_eq!(stock(&app, &mug).await, before, "{case}: switching moves nothing");
        let shown = at_the_cancellation.then_some(left);
        assert_eq!(switched["variants"][0]["available"], json!(shown), "{case}");

        let path = format!("/orders/{}", id(&order));
        ada.delete(&path).await.expect(200);
        ada.delete(&path).await.expect(200);
        assert_eq!(stock(&app, &mug).await.0, back, "{case}");
        assert_eq!(stock(&app, &mug).await.1, if at_the_order { 3 } else { 1 }, "{case}");
    }
}

#[tokio::test]
async fn an_order_takes_units_as_the_variant_says_now_not_as_the_cart_says() {
    for (in_cart, now, left) in [(true, false, 10), (false, true, 6)] {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let mug = create_sku(&admin, "MUG", 1800, 10).await;
        track(&admin, &mug, in_cart).await;
        ada.post("/cart/items", line("MUG", 4)).await.expect(200);

        track(&admin, &mug, now).await;

        let shown = ada.get("/cart").await.expect(200)["items"][0].clone();
        assert_eq!(shown["problem"], json!(null), "the buyer is told nothing else than before");
        assert_eq!(shown["available"], json!(now.then_some(10)));
        let order = ada.post("/orders", json!({"expected_total": usd(7200)})).await.expect(201);
        assert_eq!(stock(&app, &mug).await.0, left, "tracked now: {now}");
        ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
        assert_eq!(stock(&app, &mug).await.0, 10, "tracked now: {now}");
    }
}

#[tokio::test]
async fn lines_that_are_tracked_again_are_refused_if_too_few_units_are_left() {
    let app = App::start().await;
    let (admin, ada, bob) =
        (app.admin().await, app.customer("ada").await, app.customer("bob").await);
    let (mug, cup) =
        (create_sku(&admin, "MUG", 1800, 3).await, create_sku(&admin, "CUP", 1500, 3).await);
    track(&admin, &cup, false).await;
    ada.post("/cart/items", line("MUG", 3)).await.expect(200);
    ada.post("/cart/items", line("CUP", 5)).await.expect(200);
    bob.post("/orders", units("MUG", 1)).await.expect(201);
    track(&admin, &cup, true).await;

    let cart = ada.get("/cart").await.expect(200);
    for (line, available) in [(0, 2), (1, 3)] {
        let line = &cart["items"][line];
        assert_eq!(
            (&line["problem"], &line["available"]),
            (&json!("out_of_stock"), &json!(available))
        );
    }
    let problem = ada.post("/orders", json!({})).await.expect_problem(409, "out_of_stock");
    let both = json!([
        {"sku": "MUG", "requested": 3, "available": 2},
        {"sku": "CUP", "requested": 5, "available": 3},
    ]);
    assert_eq!(problem["lines"], both, "every such line at once");
    let problem = ada.put("/cart/items/CUP", json!({"quantity": 4})).await;
    assert_eq!(problem.expect_problem(409, "out_of_stock")["available"], 3);
    assert_eq!((stock(&app, &mug).await, stock(&app, &cup).await), ((2, 2), (3, 1)));
}

#[tokio::test]
async fn a_variant_whose_stock_is_not_tracked_is_ordered_under_its_new_name() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let card = create_product(&admin, gift_card(0)).await;
    ada.post("/cart/items", line("GIFT", 1)).await.expect(200);
    let mut renamed = card.clone();
    renamed["name"] = json!("Voucher");
    admin.put(&path_of(&card), renamed).await.expect(200);

    let order = ada.post("/orders", json!({})).await.expect(201);

    assert_eq!(order["items"][0]["name"], "Voucher");
}

#[tokio::test]
async fn a_variant_that_is_no_longer_sold_is_refused_even_if_its_stock_is_not_tracked() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let card = create_product(&admin, gift_card(9)).await;
    ada.post("/cart/items", line("GIFT", 2)).await.expect(200);
    admin.delete(&path_of(&card)).await.expect(204);

    let problem = ada.post("/orders", json!({})).await.expect_problem(409, "unavailable");

    let gone = json!([{"sku": "GIFT", "requested": 2, "available": 0}]);
    assert_eq!(problem["lines"], gone, "nothing can be bought, and the number is not told");
    let line = &ada.get("/cart").await.expect(200)["items"][0];
    assert_eq!((&line["problem"], &line["available"]), (&json!("unavailable"), &json!(0)));
}

#[tokio::test]
async fn items_from_before_tracking_could_be_switched_off_are_tracked() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    remove(&app, key_of(&mug, "MUG"), "track_stock").await;
    assert_eq!(admin.get(&path_of(&mug)).await.expect(200), mug);

    ada.post("/orders", units("MUG", 6)).await.expect_problem(409, "out_of_stock");
    ada.post("/cart/items", line("MUG", 2)).await.expect(200);
    remove(&app, cart_of(&ada), "lines[0].track_stock").await;
    let order = ada.post("/orders", json!({})).await.expect(201);
    assert_eq!(stock(&app, &mug).await, (3, 2));

    remove(&app, order_key(&order), "lines[0].took_units").await;
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    assert_eq!(stock(&app, &mug).await, (5, 3));
}

/// An older version of the functions copies the revision to the cart, but not whether stock is
/// tracked.
#[tokio::test]
async fn a_line_that_an_older_version_wrote_takes_no_units_of_a_variant_that_is_not_tracked() {
    for number in [0, 9] {
        let app = App::start().await;
        let ada = app.customer("ada").await;
        let card = create_product(&app.admin().await, gift_card(number)).await;
        ada.post("/cart/items", line("GIFT", 2)).await.expect(200);
        remove(&app, cart_of(&ada), "lines[0].track_stock").await;

        ada.post("/orders", json!({})).await.expect(201);

        assert_eq!(stock(&app, &card).await, (i64::from(number), 1));
    }
}

/// Whoever switches tracking in the table by hand does not raise the revision.
#[tokio::test]
async fn a_line_of_the_same_revision_takes_units_only_if_the_variant_is_tracked() {
    for (in_cart, now, left) in [(true, false, 5), (false, true, 3)] {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let mug = create_sku(&admin, "MUG", 1800, 5).await;
        track(&admin, &mug, in_cart).await;
        ada.post("/cart/items", line("MUG", 2)).await.expect(200);
        set_track_stock(&app, key_of(&mug, "MUG"), now).await;

        ada.post("/orders", json!({})).await.expect(201);

        assert_eq!(stock(&app, &mug).await.0, left, "tracked now: {now}");
    }
}

#[tokio::test]
async fn a_variant_from_before_revisions_is_sold_after_an_edit_that_leaves_its_revision() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    remove(&app, key_of(&mug, "MUG"), "revision").await;
    let mut edited = mug.clone();
    edited["images"] = json!(["https://img.example.com/mug.jpg"]);
    admin.put(&path_of(&mug), edited).await.expect(200);

    ada.post("/orders", units("MUG", 1)).await.expect(201);
    track(&admin, &mug, false).await;
    ada.post("/orders", units("MUG", 9)).await.expect(201);

    assert_eq!(stock(&app, &mug).await, (4, 2));
}

#[tokio::test]
async fn a_cart_of_forty_lines_of_both_kinds_is_one_order() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let sku = |number: usize| format!("SKU-{number}");
    let variants = (0..40).map(|number| {
        let options = json!({"number": number.to_string()});
        let track_stock = number % 2 == 0;
        json!({"sku": sku(number), "options": options, "track_stock": track_stock, "stock": 2})
    });
    let body = json!({
        "name": "Button", "price": usd(100), "variants": variants.collect::<Vec<_>>(),
    });
    let button = create_product(&admin, body).await;
    for number in 0..40 {
        let quantity = if number % 2 == 0 { 2 } else { 3 };
        ada.post("/cart/items", line(&sku(number), quantity)).await.expect(200);
    }

    let order = ada.post("/orders", json!({})).await.expect(201);
    assert_eq!(order["items"].as_array().map(Vec::len), Some(40));
    assert_eq!(order["total"], usd(100 * 100));

    let shown = async || {
        let button = admin.get(&path_of(&button)).await.expect(200);
        let variants = button["variants"].as_array().expect("variants").clone();
        variants.into_iter().map(|mut variant| variant["available"].take()).collect::<Vec<_>>()
    };
    let alternating = |left: u32| vec![[json!(left), json!(null)]; 20].concat();
    assert_eq!(shown().await, alternating(0));
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    assert_eq!(shown().await, alternating(2));
    let tracked = track(&admin, &button, true).await;
    for variant in tracked["variants"].as_array().expect("variants") {
        assert_eq!(variant["available"], 2, "{variant}");
    }
}

#[tokio::test]
async fn getting_and_putting_changes_neither_tracking_nor_the_revision() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut body = gift_card(3);
    let tracked = json!({"sku": "MUG", "options": {"kind": "mug"}, "stock": 4});
    body["variants"][0]["options"] = json!({"kind": "card"});
    body["variants"].as_array_mut().expect("variants").push(tracked);
    let both = create_product(&admin, body).await;
    let revisions = async || {
        let id = id(&both).parse().expect("an id");
        let product = app.unrestricted.store.products();
        let product = product.get(id, Read::Consistent).await.expect("a product");
        let kept = product.variants.iter().map(|it| (it.track_stock, it.revision));
        kept.collect::<Vec<_>>()
    };
    let tracking = |product: &Value| {
        let variants = product["variants"].as_array().expect("variants").iter();
        variants.map(|variant| variant["track_stock"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(revisions().await, [(false, 1), (true, 1)]);

    let mut product = admin.get(&path_of(&both)).await.expect(200);
    for version in 2..4 {
        let put = admin.put(&path_of(&both), product.clone()).await.expect(200);
        product["version"] = json!(version);
        assert_eq!(put, product);
    }
    let without_variants = json!({"name": "Gift Card", "price": usd(2500)});
    let put = admin.put(&path_of(&both), without_variants).await.expect(200);
    assert_eq!(tracking(&put), [json!(false), json!(true)], "each variant keeps its own");
    assert_eq!(revisions().await, [(false, 1), (true, 1)]);

    let by_sku = json!([
        {"sku": "GIFT", "options": {"kind": "card"}},
        {"sku": "MUG", "options": {"kind": "mug"}, "track_stock": null},
    ]);
    let named = json!({"name": "Gift Card", "price": usd(2500), "variants": by_sku});
    let put = admin.put(&path_of(&both), named).await.expect(200);
    assert_eq!(tracking(&put), [json!(true), json!(true)], "tracked unless a variant says no");
    assert_eq!(revisions().await, [(true, 2), (true, 1)]);
}

#[tokio::test]
async fn switching_tracking_while_nothing_is_left_changes_the_lists() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut stream = Stream::default();
    let mug = create_sku(&admin, "MUG", 1800, 0).await;
    app.project_changes(&mut stream).await;
    for track_stock in [false, true] {
        let product = track(&admin, &mug, track_stock).await;

        assert_eq!(product["in_stock"], !track_stock);
        let list = app.anonymous().get("/products").await.expect(200);
        assert_eq!(list["data"][0]["in_stock"], !track_stock);
        app.project_changes(&mut stream).await;
        let log = app.unrestricted.store.catalogue_log();
        let entries = log.after(0, Read::Consistent).await.expect("entries");
        let last = entries.last().expect("an entry").changes.products.last().expect("the mug");
        let card = &last.product.as_ref().expect("a product").card;
        assert_eq!(card.in_stock, !track_stock);
    }
}

/// A customer who orders mugs, and cancels some of the orders.
struct Buyer<'a> {
    persona: Persona<'a>,
    live: Vec<String>,
}

impl Buyer<'_> {
    /// Cancels an order or places another one: one transaction, or more if that was decided with
    /// the setting that is being changed.
    async fn act(&mut self, random: &Random) {
        let cancels = self.live.len() == MAX_UNPAID_ORDERS || random.percent(30);
        if let Some(order) = self.live.pop_if(|_| cancels) {
            self.persona.delete(&format!("/orders/{order}")).await.expect(200);
            return;
        }
        let quantity = 1 + random.below(3) as u32;
        let placed = self.persona.post("/orders", units("MUG", quantity)).await;
        match placed.status {
            201 => self.live.push(id(&placed.body).to_owned()),
            _ => drop(placed.expect_problem(409, "out_of_stock")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_add_up_while_an_admin_switches_tracking_on_and_off() {
    const INITIAL: u32 = 30;
    const BUYERS: usize = 8;
    let random = Random::seeded();
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_sku(&admin, "MUG", 1800, INITIAL).await;
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        let persona = app.customer(&format!("customer-{number}")).await;
        buyers.push(Buyer { persona, live: Vec::new() });
    }

    for round in 0..24 {
        // All have decided before the first one writes.
        app.race(BUYERS + 1);
        let buying = join_all(buyers.iter_mut().map(|buyer| buyer.act(&random)));
        join(buying, track(&admin, &mug, round % 2 == 1)).await;

        let (mut taken, mut movements, mut untracked) = (0, 1, 0);
        for order in orders(&app).await {
            let is_live = order.summary.status != OrderStatus::Cancelled;
            for line in order.lines {
                match line.took_units {
                    true => movements += if is_live { 1 } else { 2 },
                    false => untracked += 1,
                }
                let counts = line.took_units && is_live;
                taken += i64::from(counts) * i64::from(line.quantity.get());
            }
        }
        let (available, counted) = stock(&app, &mug).await;
        assert!(available >= 0, "round {round}");
        assert_eq!(available + taken, i64::from(INITIAL), "units of lines that took them");
        assert_eq!(counted, movements, "one for each line that took or returned units");
        assert!(round < 23 || movements > 20 && untracked > 20, "both kinds were ordered");
    }
}

/// Returns every order, as stored.
async fn orders(app: &App) -> Vec<Order> {
    let mut orders = Vec::new();
    for key in app.contents().await.into_keys() {
        let order = key.strip_prefix("ORDER#").and_then(|key| key.strip_suffix(" ORDER"));
        if let Some(order) = order {
            let order = order.parse().expect("an id");
            let order = app.unrestricted.store.orders().find(order).await.expect("an answer");
            orders.push(order.expect("an order"));
        }
    }
    orders
}

#[tokio::test]
async fn an_order_and_a_switch_at_once_leave_the_units_that_the_order_says_it_took() {
    for round in 0..8 {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let mug = create_sku(&admin, "MUG", 1800, 10).await;
        track(&admin, &mug, round % 2 == 0).await;

        app.race(2);
        let (order, _) =
            join(ada.post("/orders", units("MUG", 4)), track(&admin, &mug, round % 2 == 1)).await;

        let order = order.expect(201);
        let took = orders(&app).await[0].lines[0].took_units;
        assert_eq!(stock(&app, &mug).await, if took { (6, 2) } else { (10, 1) });
        ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
        assert_eq!(stock(&app, &mug).await, if took { (10, 3) } else { (10, 1) });
    }
}

#[tokio::test]
async fn stale_reads_of_tracking_decide_nothing() {
    let faults = Faults { stale_reads: true, ..Faults::default() };
    let app = App::builder().faults(faults).start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 0).await;

    track(&admin, &mug, false).await;
    ada.post("/cart/items", line("MUG", 5)).await.expect(200);
    ada.post("/orders", json!({})).await.expect(201);
    ada.post("/orders", units("MUG", 5)).await.expect(201);
    track(&admin, &mug, true).await;
    ada.post("/orders", units("MUG", 1)).await.expect_problem(409, "out_of_stock");

    assert_eq!(stock(&app, &mug).await, (0, 1));
}
