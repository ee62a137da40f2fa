//! Whether reads lag behind in a whole run, and the tests that don't bear it.
//!
//! `STALE_READS=on cargo test -p tests --test api` answers what need not be read consistently as it
//! was before its last write, in all tests but those listed here ([`crate::replica`]).

/// The tests that run without stale reads, each with what it is that it can't bear. The list may
/// only shrink: a test that is on it and passes all the same fails the run.
pub const EXCEPTIONS: &[(&str, &str)] = &[];

/// What `STALE_READS` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleReads {
    /// Nothing, or something else than the two below.
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
            Ok("on") => Self::On,
            Ok("all") => Self::All,
            _ => Self::Off,
        }
    }

    /// Whether the calling test is to have them: a test's thread has its name.
    pub fn here(self) -> bool {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        match self {
            Self::Off => false,
            Self::On => EXCEPTIONS.iter().all(|(exception, _)| *exception != test),
            Self::All => true,
        }
    }
}
