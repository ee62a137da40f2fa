//! The whole API in one process, with a table of its own.
//!
//! Requests arrive as API Gateway events and go through the code that runs a deployed function
//! (`shared::lambda`) to the real handlers. Each route has a context of its own, like each function
//! in the cloud, and a [`Gate`] with the route's own policy.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use lambda_http::http::Method;
use local::pump::Mapping;
use serde_json::{Value, json};
use shared::auth::issuer::{self, Issuer};
use shared::auth::private_key::PrivateKey;
use shared::config::{Aws, Config, MailSettings, Timeouts};
use shared::context::{Clock, Ctx};
use shared::domain::email::Email;
use shared::domain::links::Links;
use shared::domain::money::Currency;
use shared::domain::payment_methods::PaymentMethods;
use shared::domain::rate_limit::RateLimits;
use shared::domain::review::ModerationMode;
use shared::domain::search_language::SearchLanguage;
use shared::domain::text::Label;
use shared::http::routes::{self, Route};
use shared::jobs::{self, Job};
use shared::lambda::{Handler, JobHandler};
use shared::store::Store;
use tokio::sync::Mutex;

use crate::answer::Answer;
use crate::bad_day;
use crate::contract::{check, coverage};
use crate::crash::Moment;
use crate::gate::{Count, Faults, Gate, Loss, Rendezvous};
use crate::mailbox::Mailbox;
use crate::replica::Replica;
use crate::stale_reads::StaleReads;
use crate::stream::{self, Stream};
use crate::{database, policy};

/// The value of `ADMIN_EMAIL`: the first admin, once the email is verified.
pub const FIRST_ADMIN: &str = "operator@example.com";

/// 2026-01-01T00:00:00Z in milliseconds, the time at which every test begins.
const BEGINNING: i64 = 1_767_225_600_000;

/// The API with its database, clock and mailbox.
pub struct App {
    functions: HashMap<&'static str, Function>,
    jobs: HashMap<&'static str, JobFunction>,
    /// A context without a policy, for what tests set up and check.
    pub unrestricted: &'static Ctx,
    /// A client of the table, for changes that no route makes.
    pub client: aws_sdk_dynamodb::Client,
    /// The table's name.
    pub table: String,
    /// Receives the shop's mail.
    pub mailbox: Mailbox,
    rendezvous: Arc<Rendezvous>,
    stream: Option<Mutex<Stream>>,
    clock: Arc<AtomicI64>,
    requests: AtomicU32,
}

struct Function {
    route: &'static Route,
    handler: Handler,
    ctx: &'static Ctx,
    gate: Gate,
}

struct JobFunction {
    job: &'static Job,
    handler: JobHandler,
    ctx: &'static Ctx,
    gate: Gate,
}

impl App {
    /// Starts an empty shop without rate limits.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Returns a builder for a shop with faults, rate limits or other settings.
    pub fn builder() -> AppBuilder {
        let config = config(&database::new_table_name(), generous_timeouts());
        AppBuilder {
            config,
            faults: None,
            has_key: true,
            has_stream: true,
            has_every_version: false,
        }
    }

    /// Makes the next `transactions` transactions race: none is carried out before all have been
    /// sent.
    pub fn race(&self, transactions: usize) {
        self.rendezvous.of("TransactWriteItems", transactions);
    }

    /// Makes the next `updates` updates of single items race, like [`App::race`].
    pub fn race_updates(&self, updates: usize) {
        self.rendezvous.of("UpdateItem", updates);
    }

    /// Loses the next `transactions` transactions of all functions.
    pub fn lose(&self, loss: Loss, transactions: usize) {
        self.rendezvous.losses.of("TransactWriteItems", loss, transactions);
    }

    /// Loses the next `updates` updates of single items.
    pub fn lose_updates(&self, loss: Loss, updates: usize) {
        self.rendezvous.losses.of("UpdateItem", loss, updates);
    }

    /// Makes the next `puts` puts of single items race.
    pub fn race_puts(&self, puts: usize) {
        self.rendezvous.of("PutItem", puts);
    }

    /// Lets the next `puts` puts of single items be lost like this.
    pub fn lose_puts(&self, loss: Loss, puts: usize) {
        self.rendezvous.losses.of("PutItem", loss, puts);
    }

    /// Throttles the next `reads` reads of single items.
    pub fn throttle_reads(&self, reads: usize) {
        self.rendezvous.losses.of("GetItem", Loss::ByThrottling, reads);
    }

    /// Runs the work of a function until it has written `writes` times, and then drops it, as a crash
    /// before the next write does. Returns what the work returned if it ended before.
    pub async fn crash_after<T>(
        &self,
        function: &'static str,
        writes: usize,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        self.crash_at(function, writes, Moment::BeforeSending, work).await
    }

    /// Runs the work of a function until the write after so many, and drops it at that moment. Returns
    /// what the work returned if it ended before.
    pub async fn crash_at<T>(
        &self,
        function: &'static str,
        writes: usize,
        moment: Moment,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        self.rendezvous.crash.at(function, writes, moment);
        self.rendezvous.crash.until(work).await
    }

    /// Advances the shop's clock.
    pub fn advance(&self, by: std::time::Duration) {
        let millis = i64::try_from(by.as_millis()).expect("a duration that fits");
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    /// Returns the names of the served routes.
    pub fn routes(&self) -> impl Iterator<Item = &'static str> {
        self.functions.keys().copied()
    }

    /// Starts every function as it starts in the cloud: it reads the public keys. The counts
    /// exclude this read.
    pub async fn warm_up(&self) {
        self.warm_up_and_count().await;
        for function in self.functions.values() {
            function.gate.take_count();
        }
    }

    /// Like [`App::warm_up`], but the counts include the read.
    pub async fn warm_up_and_count(&self) {
        for function in self.functions.values().filter(|function| function.route.uses_database) {
            let ctx = function.ctx;
            ctx.verifier.load_keys(&ctx.store, ctx.now()).await.expect("keys");
        }
    }

    /// Returns a function's context, with the function's gate.
    pub fn context(&self, function: &str) -> &'static Ctx {
        let job = || self.jobs[function].ctx;
        self.functions.get(function).map_or_else(job, |function| function.ctx)
    }

    /// Returns a function's DynamoDB client, with the function's gate.
    pub fn client_of(&self, function: &str) -> aws_sdk_dynamodb::Client {
        let config = self.client.config().to_builder().http_client(self.gate(function).clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Ends a function's environment: the next request finds new, empty caches.
    pub fn restart(&mut self, route: &str) {
        let function = self.functions.get_mut(route).expect("a route");
        let network = SharedHttpClient::new(function.gate.clone());
        let config = &function.ctx.config;
        function.ctx = context(config, network, Issuer::default(), &self.clock, &self.mailbox);
    }

    /// Returns a function's counts since the last call.
    pub fn take_count(&self, function: &str) -> Count {
        self.gate(function).take_count()
    }

    /// Returns the names of the functions without a route.
    pub fn jobs(&self) -> impl Iterator<Item = &'static str> {
        self.jobs.keys().copied()
    }

    /// Runs one event of a function without a route; `None` if it fails.
    pub async fn run_job(&self, name: &str, event: Value) -> Option<Value> {
        let JobFunction { job, handler, ctx, .. } = &self.jobs[name];
        handler.respond(ctx, job, event).await
    }

    /// Handles one request, given as API Gateway's event.
    pub async fn handle(&self, event: Value) -> Answer {
        let method = event["requestContext"]["http"]["method"].as_str().unwrap_or_default();
        let function = self.function(method, event["rawPath"].as_str().unwrap_or_default());
        self.carry_out(function, event).await
    }

    /// Handles one request by the named function, whichever route the request matches.
    pub async fn handle_as(&self, name: &str, event: Value) -> Answer {
        self.carry_out(&self.functions[name], event).await
    }

    async fn carry_out(&self, function: &Function, event: Value) -> Answer {
        let is_projected =
            function.route.loads_catalogue || PROJECTED.contains(&function.route.name);
        if let Some(stream) = self.stream.as_ref().filter(|_| is_projected) {
            self.project_changes(&mut *stream.lock().await).await;
        }
        let read = serde_json::from_value(event.clone()).expect("an event");
        let answer = function.handler.respond(function.ctx, function.route, read).await;
        let answer = Answer {
            status: answer.status.as_u16(),
            headers: answer
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
                .collect(),
            body: answer.body.as_deref().map_or(Value::Null, |body| {
                match answer.headers.get("content-type") {
                    Some(text) if text.as_bytes().starts_with(b"text/") => body.into(),
                    _ => serde_json::from_str(body).expect("every other body is JSON"),
                }
            }),
            text: answer.body.unwrap_or_default(),
        };
        let path = event["rawPath"].as_str().unwrap_or_default();
        check::check(function.route, path, &event, &answer);
        answer
    }

    /// Builds API Gateway's event for a request.
    pub fn event(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &HashMap<String, String>,
        body: Option<&str>,
    ) -> Value {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let parameters = routes::find(method, path).parameters(path);
        let parameters: Option<HashMap<_, _>> = parameters.map(|them| them.into_iter().collect());
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "pathParameters": parameters,
            "requestContext": {
                "requestId": format!("req-{number}"),
                "stage": "$default",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": "tests",
                },
            },
            "body": body,
            "isBase64Encoded": false,
        })
    }

    /// Returns the stream's records of the changes to the table since the last call.
    pub async fn records(&self, stream: &mut Stream) -> Vec<Value> {
        match stream.next().await {
            Some(records) => records,
            None => stream.changes(self.contents().await),
        }
    }

    /// Sends the changes of the table since the last call to `project-changes`; returns the sequence
    /// numbers of the records to retry.
    pub async fn project_changes(&self, stream: &mut Stream) -> Vec<String> {
        let mut records = self.records(stream).await;
        let mappings = Mapping::all(database::template()).expect("mappings");
        let mapping = mappings.iter().find(|mapping| mapping.function == "project-changes");
        let mapping = mapping.expect("the stream starts it");
        records.retain(|record| mapping.delivers(record));
        // As the stream does: a batch comes again if the function fails.
        for _ in 0..5 {
            let event = json!({"Records": records});
            if let Some(answer) = self.run_job("project-changes", event).await {
                return stream::failures(&answer);
            }
        }
        panic!("project-changes never succeeds");
    }

    /// Returns every item of the table.
    pub async fn items(&self) -> Vec<HashMap<String, aws_sdk_dynamodb::types::AttributeValue>> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            #[expect(clippy::disallowed_methods, reason = "a test may read everything")]
            let scan = self.client.scan().table_name(&self.table).consistent_read(true);
            let answer = scan.set_exclusive_start_key(start).send().await.expect("a scan");
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return items;
            }
        }
    }

    /// Returns every item by its key: equal before and after if nothing was written.
    pub async fn contents(&self) -> BTreeMap<String, HashMap<String, AttributeValue>> {
        let text = |value: Option<&AttributeValue>| {
            value.and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
        };
        let key = |item: &HashMap<String, AttributeValue>| {
            format!("{} {}", text(item.get("pk")), text(item.get("sk")))
        };
        self.items().await.into_iter().map(|item| (key(&item), item)).collect()
    }

    fn gate(&self, function: &str) -> &Gate {
        let job = || &self.jobs[function].gate;
        self.functions.get(function).map_or_else(job, |function| &function.gate)
    }

    fn function(&self, method: &str, path: &str) -> &Function {
        &self.functions[routes::find(method, path).name]
    }
}

impl Drop for App {
    fn drop(&mut self) {
        coverage::record_checks();
    }
}

/// The settings of a shop to start. The defaults are no faults, no rate limits (in most tests all
/// users call from one IP address) and long timeouts.
pub struct AppBuilder {
    config: Config,
    /// `None` for those of the run.
    faults: Option<Faults>,
    has_key: bool,
    has_stream: bool,
    has_every_version: bool,
}

impl AppBuilder {
    /// Gives the table a real stream, which has every version of an item. Writes get slower with the
    /// number of its records.
    #[must_use]
    pub fn with_every_version(self) -> Self {
        Self { has_every_version: true, ..self }
    }

    /// Leaves the stream to the test. Else `project-changes` gets all changes before each request
    /// that reads the catalogue, the list of low stock or movements.
    #[must_use]
    pub fn without_stream(self) -> Self {
        Self { has_stream: false, ..self }
    }

    /// Injects these faults into the database. They would hit the delivery of the stream as well, so
    /// the test does that itself.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults: Some(faults), ..self }.without_stream()
    }

    /// Sets the default rate limits with these changes, in the form of the setting `RATE_LIMITS`.
    #[must_use]
    pub fn limits(self, changes: &str) -> Self {
        let limits = RateLimits::parse(changes).expect("limits");
        self.configure(|config| config.rate_limits = limits)
    }

    /// Sets the timeouts and rate limits of a deployed shop.
    #[must_use]
    pub fn as_deployed(self) -> Self {
        self.limits("").configure(|config| config.timeouts = Timeouts::default())
    }

    /// Starts without a private key: the first login creates it, and stores it in the parameter
    /// store at this URL.
    #[must_use]
    pub fn without_a_key(self, parameters: &str) -> Self {
        let configured = self.configure(|config| {
            config.token_key_parameter = Some("/shop/token-key".to_owned());
            config.aws.ssm_endpoint = Some(parameters.to_owned());
        });
        Self { has_key: false, ..configured }
    }

    /// Changes the settings.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts the shop, with its own table.
    pub async fn start(self) -> App {
        let Self { config, faults, has_key, has_stream, has_every_version } = self;
        let faults = faults.or_else(bad_day::faults_of_this_test).unwrap_or_default();
        let (table, clock) = (config.table.clone(), Arc::new(AtomicI64::new(BEGINNING)));
        let lags = faults.stale_reads || StaleReads::of_run().in_this_test();
        let (client, network, replica) = connect(&config, &clock, lags).await;

        let key = PrivateKey::generate().expect("a key");
        let mailbox = Mailbox::default();
        let issuer = Issuer::with_key(key.clone());
        let unrestricted = context(&config, network.clone(), issuer, &clock, &mailbox);
        issuer::publish(&key, &unrestricted.store, unrestricted.now()).await.expect("published");
        if let Some(replica) = &replica {
            replica.catch_up().await;
        }
        let (faults, rendezvous) = (Arc::new(faults), Arc::new(Rendezvous::default()));
        let mut policies = policy::policies(|condition| holds(condition, &config));
        let mut behind_a_gate = |name, lags: bool| {
            let (faults, rendezvous) = (faults.clone(), rendezvous.clone());
            let gate = Gate::new(network.clone(), name, policies.remove(name), faults, rendezvous);
            let gate = gate.reading_from(replica.clone().filter(|_| lags));
            let issuer = if has_key { Issuer::with_key(key.clone()) } else { Issuer::default() };
            let network = SharedHttpClient::new(gate.clone());
            (context(&config, network, issuer, &clock, &mailbox), gate)
        };
        let functions = handlers().into_iter().map(|(name, handler)| {
            let route = routes::named(name);
            let (ctx, gate) = behind_a_gate(name, route.method != Some(Method::GET));
            (name, Function { route, handler, ctx, gate })
        });
        let functions = functions.collect();
        let jobs = job_handlers().into_iter().map(|(name, handler)| {
            let (ctx, gate) = behind_a_gate(name, true);
            (name, JobFunction { job: jobs::named(name), handler, ctx, gate })
        });
        let jobs = jobs.collect();
        let requests = AtomicU32::new(0);
        let stream = if has_every_version {
            database::add_stream(&client, &table).await;
            Stream::of_table(&table)
        } else {
            Stream::default()
        };
        let stream = has_stream.then(|| Mutex::new(stream));
        App {
            functions,
            jobs,
            unrestricted,
            client,
            table,
            mailbox,
            rendezvous,
            stream,
            clock,
            requests,
        }
    }
}

/// Whether a condition of the template holds in a stack with this configuration.
fn holds(condition: &str, config: &Config) -> bool {
    match condition {
        "MakesAccountsAtOnce" => !config.email_verification,
        "HasMailConfigurationSet" => {
            config.mail.as_ref().is_some_and(|mail| mail.configuration_set.is_some())
        }
        _ => panic!("add the template's condition {condition} to {}", file!()),
    }
}

/// Routes that show what `project-changes` writes, besides those that read the catalogue.
const PROJECTED: [&str; 2] = ["list-inventory", "list-movements"];

/// Returns the route name and handler of every route.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    [
        platform::handlers(),
        auth::handlers(),
        users::handlers(),
        catalogue::handlers(),
        cart::handlers(),
        orders::handlers(),
        inventory::handlers(),
        reviews::handlers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Returns the name and handler of every job.
pub fn job_handlers() -> Vec<(&'static str, JobHandler)> {
    [auth::jobs(), users::jobs(), catalogue::jobs(), orders::jobs(), mail::jobs()]
        .into_iter()
        .flatten()
        .collect()
}

fn config(table: &str, timeouts: Timeouts) -> Config {
    Config {
        table: table.to_owned(),
        currency: Currency::parse("USD".to_owned()).expect("a currency"),
        allowed_origins: vec!["https://shop.example".to_owned()],
        token_issuer: "https://api.shop.example".to_owned(),
        token_key_parameter: None,
        email_verification: true,
        admin_email: Email::parse(FIRST_ADMIN.to_owned()).ok(),
        payment_methods: PaymentMethods::default(),
        rate_limits: RateLimits::OFF,
        search_language: SearchLanguage::ENGLISH,
        review_moderation: ModerationMode::Auto,
        catalogue_max_age: std::time::Duration::ZERO,
        base_path: String::new(),
        mail: Some(MailSettings {
            from: Email::parse("orders@shop.example".to_owned()).expect("an address"),
            shop: Label::parse("Bodega".to_owned()).expect("a name"),
            links: Links::app("https://shop.example").expect("an address"),
            configuration_set: None,
        }),
        timeouts,
        aws: Aws {
            region: "us-east-1".to_owned(),
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
            dynamodb_endpoint: Some(database::endpoint().to_owned()),
            ssm_endpoint: None,
            ses_endpoint: None,
        },
    }
}

/// Timeouts for a busy machine: these tests check responses, not times.
fn generous_timeouts() -> Timeouts {
    let Timeouts { connect, attempt, call, request } = Timeouts::default();
    Timeouts { connect, attempt: attempt * 20, call: call * 20, request: request * 20 }
}

/// Creates a table and returns the client and network to it, and, if reads may be stale, the
/// replica that they read.
async fn connect(
    config: &Config,
    clock: &Arc<AtomicI64>,
    lags: bool,
) -> (aws_sdk_dynamodb::Client, SharedHttpClient, Option<Arc<Replica>>) {
    let network = Builder::new().build_http();
    let client = shared::aws::dynamodb::client(config, Some(network.clone()));
    database::create_table(&client, &config.table).await;
    if !lags {
        return (client, network, None);
    }
    let replica = Replica::new(client, &config.table, clock).await;
    let network = replica.recording(network);
    let client = shared::aws::dynamodb::client(config, Some(network.clone()));
    (client, network, Some(replica))
}

fn context(
    config: &Config,
    network: SharedHttpClient,
    issuer: Issuer,
    clock: &Arc<AtomicI64>,
    mailbox: &Mailbox,
) -> &'static Ctx {
    let store = Store::new(config, Some(network));
    let clock = Clock::Manual(Arc::clone(clock));
    let ctx = Ctx::with(config.clone(), store, issuer, clock);
    if config.aws.ses_endpoint.is_none() {
        ctx.mailer.set(Box::new(mailbox.clone())).expect("a new context has no mailer");
    }
    Box::leak(Box::new(ctx))
}
