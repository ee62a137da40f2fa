//! Lambda's event source mapping: what is written into the table's stream reaches the functions
//! that ask for it in `template.yaml`.
//!
//! ```text
//! stream → filter → workers (one item, one worker) → batch → function → done
//!                                    ↑ retry, split            → failure destination
//! ```
//!
//! What it does with a batch is Lambda's, as documented in
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>; the
//! modules name the page of each rule. Where the documents are silent: a back-off begins with one
//! second and doubles up to a minute; an answer that names the first record of a batch as failed
//! splits it like an error does, so that nobody is given up with a neighbour.
//!
//! A record may come twice, as it may in the cloud: a pump that ends between a function's answer and
//! the checkpoint does not know of the answer, and the retries of a batch under way begin anew. The
//! workers are a mapping's, not a shard's: that is the same in a stream of one shard, and slower in
//! one of many. Losses are not consolidated: each is a message of its own.
//!
//! [`Pump`] reads a stream over HTTP and calls functions through [`Functions`], so it works with
//! any database and any way to run a function:
//!
//! ```ignore
//! let mappings = Mapping::all(&template)?;
//! let mut pump = Pump::new(table, mappings);
//! pump.drain(&functions).await?;      // until nothing is left to do; a back-off takes no time
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

/// Lambda asks a shard four times a second.
const BETWEEN_READS: Duration = Duration::from_millis(250);

/// A mapping that holds so many records is read no further, until some are decided.
const HELD_AT_MOST: usize = 2_000;

/// Whatever runs functions.
pub trait Functions {
    /// Invokes `function`, by the name of its binary, and waits for its answer.
    fn invoke(
        &self,
        function: &str,
        event: Value,
    ) -> impl Future<Output = std::result::Result<Value, NotDone>>;
}

/// Why an invocation has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDone {
    /// The function said so, or fell over. Its retries are counted.
    Failed(String),
    /// It could not be called at all. It is called again until its records are too old.
    Unavailable(String),
}

/// The event source mappings of one table.
#[derive(Debug)]
pub struct Pump {
    stream: Stream,
    flows: Vec<Flow>,
    failures: Failures,
    /// Where checkpoints are kept, if at all.
    file: Option<PathBuf>,
    clock: Clock,
}

/// One mapping at work.
#[derive(Debug)]
struct Flow {
    mapping: Mapping,
    reader: Option<Reader>,
    workers: Vec<Worker>,
    checkpoint: Checkpoint,
    /// Whether the checkpoint has changed since it was written.
    moved: bool,
    /// Whether the function could not be called the last time.
    unavailable: bool,
}

/// Which worker of which flow.
type Place = (usize, usize);

/// What a worker wants to have invoked.
struct Invocation {
    place: Place,
    function: String,
    event: Value,
}

impl Pump {
    /// A pump that remembers nothing when it ends.
    pub fn new(table: Table, mappings: Vec<Mapping>) -> Self {
        let flows = mappings.into_iter().map(|mapping| Flow::new(mapping, Checkpoint::default()));
        Self {
            stream: Stream::new(table),
            flows: flows.collect(),
            failures: Failures::default(),
            file: None,
            clock: Clock::default(),
        }
    }

    /// Goes on from the checkpoints in a file, and keeps them there.
    pub fn with_checkpoints(mut self, file: &Path) -> Result<Self> {
        let mut checkpoints = checkpoint::load(file)?;
        for flow in &mut self.flows {
            flow.checkpoint = checkpoints.remove(&flow.mapping.name()).unwrap_or_default();
        }
        self.file = Some(file.to_owned());
        Ok(self)
    }

    /// Sends what it gives up to `failures`.
    #[must_use]
    pub fn with_failures(mut self, failures: Failures) -> Self {
        self.failures = failures;
        self
    }

    /// The failure destination of all mappings.
    pub fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Lets time pass until the end of the next [`Pump::drain`]: what is in the stream gets older.
    pub fn advance(&mut self, by: Duration) {
        self.clock.skip(by);
    }

    /// Delivers until the stream has nothing new and every batch is decided. Back-offs take
    /// no time.
    pub async fn drain(&mut self, functions: &impl Functions) -> Result<()> {
        let drained = self.pump(functions, true).await;
        self.clock = Clock::default();
        drained
    }

    /// Delivers as long as it is polled.
    pub async fn run(&mut self, functions: &impl Functions) -> Result<()> {
        self.pump(functions, false).await
    }

    async fn pump(&mut self, functions: &impl Functions, drain: bool) -> Result<()> {
        for worker in self.flows.iter_mut().flat_map(|flow| &mut flow.workers) {
            worker.resume();
        }
        let mut under_way = FuturesUnordered::new();
        let mut read_at = i64::MIN;
        let mut last_error = None;
        loop {
            let mut news = 0;
            if drain || read_at <= self.clock.now() {
                match self.read().await {
                    Ok(count) => (news, last_error) = (count, None),
                    Err(error) if drain => return Err(error),
                    Err(error) => {
                        let again = last_error.as_ref() == Some(&error);
                        if !again {
                            eprintln!("the stream can't be read, trying again: {error}");
                        }
                        last_error = Some(error);
                    }
                }
                read_at = self.clock.now().saturating_add(millis(BETWEEN_READS));
            }
            let (due, wake_at) = self.due()?;
            under_way.extend(due.into_iter().map(
                |Invocation { place, function, event }| async move {
                    (place, functions.invoke(&function, event).await)
                },
            ));
            self.save()?;

            if drain {
                match (under_way.next().await, wake_at) {
                    (Some((place, outcome)), _) => self.settle(place, outcome)?,
                    (None, _) if news > 0 => {}
                    (None, Some(at)) => self.clock.skip_to(at),
                    (None, None) => return Ok(()),
                }
                continue;
            }
            let wait = self.clock.until(wake_at.map_or(read_at, |at| at.min(read_at)));
            tokio::select! {
                Some((place, outcome)) = under_way.next() => self.settle(place, outcome)?,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Reads what is new into the workers, and tells how much that is.
    async fn read(&mut self) -> Result<usize> {
        let mut count = 0;
        for flow in &mut self.flows {
            count += flow.read(&self.stream).await?;
        }
        Ok(count)
    }

    /// What to invoke now, and when to look again.
    fn due(&mut self) -> Result<(Vec<Invocation>, Option<i64>)> {
        let now = self.clock.now();
        let (mut due, mut wake_at) = (Vec::new(), None);
        for flow in 0..self.flows.len() {
            for worker in 0..self.flows[flow].workers.len() {
                let Flow { mapping, workers, .. } = &mut self.flows[flow];
                let mut settled = Processed::default();
                match workers[worker].next(mapping, now, &mut settled) {
                    Next::Nothing => {}
                    Next::Wait(at) => {
                        wake_at = Some(wake_at.map_or(at, |other: i64| other.min(at)))
                    }
                    Next::Invoke(event) => {
                        let function = mapping.function.clone();
                        due.push(Invocation { place: (flow, worker), function, event });
                    }
                }
                self.note(flow, settled)?;
            }
        }
        Ok((due, wake_at))
    }

    fn settle(
        &mut self,
        (flow, worker): Place,
        outcome: std::result::Result<Value, NotDone>,
    ) -> Result<()> {
        let Flow { mapping, workers, unavailable, .. } = &mut self.flows[flow];
        let was_unavailable = *unavailable;
        *unavailable = matches!(outcome, Err(NotDone::Unavailable(_)));
        if let Err(NotDone::Unavailable(why)) = &outcome
            && !was_unavailable
        {
            eprintln!("{} can't be invoked, trying again: {why}", mapping.function);
        }
        let mut settled = Processed::default();
        workers[worker].answered(mapping, outcome, self.clock.now(), &mut settled);
        self.note(flow, settled)?;
        self.save()
    }

    /// Notes what is decided, and tells the failure destination what is lost.
    fn note(&mut self, flow: usize, settled: Processed) -> Result<()> {
        let flow = &mut self.flows[flow];
        for loss in &settled.lost {
            let function = &flow.mapping.function;
            let count = loss.records.len();
            eprintln!(
                "{function}: {count} stream record{} given up, {}",
                if count == 1 { "" } else { "s" },
                loss.condition.in_words(),
            );
            let stream = self.stream.shown_as(&flow.checkpoint.stream);
            let region = self.stream.region();
            let message = failures::message(loss, function, &stream, region, self.clock.now());
            self.failures.send(message)?;
        }
        let lost = settled.lost.iter().flat_map(|loss| &loss.records);
        for record in settled.done.iter().chain(lost) {
            let shard = flow.checkpoint.shards.entry(record.shard.clone()).or_default();
            shard.decide(&record.sequence_number);
            flow.moved = true;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        let mut moved = false;
        for flow in &mut self.flows {
            moved |= std::mem::take(&mut flow.moved);
        }
        let Some(file) = self.file.as_ref().filter(|_| moved) else { return Ok(()) };
        let checkpoints: Checkpoints =
            self.flows.iter().map(|flow| (flow.mapping.name(), flow.checkpoint.clone())).collect();
        checkpoint::save(&checkpoints, file)
    }
}

impl Flow {
    fn new(mapping: Mapping, checkpoint: Checkpoint) -> Self {
        let workers = (0..mapping.workers).map(|_| Worker::default()).collect();
        Self { mapping, reader: None, workers, checkpoint, moved: false, unavailable: false }
    }

    async fn read(&mut self, stream: &Stream) -> Result<usize> {
        if self.workers.iter().map(Worker::len).sum::<usize>() >= HELD_AT_MOST {
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
            self.moved = true;
            if !position.read(&record.sequence_number) {
                continue;
            }
            if self.mapping.filter.matches(&record.event) {
                self.workers[record.worker(self.mapping.workers)].push(record);
            } else {
                position.decide(&record.sequence_number);
            }
        }
        Ok(count)
    }
}
