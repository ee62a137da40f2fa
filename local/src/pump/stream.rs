//! Reads the table's stream over the DynamoDB Streams API, of the embedded or any other database.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::checkpoint::Position;
use super::record::{Record, SequenceNumber, in_region};
use crate::failure::{Explain, Failure, Result};
use crate::http::Client;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A table and how to reach its database.
#[derive(Debug, Clone)]
pub struct Table {
    /// The URL of the database, such as `http://127.0.0.1:8000`.
    pub endpoint: String,
    /// The table's name.
    pub name: String,
    /// The region in the functions' events.
    pub region: String,
    /// The access key ID with which the table was created: DynamoDB Local has separate tables for
    /// each one.
    pub access_key_id: String,
}

/// A failed call: the name of DynamoDB's error, empty if there was no response, and the full text.
struct ApiError {
    name: String,
    failure: Failure,
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

    /// Returns the stream's ARN with the region of the functions.
    pub fn shown_as(&self, arn: &str) -> String {
        in_region(arn, &self.table.region)
    }

    /// Returns the stream's ARN in the database.
    pub async fn arn(&self) -> Result<String> {
        let request = json!({"TableName": self.table.name});
        let response = self.call("DynamoDB_20120810.DescribeTable", request).await?;
        let arn = response["Table"]["LatestStreamArn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| Failure::new(format!("the table {} has no stream", self.table.name)))
    }

    /// Returns the IDs of all shards, each with the ID of its parent.
    async fn shards(&self, arn: &str) -> Result<Vec<(String, Option<String>)>> {
        let mut shards = Vec::new();
        let mut request = json!({"StreamArn": arn});
        loop {
            let target = "DynamoDBStreams_20120810.DescribeStream";
            let mut response = self.call(target, request.clone()).await?;
            let description = response["StreamDescription"].take();
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
        let response = self.call("DynamoDBStreams_20120810.GetShardIterator", request).await?;
        let iterator = response["ShardIterator"].as_str().ok_or("no iterator");
        iterator.map(str::to_owned).explain(|| format!("the shard {shard}"))
    }

    async fn call(&self, target: &str, request: Value) -> Result<Value> {
        self.try_call(target, request).await.map_err(|error| error.failure)
    }

    async fn try_call(&self, target: &str, request: Value) -> std::result::Result<Value, ApiError> {
        // Emulators check that there is a signature and its access key ID, not its value.
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
        let response = exchange.map_err(|failure| ApiError { name: String::new(), failure })?;
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if response.status.is_success() {
            return Ok(body);
        }
        let kind = body["__type"].as_str().unwrap_or_default();
        let name = kind.rsplit('#').next().unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&response.body);
        Err(ApiError { name, failure: Failure::new(format!("{target}: {body}")) })
    }
}

#[derive(Debug, Clone)]
enum Start {
    Oldest,
    After(SequenceNumber),
}

/// A reader of a stream, with its own position in each shard.
#[derive(Debug)]
pub(super) struct Reader {
    pub arn: String,
    shards: BTreeMap<String, Shard>,
    /// Whether there may be new shards.
    look_for_shards: bool,
}

#[derive(Debug)]
struct Shard {
    parent: Option<String>,
    start: Start,
    /// `None` before the first read, and after an iterator has expired.
    iterator: Option<String>,
    /// Whether the shard is closed and read to its end.
    ended: bool,
}

impl Reader {
    /// Creates a reader that has read nothing.
    pub fn new(arn: String) -> Self {
        Self { arn, shards: BTreeMap::new(), look_for_shards: true }
    }

    /// Returns new records in order. Reads a shard only after its parent has been read to the end.
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
        let mut response =
            match stream.try_call("DynamoDBStreams_20120810.GetRecords", request).await {
                Ok(response) => response,
                // The next read gets a new iterator.
                Err(error) if error.name == "ExpiredIteratorException" => return Ok(Vec::new()),
                Err(error) if error.name == "TrimmedDataAccessException" => {
                    self.start = Start::Oldest;
                    return Ok(Vec::new());
                }
                Err(error) => return Err(error.failure),
            };
        self.iterator = response["NextShardIterator"].as_str().map(str::to_owned);
        self.ended = self.iterator.is_none();
        let Value::Array(received) = response["Records"].take() else { return Ok(Vec::new()) };
        let records: Vec<_> = received
            .into_iter()
            .map(|record| Record::new(record, name, arn, stream.region()))
            .collect();
        if let Some(last) = records.last() {
            self.start = Start::After(last.sequence_number.clone());
        }
        Ok(records)
    }
}
