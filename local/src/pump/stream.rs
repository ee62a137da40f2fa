//! The table's stream, read over DynamoDB's own API: from the embedded database as from any other.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::checkpoint::Position;
use super::record::{Record, SequenceNumber, in_region};
use crate::failure::{Explain, Failure, Result};
use crate::http::Client;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A table, and the database that it is in.
#[derive(Debug, Clone)]
pub struct Table {
    /// Where the database answers, as `http://127.0.0.1:8000`.
    pub endpoint: String,
    /// The table's name.
    pub name: String,
    /// The region that functions see.
    pub region: String,
    /// DynamoDB Local keeps apart what comes with different keys: the one that the table was made
    /// with.
    pub access_key_id: String,
}

/// A database's answer that is no success: its error's name, and the whole of it.
struct Refusal {
    name: String,
    words: Failure,
}

/// The stream of one table.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    table: Table,
    client: Client,
}

impl Stream {
    pub fn new(table: Table) -> Self {
        Self { table, client: Client::new() }
    }

    pub fn region(&self) -> &str {
        &self.table.region
    }

    /// The ARN that functions see.
    pub fn shown_as(&self, arn: &str) -> String {
        in_region(arn, &self.table.region)
    }

    /// The ARN that the database knows.
    pub async fn arn(&self) -> Result<String> {
        let request = json!({"TableName": self.table.name});
        let answer = self.call("DynamoDB_20120810.DescribeTable", request).await?;
        let arn = answer["Table"]["LatestStreamArn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| Failure::new(format!("the table {} has no stream", self.table.name)))
    }

    /// The shards, each with its parent.
    async fn shards(&self, arn: &str) -> Result<Vec<(String, Option<String>)>> {
        let mut shards = Vec::new();
        let mut request = json!({"StreamArn": arn});
        loop {
            let target = "DynamoDBStreams_20120810.DescribeStream";
            let mut answer = self.call(target, request.clone()).await?;
            let description = answer["StreamDescription"].take();
            let page = description["Shards"].as_array().into_iter().flatten();
            shards.extend(page.filter_map(|shard| {
                let parent = shard["ParentShardId"].as_str().map(str::to_owned);
                Some((shard["ShardId"].as_str()?.to_owned(), parent))
            }));
            match &description["LastEvaluatedShardId"] {
                Value::Null => return Ok(shards),
                last => request["ExclusiveStartShardId"] = last.clone(),
            }
        }
    }

    async fn iterator(&self, arn: &str, shard: &str, start: &Start) -> Result<String> {
        let mut request = json!({"StreamArn": arn, "ShardId": shard});
        request["ShardIteratorType"] = match start {
            Start::Oldest => "TRIM_HORIZON".into(),
            Start::After(number) => {
                request["SequenceNumber"] = number.as_str().into();
                "AFTER_SEQUENCE_NUMBER".into()
            }
        };
        let answer = self.call("DynamoDBStreams_20120810.GetShardIterator", request).await?;
        let iterator = answer["ShardIterator"].as_str().ok_or("no iterator");
        iterator.map(str::to_owned).explain(|| format!("the shard {shard}"))
    }

    async fn call(&self, target: &str, request: Value) -> Result<Value> {
        self.try_call(target, request).await.map_err(|refusal| refusal.words)
    }

    async fn try_call(&self, target: &str, request: Value) -> std::result::Result<Value, Refusal> {
        // Nobody checks the signature; that there is one, and whose.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
            self.table.access_key_id, self.table.region
        );
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-date", "20260101T000000Z"),
            ("x-amz-target", target),
        ];
        let exchange =
            self.client.post(&self.table.endpoint, &headers, request.to_string(), TIMEOUT).await;
        let answer = exchange.map_err(|words| Refusal { name: String::new(), words })?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Ok(body);
        }
        let kind = body["__type"].as_str().unwrap_or_default();
        let name = kind.rsplit('#').next().unwrap_or_default().to_owned();
        let words = String::from_utf8_lossy(&answer.body);
        Err(Refusal { name, words: Failure::new(format!("{target}: {words}")) })
    }
}

#[derive(Debug, Clone)]
enum Start {
    Oldest,
    After(SequenceNumber),
}

/// One reader of a stream, with its own place in each shard.
#[derive(Debug)]
pub(super) struct Reader {
    pub arn: String,
    shards: BTreeMap<String, Shard>,
    /// Whether there may be shards that we don't know.
    look_for_shards: bool,
}

#[derive(Debug)]
struct Shard {
    parent: Option<String>,
    start: Start,
    /// `None` before the first read, and after an iterator has expired.
    iterator: Option<String>,
    /// Closed, and read to its end.
    ended: bool,
}

impl Reader {
    /// One that has read nothing yet.
    pub fn new(arn: String) -> Self {
        Self { arn, shards: BTreeMap::new(), look_for_shards: true }
    }

    /// What is new, in order. A shard is read when its parent is read to the end.
    pub async fn read(
        &mut self,
        stream: &Stream,
        positions: &BTreeMap<String, Position>,
    ) -> Result<Vec<Record>> {
        if self.look_for_shards {
            self.find_shards(stream, positions).await?;
        }
        let mut records = Vec::new();
        for name in self.readable() {
            let Some(shard) = self.shards.get_mut(&name) else { continue };
            records.extend(shard.read(&self.arn, &name, stream).await?);
            self.look_for_shards |= shard.ended;
        }
        Ok(records)
    }

    async fn find_shards(
        &mut self,
        stream: &Stream,
        positions: &BTreeMap<String, Position>,
    ) -> Result<()> {
        for (name, parent) in stream.shards(&self.arn).await? {
            let known = positions.get(&name).and_then(|position| position.after.clone());
            let start = known.map_or(Start::Oldest, Start::After);
            let shard = Shard { parent, start, iterator: None, ended: false };
            self.shards.entry(name).or_insert(shard);
        }
        self.look_for_shards = false;
        Ok(())
    }

    fn readable(&self) -> Vec<String> {
        let over = |name: &String| self.shards.get(name).is_none_or(|shard| shard.ended);
        let open = self
            .shards
            .iter()
            .filter(|(_, shard)| !shard.ended && shard.parent.as_ref().is_none_or(over));
        open.map(|(name, _)| name.clone()).collect()
    }
}

impl Shard {
    async fn read(&mut self, arn: &str, name: &str, stream: &Stream) -> Result<Vec<Record>> {
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => stream.iterator(arn, name, &self.start).await?,
        };
        let request = json!({"ShardIterator": iterator});
        let mut answer = match stream.try_call("DynamoDBStreams_20120810.GetRecords", request).await
        {
            Ok(answer) => answer,
            // The next read asks for a new one.
            Err(refusal) if refusal.name == "ExpiredIteratorException" => return Ok(Vec::new()),
            Err(refusal) if refusal.name == "TrimmedDataAccessException" => {
                self.start = Start::Oldest;
                return Ok(Vec::new());
            }
            Err(refusal) => return Err(refusal.words),
        };
        self.iterator = answer["NextShardIterator"].as_str().map(str::to_owned);
        self.ended = self.iterator.is_none();
        let Value::Array(answered) = answer["Records"].take() else { return Ok(Vec::new()) };
        let records: Vec<_> = answered
            .into_iter()
            .map(|record| Record::new(record, name, arn, stream.region()))
            .collect();
        if let Some(last) = records.last() {
            self.start = Start::After(last.sequence_number.clone());
        }
        Ok(records)
    }
}
