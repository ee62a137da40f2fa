//! Crashes of a function between two of its writes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// A planned crash: a function's writes after the next few are never sent, and get no response.
#[derive(Debug, Default)]
pub struct Crash(Mutex<Option<PlannedCrash>>);

#[derive(Debug)]
struct PlannedCrash {
    function: &'static str,
    /// The writes that may still be sent.
    left: usize,
    /// The writes that were sent and have no response yet.
    open: usize,
    /// Whether a write was not sent.
    has_come: bool,
}

impl Crash {
    /// Plans the crash of a function after so many writes.
    pub fn after(&self, function: &'static str, writes: usize) {
        let planned = PlannedCrash { function, left: writes, open: 0, has_come: false };
        *self.lock() = Some(planned);
    }

    /// Runs the function's work until it ends or the crash has come. Returns what it returned if it
    /// ended; the function can write again.
    pub async fn until<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = Box::pin(work);
        let outcome = poll_fn(|cx| match Pin::new(&mut work).poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if self.has_come() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let outcome = outcome.await;
        *self.lock() = None;
        outcome
    }

    /// Whether it has come, and each write before it has its response.
    fn has_come(&self) -> bool {
        self.lock().as_ref().is_some_and(|planned| planned.has_come && planned.open == 0)
    }

    /// Whether a write of a function is not sent.
    pub(crate) fn holds(&self, function: &str) -> bool {
        let mut planned = self.lock();
        let Some(planned) = planned.as_mut().filter(|planned| planned.function == function) else {
            return false;
        };
        match planned.left.checked_sub(1) {
            Some(left) => (planned.left, planned.open) = (left, planned.open + 1),
            None => planned.has_come = true,
        }
        planned.has_come
    }

    /// Notes the response to a write of a function.
    pub(crate) fn answered(&self, function: &str) {
        let mut planned = self.lock();
        if let Some(planned) = planned.as_mut().filter(|planned| planned.function == function) {
            planned.open = planned.open.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<PlannedCrash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
