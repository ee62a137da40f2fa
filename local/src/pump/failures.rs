//! The failure destination: the messages that Lambda sends about discarded records.
//!
//! A message has the position of the records in the stream, not the records.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use uuid::Uuid;

use super::worker::DiscardedBatch;
use crate::failure::{Explain, Result};

/// A queue of messages, in memory and optionally in a file with one JSON document per line; clones
/// share it.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    file: Option<PathBuf>,
    messages: Arc<Mutex<Vec<Value>>>,
}

impl Failures {
    /// Creates a queue that also appends to the file at `path`.
    pub fn file(path: &Path) -> Self {
        Self { file: Some(path.to_owned()), ..Self::default() }
    }

    /// Returns the messages since it was created, oldest first.
    pub fn all(&self) -> Vec<Value> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn send(&self, message: Value) -> Result<()> {
        if let Some(path) = &self.file {
            let writing = || format!("can't write {}", path.display());
            let options = std::fs::OpenOptions::new().create(true).append(true).open(path);
            writeln!(options.explain(writing)?, "{message}").explain(writing)?;
        }
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        Ok(())
    }
}

/// Returns the message that Lambda sends when it discards records of `function`.
pub(super) fn message(
    discarded: &DiscardedBatch,
    function: &str,
    stream: &str,
    region: &str,
    now: i64,
) -> Value {
    let (Some(first), Some(last)) = (discarded.records.first(), discarded.records.last()) else {
        return Value::Null;
    };
    let mut message = json!({
        "requestContext": {
            "requestId": Uuid::now_v7().to_string(),
            "functionArn": format!("arn:aws:lambda:{region}:000000000000:function:{function}"),
            "condition": format!("{:?}", discarded.condition),
            "approximateInvokeCount": discarded.invocations,
        },
        "version": "1.0",
        "timestamp": Timestamp::from_unix_millis(now),
        "DDBStreamBatchInfo": {
            "shardId": first.shard,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": to_the_second(first.written),
            "approximateArrivalOfLastRecord": to_the_second(last.written),
            "batchSize": discarded.records.len(),
            "streamArn": stream,
        },
    });
    if discarded.invocations > 0 {
        message["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST"});
    }
    if discarded.failed {
        message["responseContext"]["functionError"] = "Unhandled".into();
    }
    message
}

/// Formats milliseconds since 1970 without fractions of a second: `2026-01-01T00:00:00Z`.
pub(crate) fn to_the_second(millis: i64) -> String {
    let text = Timestamp::from_unix_millis(millis).to_string();
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
