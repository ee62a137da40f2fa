//! A worker of a mapping: processes its records in order, one batch at a time.
//!
//! Lambda calls the number of workers the parallelization factor. While a worker retries its batch,
//! the other workers continue.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::InvokeError;
use super::batch_response::{BatchOutcome, batch_outcome};
use super::mapping::Mapping;
use super::record::Record;
use crate::clock::millis;

/// The largest payload of an invocation, in bytes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// The first backoff; Lambda's own is not documented.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// The pause before a function that could not be invoked is invoked again.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);

/// The records of one worker.
#[derive(Debug, Default)]
pub(super) struct Worker {
    /// Records that are not in a batch yet.
    waiting: VecDeque<Record>,
    /// The first batch is the current one; the others were split off it.
    batches: VecDeque<Batch>,
    /// Whether an invocation with the current batch is running.
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

/// What a worker needs next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// It has no records, or waits for an invocation.
    Nothing,
    /// It waits until this time, in milliseconds since 1970.
    Wait(i64),
    /// Its function must be invoked with this event, and the outcome given to [`Worker::complete`].
    Invoke(Value),
}

/// Records that a worker has processed: delivered, or discarded.
#[derive(Debug, Default)]
pub(super) struct Processed {
    pub done: Vec<Record>,
    pub discarded: Vec<DiscardedBatch>,
}

/// Records that are not delivered: their retries or their age are over the limit.
#[derive(Debug)]
pub(super) struct DiscardedBatch {
    pub records: Vec<Record>,
    pub condition: Condition,
    pub invocations: u32,
    /// Whether the last invocation failed as a whole, instead of naming records that failed.
    pub failed: bool,
}

/// Why records are discarded, as Lambda names it in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Condition {
    pub fn description(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "every retry failed",
            Self::RecordAgeExceeded => "too old to be retried",
        }
    }
}

impl Worker {
    /// Adds a record, which must be newer than all before.
    pub fn push(&mut self, record: Record) {
        self.waiting.push_back(record);
    }

    /// Makes the current batch due again, after its invocation was cancelled.
    pub fn forget_invocation(&mut self) {
        self.under_way = false;
    }

    /// Returns the number of its records.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.batches.iter().map(|batch| batch.records.len()).sum::<usize>()
    }

    /// Returns what it needs next, and adds records that are too old to `processed`. The caller
    /// must carry out each [`Next::Invoke`] once.
    pub fn next(&mut self, mapping: &Mapping, now: i64, processed: &mut Processed) -> Next {
        if self.under_way {
            return Next::Nothing;
        }
        loop {
            if self.batches.is_empty() {
                let next = self.next_batch(mapping, now);
                self.batches.extend(next);
            }
            let Some(batch) = self.batches.front_mut() else { return Next::Nothing };
            processed.discarded.extend(batch.take_expired(now.saturating_sub(mapping.maximum_age)));
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

    /// Takes the next batch from the waiting records; `None` if there are none.
    fn next_batch(&mut self, mapping: &Mapping, now: i64) -> Option<Batch> {
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

    /// Handles the outcome of the invocation that [`Worker::next`] returned.
    pub fn complete(
        &mut self,
        mapping: &Mapping,
        outcome: Result<Value, InvokeError>,
        now: i64,
        processed: &mut Processed,
    ) {
        self.under_way = false;
        let Some(mut batch) = self.batches.pop_front() else { return };
        let batch_outcome = match outcome {
            Ok(response) => batch_outcome(&response, &batch.records),
            Err(InvokeError::Failed(_)) => BatchOutcome::Failed,
            Err(InvokeError::Unavailable(_)) => {
                batch.invocations -= 1;
                batch.due = now.saturating_add(millis(UNAVAILABLE_PAUSE));
                self.batches.push_front(batch);
                return;
            }
        };
        batch.failed = batch_outcome == BatchOutcome::Failed;
        match batch_outcome {
            BatchOutcome::Done => processed.done.extend(batch.records),
            BatchOutcome::RetryFrom(first) if first > 0 => {
                let rest = batch.split_off(first);
                processed.done.extend(batch.records);
                self.batches.push_front(rest);
            }
            BatchOutcome::RetryFrom(_) | BatchOutcome::Failed => {
                self.failed(batch, mapping, now, processed)
            }
        }
    }

    /// Splits a failed batch in two, which does not count as a retry; retries a batch of one
    /// record.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>
    fn failed(&mut self, mut batch: Batch, mapping: &Mapping, now: i64, processed: &mut Processed) {
        if batch.records.len() > 1 {
            let half = batch.split_off(batch.records.len().div_ceil(2));
            self.batches.push_front(half);
            self.batches.push_front(batch);
        } else {
            self.retry(batch, mapping, now, processed);
        }
    }

    /// Schedules a retry after a backoff, or discards the batch if it has no retries left.
    fn retry(&mut self, mut batch: Batch, mapping: &Mapping, now: i64, processed: &mut Processed) {
        if batch.retries >= mapping.retries {
            processed.discarded.push(batch.discard(Condition::RetryAttemptsExhausted));
            return;
        }
        let factor = 1_u32.checked_shl(batch.retries).unwrap_or(u32::MAX);
        let backoff = FIRST_BACKOFF.saturating_mul(factor).min(LONGEST_BACKOFF);
        batch.due = now.saturating_add(millis(backoff));
        batch.retries = batch.retries.saturating_add(1);
        self.batches.push_front(batch);
    }
}

impl Batch {
    fn event(&self) -> Value {
        json!({"Records": self.records.iter().map(|record| &record.event).collect::<Vec<_>>()})
    }

    /// Splits off the records from index `first` on, as a batch with the same counts.
    fn split_off(&mut self, first: usize) -> Self {
        Self { records: self.records.split_off(first), ..*self }
    }

    /// Removes the records written before `oldest`, in milliseconds since 1970. Records are in the
    /// order in which they were written.
    fn take_expired(&mut self, oldest: i64) -> Option<DiscardedBatch> {
        let young = self.records.iter().position(|record| record.written >= oldest);
        let rest = self.split_off(young.unwrap_or(self.records.len()));
        let old = std::mem::replace(self, rest);
        (!old.records.is_empty()).then(|| old.discard(Condition::RecordAgeExceeded))
    }

    fn discard(self, condition: Condition) -> DiscardedBatch {
        let Self { records, invocations, failed, .. } = self;
        DiscardedBatch { records, condition, invocations, failed }
    }
}
