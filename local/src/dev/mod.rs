//! `cargo dev`: runs database, parameter store, mailbox and every function, with demo data.
//!
//! ```text
//! read options → claim ports → start database, parameter store, mailbox → create table, demo data
//!   → find or install the emulator → build functions → start emulator → wait for `GET /health`
//!   → run stream and schedules
//! ```
//!
//! All parts stop when this program ends: each is a value that stops its part when it is dropped,
//! in the reverse order of the start.

mod began;
mod cargo_lambda;
mod cargo_shim;
mod data;
mod emulator;
mod environment;
mod functions;
mod log;
mod options;
mod ports;
mod process;
mod runtime_api;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use self::data::Data;
use self::emulator::Emulator;
use self::functions::Workspace;
use self::log::{Format, RequestLog};
use self::options::{HELP, Options};
use crate::database::Database;
use crate::demo;
use crate::failure::{Explain, Failure, Result};
use crate::mailbox::Mailbox;
use crate::parameters::Parameters;
use crate::pump::{Failures, Mapping, Pump, Table};
use crate::schedules::{Schedule, Schedules};
use crate::serve::{RunningServer, listen_on_random_address};
use crate::template::Template;

/// Runs `cargo dev` with the arguments of this process.
pub fn main() -> ExitCode {
    if let Some(code) = cargo_shim::main() {
        return code;
    }
    let started = began::process();
    let outcome = match Options::parse(std::env::args_os().skip(1)) {
        Ok(None) => {
            print!("{HELP}");
            Ok(())
        }
        Ok(Some(options)) => run(&options, started),
        Err(misuse) => Err(misuse),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cargo dev: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options, started: Instant) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .explain(|| "can't start")?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        tokio::select! {
            failure = run_parts(options, started) => failure,
            () = stop => {
                println!("stopping …");
                Ok(())
            }
        }
    })
}

/// Starts all parts, then waits until one of them fails.
async fn run_parts(options: &Options, started: Instant) -> Result<()> {
    let mut ports = ports::claim(options.host, &options.ports())?;
    let workspace = Workspace::find().await?;
    let template = Template::read(&workspace.root.join("template.yaml"))?;
    let storage = Storage::start(&workspace, &template, options, &mut ports)?;
    let (mut pump, schedules) = storage.events(&workspace, &template)?;
    if options.demo {
        load_demo(options).await?;
    }

    if options.db_only {
        println!("database   {}", storage.database.url());
        println!("parameters {}", storage.parameters.url());
        println!("mailbox    {}", storage.mailbox.url());
        print_ready(started, &storage.database);
        return Err(storage.wait_for_failure().await);
    }

    let cargo_lambda = cargo_lambda::find_or_install(&data::tools(&workspace.root)).await?;
    workspace.build(options).await?;
    let address = emulators_address()?;
    let runtime_api = runtime_api::serve(address)?;
    let format = Format::of_stdout(options.json);
    let requests = RequestLog::new(format);
    let listener = take_listener(&mut ports, options.port)?;
    let api = emulator::serve(listener, address, requests.clone())?;
    let mut emulator = workspace.serve(
        &cargo_lambda,
        options,
        address,
        &environment::of(options),
        runtime_api.url(),
        storage.data.emulator(),
    )?;
    if let Some(output) = emulator.output() {
        tokio::spawn(log::functions(format, output));
    }
    tokio::select! {
        response = functions::wait_until_healthy(api.address()) => response?,
        status = emulator.ended() => return Err(emulator_ended(status?)),
    }
    // The functions' other instances log their start now: print our lines after theirs.
    tokio::time::sleep(Duration::from_millis(300)).await;
    println!();
    if options.demo {
        print_accounts();
    }
    println!("{:<8} {}", "mailbox", storage.mailbox.url());
    print_ready(started, &api);
    requests.begin();
    let functions = Emulator::at(address);
    tokio::select! {
        failure = storage.wait_for_failure() => Err(failure),
        status = emulator.ended() => Err(emulator_ended(status?)),
        stopped = pump.run(&functions) => stopped,
        () = Schedules::new(schedules).run(&functions) => Ok(()),
    }
}

/// Finds a free address for the emulator, which takes an address, not a listener.
fn emulators_address() -> Result<SocketAddr> {
    listen_on_random_address()?.local_addr().explain(|| "can't find a port for the emulator")
}

/// Removes the listener of `port` from the claimed ones.
fn take_listener(ports: &mut BTreeMap<u16, TcpListener>, port: u16) -> Result<TcpListener> {
    ports.remove(&port).ok_or_else(|| Failure::new("a port was not claimed"))
}

async fn load_demo(options: &Options) -> Result<()> {
    let started = Instant::now();
    let config = environment::config(options)?;
    let added = demo::load(&config).await?;
    if added > 0 {
        println!("loaded {added} demo products in {} s", started.elapsed().as_secs());
    }
    Ok(())
}

/// The parts that store data.
struct Storage {
    database: RunningServer,
    parameters: RunningServer,
    mailbox: RunningServer,
    data: Data,
}

impl Storage {
    fn start(
        workspace: &Workspace,
        template: &Template,
        options: &Options,
        ports: &mut BTreeMap<u16, TcpListener>,
    ) -> Result<Self> {
        let mut listener = |port| take_listener(ports, port);
        let table = template.table_definition().explain(|| "template.yaml")?;
        let data = Data::open(workspace.root.join(&options.data))?;
        if options.fresh {
            data.clear()?;
        }
        let database = Database::file(&data.database())?;
        database.ensure_table(environment::TABLE, &table)?;
        Ok(Self {
            database: database.serve_on(listener(options.db_port)?)?,
            parameters: Parameters::file(&data.parameters())?
                .serve_on(listener(options.ssm_port)?)?,
            mailbox: Mailbox::file(&data.mails())?.serve_on(listener(options.mail_port)?)?,
            data,
        })
    }

    /// Creates the pump and the schedules of the template, without those whose function is not in
    /// the workspace.
    fn events(&self, workspace: &Workspace, template: &Template) -> Result<(Pump, Vec<Schedule>)> {
        let events = events_of(template, &workspace.functions);
        let (mappings, schedules) = events.explain(|| "template.yaml")?;
        let table = Table {
            endpoint: self.database.url(),
            name: environment::TABLE.to_owned(),
            region: environment::REGION.to_owned(),
            access_key_id: environment::ACCESS_KEY_ID.to_owned(),
        };
        let pump = Pump::new(table, mappings)
            .with_checkpoints(&self.data.checkpoints())?
            .with_failures(Failures::file(&self.data.failures()));
        Ok((pump, schedules))
    }

    /// Waits until one of the servers has stopped, and returns which one.
    async fn wait_for_failure(&self) -> Failure {
        loop {
            if !self.database.is_running() {
                return Failure::new("the database stopped: see above");
            }
            if !self.parameters.is_running() {
                return Failure::new("the parameter store stopped: see above");
            }
            if !self.mailbox.is_running() {
                return Failure::new("the mailbox stopped: see above");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Returns the mappings and schedules of the template that invoke one of these functions. Fails if
/// the template has an event that is not emulated.
fn events_of(template: &Template, functions: &[String]) -> Result<(Vec<Mapping>, Vec<Schedule>)> {
    template.check_events()?;
    let (mut mappings, mut schedules) = (Mapping::all(template)?, Schedule::all(template)?);
    mappings.retain(|mapping| functions.contains(&mapping.function));
    schedules.retain(|schedule| functions.contains(&schedule.function));
    Ok((mappings, schedules))
}

/// Returns a future that resolves at Ctrl-C, at SIGTERM, or when the terminal is closed.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let listening = || "can't listen for signals";
    let mut interrupt = signal(SignalKind::interrupt()).explain(listening)?;
    let mut terminate = signal(SignalKind::terminate()).explain(listening)?;
    let mut hangup = signal(SignalKind::hangup()).explain(listening)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

fn emulator_ended(status: std::process::ExitStatus) -> Failure {
    Failure::new(format!("the emulator (cargo lambda watch) ended: {status}"))
}

fn print_accounts() {
    for account in demo::ACCOUNTS {
        println!("{:<8} {} / {}", account.role, account.email, account.password);
    }
}

fn print_ready(started: Instant, main: &RunningServer) {
    println!("ready in {} s: {}", started.elapsed().as_secs(), main.url());
}
