//! A second table that is one write behind the real one, for eventually consistent reads.
//!
//! DynamoDB serves an eventually consistent read from any of its replicas, which may not have the
//! last write yet: it arrives within a second or less
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html>).
//! Reads of both emulators are never stale. Here the second table has every written item as it was
//! before, for a second of the test's clock, and the gate serves eventually consistent reads from
//! it: a new item is missing, a deleted one still exists. The database itself handles projections,
//! conditions and pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::database;
use crate::wire;

/// How long the replica lacks a write, in milliseconds of the test's clock.
const LAG: i64 = 1000;

/// The table as it was before each item's last write.
#[derive(Debug)]
pub struct Replica {
    /// Reads the real table and writes the replica; its own calls are not recorded.
    client: Client,
    table: String,
    lagging_table: String,
    clock: Arc<AtomicI64>,
    /// Locked during a write, so that the replica is updated in the order of the writes.
    arriving: Mutex<Arriving>,
}

/// The writes that the replica does not have yet.
#[derive(Debug, Default)]
struct Arriving {
    /// The time of each item's last write.
    written: BTreeMap<Key, i64>,
    /// The tokens of the transactions that were carried out.
    transactions: BTreeSet<String>,
}

/// Partition and sort key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    pk: String,
    sk: String,
}

/// The attributes of an item.
type Item = HashMap<String, AttributeValue>;

impl Replica {
    /// Creates an empty replica of a new table.
    pub async fn new(client: Client, table: &str, clock: &Arc<AtomicI64>) -> Arc<Self> {
        let lagging_table = format!("{table}-lagging");
        database::create_table(&client, &lagging_table).await;
        Arc::new(Self {
            client,
            table: table.to_owned(),
            lagging_table,
            clock: Arc::clone(clock),
            arriving: Mutex::default(),
        })
    }

    /// Wraps a client's network, and records what the client writes.
    pub fn recording(self: &Arc<Self>, network: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Recorder { inner: network, replica: Arc::clone(self) })
    }

    /// Copies all writes to the replica.
    pub async fn catch_up(&self) {
        self.receive(i64::MAX).await;
    }

    /// Copies the writes that are older than the lag to the replica.
    pub async fn catch_up_with_old_writes(&self) {
        self.receive(self.now() - LAG).await;
    }

    /// Returns the same read of the replica; `None` if it is not an eventually consistent read of
    /// the table. Index queries are left alone: an index is eventually consistent by itself.
    pub fn read(&self, operation: &str, body: &Value) -> Option<Value> {
        let mut body = body.clone();
        let is_eventual = |read: &Value| read["ConsistentRead"] != true;
        match operation {
            "GetItem" | "Query" => {
                if body.get("IndexName").is_some() || !is_eventual(&body) {
                    return None;
                }
                body["TableName"] = self.lagging_table.as_str().into();
            }
            "BatchGetItem" => {
                let read = body["RequestItems"].as_object_mut()?.remove(&self.table)?;
                if !is_eventual(&read) {
                    return None;
                }
                body["RequestItems"][&self.lagging_table] = read;
            }
            _ => return None,
        }
        Some(body)
    }

    /// Returns the response to a read with the replica's items instead of the real ones, and with
    /// the real consumed capacity.
    pub fn answer(&self, real: &Value, mut lagging: Value) -> Value {
        lagging["ConsumedCapacity"] = real["ConsumedCapacity"].clone();
        for part in ["Responses", "UnprocessedKeys"] {
            if let Some(tables) = lagging[part].as_object_mut()
                && let Some(items) = tables.remove(&self.lagging_table)
            {
                tables.insert(self.table.clone(), items);
            }
        }
        lagging
    }

    /// Carries out a write of these items, and stores them in the replica as they were before.
    async fn record(
        &self,
        keys: Vec<Key>,
        token: Option<&str>,
        write: impl AsyncFnOnce() -> Result<HttpResponse, ConnectorError>,
    ) -> Result<HttpResponse, ConnectorError> {
        let mut arriving = self.arriving.lock().await;
        let items = join_all(keys.iter().map(|key| self.item(key))).await;
        let answer = write().await?;
        // A repeated transaction with the same token is not carried out again.
        let is_new = token.is_none_or(|token| !arriving.transactions.contains(token));
        if answer.status().is_success() && is_new {
            let kept = keys.iter().zip(items).map(|(key, item)| self.keep(key, item));
            join_all(kept).await;
            arriving.transactions.extend(token.map(str::to_owned));
            arriving.written.extend(keys.into_iter().map(|key| (key, self.now())));
        }
        Ok(answer)
    }

    async fn receive(&self, until: i64) {
        let mut arriving = self.arriving.lock().await;
        let arrived = arriving.written.extract_if(.., |_, written| *written <= until);
        let arrived: Vec<_> = arrived.map(|(key, _)| key).collect();
        let keep = async |key| self.keep(key, self.item(key).await).await;
        join_all(arrived.iter().map(keep)).await;
    }

    /// Returns an item as it is now; `None` if it does not exist.
    async fn item(&self, key: &Key) -> Option<Item> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        get.set_key(Some(key.item())).send().await.expect("a read").item
    }

    async fn keep(&self, key: &Key, item: Option<Item>) {
        match item {
            Some(_) => {
                let put = self.client.put_item().table_name(&self.lagging_table);
                put.set_item(item).send().await.expect("a write");
            }
            None => {
                let delete = self.client.delete_item().table_name(&self.lagging_table);
                delete.set_key(Some(key.item())).send().await.expect("a write");
            }
        }
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }
}

impl Key {
    /// Returns the key of an item in a request.
    fn of(item: &Value) -> Self {
        let text = |name| item[name]["S"].as_str().expect("the table's keys are texts").to_owned();
        Self { pk: text("pk"), sk: text("sk") }
    }

    fn item(&self) -> Item {
        let text = |text: &String| AttributeValue::S(text.clone());
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

/// Records each call before it is carried out.
#[derive(Debug)]
struct Recorder {
    inner: SharedHttpClient,
    replica: Arc<Replica>,
}

impl HttpClient for Recorder {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, replica: Arc::clone(&self.replica) })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    replica: Arc<Replica>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (operation, body) = wire::read(&request);
        let keys = written(&operation, &body);
        if keys.is_empty() {
            return self.inner.call(request);
        }
        let (inner, replica) = (self.inner.clone(), Arc::clone(&self.replica));
        HttpConnectorFuture::new(async move {
            let token = body["ClientRequestToken"].as_str();
            replica.record(keys, token, async || inner.call(request).await).await
        })
    }
}

/// Returns the keys of the items that a call writes.
fn written(operation: &str, body: &Value) -> Vec<Key> {
    match operation {
        "PutItem" => vec![Key::of(&body["Item"])],
        "UpdateItem" | "DeleteItem" => vec![Key::of(&body["Key"])],
        "TransactWriteItems" => {
            let writes = body["TransactItems"].as_array().into_iter().flatten();
            let writes = writes.filter_map(|write| write.as_object()?.iter().next());
            let keys = writes.filter_map(|(kind, write)| match kind.as_str() {
                "Put" => Some(Key::of(&write["Item"])),
                "Update" | "Delete" => Some(Key::of(&write["Key"])),
                _ => None,
            });
            keys.collect()
        }
        "BatchWriteItem" | "ExecuteStatement" | "ExecuteTransaction" | "BatchExecuteStatement" => {
            panic!("{operation} is not recorded: add it here")
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests;
