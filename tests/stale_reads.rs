//! Whether reads lag behind in a whole run, and the tests that can't bear it.
//!
//! With `STALE_READS=on`, what need not be read consistently is read as it was before its last write
//! ([`crate::replica`]), in all tests but the exceptions. `STALE_READS=all` excepts none.

/// Tests that run without stale reads, each with what it can't bear. The list may only shrink: one
/// that passes with stale reads fails the run (`tests/api/stale_reads.rs`).
pub const EXCEPTIONS: &[(&str, &str)] = &[
    ("capacity::a_message_costs_what_its_line_says", COUNTS),
    ("capacity::every_route_costs_what_its_line_says", COUNTS),
];

const COUNTS: &str = "it counts requests, and what lags behind is asked for a second time";

/// What `STALE_READS` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleReads {
    /// Nothing: no read is stale but where a test asks for it.
    Off,
    /// `on`: in every test but the exceptions.
    On,
    /// `all`: in the exceptions too.
    All,
}

impl StaleReads {
    /// What the environment says.
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
    pub fn of_run() -> Self {
        match std::env::var("STALE_READS").as_deref() {
            Err(_) | Ok("") => Self::Off,
            Ok("on") => Self::On,
            Ok("all") => Self::All,
            Ok(other) => panic!("STALE_READS is `on` or `all`, not `{other}`"),
        }
    }

    /// Whether the test that runs on this thread has them: the thread has its name.
    pub fn in_this_test(self) -> bool {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        match self {
            Self::Off => false,
            Self::On => EXCEPTIONS.iter().all(|(exception, _)| *exception != test),
            Self::All => true,
        }
    }
}
