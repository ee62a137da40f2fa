//! `cargo dev`: database, parameters, mailbox, demo data and every function, with one command.
//!
//! ```text
//! options → ports free? → database, parameters, mailbox, table, demo data
//!         → emulator there? → functions built → served → first answer → stream, schedules → ready
//! ```
//!
//! Whatever was started ends with this program: each part is a value that ends its part when it
//! is dropped, in the opposite order.

mod cargo_lambda;
mod cargo_shim;
mod data;
mod emulator;
mod environment;
mod functions;
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
use self::options::{HELP, Options};
use crate::database::Database;
use crate::demo;
use crate::failure::{Explain, Failure, Result};
use crate::mailbox::Mailbox;
use crate::parameters::Parameters;
use crate::pump::{Failures, Mapping, Pump, Table};
use crate::schedules::{Schedule, Schedules};
use crate::serve::{Served, listen_hidden};
use crate::template::Template;

/// Runs `cargo dev` with the arguments of this process.
pub fn main() -> ExitCode {
    if let Some(code) = cargo_shim::main() {
        return code;
    }
    let started = Instant::now();
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
        let stop = asked_to_stop()?;
        tokio::select! {
            failure = live(options, started) => failure,
            () = stop => {
                println!("stopping …");
                Ok(())
            }
        }
    })
}

/// Starts everything, then lives until a part of it fails.
async fn live(options: &Options, started: Instant) -> Result<()> {
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
        say_ready(started, &storage.database);
        return Err(storage.fails().await);
    }

    let cargo_lambda = cargo_lambda::find_or_fetch(&data::tools(&workspace.root)).await?;
    workspace.build(options).await?;
    let address = emulators_address()?;
    let runtime_api = runtime_api::serve(address)?;
    let api = emulator::serve(take(&mut ports, options.port)?, address)?;
    let mut emulator = workspace.serve(
        &cargo_lambda,
        options,
        address,
        &environment::of(options),
        runtime_api.url(),
        storage.data.emulator(),
    )?;
    tokio::select! {
        answer = functions::first_answer(api.address()) => answer?,
        status = emulator.ended() => return Err(died(status?)),
    }
    // The emulator's other instances are about to say that they start: let them go first.
    tokio::time::sleep(Duration::from_millis(300)).await;
    println!();
    if options.demo {
        say_accounts();
    }
    println!("{:<8} {}", "mailbox", storage.mailbox.url());
    say_ready(started, &api);
    let functions = Emulator::at(address);
    tokio::select! {
        failure = storage.fails() => Err(failure),
        status = emulator.ended() => Err(died(status?)),
        stopped = pump.run(&functions) => stopped,
        () = Schedules::new(schedules).run(&functions) => Ok(()),
    }
}

/// Where the emulator will listen: it takes an address, not a listener.
fn emulators_address() -> Result<SocketAddr> {
    listen_hidden()?.local_addr().explain(|| "can't find a port for the emulator")
}

fn take(ports: &mut BTreeMap<u16, TcpListener>, port: u16) -> Result<TcpListener> {
    ports.remove(&port).ok_or_else(|| Failure::new("a port is lost"))
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

/// The parts that keep data.
struct Storage {
    database: Served,
    parameters: Served,
    mailbox: Served,
    data: Data,
}

impl Storage {
    fn start(
        workspace: &Workspace,
        template: &Template,
        options: &Options,
        ports: &mut BTreeMap<u16, TcpListener>,
    ) -> Result<Self> {
        let mut listener = |port| take(ports, port);
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

    /// What calls functions without a request: of those that exist, whatever the template has.
    fn events(&self, workspace: &Workspace, template: &Template) -> Result<(Pump, Vec<Schedule>)> {
        template.check_events().explain(|| "template.yaml")?;
        let mut mappings = Mapping::all(template).explain(|| "template.yaml")?;
        let mut schedules = Schedule::all(template).explain(|| "template.yaml")?;
        mappings.retain(|mapping| workspace.functions.contains(&mapping.function));
        schedules.retain(|schedule| workspace.functions.contains(&schedule.function));
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

    /// Waits for one of them to stop answering, which they do only by a fault.
    async fn fails(&self) -> Failure {
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

/// Ctrl-C, SIGTERM, or the terminal closed.
fn asked_to_stop() -> Result<impl Future<Output = ()>> {
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

fn died(status: std::process::ExitStatus) -> Failure {
    Failure::new(format!("the emulator (cargo lambda watch) ended: {status}"))
}

fn say_accounts() {
    for account in demo::ACCOUNTS {
        println!("{:<8} {} / {}", account.role, account.email, account.password);
    }
}

fn say_ready(started: Instant, main: &Served) {
    println!("ready in {} s: {}", started.elapsed().as_secs(), main.url());
}
