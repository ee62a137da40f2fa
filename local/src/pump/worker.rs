//! One worker of a mapping: its records in order, one batch at a time.
//!
//! Lambda calls the number of workers the parallelization factor. A worker waits for its batch, however
//! often that is tried again; the others go on.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::NotDone;
use super::batch_response::{Verdict, verdict};
use super::mapping::Mapping;
use super::record::Record;
use crate::clock::millis;

/// The payload of an invocation: a batch of this size is complete.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// What Lambda's exponential back-off begins with is not documented.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);
/// After this, a function that could not even be called is called again.
const UNAVAILABLE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Worker {
    /// In no batch yet.
    waiting: VecDeque<Record>,
    /// The first is under way, or next; what follows was split off one.
    batches: VecDeque<Batch>,
    under_way: bool,
}

#[derive(Debug)]
struct Batch {
    records: Vec<Record>,
    retries: u32,
    invocations: u32,
    failed: bool,
    due: i64,
}

/// What a worker wants to do.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Nothing,
    /// Nothing before this time.
    Wait(i64),
    /// Invoke the function with this event; its answer comes back to [`Worker::answered`].
    Invoke(Value),
}

/// What a worker is through with.
#[derive(Debug, Default)]
pub(super) struct Processed {
    pub done: Vec<Record>,
    pub lost: Vec<Loss>,
}

/// Records that are given up.
#[derive(Debug)]
pub(super) struct Loss {
    pub records: Vec<Record>,
    pub condition: Condition,
    pub invocations: u32,
    /// Whether the last invocation ended with an error, instead of an answer that names failures.
    pub failed: bool,
}

/// Why records are given up, in Lambda's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Condition {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "every retry failed",
            Self::RecordAgeExceeded => "too old to be tried again",
        }
    }
}

impl Worker {
    /// Adds a record, which is newer than all before.
    pub fn push(&mut self, record: Record) {
        self.waiting.push_back(record);
    }

    /// Forgets an invocation whose outcome will never be known: it is made again.
    pub fn resume(&mut self) {
        self.under_way = false;
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.batches.iter().map(|batch| batch.records.len()).sum::<usize>()
    }

    /// What to do now. Whoever is told to invoke does so, once.
    pub fn next(&mut self, mapping: &Mapping, now: i64, settled: &mut Processed) -> Next {
        if self.under_way {
            return Next::Nothing;
        }
        loop {
            if self.batches.is_empty() {
                let next = self.gather(mapping, now);
                self.batches.extend(next);
            }
            let Some(batch) = self.batches.front_mut() else { return Next::Nothing };
            settled.lost.extend(batch.too_old(now.saturating_sub(mapping.maximum_age)));
            if batch.records.is_empty() {
                self.batches.pop_front();
                continue;
            }
            if batch.due > now {
                return Next::Wait(batch.due);
            }
            batch.invocations += 1;
            self.under_way = true;
            return Next::Invoke(batch.event());
        }
    }

    /// The next batch, of what is there.
    fn gather(&mut self, mapping: &Mapping, now: i64) -> Option<Batch> {
        let first = self.waiting.front()?;
        let mut size = 0;
        let together = self.waiting.iter().take_while(|record| {
            size += record.size;
            record.shard == first.shard && (size <= LARGEST_PAYLOAD || size == record.size)
        });
        let count = together.take(mapping.batch_size).count();
        let records = self.waiting.drain(..count).collect();
        Some(Batch { records, retries: 0, invocations: 0, failed: false, due: now })
    }

    /// Takes the outcome of the invocation that [`Worker::next`] asked for.
    pub fn answered(
        &mut self,
        mapping: &Mapping,
        outcome: Result<Value, NotDone>,
        now: i64,
        settled: &mut Processed,
    ) {
        self.under_way = false;
        let Some(mut batch) = self.batches.pop_front() else { return };
        let verdict = match outcome {
            Ok(answer) => verdict(&answer, &batch.records),
            Err(NotDone::Failed(_)) => Verdict::Failed,
            Err(NotDone::Unavailable(_)) => {
                batch.invocations -= 1;
                batch.due = now.saturating_add(millis(UNAVAILABLE));
                self.batches.push_front(batch);
                return;
            }
        };
        batch.failed = verdict == Verdict::Failed;
        match verdict {
            Verdict::Done => settled.done.extend(batch.records),
            Verdict::From(first) if first > 0 => {
                let rest = batch.split_off(first);
                settled.done.extend(batch.records);
                self.batches.push_front(rest);
            }
            Verdict::From(_) | Verdict::Failed => self.failed(batch, mapping, now, settled),
        }
    }

    /// Splits a batch that failed as a whole, which uses up no retry, or tries it again.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>
    fn failed(&mut self, mut batch: Batch, mapping: &Mapping, now: i64, settled: &mut Processed) {
        if batch.records.len() > 1 {
            let half = batch.split_off(batch.records.len().div_ceil(2));
            self.batches.push_front(half);
            self.batches.push_front(batch);
        } else {
            self.try_again(batch, mapping, now, settled);
        }
    }

    fn try_again(
        &mut self,
        mut batch: Batch,
        mapping: &Mapping,
        now: i64,
        settled: &mut Processed,
    ) {
        if batch.retries >= mapping.retries {
            settled.lost.push(batch.give_up(Condition::RetryAttemptsExhausted));
            return;
        }
        let factor = 1_u32.checked_shl(batch.retries).unwrap_or(u32::MAX);
        let back_off = FIRST_BACK_OFF.saturating_mul(factor).min(LONGEST_BACK_OFF);
        batch.due = now.saturating_add(millis(back_off));
        batch.retries = batch.retries.saturating_add(1);
        self.batches.push_front(batch);
    }
}

impl Batch {
    fn event(&self) -> Value {
        json!({"Records": self.records.iter().map(|record| &record.event).collect::<Vec<_>>()})
    }

    /// The records from `first` on, as a batch that has come as far as this one.
    fn split_off(&mut self, first: usize) -> Self {
        Self { records: self.records.split_off(first), ..*self }
    }

    /// Takes out what was written before `oldest`. Nothing younger stands before it.
    fn too_old(&mut self, oldest: i64) -> Option<Loss> {
        let young = self.records.iter().position(|record| record.written >= oldest);
        let rest = self.split_off(young.unwrap_or(self.records.len()));
        let old = std::mem::replace(self, rest);
        (!old.records.is_empty()).then(|| old.give_up(Condition::RecordAgeExceeded))
    }

    fn give_up(self, condition: Condition) -> Loss {
        let Self { records, invocations, failed, .. } = self;
        Loss { records, condition, invocations, failed }
    }
}
