//! By when a request must be answered. It belongs to the request, not to the context that all
//! requests share: whoever carries one out sets it, and what can't be left half known looks at it.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

tokio::task_local! {
    static DEADLINE: Instant;
}

/// What is left for the answer itself behind the last call.
const FOR_THE_ANSWER: Duration = Duration::from_millis(50);

/// Carries out a request that must be answered in this time; `None` where it was not.
pub async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    let deadline = Instant::now() + time;
    timeout_at(deadline, DEADLINE.scope(deadline, work)).await.ok()
}

/// How long a call with all its tries may take where no request waits for it.
const WITHOUT_A_REQUEST: Duration = Duration::from_secs(5);

/// Runs `work`, but stops it `reserve` and 50 ms before the request's deadline, or after five seconds
/// where there is no request; `None` where it was stopped.
pub(super) async fn keeping<T>(reserve: Duration, work: impl Future<Output = T>) -> Option<T> {
    let left = DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now()));
    let left = left.unwrap_or(WITHOUT_A_REQUEST + reserve + FOR_THE_ANSWER);
    match left.checked_sub(reserve + FOR_THE_ANSWER).filter(|left| !left.is_zero()) {
        Some(left) => timeout(left, work).await.ok(),
        None => None,
    }
}
