//! The gate between a function's SDK client and the database: it allows only the calls that the
//! function's policy in the template allows, counts them, and injects faults if asked to.
//!
//! Neither emulator enforces IAM, has contention, throttles or loses responses; DynamoDB does all
//! four.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::Value;
use tokio::sync::Barrier;

use crate::crash::{Crash, Fate};
use crate::guards;
use crate::policy::{Call, Policy};
use crate::random::Random;
use crate::replica::Replica;
use crate::wire::{answer_of, conflict, denial, read, read_answer, server_error, throttle, write};

/// An access to one partition, as IAM checks it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// IAM action, such as `dynamodb:GetItem`.
    pub action: String,
    /// The index, for a query of an index.
    pub index: Option<String>,
    /// The partition key.
    pub partition: String,
}

/// The counts of the calls that passed the gate.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// Requests.
    pub requests: u32,
    /// The length of the longest chain of requests, each of which began after the response to the
    /// one before.
    pub answered_depth: u32,
    /// Read units, in halves: 1 means half a unit.
    pub half_reads: u32,
    /// Write units of the table.
    pub writes: u32,
    /// Write units of the indexes.
    pub index_writes: u32,
    /// Consistent reads of a user's security item.
    pub security_reads: u32,
    /// The accesses.
    pub accesses: BTreeSet<Access>,
}

/// Faults to inject, in percent of the calls.
#[derive(Debug, Default)]
pub struct Faults {
    /// A write is rejected with `TransactionConflict`.
    pub conflicts: u64,
    /// A call is rejected because of throttling.
    pub throttles: u64,
    /// A call is carried out, but its response is lost.
    pub lost_responses: u64,
    /// The connection breaks before a call is sent.
    pub lost_requests: u64,
    /// A call is rejected with 500 `InternalServerError`.
    pub server_errors: u64,
    /// A call arrives up to 20 ms later.
    pub delays: u64,
    /// Of the reads that `stale_reads` is about, so many are stale; `None` means all.
    pub stale_percent: Option<u64>,
    /// A call gets no response.
    pub hangs: u64,
    /// Every call is denied, as without a permission.
    pub denials: bool,
    /// Calls to partitions with this prefix are always throttled.
    pub throttled_prefix: Option<&'static str>,
    /// Calls to partitions with this prefix get no response.
    pub hanging_prefix: Option<&'static str>,
    /// Eventually consistent reads return each item as it was before its last write, in jobs and in
    /// routes that are not GETs. `STALE_READS=on` does this in all tests ([`crate::stale_reads`]).
    pub stale_reads: bool,
    /// A transaction holds its items for so many milliseconds before it is carried out; others that
    /// write or check one of them meanwhile are rejected with `TransactionConflict`.
    pub holds: Option<RangeInclusive<u64>>,
    /// The items that transactions hold.
    pub held: Held,
    /// Decides which calls fail.
    pub random: Option<Random>,
    /// How often one call fails at most when it is repeated; `None` for any number.
    pub most_per_call: Option<usize>,
    /// How often each call has failed, by operation and body.
    pub failures: Mutex<HashMap<(String, String), usize>>,
}

impl Faults {
    /// How much later a call arrives.
    fn delay(&self) -> Option<Duration> {
        let random = self.random.as_ref().filter(|random| random.percent(self.delays))?;
        Some(Duration::from_millis(random.below(20)))
    }

    /// Whether this call may fail once more, and counts it.
    fn may_fail(&self, operation: &str, body: &Value) -> bool {
        let Some(most) = self.most_per_call else { return true };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = failures.entry((operation.to_owned(), body.to_string())).or_default();
        *failed += 1;
        *failed <= most
    }

    /// What a bad day has: 20 calls of a hundred fail in one way or another, and 10 each are late or
    /// read what was there a moment ago.
    pub fn mixed(random: Random) -> Self {
        Self {
            conflicts: 8,
            throttles: 4,
            lost_responses: 4,
            lost_requests: 2,
            server_errors: 2,
            delays: 10,
            stale_reads: true,
            stale_percent: Some(10),
            random: Some(random),
            ..Self::default()
        }
    }
}

type HeldItems = Arc<Mutex<HashSet<(String, String)>>>;

/// What a transaction holds, until this is dropped: also if nobody waits for its response any more.
struct Hold {
    items: Vec<(String, String)>,
    held: HeldItems,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for item in &self.items {
            held.remove(item);
        }
    }
}

/// The items that transactions hold, by partition and sort key.
#[derive(Debug)]
pub struct Held {
    items: HeldItems,
    rejected: Arc<AtomicU64>,
    random: Random,
}

impl Default for Held {
    fn default() -> Self {
        Self { items: Arc::default(), rejected: Arc::default(), random: Random::with_seed(1) }
    }
}

impl Held {
    /// Returns the number of calls that were rejected because of a held item, which goes on counting.
    pub fn rejected(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.rejected)
    }

    fn time(&self, bounds: &RangeInclusive<u64>) -> Duration {
        let (least, most) = (*bounds.start(), *bounds.end());
        Duration::from_millis(least + self.random.below(most - least + 1))
    }

    /// Holds all items; `None` if one is held already.
    fn hold(&self, items: Vec<(String, String)>) -> Option<Hold> {
        let mut held = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        if items.iter().any(|item| held.contains(item)) {
            self.rejected.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        held.extend(items.iter().cloned());
        Some(Hold { items, held: Arc::clone(&self.items) })
    }
}

/// Planned faults: the next calls of one operation fail.
#[derive(Debug, Default)]
pub struct Losses(Mutex<Option<(&'static str, Loss, usize)>>);

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The call is carried out, and its response is lost.
    OfResponse,
    /// The call never arrives.
    OfRequest,
    /// The call is rejected with `TransactionConflict`.
    ByConflict,
    /// The call is rejected because of throttling.
    ByThrottling,
}

impl Losses {
    /// Makes the next `calls` calls of an operation fail.
    pub fn of(&self, operation: &'static str, loss: Loss, calls: usize) {
        *self.lock() = Some((operation, loss, calls));
    }

    fn next(&self, operation: &str) -> Option<Loss> {
        let mut planned = self.lock();
        let (_, loss, left) = planned.as_mut().filter(|(planned, ..)| *planned == operation)?;
        *left = left.checked_sub(1)?;
        Some(*loss)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(&'static str, Loss, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plans for the next calls of all functions. In a race, the writes wait for each other, so that
/// all requests have read before the first one writes.
#[derive(Debug, Default)]
pub struct Rendezvous {
    expected: Mutex<Option<Expected>>,
    /// The calls that fail.
    pub losses: Losses,
    /// The function that crashes.
    pub crash: Crash,
}

/// An operation, how many of its calls are still to come, and where they wait.
type Expected = (&'static str, usize, Arc<Barrier>);

impl Rendezvous {
    /// Holds the next `calls` calls of an operation until all of them have been sent.
    pub fn of(&self, operation: &'static str, calls: usize) {
        *self.lock() = Some((operation, calls, Arc::new(Barrier::new(calls))));
    }

    fn next(&self, operation: &str) -> Option<Arc<Barrier>> {
        let mut expected = self.lock();
        let (_, left, barrier) = expected.as_mut().filter(|(awaited, ..)| *awaited == operation)?;
        *left = left.checked_sub(1)?;
        Some(Arc::clone(barrier))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Expected>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The gate of one function.
#[derive(Clone)]
pub struct Gate {
    inner: SharedHttpClient,
    route: &'static str,
    policy: Option<Arc<Policy>>,
    count: Arc<Mutex<Count>>,
    faults: Arc<Faults>,
    rendezvous: Arc<Rendezvous>,
    replica: Option<Arc<Replica>>,
}

impl Gate {
    /// Creates a gate in front of `inner`; without a policy it allows every call.
    pub fn new(
        inner: SharedHttpClient,
        route: &'static str,
        policy: Option<Policy>,
        faults: Arc<Faults>,
        rendezvous: Arc<Rendezvous>,
    ) -> Self {
        Self {
            inner,
            route,
            policy: policy.map(Arc::new),
            count: Arc::default(),
            faults,
            rendezvous,
            replica: None,
        }
    }

    /// Makes the replica serve eventually consistent reads.
    pub fn reading_from(self, replica: Option<Arc<Replica>>) -> Self {
        Self { replica, ..self }
    }

    /// Returns the counts since the last call.
    pub fn take_count(&self) -> Count {
        std::mem::take(&mut *self.count())
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, operation: &str, body: &Value) {
        if operation == "GetItem" && body["Key"]["sk"]["S"] == "SECURITY" {
            assert_eq!(
                body["ConsistentRead"], true,
                "{} reads the security item as it was a moment ago: a session that has ended, a \
                 role or a ban would count late",
                self.route,
            );
            self.count().security_reads += 1;
        }
        for access in accesses(operation, body) {
            if let Some(policy) = &self.policy {
                let index = access.index.as_deref();
                assert!(
                    policy.allows(&Call::on_partition(&access.action, index, &access.partition)),
                    "the policy of {} in template.yaml does not allow {access:?}",
                    self.route,
                );
            }
            self.count().accesses.insert(access);
        }
    }

    fn faults(&self, operation: &str, body: &Value) -> Kind {
        let touches = |prefix: Option<&str>| {
            let accesses = accesses(operation, body);
            prefix.is_some_and(|prefix| accesses.iter().any(|a| a.partition.starts_with(prefix)))
        };
        match self.rendezvous.losses.next(operation) {
            Some(Loss::OfResponse) => return Kind::LostAnswer,
            Some(Loss::OfRequest) => return Kind::LostRequest,
            Some(Loss::ByConflict) => return Kind::Conflict,
            Some(Loss::ByThrottling) => return Kind::Throttle,
            None => {}
        }
        if self.faults.denials {
            return Kind::Denial;
        }
        if touches(self.faults.throttled_prefix) {
            return Kind::Throttle;
        }
        if touches(self.faults.hanging_prefix) {
            return Kind::Hang;
        }
        let Some(random) = &self.faults.random else { return Kind::None };
        match self.random_fault(random, operation) {
            Kind::None => Kind::None,
            fault if self.faults.may_fail(operation, body) => fault,
            _ => Kind::None,
        }
    }

    fn random_fault(&self, random: &Random, operation: &str) -> Kind {
        if matches!(operation, "TransactWriteItems" | "UpdateItem")
            && random.percent(self.faults.conflicts)
        {
            Kind::Conflict
        } else if random.percent(self.faults.hangs) {
            Kind::Hang
        } else if random.percent(self.faults.throttles) {
            Kind::Throttle
        } else if random.percent(self.faults.lost_responses) {
            Kind::LostAnswer
        } else if random.percent(self.faults.lost_requests) {
            Kind::LostRequest
        } else if random.percent(self.faults.server_errors) {
            Kind::ServerError
        } else {
            Kind::None
        }
    }
}

#[derive(PartialEq)]
enum Kind {
    None,
    Conflict,
    Throttle,
    Denial,
    ServerError,
    LostAnswer,
    LostRequest,
    Hang,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({})", self.route)
    }
}

impl HttpClient for Gate {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { gate: self.clone(), inner })
    }
}

#[derive(Debug)]
struct Connector {
    gate: Gate,
    inner: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (operation, mut body) = read(&request);
        self.gate.check(&operation, &body);
        let is_write = !matches!(operation.as_str(), "GetItem" | "Query" | "BatchGetItem");
        let fate = match is_write {
            true => self.gate.rendezvous.crash.fate_of_write(self.gate.route),
            false => Fate::IsCarriedOut,
        };
        if fate == Fate::IsNotSent {
            return HttpConnectorFuture::new(std::future::pending());
        }
        let fault = self.gate.faults(&operation, &body);
        match fault {
            Kind::Conflict => {
                let writes = body["TransactItems"].as_array().map(Vec::len);
                return HttpConnectorFuture::ready(Ok(conflict(writes)));
            }
            Kind::Throttle => return HttpConnectorFuture::ready(Ok(throttle())),
            Kind::Denial => return HttpConnectorFuture::ready(Ok(denial())),
            Kind::ServerError => return HttpConnectorFuture::ready(Ok(server_error())),
            Kind::Hang => return HttpConnectorFuture::new(std::future::pending()),
            Kind::LostRequest => return HttpConnectorFuture::ready(Err(lost())),
            Kind::None | Kind::LostAnswer => {}
        }
        let mut hold = None;
        if let Some(bounds) = &self.gate.faults.holds {
            let (held, items) = (&self.gate.faults.held, transaction_keys(&body));
            let time = held.time(bounds);
            let Some(held) = held.hold(items) else {
                let writes = body["TransactItems"].as_array().map(Vec::len);
                return HttpConnectorFuture::ready(Ok(conflict(writes)));
            };
            hold = Some((time, held));
        }
        guards::pass(self.gate.route, &operation, &mut body);
        body["ReturnConsumedCapacity"] = "INDEXES".into();
        write(&mut request, &body);
        let stale = self.gate.stale_read(&operation, &body, &request);

        let depth = {
            let mut count = self.gate.count();
            count.requests += 1;
            count.answered_depth + 1
        };
        let barrier = self.gate.rendezvous.next(&operation);
        let delay = self.gate.faults.delay();
        let (gate, inner) = (self.gate.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            if let Some(barrier) = barrier {
                barrier.wait().await;
            }
            if let Some(delay) = delay {
                tokio::time::sleep(delay).await;
            }
            if let Some((time, _)) = hold.as_ref().filter(|(_, held)| !held.items.is_empty()) {
                tokio::time::sleep(*time).await;
            }
            let answer = inner.call(request).await;
            if is_write {
                gate.rendezvous.crash.answered(gate.route, fate);
            }
            if fate == Fate::HasNoResponse {
                return std::future::pending().await;
            }
            drop(hold);
            {
                let mut count = gate.count();
                count.answered_depth = count.answered_depth.max(depth);
            }
            let mut answer = answer?;
            let body = read_answer(&mut answer).await?;
            gate.count_capacity(is_write, &body);
            if let Some((replica, request)) = stale.filter(|_| answer.status().is_success()) {
                replica.catch_up_with_old_writes().await;
                let mut stale = inner.call(request).await?;
                assert!(
                    stale.status().is_success(),
                    "the replica's read succeeds like the table's"
                );
                let stale = read_answer(&mut stale).await?;
                answer = answer_of(200, &replica.answer(&body, stale));
            }
            if fault == Kind::LostAnswer {
                return Err(lost());
            }
            Ok(answer)
        })
    }
}

impl Gate {
    /// Returns the request to the replica that replaces this one, if it is an eventually consistent
    /// read.
    fn stale_read(
        &self,
        operation: &str,
        body: &Value,
        request: &HttpRequest,
    ) -> Option<(Arc<Replica>, HttpRequest)> {
        let replica = self.replica.as_ref()?;
        let body = replica.read(operation, body)?;
        if let (Some(percent), Some(random)) = (self.faults.stale_percent, &self.faults.random)
            && !random.percent(percent)
        {
            return None;
        }
        let mut request = request.try_clone().expect("a body that is in memory");
        write(&mut request, &body);
        Some((Arc::clone(replica), request))
    }

    /// Adds the consumed capacity in a response to the counts.
    fn count_capacity(&self, is_write: bool, answer: &Value) {
        let consumed = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.clone(),
            Value::Object(_) => vec![answer["ConsumedCapacity"].clone()],
            _ => vec![],
        };
        let mut count = self.count();
        for capacity in consumed {
            count.add(&capacity, is_write);
        }
    }
}

impl Count {
    fn add(&mut self, capacity: &Value, is_write: bool) {
        let indexes = capacity["GlobalSecondaryIndexes"].as_object();
        let index_units: u32 = indexes
            .into_iter()
            .flatten()
            .map(|(_, index)| half_units(&index["CapacityUnits"]))
            .sum();
        let units = half_units(&capacity["CapacityUnits"]);
        if is_write {
            self.writes += (units - index_units) / 2;
            self.index_writes += index_units / 2;
        } else {
            self.half_reads += units;
        }
    }
}

/// Returns capacity in halves: `1.5` is 3.
fn half_units(units: &Value) -> u32 {
    let text = units.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    whole.parse::<u32>().unwrap_or(0) * 2 + u32::from(fraction.starts_with('5'))
}

/// Returns every partition that a call accesses, with the action that IAM checks.
fn accesses(operation: &str, body: &Value) -> Vec<Access> {
    let access = |action: &str, key: &Value| Access {
        action: format!("dynamodb:{action}"),
        index: None,
        partition: key["pk"]["S"].as_str().unwrap_or_default().to_owned(),
    };
    match operation {
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![access(operation, &body["Key"])],
        "PutItem" => vec![access(operation, &body["Item"])],
        "Query" => {
            let values = body["ExpressionAttributeValues"].as_object();
            let partition = values
                .and_then(|values| values.get(":pk").or_else(|| values.get(":partition")))
                .and_then(|value| value["S"].as_str());
            vec![Access {
                action: "dynamodb:Query".to_owned(),
                index: body["IndexName"].as_str().map(str::to_owned),
                partition: partition.unwrap_or_default().to_owned(),
            }]
        }
        "BatchGetItem" => body["RequestItems"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(_, table)| table["Keys"].as_array().into_iter().flatten())
            .map(|key| access(operation, key))
            .collect(),
        "TransactWriteItems" => body["TransactItems"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_object()?.iter().next())
            .map(|(kind, write)| match kind.as_str() {
                "Put" => access("PutItem", &write["Item"]),
                "Update" => access("UpdateItem", &write["Key"]),
                "Delete" => access("DeleteItem", &write["Key"]),
                _ => access("ConditionCheckItem", &write["Key"]),
            })
            .collect(),
        _ => panic!("no route may call {operation}"),
    }
}

/// Returns the keys of the items that a transaction writes or checks; none for other calls.
fn transaction_keys(body: &Value) -> Vec<(String, String)> {
    let writes = body["TransactItems"].as_array().into_iter().flatten();
    let writes = writes.filter_map(|item| item.as_object()?.values().next());
    let keys =
        writes.map(|write| if write["Key"].is_null() { &write["Item"] } else { &write["Key"] });
    let text = |key: &Value, name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
    keys.map(|key| (text(key, "pk"), text(key, "sk"))).collect()
}

fn lost() -> ConnectorError {
    ConnectorError::timeout("no answer".into())
}
