//! The deadline of the current request. [`within`] sets it for the request's task, and a
//! transaction reads it to reserve time for finding out the outcome after a lost response.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Time reserved for writing the response after the last call.
const RESPONSE_RESERVE: Duration = Duration::from_millis(50);

/// Runs `work` with a deadline of `time` from now; `None` if it did not finish before it.
pub async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    let deadline = Instant::now() + time;
    timeout_at(deadline, DEADLINE.scope(deadline, work)).await.ok()
}

/// Returns how much time the current request has for calls; `None` outside of a request.
pub fn time_left() -> Option<Duration> {
    let until_end = |deadline: &Instant| deadline.saturating_duration_since(Instant::now());
    DEADLINE.try_with(until_end).ok().map(|left| left.saturating_sub(RESPONSE_RESERVE))
}

/// Timeout of a call with all its retries outside of a request, such as in a job.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs `work`, but stops it when only `reserve` plus 50 ms are left until the request's deadline,
/// or after five seconds outside of a request; `None` if it was stopped.
pub(crate) async fn with_reserve<T>(reserve: Duration, work: impl Future<Output = T>) -> Option<T> {
    let left = DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now()));
    let left = left.unwrap_or(DEFAULT_TIMEOUT + reserve + RESPONSE_RESERVE);
    match left.checked_sub(reserve + RESPONSE_RESERVE).filter(|left| !left.is_zero()) {
        Some(left) => timeout(left, work).await.ok(),
        None => None,
    }
}
