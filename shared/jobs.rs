//! The functions that no route calls, on one page: what starts each.
//!
//! The wiring tests read it, as they read `http::routes`.

use serde::Deserialize;

/// What starts a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The table's stream, in batches of what has changed.
    Stream,
    /// The clock.
    Schedule,
    /// An operator, by hand.
    Command,
}

/// One function without a route.
#[derive(Debug)]
pub struct Job {
    /// The name of its function, binary and event.
    pub name: &'static str,
    /// What starts it.
    pub triggers: &'static [Trigger],
}

/// Every job of the shop.
pub const JOBS: &[Job] = &[
    Job { name: "rotate-token-key", triggers: &[Trigger::Command] },
    Job { name: "erase-users", triggers: &[Trigger::Schedule] },
    Job { name: "deliver-mail", triggers: &[Trigger::Stream, Trigger::Schedule, Trigger::Command] },
];

/// What the clock sends: EventBridge's scheduled event, of which nothing matters.
#[derive(Debug, Deserialize)]
pub struct Tick {}

/// The job of this name. In a `const`, a name that is not on the page does not compile.
pub const fn named(name: &str) -> &'static Job {
    let mut index = 0;
    while index < JOBS.len() {
        if crate::http::routes::same(JOBS[index].name, name) {
            return &JOBS[index];
        }
        index += 1;
    }
    panic!("no job has this name")
}
