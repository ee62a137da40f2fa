//! Crashes of a function between two of its writes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// A planned crash: a function's writes after the next few get no response.
#[derive(Debug, Default)]
pub struct Crash(Mutex<Option<PlannedCrash>>);

/// When a function crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before a write is sent.
    BeforeSending,
    /// After a write was carried out, and before its response arrives.
    AfterCommit,
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out.
    IsCarriedOut,
    /// It is carried out, and the function has crashed before the response.
    HasNoResponse,
    /// The function has crashed before.
    IsNotSent,
}

#[derive(Debug)]
struct PlannedCrash {
    function: &'static str,
    moment: Moment,
    /// The writes that may still be sent.
    left: usize,
    /// The writes that were sent and have no response yet.
    open: usize,
    /// Whether a write was sent that gets no response.
    is_last_sent: bool,
    has_come: bool,
}

impl Crash {
    /// Plans the crash of a function at the write after so many.
    pub fn at(&self, function: &'static str, writes: usize, moment: Moment) {
        let planned = PlannedCrash {
            function,
            moment,
            left: writes,
            open: 0,
            is_last_sent: false,
            has_come: false,
        };
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

    /// Returns what becomes of a write of a function.
    pub(crate) fn fate_of_write(&self, function: &str) -> Fate {
        let mut planned = self.lock();
        let Some(planned) = planned.as_mut().filter(|planned| planned.function == function) else {
            return Fate::IsCarriedOut;
        };
        if let Some(left) = planned.left.checked_sub(1) {
            (planned.left, planned.open) = (left, planned.open + 1);
            return Fate::IsCarriedOut;
        }
        if planned.moment == Moment::AfterCommit && !planned.is_last_sent {
            planned.is_last_sent = true;
            return Fate::HasNoResponse;
        }
        planned.has_come |= planned.moment == Moment::BeforeSending;
        Fate::IsNotSent
    }

    /// Notes the response to a write of a function, or that it would have come.
    pub(crate) fn answered(&self, function: &str, fate: Fate) {
        let mut planned = self.lock();
        let Some(planned) = planned.as_mut().filter(|planned| planned.function == function) else {
            return;
        };
        match fate {
            Fate::HasNoResponse => planned.has_come = true,
            _ => planned.open = planned.open.saturating_sub(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<PlannedCrash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
