//! A clock that tests can move forward, so that they need not wait.

use std::time::Duration;

/// The machine's clock plus an offset, in milliseconds; the offset is 0 outside of tests and
/// drains.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    offset: i64,
}

impl Clock {
    /// Returns the current time in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        machine().saturating_add(self.offset)
    }

    /// Moves the clock forward to `at`; does nothing if `at` has passed.
    pub fn skip_to(&mut self, at: i64) {
        self.offset += at.saturating_sub(self.now()).max(0);
    }

    /// Moves the clock forward by `duration`.
    pub fn skip(&mut self, duration: Duration) {
        self.offset = self.offset.saturating_add(millis(duration));
    }

    /// Returns the time left until `at`; zero if `at` has passed.
    pub fn until(&self, at: i64) -> Duration {
        Duration::from_millis(u64::try_from(at.saturating_sub(self.now())).unwrap_or(0))
    }
}

/// Converts a duration to milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the local cloud is not a handler: it has no Ctx")]
fn machine() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    millis(since.unwrap_or_default())
}
