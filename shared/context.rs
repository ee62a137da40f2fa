//! What a handler is given: settings, store, tokens, and the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::auth::issuer::Issuer;
use crate::auth::token::Verifier;
use crate::config::Config;
use crate::domain::money::Currency;
use crate::domain::time::Timestamp;
use crate::mail::Mailer;
use crate::store::Store;

/// Built once, when the function starts.
#[derive(Debug)]
pub struct Ctx {
    /// The shop's settings.
    pub config: Config,
    /// The table.
    pub store: Store,
    /// Tells who calls.
    pub verifier: Verifier,
    /// Signs tokens.
    pub issuer: Issuer,
    /// Takes mail out of the shop, where the function sends any: it puts its own here.
    pub mailer: OnceLock<Box<dyn Mailer>>,
    clock: Clock,
}

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine.
    System,
    /// A test's hand, in milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Ctx {
    /// The context of a deployed function.
    pub fn new(config: Config) -> Self {
        let store = Store::new(&config, None);
        Self::with(config, store, Issuer::default(), Clock::System)
    }

    /// A context whose outside world is replaced.
    pub fn with(config: Config, store: Store, issuer: Issuer, clock: Clock) -> Self {
        let verifier = Verifier::new(&config.token_issuer);
        Self { config, store, verifier, issuer, mailer: OnceLock::new(), clock }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match &self.clock {
            Clock::System => system_time(),
            Clock::Manual(millis) => Timestamp::from_unix_millis(millis.load(Ordering::Relaxed)),
        }
    }

    /// The shop's one currency.
    pub fn currency(&self) -> Currency {
        self.config.currency
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn system_time() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
