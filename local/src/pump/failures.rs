//! The failure destination: what Lambda says about records that it gives up.
//!
//! The message holds the records' place in the stream, not the records.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use shared::domain::time::Timestamp;
use uuid::Uuid;

use super::worker::Loss;
use crate::failure::{Explain, Result};

/// A queue that keeps what it is sent, in memory or in a file of one JSON document a line; clones
/// share it.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    file: Option<PathBuf>,
    messages: Arc<Mutex<Vec<Value>>>,
}

impl Failures {
    /// One that also appends to the file at `path`.
    pub fn file(path: &Path) -> Self {
        Self { file: Some(path.to_owned()), ..Self::default() }
    }

    /// What it was sent since it was made, oldest first.
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

/// What Lambda sends about a loss of `function`.
pub(super) fn message(loss: &Loss, function: &str, stream: &str, region: &str, now: i64) -> Value {
    let (Some(first), Some(last)) = (loss.records.first(), loss.records.last()) else {
        return Value::Null;
    };
    let mut message = json!({
        "requestContext": {
            "requestId": Uuid::now_v7().to_string(),
            "functionArn": format!("arn:aws:lambda:{region}:000000000000:function:{function}"),
            "condition": format!("{:?}", loss.condition),
            "approximateInvokeCount": loss.invocations,
        },
        "version": "1.0",
        "timestamp": Timestamp::from_unix_millis(now),
        "DDBStreamBatchInfo": {
            "shardId": first.shard,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": to_the_second(first.written),
            "approximateArrivalOfLastRecord": to_the_second(last.written),
            "batchSize": loss.records.len(),
            "streamArn": stream,
        },
    });
    if loss.invocations > 0 {
        message["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST"});
    }
    if loss.failed {
        message["responseContext"]["functionError"] = "Unhandled".into();
    }
    message
}

/// `2026-01-01T00:00:00Z`
pub(crate) fn to_the_second(millis: i64) -> String {
    let text = Timestamp::from_unix_millis(millis).to_string();
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
