//! A function that can't start: one line in its log, and Lambda hears why.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::lambda::start;
use tests::log::Log;

/// Lambda's runtime API, for one request: its address, and what it hears.
fn runtime() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let heard = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        let mut heard = String::new();
        while !heard.ends_with('}') {
            let mut bytes = [0; 1024];
            let length = connection.read(&mut bytes).expect("a request");
            assert!(length > 0, "half a request: {heard}");
            heard += std::str::from_utf8(&bytes[..length]).expect("a text");
        }
        let answer = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        connection.write_all(answer.as_bytes()).expect("an answer");
        heard
    });
    (address, heard)
}

/// An environment with these settings beyond what Lambda sets.
fn environment<'a>(
    runtime_api: &'a str,
    settings: &'a [(&str, &str)],
) -> impl Fn(&'static str) -> Option<String> + 'a {
    move |name| match name {
        "AWS_LAMBDA_RUNTIME_API" => Some(runtime_api.to_owned()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        name => settings.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()),
    }
}

#[test]
fn a_bad_setting_is_one_line_with_its_name_and_lambda_hears_of_it() {
    for (setting, settings, behind) in [
        ("TABLE_NAME", &[][..], ""),
        ("SHOP_CURRENCY", &[("TABLE_NAME", "t"), ("SHOP_CURRENCY", "dollars")], ""),
        ("RATE_LIMITS", &[("TABLE_NAME", "t"), ("RATE_LIMITS", "login=1")], "/.rt/get-health"),
    ] {
        let (address, heard) = runtime();
        let log = Log::default();
        let listening = log.listen();

        let ctx = start::context(environment(&format!("{address}{behind}"), settings));

        drop(listening);
        assert!(ctx.is_none(), "{setting}");
        let lines: Vec<Value> =
            log.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["level"], "ERROR");
        assert_eq!(lines[0]["setting"], setting);
        let problem = format!("environment variable {setting} ");
        assert!(lines[0]["problem"].as_str().expect("a text").starts_with(&problem), "{lines:?}");

        let heard = heard.join().expect("a request");
        let (head, body) = heard.split_once("\r\n\r\n").expect("a head and a body");
        let line = format!("POST {behind}/2018-06-01/runtime/init/error HTTP/1.1\r\n");
        assert!(head.starts_with(&line), "{head}");
        assert!(head.contains("lambda-runtime-function-error-type: Function.BadSetting"), "{head}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["errorType"], "Function.BadSetting");
        assert_eq!(body["errorMessage"], lines[0]["problem"]);
    }
}

#[test]
fn a_runtime_that_does_not_answer_keeps_nobody_from_ending() {
    let log = Log::default();
    let listening = log.listen();
    assert!(start::context(environment("127.0.0.1:1", &[])).is_none());
    drop(listening);
    assert_eq!(log.text().lines().count(), 2, "{}", log.text());
}

#[test]
fn a_runtime_that_hears_but_says_nothing_keeps_nobody_from_ending() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    let (ended, end) = std::sync::mpsc::channel();
    let began = Instant::now();
    std::thread::spawn(move || ended.send(start::context(environment(&address, &[])).is_none()));

    assert_eq!(end.recv_timeout(Duration::from_secs(10)), Ok(true));
    assert!(began.elapsed() > Duration::from_millis(900), "it waits to be heard");
}

#[test]
fn with_good_settings_there_is_a_context() {
    let ctx = start::context(environment("127.0.0.1:1", &[("TABLE_NAME", "t")]));
    assert_eq!(ctx.map(|ctx| ctx.config.table.as_str()), Some("t"));
}
