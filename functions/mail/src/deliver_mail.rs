//! `deliver-mail`: sends what the outbox holds.
//!
//! The table's stream starts it for every message that is written; the clock, for those that the
//! stream did not get out; an operator, with `{"resend": "failed"}`, to put back into the outbox
//! what was set aside. Records of the stream that have to come again are named in the answer.

use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use shared::domain::ids::MessageId;
use shared::store::deliveries::OutboxSweep;
use shared::{Ctx, Result};
use time::Duration;

use crate::delivery::{self, Outcome};

/// How many mails are on their way at once. SES lets a new shop send fourteen a second.
const AT_ONCE: usize = 4;

/// For how long a message is left to the stream.
const STREAMS_TURN: Duration = Duration::minutes(2);

/// For how long a look at the outbox begins new mails: well within the function's time-out.
const SWEEP: Duration = Duration::seconds(30);

/// What starts the job.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// The table's stream.
    Stream {
        /// What has changed, oldest first.
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// An operator.
    Command {
        /// What to send again.
        resend: Resend,
    },
    /// The clock.
    Schedule {
        /// Who keeps it.
        source: Clock,
    },
}

/// A change of the table (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).
#[derive(Debug, Deserialize)]
pub struct Record {
    #[serde(rename = "eventName")]
    event: String,
    dynamodb: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    keys: Keys,
}

#[derive(Debug, Deserialize)]
struct Keys {
    sk: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// What can be sent again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resend {
    /// What was set aside.
    Failed,
}

/// Whose time it is.
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
    #[serde(rename_all = "camelCase")]
    Stream {
        /// By their sequence numbers.
        batch_item_failures: Vec<Failure>,
    },
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

/// A record that has to come again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    item_identifier: String,
}

pub async fn handle(ctx: &'static Ctx, start: Start) -> Result<Answer> {
    match start {
        Start::Stream { records } => deliver_new(ctx, records).await,
        Start::Schedule { source: Clock::EventBridge } => deliver_left(ctx).await,
        Start::Command { resend: Resend::Failed } => {
            let returned = ctx.store.return_failed_messages(ctx.now()).await?;
            Ok(Answer::Command { returned })
        }
    }
}

async fn deliver_new(ctx: &Ctx, records: Vec<Record>) -> Result<Answer> {
    let post = delivery::post(ctx)?;
    let deliveries = records.into_iter().filter_map(|record| {
        let id: MessageId = record.message()?;
        Some(async move {
            let item_identifier = record.dynamodb.sequence_number;
            let end = delivery::deliver(ctx, post, id).await;
            (end == Outcome::Failed).then_some(Failure { item_identifier })
        })
    });
    let failures = stream::iter(deliveries).buffered(AT_ONCE).collect::<Vec<_>>().await;
    Ok(Answer::Stream { batch_item_failures: failures.into_iter().flatten().collect() })
}

async fn deliver_left(ctx: &Ctx) -> Result<Answer> {
    let post = delivery::post(ctx)?;
    let began = ctx.now();
    let is_over = || ctx.now() >= began.plus(SWEEP);
    let mut look = OutboxSweep::before(began.plus(-STREAMS_TURN));
    let (mut all, mut settled) = (0, 0);
    while !is_over()
        && let Some(unsent) = ctx.store.unsent_messages(&mut look, ctx.now()).await?
    {
        all += unsent.len();
        let deliveries = unsent
            .into_iter()
            .take_while(|_| !is_over())
            .map(|id| delivery::deliver(ctx, post, id));
        let ends = stream::iter(deliveries).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        settled += ends.into_iter().filter(|end| *end == Outcome::Settled).count();
    }
    Ok(Answer::Schedule { settled, left: all - settled })
}

impl Record {
    /// The message that was written, if it is one.
    fn message(&self) -> Option<MessageId> {
        let is_new = self.event == "INSERT";
        self.dynamodb.keys.sk.text.parse().ok().filter(|_| is_new)
    }
}
