//! What clients see of one order and its stock while they change both at once is what they would see if
//! their requests had been carried out one after the other, each at some moment between its request and its
//! response: the histories are linearizable
//! (Herlihy and Wing, <https://doi.org/10.1145/78969.78972>).
//!
//! The check tries every order of the requests that fits their times (Wing and Gong,
//! <https://doi.org/10.1006/jpdc.1993.1015>). A request without a clear response may have been carried out
//! at any moment after it was sent, until the end, or not at all.
//!
//! `HISTORIES=500 cargo test -p tests --test api linearizable` checks as many histories.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use shared::domain::order::PaymentMethod;
use tests::answer::{Answer, persist};
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{id, usd};

/// The most requests of a history.
const REQUESTS: u64 = 12;

/// The units in stock, and those of the order, at the beginning.
const STOCK: i64 = 6;
const ORDERED: i64 = 2;

/// A request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Request {
    /// The customer cancels the order.
    Cancel,
    /// An admin records its payment.
    Pay,
    /// A guest buys so many units.
    Buy(i64),
    /// An admin adds so many units, or removes some.
    Adjust(i64),
    /// An admin sets the number of units.
    Set(i64),
    /// An admin reads it.
    ReadStock,
    /// The customer reads the state of the order.
    ReadOrder,
}

/// What a client learns from a response.
#[derive(Debug, Clone, PartialEq)]
enum Response {
    /// It was carried out.
    Done,
    /// It was carried out, and so many units are left.
    Left(i64),
    /// It was refused, because only so many units are left.
    OutOfStock(i64),
    /// It was refused, because the order can't be changed so any more.
    Refused,
    /// The state of the order.
    Is(String),
    /// Nothing: it may have been carried out, may still be, or never is.
    Unknown,
}

/// A request, when it was sent and answered, and the response.
#[derive(Debug, Clone)]
struct Event {
    request: Request,
    response: Response,
    sent: u64,
    answered: u64,
}

/// What the requests are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    stock: i64,
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Order {
    PendingPayment,
    Paid,
    Cancelled,
}

impl Order {
    const fn name(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }
}

impl State {
    /// Returns the state after a request, and its response, if nothing else happens meanwhile.
    fn after(mut self, request: Request) -> (Self, Response) {
        let response = match (request, self.order) {
            (Request::Cancel, Order::PendingPayment) => {
                self.stock += ORDERED;
                self.order = Order::Cancelled;
                Response::Done
            }
            (Request::Cancel, Order::Cancelled) | (Request::Pay, Order::Paid) => Response::Done,
            (Request::Cancel, Order::Paid) | (Request::Pay, Order::Cancelled) => Response::Refused,
            (Request::Pay, Order::PendingPayment) => {
                self.order = Order::Paid;
                Response::Done
            }
            (Request::Buy(units), _) if units > self.stock => Response::OutOfStock(self.stock),
            (Request::Buy(units), _) => {
                self.stock -= units;
                Response::Done
            }
            (Request::Adjust(units), _) if self.stock + units < 0 => {
                Response::OutOfStock(self.stock)
            }
            (Request::Adjust(units), _) => {
                self.stock += units;
                Response::Left(self.stock)
            }
            (Request::Set(units), _) => {
                self.stock = units;
                Response::Left(units)
            }
            (Request::ReadStock, _) => Response::Left(self.stock),
            (Request::ReadOrder, order) => Response::Is(order.name().to_owned()),
        };
        (self, response)
    }
}

/// Whether there is an order of the events, which fits their times, in which each has the response that it
/// got, and that ends in `end`.
fn is_linearizable(events: &[Event], end: State) -> bool {
    let begin = State { stock: STOCK, order: Order::PendingPayment };
    let mut seen = HashSet::new();
    let mut open = vec![(0_u32, begin)];
    while let Some((done, state)) = open.pop() {
        if !seen.insert((done, state)) {
            continue;
        }
        let is_left = |index: usize| done & (1 << index) == 0;
        let left = || (0..events.len()).filter(|index| is_left(*index));
        let must_follow = |event: &Event| event.response != Response::Unknown;
        if state == end && !left().any(|index| must_follow(&events[index])) {
            return true;
        }
        // An event can be next unless another one that is left was answered before it was sent.
        let first_answer = left().filter(|index| must_follow(&events[*index]));
        let first_answer = first_answer.map(|index| events[index].answered).min();
        for index in left() {
            let event = &events[index];
            if first_answer.is_some_and(|answered| answered < event.sent) {
                continue;
            }
            let (after, response) = state.after(event.request);
            if response == event.response || event.response == Response::Unknown {
                open.push((done | 1 << index, after));
            }
        }
    }
    false
}

/// What a response says.
fn read(request: Request, answer: &Answer) -> Response {
    let number = |member: &str| answer.body[member].as_i64().expect("a number");
    let text = |member: &str| answer.body[member].as_str().unwrap_or_default().to_owned();
    match (answer.status, request) {
        (200 | 201, Request::ReadOrder) => Response::Is(text("status")),
        (200 | 201, Request::ReadStock | Request::Set(_)) => Response::Left(number("available")),
        (200 | 201, Request::Adjust(_)) => Response::Left(number("available_after")),
        (200 | 201, Request::Cancel | Request::Pay | Request::Buy(_)) => Response::Done,
        (409, Request::Buy(_)) => {
            let line = &answer.body["lines"][0];
            Response::OutOfStock(line["available"].as_i64().expect("a number"))
        }
        (409, Request::Adjust(_)) => Response::OutOfStock(number("available")),
        (409, _) => Response::Refused,
        (500.., _) => Response::Unknown,
        _ => panic!("{request:?}: {answer:?}"),
    }
}

/// One order and its SKU, and who changes them.
struct Subject<'a> {
    app: &'a App,
    admin: &'a Persona<'a>,
    ada: Persona<'a>,
    sku: String,
    path: String,
}

impl<'a> Subject<'a> {
    async fn create(app: &'a App, admin: &'a Persona<'a>, number: u64) -> Self {
        let sku = format!("SKU-{number}");
        let variants = json!([{"sku": sku, "stock": STOCK + ORDERED}]);
        let body = json!({"name": sku, "price": usd(500), "variants": variants});
        persist(|| admin.post("/products", body.clone())).await;
        let ada = app.customer(&format!("ada-{number}")).await;
        let order = json!({"items": [{"sku": sku, "quantity": ORDERED}]});
        let place = || {
            let call = ada.call("POST", "/orders").header("idempotency-key", "order");
            call.json(&order).send()
        };
        let order = persist(place).await.expect(201);
        let path = format!("/orders/{}", id(&order));
        Self { app, admin, ada, sku, path }
    }

    async fn send(&self, request: Request) -> Answer {
        let stock = format!("/inventory/{}", self.sku);
        match request {
            Request::Cancel => self.ada.delete(&self.path).await,
            Request::Pay => self.admin.put(&self.path, json!({"status": "paid"})).await,
            Request::Buy(units) => {
                let items = json!([{"sku": self.sku, "quantity": units}]);
                let body = json!({"email": "guest@example.com", "items": items});
                self.app.anonymous().post("/orders", body).await
            }
            Request::Adjust(units) => {
                let body = json!({"delta": units, "reason": "Counted"});
                self.admin.post(&format!("{stock}/adjustments"), body).await
            }
            Request::Set(units) => {
                let call = self.admin.call("PUT", &stock).header("if-match", "*");
                call.json(&json!({"available": units})).send().await
            }
            Request::ReadStock => self.admin.get(&stock).await,
            Request::ReadOrder => self.ada.get(&self.path).await,
        }
    }

    /// Returns the state that is stored.
    async fn state(&self) -> State {
        let stock = persist(|| self.send(Request::ReadStock)).await.expect(200);
        let order = persist(|| self.send(Request::ReadOrder)).await.expect(200);
        let all = [Order::PendingPayment, Order::Paid, Order::Cancelled];
        let status = order["status"].as_str().expect("a status");
        let order = all.into_iter().find(|it| it.name() == status).expect("one of these");
        State { stock: stock["available"].as_i64().expect("a number"), order }
    }
}

fn any_request(random: &Random) -> Request {
    let units = 1 + random.below(4) as i64;
    match random.below(9) {
        0 | 1 => Request::Cancel,
        2 => Request::Pay,
        3 | 4 => Request::Buy(units),
        5 => Request::Adjust(if random.percent(50) { units } else { -units }),
        6 => Request::Set(units),
        7 => Request::ReadStock,
        _ => Request::ReadOrder,
    }
}

#[expect(clippy::disallowed_methods, reason = "says how many histories, not a setting")]
fn histories() -> u64 {
    std::env::var("HISTORIES").map_or(12, |histories| histories.parse().expect("a number"))
}

#[tokio::test]
async fn concurrent_changes_of_an_order_and_its_stock_are_linearizable() {
    let random = Random::seeded();
    let builder = App::builder().faults(Faults::mixed(Random::seeded_by(1)));
    let app =
        builder.configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual]);
    let app = app.start().await;
    let admin = app.admin().await;
    let clock = AtomicU64::new(0);
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let mut unknown = 0;
    for number in 0..histories() {
        let subject = Subject::create(&app, &admin, number).await;
        let clients = 2 + random.below(4);
        let requests = (0..clients).map(|_| {
            let requests = (0..REQUESTS / clients).map(|_| any_request(&random));
            requests.collect::<Vec<_>>()
        });
        let clients = requests.map(async |requests| {
            let mut events = Vec::new();
            for request in requests {
                let sent = tick();
                let answer = subject.send(request).await;
                let response = read(request, &answer);
                events.push(Event { request, response, sent, answered: tick() });
            }
            events
        });

        let events: Vec<_> = join_all(clients).await.into_iter().flatten().collect();

        let end = subject.state().await;
        unknown += events.iter().filter(|event| event.response == Response::Unknown).count();
        assert!(is_linearizable(&events, end), "history {number} ends in {end:?}: {events:#?}");
    }
    println!("{} histories, {unknown} requests without a clear response", histories());
}

/// Events that follow each other, each with its response.
fn one_after_the_other(events: &[(Request, Response)]) -> Vec<Event> {
    let event = |(index, (request, response)): (usize, &(Request, Response))| {
        let sent = 2 * index as u64;
        Event { request: *request, response: response.clone(), sent, answered: sent + 1 }
    };
    events.iter().enumerate().map(event).collect()
}

#[test]
fn a_history_that_no_order_of_its_requests_explains_is_found() {
    let state = |stock, order| State { stock, order };
    let (pending, cancelled) = (Order::PendingPayment, Order::Cancelled);
    let buy_and_read = |left| {
        one_after_the_other(&[
            (Request::Buy(2), Response::Done),
            (Request::ReadStock, Response::Left(left)),
        ])
    };
    assert!(is_linearizable(&buy_and_read(4), state(4, pending)));
    assert!(!is_linearizable(&buy_and_read(6), state(4, pending)), "an old number was read");
    assert!(!is_linearizable(&buy_and_read(4), state(6, pending)), "a sale was forgotten");
    let twice = one_after_the_other(&[
        (Request::Cancel, Response::Done),
        (Request::Cancel, Response::Done),
    ]);
    assert!(is_linearizable(&twice, state(8, cancelled)));
    assert!(!is_linearizable(&twice, state(10, cancelled)), "the units came back twice");
    let mut at_once = buy_and_read(6);
    at_once[1].sent = 0;
    assert!(is_linearizable(&at_once, state(4, pending)), "the read may have been first");
    let lost = one_after_the_other(&[
        (Request::Buy(6), Response::Unknown),
        (Request::ReadStock, Response::Left(6)),
    ]);
    for stock in [0, 6] {
        assert!(is_linearizable(&lost, state(stock, pending)), "it may come late, or never");
    }
    assert!(!is_linearizable(&lost, state(3, pending)));
}
