//! `GET /admin/orders`

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::ids::{OrderId, UserId};
use shared::domain::order::{Change, Order, OrderStatus, PaymentMethod};
use shared::domain::time::Timestamp;
use shared::domain::version::ExpectedVersion;
use shared::domain::viewer::Viewer;
use shared::services::orders;
use shared::store::transaction::Transaction;
use tests::app::App;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, id, order_of, product};

use super::path;

async fn with_guests() -> App {
    let builder = App::builder().configure(|config| {
        config.payment_methods.guests = vec![PaymentMethod::Manual];
    });
    builder.start().await
}

async fn list(admin: &Persona<'_>, query: &str) -> Value {
    admin.get(&format!("/admin/orders{query}")).await.expect(200)
}

/// The identifiers on a page.
fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("a list").iter().map(id).collect()
}

async fn email_of(who: &Persona<'_>) -> String {
    who.get("/users/me").await.expect(200)["email"].as_str().expect("an address").to_owned()
}

async fn place_as_guest(app: &App, mug: &Value, email: &str) -> Value {
    let mut body = order_of(mug, 1);
    body["email"] = email.into();
    app.anonymous().post("/orders", body).await.expect(201)
}

#[tokio::test]
async fn all_orders_are_listed_newest_first_as_their_customers_see_them_but_without_items() {
    let app = with_guests().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let mut placed = Vec::new();
    for number in 0..5 {
        app.advance(Duration::from_millis(1));
        placed.push(match number % 2 {
            0 => ada.post("/orders", order_of(&mug, 1 + number)).await.expect(201),
            _ => place_as_guest(&app, &mug, "guest@example.com").await,
        });
    }
    admin.put(&path(&placed[2]), json!({"status": "paid"})).await.expect(200);
    app.advance(Duration::from_secs(2));

    let answer = admin.get("/admin/orders").await;

    answer.expect_private();
    let all = answer.expect(200);
    let expected: Vec<_> = placed.iter().rev().map(id).collect();
    assert_eq!((ids(&all), &all["next_cursor"]), (expected, &json!(null)));
    for header in all["data"].as_array().expect("a list") {
        let mut order = admin.get(&path(header)).await.expect(200);
        let order = order.as_object_mut().expect("an order");
        for member in ["items", "shipping_address", "tracking", "history", "allowed_transitions"] {
            order.remove(member).expect("a member of an order");
        }
        assert_eq!(header.as_object(), Some(&*order));
    }
}

#[tokio::test]
async fn a_number_finds_its_order_however_it_is_spelled() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    app.advance(Duration::from_secs(2));
    let email = email_of(&ada).await;
    let number = order["number"].as_str().expect("a number");
    let spoken = number.to_lowercase().replace('-', "").replace('0', "o").replace('1', "l");
    for (query, found) in [
        (format!("?number={number}"), true),
        (format!("?number={spoken}"), true),
        (format!("?number={number}&status=pending_payment&from=2026-01-01&to=2026-01-02"), true),
        (format!("?number={number}&email={email}"), true),
        (format!("?number={number}&status=paid"), false),
        (format!("?number={number}&from=2026-01-02"), false),
        (format!("?number={number}&user_id={}", admin.user_id.expect("a user")), false),
        (format!("?number={number}&email=bob@example.com"), false),
    ] {
        let page = list(&admin, &query).await;
        let expected = if found { vec![id(&order)] } else { Vec::new() };
        assert_eq!((ids(&page), &page["next_cursor"]), (expected, &json!(null)), "{query}");
    }
    for number in ["K7QM-2F9R-4TX", "K7QM-2F9R-4TXU", "0"] {
        let answer = admin.get(&format!("/admin/orders?number={number}")).await;
        let expected = [("number".to_owned(), "invalid_order_number".to_owned())];
        assert_eq!(answer.expect_invalid(), expected);
    }
}

#[tokio::test]
async fn an_email_address_finds_the_orders_of_its_account_and_those_of_guests() {
    let app = with_guests().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let email = email_of(&ada).await;
    let mut expected = Vec::new();
    for _ in 0..2 {
        app.advance(Duration::from_millis(1));
        expected.push(ada.post("/orders", order_of(&mug, 1)).await.expect(201));
        app.advance(Duration::from_millis(1));
        expected.push(place_as_guest(&app, &mug, &email).await);
        place_as_guest(&app, &mug, "eve@example.com").await;
    }
    expected.reverse();
    app.advance(Duration::from_secs(2));

    let upper = email.to_uppercase();
    let found = list(&admin, &format!("?email={upper}")).await;

    assert_eq!(ids(&found), expected.iter().map(id).collect::<Vec<_>>());
    let by_user = list(&admin, &format!("?user_id={}", ada.user_id.expect("a user"))).await;
    assert_eq!(ids(&by_user), [id(&expected[1]), id(&expected[3])]);
    assert_eq!(ids(&list(&admin, "?email=nobody@example.com").await), [""; 0]);
}

#[tokio::test]
async fn an_invalid_filter_is_refused_by_its_name() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (query, field, code) in [
        ("status=open", "status", "unknown_value"),
        ("user_id=ada", "user_id", "invalid_id"),
        ("email=ada", "email", "invalid_email"),
        ("from=yesterday", "from", "invalid_time"),
        ("to=2026-02-30", "to", "invalid_time"),
        ("limit=0", "limit", "limit_out_of_range"),
    ] {
        let invalid = admin.get(&format!("/admin/orders?{query}")).await.expect_invalid();
        assert_eq!(invalid, [(field.to_owned(), code.to_owned())], "{query}");
    }
    let several = admin.get("/admin/orders?status=open&from=yesterday").await;
    assert_eq!(several.broken(), "from invalid_time, status unknown_value");
    let none = list(&admin, "?from=2026-01-02&to=2026-01-01").await;
    assert_eq!((ids(&none), &none["next_cursor"]), (Vec::new(), &json!(null)));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_filter() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    for _ in 0..3 {
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    }
    app.advance(Duration::from_secs(2));
    let page = list(&admin, "?limit=1").await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    list(&admin, &format!("?limit=2&cursor={cursor}")).await;
    for filter in ["status=pending_payment", "from=2020-01-01", "email=ada@example.com"] {
        let answer = admin.get(&format!("/admin/orders?{filter}&cursor={cursor}")).await;
        answer.expect_problem(400, "invalid_cursor");
    }
}

/// A shop with many orders that were written by the store, at most a millisecond apart.
struct Shop<'a> {
    app: &'a App,
    admin: Persona<'a>,
    random: Random,
    customers: Vec<UserId>,
    /// The addresses of guests, the first of whom has an account by now, and of the customers.
    emails: Vec<Email>,
    sample: Order,
    begin: i64,
    now: i64,
    /// All orders as they are.
    orders: Vec<Order>,
    /// Those that move or came while pages were read.
    moved: BTreeSet<OrderId>,
}

const STATUSES: [OrderStatus; 4] =
    [OrderStatus::PendingPayment, OrderStatus::Paid, OrderStatus::Shipped, OrderStatus::Cancelled];

impl Shop<'_> {
    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).expect("a number")
    }

    fn new_order(&mut self) -> Order {
        self.now += i64::from(self.random.percent(70));
        let mut order = self.sample.clone();
        order.id = OrderId::new(Timestamp::from_unix_millis(self.now));
        let status = STATUSES[self.below(STATUSES.len())];
        order.summary.status = status;
        order.summary.expires_at =
            order.summary.expires_at.filter(|_| status == OrderStatus::PendingPayment);
        (order.summary.user_id, order.summary.email) = match self.below(4) {
            guest @ 0..2 => (None, Some(self.emails[guest].clone())),
            customer => (Some(self.customers[customer - 2]), Some(self.emails[customer].clone())),
        };
        order
    }

    /// Writes new orders.
    async fn write(&mut self, number: usize) {
        let store = &self.app.context("place-order").store;
        let new: Vec<_> = (0..number).map(|_| self.new_order()).collect();
        for batch in new.chunks(50) {
            let mut transaction: Transaction<()> =
                Transaction::with_new_token(Timestamp::from_unix_millis(self.now));
            for order in batch {
                transaction = transaction.with(store.orders().create(order).expect("an item"));
            }
            assert!(store.transact(transaction).await.expect("a transaction").is_committed());
        }
        self.orders.extend(new);
    }

    /// Moves an unpaid order to `paid`, and writes two new ones: the newest, and one that is older
    /// than most.
    async fn change(&mut self) {
        let is_pending = |order: &Order| order.summary.status == OrderStatus::PendingPayment;
        let pending: Vec<_> =
            (0..self.orders.len()).filter(|at| is_pending(&self.orders[*at])).collect();
        let at = pending[self.below(pending.len())];
        let (ctx, id) = (self.app.context("update-order"), self.orders[at].id);
        let viewer = Viewer::user(self.customers[0], shared::domain::user::Role::Admin);
        let paid = Change::to(OrderStatus::Paid);
        let changed = orders::change(ctx, id, &viewer, &paid, &ExpectedVersion::Any).await;
        self.orders[at] = changed.expect("a paid order");
        self.moved.insert(id);
        self.write(1).await;
        let newest = self.orders.last().expect("an order").id;
        let now = std::mem::replace(&mut self.now, self.begin + 1);
        self.write(1).await;
        self.now = now;
        self.moved.extend([newest, self.orders.last().expect("an order").id]);
    }

    /// Reads all pages of a list while orders move and come, and compares them with the orders that
    /// `selects` selects.
    async fn check(&mut self, query: &str, selects: impl Fn(&Order) -> bool) -> usize {
        self.moved.clear();
        let mut expected: Vec<_> =
            self.orders.iter().filter(|order| selects(order)).map(|order| order.id).collect();
        expected.sort_by(|a, b| b.cmp(a));
        let (mut found, mut cursor, mut pages) = (Vec::<OrderId>::new(), String::new(), 0);
        loop {
            let limit = if expected.len() < 100 { 1 + self.below(3) } else { 1 + self.below(100) };
            let page = list(&self.admin, &format!("?limit={limit}{query}{cursor}")).await;
            let of_page = ids(&page);
            assert!(of_page.len() <= limit, "{query}: {} of {limit}", of_page.len());
            found.extend(of_page.into_iter().map(|id| id.parse::<OrderId>().expect("an id")));
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
            self.change().await;
        }
        assert!(found.is_sorted_by(|a, b| a > b), "{query}: newest first, and each once");
        let stays = |id: &OrderId| !self.moved.contains(id);
        found.retain(stays);
        expected.retain(stays);
        assert_eq!(found, expected, "{query}");
        pages
    }
}

#[tokio::test]
async fn every_order_that_stays_is_listed_once_by_every_filter_while_others_move_and_come() {
    let app = App::start().await;
    let (admin, ada, bob) =
        (app.admin().await, app.customer("ada").await, app.customer("bob").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let placed = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let ctx = app.context("place-order");
    let placed = id(&placed).parse().expect("an id");
    let sample = ctx.store.orders().find(placed).await.expect("an answer").expect("an order");
    let customers = vec![ada.user_id.expect("a user"), bob.user_id.expect("a user")];
    let (ada, bob) = (email_of(&ada).await, email_of(&bob).await);
    let emails = [ada.clone(), "guest@example.com".to_owned(), ada.clone(), bob.clone()];
    let emails = emails.map(|email| Email::parse(email).expect("an address"));
    let mut shop = Shop {
        app: &app,
        admin,
        random: Random::seeded(),
        customers: customers.clone(),
        emails: emails.to_vec(),
        begin: ctx.now().unix_millis(),
        now: ctx.now().unix_millis(),
        orders: vec![sample.clone()],
        sample,
        moved: BTreeSet::new(),
    };
    shop.write(2000).await;
    app.advance(Duration::from_secs(2));

    let pages = shop.check("", |_| true).await;
    assert!(pages >= 20, "{pages} pages");
    for status in STATUSES {
        shop.check(&format!("&status={status}"), |order| order.summary.status == status).await;
    }
    for user in customers.clone() {
        shop.check(&format!("&user_id={user}"), |order| order.summary.user_id == Some(user)).await;
        let query = format!("&user_id={user}&status=shipped");
        shop.check(&query, |order| {
            order.summary.user_id == Some(user) && order.summary.status == OrderStatus::Shipped
        })
        .await;
    }
    let [_, guest, ..] = emails.map(Some);
    let query = format!("&email={bob}");
    shop.check(&query, |order| order.summary.user_id == Some(customers[1])).await;
    shop.check("&email=guest@example.com", |order| order.summary.email == guest).await;
    let query = format!("&user_id={}&email={ada}", customers[0]);
    shop.check(&query, |order| order.summary.user_id == Some(customers[0])).await;
    let query = format!("&user_id={}&email={bob}", customers[0]);
    shop.check(&query, |_| false).await;
    let query = format!("&email={ada}");
    shop.check(&query, |order| {
        order.summary.email.as_ref().is_some_and(|email| email.as_str() == ada)
    })
    .await;
    shop.check("&email=guest@example.com&status=cancelled", |order| {
        order.summary.email == guest && order.summary.status == OrderStatus::Cancelled
    })
    .await;
    let times: Vec<_> = [500, 520, 900].map(|at| time_of(shop.orders[at].id)).into();
    for (from, to) in [(Some(0), Some(1)), (Some(1), Some(2)), (Some(2), None), (None, Some(0))] {
        let [from, to] = [from, to].map(|at: Option<usize>| at.map(|at| times[at]));
        let mut query = String::new();
        for (name, time) in [("from", from), ("to", to)] {
            query += &time.map(|time| format!("&{name}={time}")).unwrap_or_default();
        }
        let is_within = |order: &Order| {
            let at = time_of(order.id);
            from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to)
        };
        shop.check(&query, is_within).await;
        shop.check(&format!("{query}&status=paid"), |order| {
            is_within(order) && order.summary.status == OrderStatus::Paid
        })
        .await;
    }
}

/// The time of an order, which its identifier begins with.
fn time_of(id: OrderId) -> Timestamp {
    let millis = i64::try_from(id.uuid().as_u128() >> 80).expect("48 bits");
    Timestamp::from_unix_millis(millis)
}

/// The newest orders are all in one partition, of which a page reads only a part.
#[tokio::test]
async fn a_page_ends_where_the_part_of_a_partition_ends() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let placed = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let ctx = app.context("place-order");
    let placed = id(&placed).parse().expect("an id");
    let sample = ctx.store.orders().find(placed).await.expect("an answer").expect("an order");
    let now = ctx.now().unix_millis();
    let mut expected = vec![placed];
    let mut transaction: Transaction<()> = Transaction::with_new_token(ctx.now());
    for number in 1..=60_u8 {
        let first = OrderId::first_at(Timestamp::from_unix_millis(now + i64::from(number)));
        // The last three of the first 20 random bits choose the partition.
        let partition = if number <= 10 { u128::from(number % 8) } else { 5 };
        let bits = format!("{:032x}", first.uuid().as_u128() | partition << 54);
        let parts = [&bits[..8], &bits[8..12], &bits[12..16], &bits[16..20], &bits[20..]];
        let id = format!("ord_{}", parts.join("-")).parse().expect("an id");
        let order = Order { id, ..sample.clone() };
        transaction = transaction.with(ctx.store.orders().create(&order).expect("an item"));
        expected.push(id);
    }
    assert!(ctx.store.transact(transaction).await.expect("an answer").is_committed());
    app.advance(Duration::from_secs(2));
    expected.reverse();

    let (mut found, mut cursor) = (Vec::<OrderId>::new(), String::new());
    loop {
        let page = list(&admin, &format!("?limit=20{cursor}")).await;
        found.extend(ids(&page).into_iter().map(|id| id.parse::<OrderId>().expect("an id")));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }

    assert_eq!(found, expected);
}
