//! Random sequences of what customers and admins do, one request after the other, beside a model of the
//! shop: each response has the status that the model expects, and what is stored is what the model has.
//!
//! `SEQUENCES=300 cargo test -p tests --test api sequences` runs as many sequences.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{expire_in_the_end, id, path_of, text_of, usd};
use tests::stream::Stream;

use super::stock_ledger::{check_ledgers, check_orders, number};

/// The operations of a sequence.
const OPERATIONS: u64 = 40;

/// After so many operations, the books are compared.
const QUIET: u64 = 10;

/// The SKUs that products get, so few that they take them from each other.
const SKUS: [&str; 4] = ["A", "B", "C", "D"];

/// The most orders without payment that a customer may have.
const UNPAID: usize = 5;

/// How long an order waits for its payment.
const PAYMENT_DAYS: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long an eventually consistent read may lag behind.
const LAG: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "says how large the proof is, not a setting")]
fn sequences() -> u64 {
    std::env::var("SEQUENCES").map_or(3, |number| number.parse().expect("a number"))
}

/// The number of a product, and a SKU that it has or had.
type Variant = (usize, &'static str);

/// The stock of a variant.
#[derive(Debug, Default, PartialEq)]
struct Stock {
    available: i64,
    /// What admins put in, the initial stock included, less what they took out.
    put_in: i64,
}

/// A product.
#[derive(Debug)]
struct Product {
    view: Value,
    cents: i64,
    /// The SKUs on sale; none once it is deleted.
    skus: BTreeSet<&'static str>,
    /// The stars that each customer has given.
    stars: BTreeMap<usize, (String, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Status {
    PendingPayment,
    Paid,
    Cancelled,
    Expired,
}

/// An order.
#[derive(Debug)]
struct Order {
    id: String,
    customer: usize,
    lines: BTreeMap<Variant, i64>,
    status: Status,
}

/// What the shop should have.
#[derive(Debug, Default)]
struct Model {
    products: Vec<Product>,
    stock: BTreeMap<Variant, Stock>,
    carts: [BTreeMap<Variant, i64>; 2],
    orders: Vec<Order>,
}

impl Model {
    /// The product that sells a SKU.
    fn seller(&self, sku: &str) -> Option<usize> {
        self.products.iter().position(|product| product.skus.contains(sku))
    }

    fn available(&self, variant: Variant) -> i64 {
        self.stock[&variant].available
    }

    /// Ends an order; its units go back.
    fn end(&mut self, order: usize, status: Status) {
        let order = &mut self.orders[order];
        order.status = status;
        for (variant, units) in &order.lines {
            self.stock.get_mut(variant).expect("a variant").available += units;
        }
    }

    /// The units of a variant that orders took and did not return.
    fn taken(&self, variant: Variant) -> i64 {
        let live = |order: &&Order| matches!(order.status, Status::PendingPayment | Status::Paid);
        let orders = self.orders.iter().filter(live);
        orders.filter_map(|order| order.lines.get(&variant)).sum()
    }

    /// Returns what an order of a cart costs; a 409 if it can't be placed.
    fn price(&self, customer: usize) -> Result<i64, u16> {
        let cart = &self.carts[customer];
        let unpaid = self
            .orders
            .iter()
            .filter(|order| order.customer == customer && order.status == Status::PendingPayment);
        let is_for_sale = |(&(product, sku), units): (&Variant, &i64)| {
            self.products[product].skus.contains(sku) && *units <= self.available((product, sku))
        };
        if cart.is_empty() || !cart.iter().all(is_for_sale) || unpaid.count() >= UNPAID {
            return Err(409);
        }
        Ok(cart.iter().map(|((product, _), units)| units * self.products[*product].cents).sum())
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A shop, its model, and who shops there.
struct Sequence<'a> {
    app: &'a App,
    random: Random,
    stream: Stream,
    admin: Persona<'a>,
    customers: [Persona<'a>; 2],
    model: Model,
    /// What was done, for a failure to tell.
    done: Vec<String>,
}

impl Sequence<'_> {
    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).expect("a number")
    }

    /// From 1 to 3.
    fn units(&self) -> i64 {
        1 + i64::try_from(self.random.below(3)).expect("a number")
    }

    fn sku(&self) -> &'static str {
        SKUS[self.below(SKUS.len())]
    }

    /// Checks a response.
    fn expect(&mut self, what: String, answer: &Answer, status: u16) {
        self.done.push(format!("{what}: {status}"));
        assert_eq!(answer.status, status, "{answer:?} after {:#?}", self.done);
    }

    /// Does one thing that the sequence chooses.
    async fn step(&mut self) {
        self.app.advance(LAG);
        match self.below(20) {
            0..6 => self.add_to_cart().await,
            6..9 => self.check_out().await,
            9 | 10 => self.cancel().await,
            11 => self.pay().await,
            12 => self.expire().await,
            13 | 14 => self.adjust().await,
            15 => self.set().await,
            16 => self.create().await,
            17 => self.relabel().await,
            18 => self.review().await,
            _ if self.random.percent(30) => self.delete().await,
            _ => self.review().await,
        }
    }

    /// Mostly a SKU that is on sale.
    fn wanted_sku(&self) -> &'static str {
        let on_sale: Vec<_> =
            SKUS.into_iter().filter(|it| self.model.seller(it).is_some()).collect();
        match on_sale.len() {
            skus if skus > 0 && self.random.percent(80) => on_sale[self.below(skus)],
            _ => self.sku(),
        }
    }

    async fn add_to_cart(&mut self) {
        let (customer, sku, units) = (self.below(2), self.wanted_sku(), self.units());
        let variant = self.model.seller(sku).map(|product| (product, sku));
        let in_cart = variant.and_then(|it| self.model.carts[customer].get(&it)).unwrap_or(&0);
        let sum = in_cart + units;
        let status = match variant {
            None => 404,
            Some(variant) if sum > self.model.available(variant) => 409,
            Some(variant) => {
                self.model.carts[customer].insert(variant, sum);
                200
            }
        };
        let body = json!({"sku": sku, "quantity": units});
        let answer = self.customers[customer].post("/cart/items", body).await;
        self.expect(format!("customer {customer} adds {units} {sku} to the cart"), &answer, status);
    }

    async fn check_out(&mut self) {
        let customer = self.below(2);
        let price = self.model.price(customer);
        let answer = self.customers[customer].post("/orders", json!({})).await;
        let status = price.map_or_else(|status| status, |_| 201);
        self.expect(format!("customer {customer} orders"), &answer, status);
        let Ok(total) = price else {
            // What is not for sale would stand in the way of all other orders.
            self.customers[customer].delete("/cart").await.expect(200);
            self.model.carts[customer].clear();
            return;
        };
        assert_eq!(answer.body["total"], usd(total), "{:#?}", self.done);
        let lines = std::mem::take(&mut self.model.carts[customer]);
        for (variant, units) in &lines {
            self.model.stock.get_mut(variant).expect("a variant").available -= units;
        }
        let (id, status) = (id(&answer.body).to_owned(), Status::PendingPayment);
        self.model.orders.push(Order { id, customer, lines, status });
    }

    /// Returns the number of an order and its path; `None` if there is none.
    fn order(&self) -> Option<(usize, String)> {
        let orders = self.model.orders.len();
        let order = (orders > 0).then(|| self.below(orders))?;
        Some((order, format!("/orders/{}", self.model.orders[order].id)))
    }

    async fn cancel(&mut self) {
        let Some((order, path)) = self.order() else { return };
        let Order { customer, status, .. } = self.model.orders[order];
        let expected = match status {
            Status::PendingPayment => {
                self.model.end(order, Status::Cancelled);
                200
            }
            Status::Cancelled => 200,
            // Its money would have to be given back first.
            Status::Paid | Status::Expired => 409,
        };
        let answer = self.customers[customer].delete(&path).await;
        self.expect(format!("customer {customer} cancels order {order}"), &answer, expected);
    }

    async fn pay(&mut self) {
        let Some((order, path)) = self.order() else { return };
        let expected = match self.model.orders[order].status {
            Status::PendingPayment => {
                self.model.orders[order].status = Status::Paid;
                200
            }
            Status::Paid => 200,
            Status::Cancelled | Status::Expired => 409,
        };
        let answer = self.admin.put(&path, json!({"status": "paid"})).await;
        self.expect(format!("order {order} is paid"), &answer, expected);
    }

    async fn expire(&mut self) {
        self.app.advance(PAYMENT_DAYS);
        let [ada, bob] = &self.customers;
        self.customers = [ada.with_new_session().await, bob.with_new_session().await];
        self.admin = self.admin.with_new_session().await;
        expire_in_the_end(self.app).await;
        for order in 0..self.model.orders.len() {
            if self.model.orders[order].status == Status::PendingPayment {
                self.model.end(order, Status::Expired);
            }
        }
        self.done.push("a week passes".to_owned());
    }

    async fn adjust(&mut self) {
        let (sku, units) = (self.sku(), self.units());
        let delta = if self.random.percent(50) { units } else { -units };
        let variant = self.model.seller(sku).map(|product| (product, sku));
        // A withdrawn SKU has stock too, until another product takes it.
        let Some(variant) = variant else { return };
        let stock = self.model.stock.get_mut(&variant).expect("a variant");
        let status = if stock.available + delta < 0 { 409 } else { 201 };
        if status == 201 {
            stock.available += delta;
            stock.put_in += delta;
        }
        let body = json!({"delta": delta, "reason": "Counted"});
        let answer = self.admin.post(&format!("/inventory/{sku}/adjustments"), body).await;
        self.expect(format!("{sku} is adjusted by {delta}"), &answer, status);
    }

    async fn set(&mut self) {
        let (sku, units) = (self.sku(), 4 * self.units());
        let Some(product) = self.model.seller(sku) else { return };
        let stock = self.model.stock.get_mut(&(product, sku)).expect("a variant");
        stock.put_in += units - stock.available;
        stock.available = units;
        let call = self.admin.call("PUT", &format!("/inventory/{sku}")).header("if-match", "*");
        let answer = call.json(&json!({"available": units})).send().await;
        self.expect(format!("{sku} is set to {units}"), &answer, 200);
    }

    /// The body of a product with these SKUs. One that the product never had gets stock.
    fn body(&self, product: usize, cents: i64, skus: &BTreeSet<&'static str>, stock: i64) -> Value {
        let variants = skus.iter().map(|sku| {
            let mut variant = json!({"sku": sku, "options": {"size": sku}});
            if !self.model.stock.contains_key(&(product, *sku)) {
                variant["stock"] = stock.into();
            }
            variant
        });
        let variants: Vec<_> = variants.collect();
        json!({"name": format!("Product {product}"), "price": usd(cents), "variants": variants})
    }

    /// Adds the stock of SKUs that a product never had.
    fn stock_new(&mut self, product: usize, skus: &BTreeSet<&'static str>, stock: i64) {
        for sku in skus {
            let new = Stock { available: stock, put_in: stock };
            self.model.stock.entry((product, *sku)).or_insert(new);
        }
    }

    /// One or two SKUs.
    fn some_skus(&self) -> BTreeSet<&'static str> {
        [self.sku(), self.sku()].into()
    }

    /// Whether another product than this one sells one of these SKUs.
    fn are_taken(&self, product: usize, skus: &BTreeSet<&'static str>) -> bool {
        skus.iter().any(|sku| self.model.seller(sku).is_some_and(|seller| seller != product))
    }

    async fn create(&mut self) {
        let product = self.model.products.len();
        let (skus, stock, cents) = (self.some_skus(), 4 * self.units(), 100 * self.units());
        let status = if self.are_taken(product, &skus) { 409 } else { 201 };
        let answer = self.admin.post("/products", self.body(product, cents, &skus, stock)).await;
        self.expect(format!("product {product} is created with {skus:?}"), &answer, status);
        if status == 201 {
            self.stock_new(product, &skus, stock);
            let (view, stars) = (answer.body, BTreeMap::new());
            self.model.products.push(Product { view, cents, skus, stars });
        }
    }

    /// Returns the number of a product and its path; `None` if there is none.
    fn product(&self) -> Option<(usize, String)> {
        let products = self.model.products.len();
        let product = (products > 0).then(|| self.below(products))?;
        Some((product, path_of(&self.model.products[product].view)))
    }

    fn exists(&self, product: usize) -> bool {
        !self.model.products[product].skus.is_empty()
    }

    async fn relabel(&mut self) {
        let Some((product, path)) = self.product() else { return };
        let (skus, stock, cents) = (self.some_skus(), 4 * self.units(), 100 * self.units());
        let status = match () {
            () if !self.exists(product) => 404,
            () if self.are_taken(product, &skus) => 409,
            () => 200,
        };
        let answer = self.admin.put(&path, self.body(product, cents, &skus, stock)).await;
        self.expect(format!("product {product} gets {skus:?}"), &answer, status);
        if status == 200 {
            self.stock_new(product, &skus, stock);
            let product = &mut self.model.products[product];
            (product.skus, product.cents) = (skus, cents);
        }
    }

    async fn delete(&mut self) {
        let Some((product, path)) = self.product() else { return };
        let status = if self.exists(product) { 204 } else { 404 };
        let answer = self.admin.delete(&path).await;
        self.expect(format!("product {product} is deleted"), &answer, status);
        self.model.products[product].skus.clear();
    }

    async fn review(&mut self) {
        let Some((product, path)) = self.product() else { return };
        let (customer, stars) = (self.below(2), self.units());
        let path = format!("{path}/reviews");
        let (exists, body) = (self.exists(product), json!({"rating": stars}));
        let who = &self.customers[customer];
        let given = self.model.products[product].stars.get(&customer).cloned();
        let (what, answer, status) = match (given, self.below(3)) {
            (Some((review, _)), 0) => {
                let answer = who.delete(&format!("{path}/{review}")).await;
                self.model.products[product].stars.remove(&customer);
                ("takes back the review of", answer, 204)
            }
            (Some((review, _)), 1) if exists => {
                let answer = who.put(&format!("{path}/{review}"), body).await;
                self.model.products[product].stars.insert(customer, (review, stars));
                ("edits the review of", answer, 200)
            }
            (given, _) => {
                let answer = who.post(&path, body).await;
                let status = match given {
                    _ if !exists => 404,
                    Some(_) => 409,
                    None => 201,
                };
                if status == 201 && answer.status == 201 {
                    let review = (id(&answer.body).to_owned(), stars);
                    self.model.products[product].stars.insert(customer, review);
                }
                ("reviews", answer, status)
            }
        };
        self.expect(format!("customer {customer} {what} product {product}"), &answer, status);
    }

    /// Compares what is stored with the model, and the ledger with both.
    async fn compare(&mut self) {
        self.app.advance(LAG);
        assert_eq!(self.app.project_changes(&mut self.stream).await, [""; 0]);
        let (model, done) = (&self.model, &self.done);
        let mut stored = BTreeMap::new();
        for variant in self.app.items().await {
            if text_of(&variant, "type") == "variant" {
                let key = (text_of(&variant, "product_id"), text_of(&variant, "sku"));
                stored.insert(key, number(&variant, "available"));
            }
        }
        let expected = model.stock.iter().map(|(&(product, sku), stock)| {
            let id = id(&model.products[product].view).to_owned();
            ((id, sku.to_owned()), stock.available)
        });
        assert_eq!(stored, expected.collect(), "after {done:#?}");
        for (variant, Stock { available, put_in }) in &model.stock {
            assert_eq!(*put_in, available + model.taken(*variant), "{variant:?} after {done:#?}");
        }
        check_ledgers(self.app).await;
        check_orders(self.app).await;
        for (who, cart) in self.customers.iter().zip(&model.carts) {
            let stored = who.get("/cart").await.expect(200);
            let line = |line: &Value| {
                (text(&line["product_id"]), text(&line["sku"]), line["quantity"].as_i64())
            };
            let stored: BTreeSet<_> =
                stored["items"].as_array().expect("lines").iter().map(line).collect();
            let expected = cart.iter().map(|(&(product, sku), units)| {
                (id(&model.products[product].view).to_owned(), sku.to_owned(), Some(*units))
            });
            assert_eq!(stored, expected.collect(), "a cart after {done:#?}");
        }
        for order in &model.orders {
            let path = format!("/orders/{}", order.id);
            let stored = self.customers[order.customer].get(&path).await.expect(200);
            let status = match order.status {
                Status::PendingPayment => "pending_payment",
                Status::Paid => "paid",
                Status::Cancelled => "cancelled",
                Status::Expired => "expired",
            };
            assert_eq!(stored["status"], status, "{path} after {done:#?}");
        }
        for (number, product) in model.products.iter().enumerate() {
            let path = path_of(&product.view);
            let view = self.app.anonymous().get(&path).await;
            assert_eq!(view.status == 200, !product.skus.is_empty(), "{number} after {done:#?}");
            if view.status != 200 {
                continue;
            }
            assert_eq!(view.body["price"], usd(product.cents), "{number} after {done:#?}");
            let reviews = self.app.anonymous().get(&format!("{path}/reviews")).await.expect(200);
            for stars in 1..=5 {
                let given = product.stars.values().filter(|(_, given)| *given == stars).count();
                let counted = &reviews["summary"]["by_rating"][stars.to_string()];
                assert_eq!(*counted, given, "{stars} stars of {number} after {done:#?}");
            }
        }
    }
}

#[tokio::test]
async fn the_shop_does_what_its_model_does_in_any_sequence_of_operations() {
    let mut orders = 0;
    for number in 0..sequences() {
        let random = Random::seeded_by(number);
        let app = App::builder().with_every_version().without_stream().start().await;
        let stream = Stream::of_table(&app.table);
        let customers = [app.customer("ada").await, app.customer("bob").await];
        let (admin, model, done) = (app.admin().await, Model::default(), Vec::new());
        let mut sequence = Sequence { app: &app, random, stream, admin, customers, model, done };
        for _ in 0..3 {
            sequence.create().await;
        }
        for operation in 1..=OPERATIONS {
            sequence.step().await;
            if operation % QUIET == 0 {
                sequence.compare().await;
            }
        }
        orders += sequence.model.orders.len();
    }
    println!("{} sequences of {OPERATIONS} operations, {orders} orders", sequences());
}
