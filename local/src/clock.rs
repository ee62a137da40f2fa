//! The time, for parts that wait: what they do can be tested without waiting for it.

use std::time::Duration;

/// The machine's clock, or one that is ahead of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    ahead: i64,
}

impl Clock {
    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        machine().saturating_add(self.ahead)
    }

    /// Goes ahead, so that now is `at` or later.
    pub fn skip_to(&mut self, at: i64) {
        self.ahead += at.saturating_sub(self.now()).max(0);
    }

    /// Goes ahead by `duration`.
    pub fn skip(&mut self, duration: Duration) {
        self.ahead = self.ahead.saturating_add(millis(duration));
    }

    /// How long it takes until `at`.
    pub fn until(&self, at: i64) -> Duration {
        Duration::from_millis(u64::try_from(at.saturating_sub(self.now())).unwrap_or(0))
    }
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the local cloud is not a handler: it has no Ctx")]
fn machine() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    millis(since.unwrap_or_default())
}
