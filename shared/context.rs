//! The context that every handler receives: settings, store, tokens, mailer and clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use crate::auth::issuer::Issuer;
use crate::auth::token::Verifier;
use crate::catalogue::loaded::LoadedCatalogue;
use crate::config::Config;
use crate::domain::money::Currency;
use crate::domain::time::Timestamp;
use crate::mail::Mailer;
use crate::store::Store;
use crate::store::catalogue_log::KnownTail;

/// The context that every handler receives. It is built once, when the function starts.
#[derive(Debug)]
pub struct Ctx {
    /// The shop's settings.
    pub config: Config,
    /// The table.
    pub store: Store,
    /// Verifies access tokens.
    pub verifier: Verifier,
    /// Issues access tokens.
    pub issuer: Issuer,
    /// The last known number of the catalogue's log, for the function that writes it.
    pub log_tail: KnownTail,
    /// The catalogue, in the functions that read it whole.
    pub catalogue: Mutex<Option<LoadedCatalogue>>,
    /// Sends mail. Only the function that sends mail sets it.
    pub mailer: OnceLock<Box<dyn Mailer>>,
    clock: Clock,
}

/// The source of the current time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system clock.
    System,
    /// A time that a test sets, in milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Ctx {
    /// Returns the context of a deployed function.
    pub fn new(config: Config) -> Self {
        let store = Store::new(&config, None);
        Self::with(config, store, Issuer::default(), Clock::System)
    }

    /// Returns a context with this store, issuer and clock, for tests and demo data.
    pub fn with(config: Config, store: Store, issuer: Issuer, clock: Clock) -> Self {
        let verifier = Verifier::new(&config.token_issuer);
        let (log_tail, catalogue) = (KnownTail::default(), Mutex::default());
        let mailer = OnceLock::new();
        Self { config, store, verifier, issuer, log_tail, catalogue, mailer, clock }
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        match &self.clock {
            Clock::System => system_time(),
            Clock::Manual(millis) => Timestamp::from_unix_millis(millis.load(Ordering::Relaxed)),
        }
    }

    /// Returns the shop's currency.
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
