//! Emulates Lambda's event source mapping: invokes the functions that `template.yaml` connects to
//! the table's stream with the stream's records.
//!
//! ```text
//! stream → filter → workers (an item always has the same worker) → batch → function → done
//!                                                  ↑ retry, split            → failure destination
//! ```
//!
//! Batches are handled as documented in
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>; the
//! modules link the page of each rule. Two rules are not documented, and chosen here: the backoff
//! is one second at first and doubles up to a minute; and a response that names the first record of
//! a batch splits the batch as an error does, so that a bad record never discards its neighbours.
//!
//! As in the cloud, a record may be delivered twice: a pump that stops between a function's
//! response and the checkpoint delivers the batch again, and starts to count its retries again.
//! There are two differences from Lambda: workers belong to a mapping and not to a shard, which
//! matters only for a stream with several shards; and each discarded batch is a message of its own.
//!
//! [`Pump`] reads the stream over HTTP and invokes functions through [`Functions`], so it works
//! with any database and any way to run a function:
//!
//! ```ignore
//! let mappings = Mapping::all(&template)?;
//! let mut pump = Pump::new(table, mappings);
//! pump.drain(&functions).await?;      // until nothing is left to do; a backoff takes no time
//! assert!(pump.failures().all().is_empty());
//! ```

mod batch_response;
mod checkpoint;
mod failures;
mod filter;
mod mapping;
mod record;
mod stream;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use self::checkpoint::{Checkpoint, Checkpoints};
pub use self::failures::Failures;
pub(crate) use self::failures::to_the_second;
pub use self::mapping::Mapping;
pub use self::stream::Table;
use self::stream::{Reader, Stream};
use self::worker::{Next, Processed, Worker};
use crate::clock::{Clock, millis};
use crate::failure::Result;

/// Lambda polls a shard four times a second.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The most records that a mapping has in memory: it reads more only after some are processed.
const MAX_BUFFERED_RECORDS: usize = 2_000;

/// Reads a stream without a function: every record, once.
#[derive(Debug)]
pub struct Tail {
    stream: Stream,
    reader: Option<Reader>,
}

impl Tail {
    /// Begins at the stream's oldest record.
    pub fn new(table: Table) -> Self {
        Self { stream: Stream::new(table), reader: None }
    }

    /// Returns the records since the last call, each as a member of `Records` in a function's event.
    pub async fn read(&mut self) -> Result<Vec<Value>> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(Reader::new(self.stream.arn().await?)),
        };
        let mut all = Vec::new();
        loop {
            let records = reader.read(&self.stream, &BTreeMap::new()).await?;
            if records.is_empty() {
                return Ok(all);
            }
            all.extend(records.into_iter().map(|record| record.event));
        }
    }
}

/// A way to invoke functions.
pub trait Functions {
    /// Invokes the function with this binary name, and waits for its response.
    fn invoke(
        &self,
        function: &str,
        event: Value,
    ) -> impl Future<Output = std::result::Result<Value, InvokeError>>;
}

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvokeError {
    /// The function returned an error or crashed. Counts as a retry.
    Failed(String),
    /// The function could not be invoked. Does not count as a retry: the invocation is repeated
    /// until its records are too old.
    Unavailable(String),
}

/// The event source mappings of one table.
#[derive(Debug)]
pub struct Pump {
    stream: Stream,
    states: Vec<MappingState>,
    failures: Failures,
    /// The file of the checkpoints, if they are stored.
    file: Option<PathBuf>,
    clock: Clock,
}

/// The state of one mapping.
#[derive(Debug)]
struct MappingState {
    mapping: Mapping,
    reader: Option<Reader>,
    workers: Vec<Worker>,
    checkpoint: Checkpoint,
    /// Whether the checkpoint has changed since it was written.
    changed: bool,
    /// Whether the function could not be called the last time.
    unavailable: bool,
}

/// The index of a mapping, and of one of its workers.
type WorkerIndex = (usize, usize);

/// An invocation that a worker has requested.
struct Invocation {
    worker_index: WorkerIndex,
    function: String,
    event: Value,
}

impl Pump {
    /// Creates a pump without stored checkpoints, which starts at the stream's oldest record.
    pub fn new(table: Table, mappings: Vec<Mapping>) -> Self {
        let states =
            mappings.into_iter().map(|mapping| MappingState::new(mapping, Checkpoint::default()));
        Self {
            stream: Stream::new(table),
            states: states.collect(),
            failures: Failures::default(),
            file: None,
            clock: Clock::default(),
        }
    }

    /// Continues from the checkpoints in a file, and stores new ones there.
    pub fn with_checkpoints(mut self, file: &Path) -> Result<Self> {
        let mut checkpoints = checkpoint::load(file)?;
        for state in &mut self.states {
            state.checkpoint = checkpoints.remove(&state.mapping.name()).unwrap_or_default();
        }
        self.file = Some(file.to_owned());
        Ok(self)
    }

    /// Sends messages about discarded records to `failures`.
    #[must_use]
    pub fn with_failures(mut self, failures: Failures) -> Self {
        self.failures = failures;
        self
    }

    /// Returns the failure destination of all mappings.
    pub fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Moves the clock forward until the end of the next [`Pump::drain`], so that the records in
    /// the stream get older.
    pub fn advance(&mut self, by: Duration) {
        self.clock.skip(by);
    }

    /// Delivers records until the stream has no new ones and every batch is processed. A backoff
    /// takes no time.
    pub async fn drain(&mut self, functions: &impl Functions) -> Result<()> {
        let drained = self.pump(functions, true).await;
        self.clock = Clock::default();
        drained
    }

    /// Delivers records; returns only with an error.
    pub async fn run(&mut self, functions: &impl Functions) -> Result<()> {
        self.pump(functions, false).await
    }

    async fn pump(&mut self, functions: &impl Functions, drain: bool) -> Result<()> {
        for worker in self.states.iter_mut().flat_map(|state| &mut state.workers) {
            worker.forget_invocation();
        }
        let mut under_way = FuturesUnordered::new();
        let mut read_at = i64::MIN;
        let mut last_error = None;
        loop {
            let mut new_records = 0;
            if drain || read_at <= self.clock.now() {
                match self.read().await {
                    Ok(count) => (new_records, last_error) = (count, None),
                    Err(error) if drain => return Err(error),
                    Err(error) => {
                        let again = last_error.as_ref() == Some(&error);
                        if !again {
                            eprintln!("can't read the stream, retrying: {error}");
                        }
                        last_error = Some(error);
                    }
                }
                read_at = self.clock.now().saturating_add(millis(POLL_INTERVAL));
            }
            let (due, wake_at) = self.due()?;
            under_way.extend(due.into_iter().map(
                |Invocation { worker_index, function, event }| async move {
                    (worker_index, functions.invoke(&function, event).await)
                },
            ));
            self.save()?;

            if drain {
                match (under_way.next().await, wake_at) {
                    (Some((worker_index, outcome)), _) => self.complete(worker_index, outcome)?,
                    (None, _) if new_records > 0 => {}
                    (None, Some(at)) => self.clock.skip_to(at),
                    (None, None) => return Ok(()),
                }
                continue;
            }
            let wait = self.clock.until(wake_at.map_or(read_at, |at| at.min(read_at)));
            tokio::select! {
                Some((worker_index, outcome)) = under_way.next() => self.complete(worker_index, outcome)?,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Reads new records of all mappings, and returns their number.
    async fn read(&mut self) -> Result<usize> {
        let mut count = 0;
        for state in &mut self.states {
            count += state.read(&self.stream).await?;
        }
        Ok(count)
    }

    /// Returns the invocations that are due now, and the time when the next one may be due.
    fn due(&mut self) -> Result<(Vec<Invocation>, Option<i64>)> {
        let now = self.clock.now();
        let (mut due, mut wake_at) = (Vec::new(), None);
        for state in 0..self.states.len() {
            for worker in 0..self.states[state].workers.len() {
                let MappingState { mapping, workers, .. } = &mut self.states[state];
                let mut processed = Processed::default();
                match workers[worker].next(mapping, now, &mut processed) {
                    Next::Nothing => {}
                    Next::Wait(at) => {
                        wake_at = Some(wake_at.map_or(at, |other: i64| other.min(at)))
                    }
                    Next::Invoke(event) => {
                        let function = mapping.function.clone();
                        due.push(Invocation { worker_index: (state, worker), function, event });
                    }
                }
                self.record(state, processed)?;
            }
        }
        Ok((due, wake_at))
    }

    fn complete(
        &mut self,
        (state, worker): WorkerIndex,
        outcome: std::result::Result<Value, InvokeError>,
    ) -> Result<()> {
        let MappingState { mapping, workers, unavailable, .. } = &mut self.states[state];
        let was_unavailable = *unavailable;
        *unavailable = matches!(outcome, Err(InvokeError::Unavailable(_)));
        if let Err(InvokeError::Unavailable(why)) = &outcome
            && !was_unavailable
        {
            eprintln!("can't invoke {}, retrying: {why}", mapping.function);
        }
        let mut processed = Processed::default();
        workers[worker].complete(mapping, outcome, self.clock.now(), &mut processed);
        self.record(state, processed)?;
        self.save()
    }

    /// Updates the checkpoint, and sends messages about discarded records.
    fn record(&mut self, state: usize, processed: Processed) -> Result<()> {
        let state = &mut self.states[state];
        for discarded in &processed.discarded {
            let function = &state.mapping.function;
            let count = discarded.records.len();
            eprintln!(
                "{function}: {count} stream record{} discarded: {}",
                if count == 1 { "" } else { "s" },
                discarded.condition.description(),
            );
            let stream = self.stream.shown_as(&state.checkpoint.stream);
            let region = self.stream.region();
            let message = failures::message(discarded, function, &stream, region, self.clock.now());
            self.failures.send(message)?;
        }
        let discarded = processed.discarded.iter().flat_map(|batch| &batch.records);
        for record in processed.done.iter().chain(discarded) {
            let shard = state.checkpoint.shards.entry(record.shard.clone()).or_default();
            shard.mark_processed(&record.sequence_number);
            state.changed = true;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        let mut changed = false;
        for state in &mut self.states {
            changed |= std::mem::take(&mut state.changed);
        }
        let Some(file) = self.file.as_ref().filter(|_| changed) else { return Ok(()) };
        let checkpoints: Checkpoints = self
            .states
            .iter()
            .map(|state| (state.mapping.name(), state.checkpoint.clone()))
            .collect();
        checkpoint::save(&checkpoints, file)
    }
}

impl MappingState {
    fn new(mapping: Mapping, checkpoint: Checkpoint) -> Self {
        let workers = (0..mapping.workers).map(|_| Worker::default()).collect();
        Self { mapping, reader: None, workers, checkpoint, changed: false, unavailable: false }
    }

    async fn read(&mut self, stream: &Stream) -> Result<usize> {
        if self.workers.iter().map(Worker::len).sum::<usize>() >= MAX_BUFFERED_RECORDS {
            return Ok(0);
        }
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let arn = stream.arn().await?;
                if self.checkpoint.stream != arn {
                    self.checkpoint = Checkpoint { stream: arn.clone(), ..Checkpoint::default() };
                }
                self.reader.insert(Reader::new(arn))
            }
        };
        let records = reader.read(stream, &self.checkpoint.shards).await?;
        let count = records.len();
        for record in records {
            let position = self.checkpoint.shards.entry(record.shard.clone()).or_default();
            self.changed = true;
            if !position.read(&record.sequence_number) {
                continue;
            }
            if self.mapping.delivers(&record.event) {
                self.workers[record.worker(self.mapping.workers)].push(record);
            } else {
                position.mark_processed(&record.sequence_number);
            }
        }
        Ok(count)
    }
}
