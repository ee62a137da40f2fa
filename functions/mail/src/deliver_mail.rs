//! `deliver-mail`: sends what the outbox holds.
//!
//! The table's stream starts it for every message that is written; the clock, for those that the
//! stream did not get out; an operator, with `{"resend": "failed"}`, to put back into the outbox
//! what was set aside. Records of the stream that have to come again are named in the answer.

use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use shared::domain::ids::MessageId;
use shared::jobs::{BatchItemFailures, Change, StreamEvent, StreamRecord};
use shared::store::deliveries::OutboxSweep;
use shared::{Ctx, Result};
use time::Duration;

use crate::delivery::{self, Outcome};

/// How many mails are on their way at once. SES lets a new shop send fourteen a second.
const AT_ONCE: usize = 4;

/// For how long a message is left to the stream.
const STREAMS_TURN: Duration = Duration::minutes(2);

/// For how long a sweep of the outbox begins new mails: well within the function's time-out.
const SWEEP: Duration = Duration::seconds(30);

/// What starts the job.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// The table's stream.
    Stream(StreamEvent),
    /// An operator.
    Command {
        /// What to send again.
        resend: Resend,
    },
    /// The clock.
    Schedule {
        /// Always `aws.events`.
        source: Clock,
    },
}

/// What can be sent again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resend {
    /// What was set aside.
    Failed,
}

/// The `source` of a scheduled event.
#[derive(Debug, Deserialize)]
pub enum Clock {
    /// EventBridge's.
    #[serde(rename = "aws.events")]
    EventBridge,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Which records have to come again.
    Stream(BatchItemFailures),
    /// How many messages are in the outbox again.
    Command {
        /// Their number.
        returned: usize,
    },
    /// How it went with what was left in the outbox.
    Schedule {
        /// How many needed no more.
        settled: usize,
        /// How many of those that were found are still there.
        left: usize,
    },
}

pub async fn handle(ctx: &'static Ctx, start: Start) -> Result<Answer> {
    match start {
        Start::Stream(event) => deliver_new(ctx, event.records).await,
        Start::Schedule { source: Clock::EventBridge } => deliver_left(ctx).await,
        Start::Command { resend: Resend::Failed } => {
            let returned = ctx.store.deliveries().return_failed(ctx.now()).await?;
            Ok(Answer::Command { returned })
        }
    }
}

async fn deliver_new(ctx: &Ctx, records: Vec<StreamRecord>) -> Result<Answer> {
    let settings = delivery::settings(ctx)?;
    let deliveries = records.into_iter().filter_map(|record| {
        let id = new_message(&record)?;
        Some(async move {
            let outcome = delivery::deliver(ctx, settings, id).await;
            (outcome == Outcome::Failed).then_some(record.sequence_number)
        })
    });
    let failures = stream::iter(deliveries).buffered(AT_ONCE).collect::<Vec<_>>().await;
    Ok(Answer::Stream(failures.into_iter().flatten().collect()))
}

async fn deliver_left(ctx: &Ctx) -> Result<Answer> {
    let settings = delivery::settings(ctx)?;
    let began = ctx.now();
    let is_over = || ctx.now() >= began.plus(SWEEP);
    let mut sweep = OutboxSweep::before(began.plus(-STREAMS_TURN));
    let (mut all, mut settled) = (0, 0);
    while !is_over()
        && let Some(unsent) = ctx.store.deliveries().next_unsent(&mut sweep, ctx.now()).await?
    {
        all += unsent.len();
        let deliveries = unsent
            .into_iter()
            .take_while(|_| !is_over())
            .map(|id| delivery::deliver(ctx, settings, id));
        let outcomes = stream::iter(deliveries).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        settled += outcomes.into_iter().filter(|outcome| *outcome == Outcome::Settled).count();
    }
    Ok(Answer::Schedule { settled, left: all - settled })
}

/// The message that was written, if it is one.
fn new_message(record: &StreamRecord) -> Option<MessageId> {
    let is_new = record.change == Change::Insert && record.item_type == "message";
    record.key.sk.parse().ok().filter(|_| is_new)
}
