//! Measures what a built function costs: CPU time until it polls for its first event, of the first
//! and of a warm request, and instructions of a warm request under Valgrind.
//!
//!     cargo bench -p tests --bench requests -- [LAMBDA_DIR]
//!
//! `LAMBDA_DIR` has the binaries, as `cargo lambda build --release` writes them to `target/lambda`.
//! The function runs as Lambda runs it, against the embedded database, without TLS. Each line is a
//! row of docs/decisions/0003-release-profile.md.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::built::Function;
use tests::demo::{DemoShop, event, root};

const FUNCTIONS: [&str; 4] = ["get-product", "list-products", "get-cart", "log-in"];
const STARTS: usize = 9;
const WARM_UP: u32 = 20;
const REQUESTS: u32 = 500;
/// Under Valgrind a request takes some fifty times as long.
const COUNTED_REQUESTS: u32 = 20;

#[tokio::main]
async fn main() {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder = given.map_or_else(|| root().join("target/lambda"), PathBuf::from);
    println!(
        "| function | bytes | start, µs | first request, µs | warm request, µs | thousand instructions |"
    );
    println!("|---|---|---|---|---|---|");
    for name in FUNCTIONS {
        let path = folder.join(name).join("bootstrap");
        let bytes = std::fs::metadata(&path).expect("a built function").len();
        let [start, first] = cold(name, &path).await;
        let cpu = cpu(name, &path).await;
        // A password is hashed by the same instructions in each profile.
        let counted = if name == "log-in" { None } else { instructions(name, &path).await };
        let counted = counted.map_or_else(|| "–".to_owned(), |count| (count / 1000).to_string());
        println!("| `{name}` | {bytes} | {start} | {first} | {cpu} | {counted} |");
    }
}

/// Returns the CPU time until the first poll for an event, and of the first request, in
/// microseconds: the medians of several starts.
async fn cold(name: &str, path: &Path) -> [u64; 2] {
    let shop = DemoShop::open().await;
    let (mut starts, mut firsts) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let function = Function::run(Command::new(path), &environment(&shop));
        let start = cpu_nanoseconds(&function);
        send(&function, name, 1);
        starts.push(start / 1000);
        firsts.push((cpu_nanoseconds(&function) - start) / 1000);
    }
    [starts, firsts].map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

/// Returns the CPU time of a warm request, in microseconds.
async fn cpu(name: &str, path: &Path) -> u64 {
    let shop = DemoShop::open().await;
    let function = Function::run(Command::new(path), &environment(&shop));
    send(&function, name, WARM_UP);
    let before = cpu_nanoseconds(&function);
    // Logins would be refused after some sessions, and take long.
    let requests = if name == "log-in" { 50 } else { REQUESTS };
    send(&function, name, requests);
    (cpu_nanoseconds(&function) - before) / u64::from(requests) / 1000
}

/// Returns the instructions of a warm request; nothing where there is no Valgrind.
async fn instructions(name: &str, path: &Path) -> Option<u64> {
    let [few, many] = [WARM_UP, WARM_UP + COUNTED_REQUESTS];
    let (few, many) = (counted(name, path, few).await?, counted(name, path, many).await?);
    Some((many - few) / u64::from(COUNTED_REQUESTS))
}

/// Returns the instructions of a function that answers a number of requests.
async fn counted(name: &str, path: &Path, requests: u32) -> Option<u64> {
    let shop = DemoShop::open().await;
    let output = std::env::temp_dir().join(format!("callgrind.{}", std::process::id()));
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", output.display()));
    command.arg("--quiet").arg(path);
    Command::new("valgrind").arg("--version").output().ok()?;
    let function = Function::run(command, &environment(&shop));
    send(&function, name, requests);
    let id = i32::try_from(function.id()).expect("an id of a process");
    kill(Pid::from_raw(id), Signal::SIGTERM).expect("it runs");
    let total = loop {
        let text = std::fs::read_to_string(&output).unwrap_or_default();
        if let Some(total) = text.lines().find_map(|line| line.strip_prefix("totals: ")) {
            break total.trim().parse().ok();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    std::fs::remove_file(&output).ok()?;
    total
}

/// Returns the time that a function has spent on a CPU so far. It has one thread.
fn cpu_nanoseconds(function: &Function) -> u64 {
    let schedstat = std::fs::read_to_string(format!("/proc/{}/schedstat", function.id()));
    let schedstat = schedstat.expect("Linux knows");
    let time = schedstat.split_whitespace().next().and_then(|time| time.parse().ok());
    time.expect("a number of nanoseconds")
}

fn environment(shop: &DemoShop) -> Vec<(&'static str, String)> {
    let mut environment = shop.environment();
    environment.retain(|(variable, _)| *variable != "RATE_LIMITS");
    environment.push(("RATE_LIMITS", "login_ip=off,login_account=off".to_owned()));
    environment
}

fn send(function: &Function, name: &str, requests: u32) {
    let event = event(name);
    for _ in 0..requests {
        let answer = function.invoke(&event);
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
}
