//! The private key in the parameter store: created once, read by all issuers, and a clear error
//! otherwise.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use local::parameters::Parameters;
use local::serve::RunningServer;
use serde_json::{Value, json};
use shared::Error;
use shared::auth::private_key::PrivateKey;
use shared::config::Aws;
use shared::http::Event;
use shared::store::deadline::within;
use tests::app::App;
use tests::parameters::{Fate, FaultyParameters};

/// What a request may take.
const REQUEST: Duration = Duration::from_millis(2_800);

const PARAMETER: &str = "/bodega/signing-key";

fn parameter_store() -> RunningServer {
    Parameters::in_memory().serve(0).expect("the parameter store starts")
}

async fn load_or_create(address: SocketAddr) -> Result<PrivateKey, Error> {
    let aws = Aws {
        region: "us-east-1".to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: "test".to_owned(),
        session_token: None,
        dynamodb_endpoint: None,
        ssm_endpoint: Some(format!("http://{address}")),
        ses_endpoint: None,
    };
    PrivateKey::load_or_create(&aws, PARAMETER, now()).await
}

/// The date in the signature of a call.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// Calls the parameter store without the functions' client.
fn call(address: SocketAddr, operation: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut connection = TcpStream::connect(address).expect("a connection");
    write!(
        connection,
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         X-Amz-Target: AmazonSSM.{operation}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

/// Starts a parameter store that gives this response to every call.
fn broken_store(status: &str, body: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let mut request = [0; 8192];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    address
}

#[tokio::test]
async fn the_first_use_creates_the_key_and_the_second_reads_it() {
    let store = parameter_store();

    let first = load_or_create(store.address()).await.expect("a key");
    let second = load_or_create(store.address()).await.expect("a key");

    assert_eq!((&first.kid, &first.x), (&second.kid, &second.x));
    assert_eq!(first.pkcs8, second.pkcs8);
    let wanted = json!({"Name": PARAMETER, "WithDecryption": true});
    let parameter = call(store.address(), "GetParameter", &wanted)["Parameter"].clone();
    assert_eq!(parameter["Type"], "SecureString");
    assert_eq!(parameter["Version"], 1, "written once");
}

#[tokio::test]
async fn two_shops_have_different_keys() {
    let (one, other) = (parameter_store(), parameter_store());
    let one = load_or_create(one.address()).await.expect("a key");
    let other = load_or_create(other.address()).await.expect("a key");
    assert_ne!(one.kid, other.kid);
    assert_ne!(one.x, other.x);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_functions_that_start_at_once_agree_on_one_key() {
    let store = parameter_store();

    let keys = join_all((0..20).map(|_| load_or_create(store.address()))).await;

    let mut kids: Vec<_> = keys.into_iter().map(|key| key.expect("a key").kid).collect();
    kids.dedup();
    assert_eq!(kids.len(), 1, "{kids:?}");
}

#[tokio::test]
async fn a_stored_value_that_is_not_a_key_is_an_internal_error_and_stays() {
    for (why, value) in [
        ("a text", "hello"),
        ("another object", "{}"),
        ("no base64", r#"{"pkcs8": "!"}"#),
        ("no key", r#"{"pkcs8": "aGVsbG8="}"#),
    ] {
        let store = parameter_store();
        let broken = json!({"Name": PARAMETER, "Value": value, "Type": "SecureString"});
        call(store.address(), "PutParameter", &broken);

        let outcome = load_or_create(store.address()).await.map(|key| key.kid);

        let Err(Error::Internal { context }) = outcome else { panic!("{why}: {outcome:?}") };
        assert!(!context.contains(value), "{why}: a secret in the log: {context}");
        let wanted = json!({"Name": PARAMETER, "WithDecryption": true});
        let parameter = call(store.address(), "GetParameter", &wanted)["Parameter"].clone();
        assert_eq!(parameter["Value"], value, "{why}: overwritten");
    }
}

#[tokio::test]
async fn a_parameter_store_that_is_down_or_busy_is_unavailable() {
    let closed_port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one");
    for (why, address) in [
        ("nothing listens", closed_port),
        ("it fails", broken_store("500 Internal Server Error", "{}")),
        ("it is overloaded", broken_store("503 Service Unavailable", "")),
        ("too many calls", broken_store("400 Bad Request", r#"{"__type":"ThrottlingException"}"#)),
    ] {
        let outcome = within(Duration::from_millis(600), load_or_create(address)).await;
        let outcome = outcome.expect("in time").map(|key| key.kid);
        assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{why}: {outcome:?}");
    }
}

/// SSM gives a value 40 times a second to all functions of an account.
#[tokio::test]
async fn a_call_that_fails_is_made_again_within_the_request() {
    for fate in [Fate::Throttled, Fate::Hung, Fate::CutOff, Fate::AnswerLost] {
        let failing = if fate == Fate::Throttled { 5 } else { 1 };
        let calls = move |call| if call < failing { fate } else { Fate::Answered };
        let store = FaultyParameters::start(calls);

        let key = within(REQUEST, load_or_create(store.address())).await;

        let key = key.unwrap_or_else(|| panic!("{fate:?}: not in time")).expect("a key");
        let again = load_or_create(store.address()).await.expect("a key");
        assert_eq!(key.kid, again.kid, "{fate:?}");
    }
}

/// The value may have been put, though nobody said so.
#[tokio::test]
async fn a_key_whose_putting_was_not_answered_is_the_key() {
    for fate in [Fate::Throttled, Fate::AnswerLost] {
        let store =
            FaultyParameters::start(move |call| if call == 1 { fate } else { Fate::Answered });

        let key = within(REQUEST, load_or_create(store.address())).await;

        let key = key.expect("in time").expect("a key");
        let wanted = json!({"Name": PARAMETER, "WithDecryption": true});
        let stored = call(store.address(), "GetParameter", &wanted)["Parameter"].clone();
        let again = load_or_create(store.address()).await.expect("a key");
        assert_eq!((stored["Version"].clone(), again.kid), (json!(1), key.kid), "{fate:?}");
    }
}

/// So many calls a second, five of them at once.
fn limited_to(a_second: u32) -> impl Fn(usize) -> Fate + Send + Sync {
    let (pause, next) = (Duration::from_secs(1) / a_second, Mutex::new(Instant::now()));
    move |_| {
        let mut next = next.lock().expect("a lock");
        let now = Instant::now();
        let mine = (*next).max(now);
        if mine > now + 4 * pause {
            return Fate::Throttled;
        }
        *next = mine + pause;
        Fate::Answered
    }
}

/// They ask for as long as the request lasts, not a number of times. (A request's own 2.8 s, and
/// the 40 calls a second that SSM allows, would measure how busy the machine is.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_functions_at_once_find_the_key_within_a_request_though_few_may_ask() {
    let store = FaultyParameters::start(limited_to(5));

    let request = Duration::from_secs(60);
    let keys = (0..30).map(|_| within(request, load_or_create(store.address())));
    let keys = join_all(keys).await.into_iter();

    let kids: BTreeSet<_> = keys.map(|key| key.expect("in time").expect("a key").kid).collect();
    assert_eq!(kids.len(), 1, "{kids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_cold_functions_that_log_people_in_at_once_all_do_though_few_may_ask_for_the_key() {
    const PASSWORD: &str = "correct horse";
    let store = FaultyParameters::start(limited_to(10));
    let mut app = App::builder().without_a_key(&store.url()).limits("").start().await;
    // Few at once for each: how often somebody may try is limited.
    let emails: Vec<_> = (0..10).map(|number| format!("ada-{number}@example.com")).collect();
    for email in &emails {
        app.put_account(email, PASSWORD).await;
    }
    let mut environments = Vec::new();
    for _ in 0..30 {
        app.restart("log-in");
        environments.push(app.context("log-in"));
    }
    let route = shared::http::routes::named("log-in");
    let mut handlers = tests::app::handlers().into_iter();
    let (_, handler) = handlers.find(|(name, _)| *name == route.name).expect("a handler");
    let headers = [("content-type".to_owned(), "application/json".to_owned())].into();

    let logins = environments.into_iter().zip(emails.iter().cycle()).map(|(ctx, email)| {
        let body = json!({"email": email, "password": PASSWORD}).to_string();
        let event = app.event("POST", "/auth/login", "", &headers, Some(&body));
        let event: Event = serde_json::from_value(event).expect("an event");
        handler.respond(ctx, route, event)
    });
    let answers = join_all(logins).await;

    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200; 30]);
    assert!(store.calls() > 31, "{} calls: nobody was told to wait", store.calls());
}

#[tokio::test]
async fn a_store_that_never_answers_leaves_time_to_say_so() {
    for fate in [Fate::Throttled, Fate::Hung, Fate::CutOff] {
        let store = FaultyParameters::start(move |_| fate);

        let outcome = within(REQUEST, load_or_create(store.address())).await;

        let outcome = outcome.unwrap_or_else(|| panic!("{fate:?}: not in time"));
        let Err(Error::Unavailable { context }) = outcome else { panic!("{fate:?}: {outcome:?}") };
        assert!(context.contains("GetParameter"), "{fate:?}: {context}");
        let most = if fate == Fate::Throttled { 40 } else { 4 };
        assert!((2..=most).contains(&store.calls()), "{fate:?}: {} calls", store.calls());
    }
}

#[tokio::test]
async fn a_missing_permission_is_an_internal_error() {
    let denied = broken_store("400 Bad Request", r#"{"__type":"AccessDeniedException"}"#);
    let outcome = load_or_create(denied).await.map(|key| key.kid);
    let Err(Error::Internal { context }) = outcome else { panic!("{outcome:?}") };
    assert!(context.contains("AccessDeniedException"), "{context}");
}
