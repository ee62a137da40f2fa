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

/// Carries out work that leaves so much of the request's time for something else; `None` where it
/// would not end in time. Without a request it takes its time.
pub(super) async fn keeping<T>(reserve: Duration, work: impl Future<Output = T>) -> Option<T> {
    let Ok(deadline) = DEADLINE.try_with(|deadline| *deadline) else { return Some(work.await) };
    let left = deadline.saturating_duration_since(Instant::now());
    match left.checked_sub(reserve + FOR_THE_ANSWER).filter(|left| !left.is_zero()) {
        Some(left) => timeout(left, work).await.ok(),
        None => None,
    }
}
