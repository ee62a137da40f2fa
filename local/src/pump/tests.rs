//! Tests each rule of the event source mapping, with the embedded database's stream and a fake
//! function that records its events.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::mapping::tests::mapping;
use super::*;
use crate::database::Database;
use crate::http::Client;
use crate::serve::RunningServer;
use crate::template::TableDefinition;

/// A table with a stream.
struct Shop {
    served: RunningServer,
    client: Client,
}

impl Shop {
    fn open() -> Self {
        Self::of(&Database::in_memory().unwrap())
    }

    fn of(database: &Database) -> Self {
        let create = json!({
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        });
        database.ensure_table("shop", &TableDefinition { create, time_to_live: None }).unwrap();
        Self { served: database.serve().unwrap(), client: Client::new() }
    }

    fn table(&self) -> Table {
        Table {
            endpoint: self.served.url(),
            name: "shop".to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: "local".to_owned(),
        }
    }

    fn pump(&self, properties: &str) -> Pump {
        Pump::new(self.table(), vec![mapping(properties)])
    }

    /// Writes an item whose attribute `says` identifies its record in a test.
    async fn put(&self, item: &str, says: &str) {
        let request =
            json!({"TableName": "shop", "Item": {"pk": {"S": item}, "says": {"S": says}}});
        let headers = [
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            ),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-date", "20260101T000000Z"),
            ("x-amz-target", "DynamoDB_20120810.PutItem"),
        ];
        let url = self.served.url();
        let body = request.to_string();
        let response =
            self.client.post(&url, &headers, body, Duration::from_secs(5)).await.unwrap();
        assert!(response.status.is_success(), "{}", String::from_utf8_lossy(&response.body));
    }

    /// Writes items whose `says` is their key.
    async fn put_all(&self, items: &[&str]) {
        for item in items {
            self.put(item, item).await;
        }
    }
}

/// What the fake function responds to a batch: gets each record's `says`, and the event.
type Behaviour = Box<dyn Fn(&[String], &Value) -> std::result::Result<Value, InvokeError>>;

/// A fake function that records its events.
struct Function {
    events: RefCell<Vec<Value>>,
    behaviour: Behaviour,
}

impl Function {
    fn that(
        behaviour: impl Fn(&[String], &Value) -> std::result::Result<Value, InvokeError> + 'static,
    ) -> Self {
        Self { events: RefCell::default(), behaviour: Box::new(behaviour) }
    }

    fn that_succeeds() -> Self {
        Self::that(|_, _| Ok(json!(null)))
    }

    /// Creates a function that fails if the batch has a record whose `says` is `word`.
    fn that_fails_at(word: &'static str) -> Self {
        Self::that(move |words, _| match words.iter().any(|said| said == word) {
            true => Err(InvokeError::Failed("it failed".to_owned())),
            false => Ok(json!(null)),
        })
    }

    /// Creates a function that reports the records whose `says` is `word` as failed.
    fn that_reports(word: &'static str) -> Self {
        Self::that(move |words, event| {
            let named = words.iter().enumerate().filter(|(_, said)| *said == word).map(|(index, _)| {
                json!({"itemIdentifier": event["Records"][index]["dynamodb"]["SequenceNumber"]})
            });
            Ok(json!({"batchItemFailures": named.collect::<Vec<_>>()}))
        })
    }

    /// Returns each record's `says`, by invocation.
    fn batches(&self) -> Vec<Vec<String>> {
        self.events.borrow().iter().map(words).collect()
    }

    /// Like [`Function::batches`], each batch joined with spaces.
    fn log(&self) -> Vec<String> {
        self.batches().iter().map(|batch| batch.join(" ")).collect()
    }

    fn times(&self, batch: &str) -> usize {
        self.log().iter().filter(|one| *one == batch).count()
    }
}

fn words(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    let says =
        |record: &Value| record["dynamodb"]["NewImage"]["says"]["S"].as_str().unwrap().to_owned();
    records.iter().map(says).collect()
}

impl Functions for Function {
    async fn invoke(
        &self,
        function: &str,
        event: Value,
    ) -> std::result::Result<Value, InvokeError> {
        assert_eq!(function, "deliver-mail");
        let words = words(&event);
        let outcome = (self.behaviour)(&words, &event);
        self.events.borrow_mut().push(event);
        // Lets the other workers run.
        tokio::task::yield_now().await;
        outcome
    }
}

#[tokio::test]
async fn records_come_in_order_in_batches() {
    let shop = Shop::open();
    shop.put_all(&["a", "b", "c", "d", "e"]).await;
    let function = Function::that_succeeds();
    let mut pump = shop.pump("BatchSize: 2");
    pump.drain(&function).await.unwrap();
    assert_eq!(function.log(), ["a b", "c d", "e"]);

    shop.put("f", "f").await;
    pump.drain(&function).await.unwrap();
    assert_eq!(function.log()[3..], ["f"]);
}

#[tokio::test]
async fn a_record_has_the_form_that_lambda_gives_it() {
    let shop = Shop::open();
    shop.put("a", "first").await;
    shop.put("a", "second").await;
    let function = Function::that_succeeds();
    shop.pump("").drain(&function).await.unwrap();

    let event = function.events.borrow()[0].clone();
    let (insert, modify) = (&event["Records"][0], &event["Records"][1]);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut members = names(insert);
    members.sort();
    assert_eq!(
        members,
        [
            "awsRegion",
            "dynamodb",
            "eventID",
            "eventName",
            "eventSource",
            "eventSourceARN",
            "eventVersion"
        ]
    );
    let mut members = names(&modify["dynamodb"]);
    members.sort();
    assert_eq!(
        members,
        [
            "ApproximateCreationDateTime",
            "Keys",
            "NewImage",
            "OldImage",
            "SequenceNumber",
            "SizeBytes",
            "StreamViewType"
        ]
    );
    assert_eq!((&insert["eventName"], &modify["eventName"]), (&json!("INSERT"), &json!("MODIFY")));
    assert_eq!(modify["eventSource"], "aws:dynamodb");
    assert_eq!(modify["awsRegion"], "us-east-1");
    let arn = modify["eventSourceARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/shop/stream/"), "{arn}");
    let data = &modify["dynamodb"];
    assert_eq!(data["Keys"], json!({"pk": {"S": "a"}}));
    assert_eq!(data["OldImage"]["says"]["S"], "first");
    assert_eq!(data["NewImage"]["says"]["S"], "second");
    assert_eq!(data["StreamViewType"], "NEW_AND_OLD_IMAGES");
    assert!(data["ApproximateCreationDateTime"].is_i64() && data["SizeBytes"].is_i64());
    assert!(insert["dynamodb"].get("OldImage").is_none());
}

#[tokio::test]
async fn records_that_do_not_match_the_filter_cause_no_invocation() {
    let shop = Shop::open();
    let wants = |says: &str| {
        let pattern = format!(r#"{{"dynamodb": {{"NewImage": {{"says": {{"S": {says}}}}}}}}}"#);
        format!("FilterCriteria: {{Filters: [{{Pattern: '{pattern}'}}]}}")
    };
    shop.put_all(&["a", "b", "c", "d"]).await;
    let function = Function::that_succeeds();
    shop.pump(&wants(r#"["b", "d"]"#)).drain(&function).await.unwrap();
    assert_eq!(function.log(), ["b d"]);

    let nothing = Function::that_succeeds();
    shop.pump(&wants(r#"["z"]"#)).drain(&nothing).await.unwrap();
    assert!(nothing.log().is_empty());
}

#[tokio::test]
async fn a_record_that_matches_one_of_several_filters_is_delivered() {
    let shop = Shop::open();
    shop.put_all(&["a", "b", "c"]).await;
    let filters = ["a", "c"].map(|says| {
        format!(r#"{{Pattern: '{{"dynamodb": {{"NewImage": {{"says": {{"S": ["{says}"]}}}}}}}}'}}"#)
    });
    let function = Function::that_succeeds();
    let properties = format!("FilterCriteria: {{Filters: [{}]}}", filters.join(", "));
    shop.pump(&properties).drain(&function).await.unwrap();
    assert_eq!(function.log(), ["a c"]);
}

#[tokio::test]
async fn a_failed_batch_is_retried_before_later_records() {
    let shop = Shop::open();
    shop.put_all(&["a", "b", "c", "d"]).await;
    let failures = Cell::new(2);
    let function = Function::that(move |words, _| {
        if words[0] == "a" && failures.get() > 0 {
            failures.set(failures.get() - 1);
            return Err(InvokeError::Failed("not yet".to_owned()));
        }
        Ok(json!(null))
    });
    let mut pump = shop.pump("BatchSize: 2, MaximumRetryAttempts: 2");
    pump.drain(&function).await.unwrap();
    assert_eq!(function.log(), ["a b", "a", "a", "b", "c d"]);
    assert!(pump.failures().all().is_empty());
}

#[tokio::test]
async fn a_bad_record_blocks_others_only_until_its_retries_are_over() {
    let shop = Shop::open();
    shop.put_all(&["poison", "b"]).await;
    let function = Function::that_fails_at("poison");
    let mut pump = shop.pump("BatchSize: 1, MaximumRetryAttempts: 3");
    pump.drain(&function).await.unwrap();
    assert_eq!(function.log(), ["poison", "poison", "poison", "poison", "b"]);
    assert_eq!(pump.failures().all().len(), 1);
}

#[tokio::test]
async fn splitting_isolates_the_one_bad_record() {
    let shop = Shop::open();
    shop.put_all(&["a", "b", "c", "d", "e", "poison", "g", "h", "i", "j"]).await;
    let function = Function::that_fails_at("poison");
    let mut pump = shop.pump("BatchSize: 10, MaximumRetryAttempts: 2");
    pump.drain(&function).await.unwrap();
    assert_eq!(
        function.log(),
        [
            "a b c d e poison g h i j",
            "a b c d e",
            "poison g h i j",
            "poison g h",
            "poison g",
            // Splitting does not count as a retry: the first attempt, and two retries.
            "poison",
            "poison",
            "poison",
            "g",
            "h",
            "i j"
        ]
    );
    let lost = pump.failures().all();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0]["DDBStreamBatchInfo"]["batchSize"], 1);
}

#[tokio::test]
async fn a_partial_failure_discards_only_the_record_that_failed() {
    let shop = Shop::open();
    shop.put_all(&["a", "bad", "c", "d"]).await;
    let function = Function::that_reports("bad");
    let mut pump = shop.pump("MaximumRetryAttempts: 1");
    pump.drain(&function).await.unwrap();
    assert_eq!(function.log(), ["a bad c d", "bad c d", "bad c", "bad", "bad", "c", "d"]);
    let lost = pump.failures().all();
    assert_eq!(lost.len(), 1);
    assert!(lost[0]["responseContext"].get("functionError").is_none());
}

#[tokio::test]
async fn a_malformed_response_is_a_failure_of_the_whole_batch() {
    let shop = Shop::open();
    shop.put_all(&["a", "b"]).await;
    let function =
        Function::that(|_, _| Ok(json!({"batchItemFailures": [{"itemIdentifier": ""}]})));
    shop.pump("MaximumRetryAttempts: 1").drain(&function).await.unwrap();
    assert_eq!(function.log(), ["a b", "a", "a", "b", "b"]);
}

#[tokio::test]
async fn the_failure_destination_gets_lambdas_message() {
    let shop = Shop::open();
    shop.put_all(&["poison", "b"]).await;
    let function = Function::that_fails_at("poison");
    let mut pump = shop.pump("MaximumRetryAttempts: 1");
    pump.drain(&function).await.unwrap();

    let mut message = pump.failures().all().remove(0);
    let event = function.events.borrow()[0].clone();
    let number = |index: usize| event["Records"][index]["dynamodb"]["SequenceNumber"].clone();
    let info = message["DDBStreamBatchInfo"].take();
    assert_eq!(info["startSequenceNumber"], number(0));
    assert_eq!(info["endSequenceNumber"], number(0));
    assert_eq!(info["batchSize"], 1);
    assert_eq!(info["streamArn"], event["Records"][0]["eventSourceARN"]);
    assert_eq!(info["shardId"], "shardId-00000001-shop");
    for end in ["approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"] {
        let time = info[end].as_str().unwrap();
        assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    }
    assert!(message["requestContext"]["requestId"].take().is_string());
    assert!(message["timestamp"].take().is_string());
    assert_eq!(
        message,
        json!({
            "requestContext": {
                "requestId": null,
                "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:deliver-mail",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 3,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": null,
            "DDBStreamBatchInfo": null,
        })
    );
}

#[tokio::test]
async fn failures_are_stored_in_a_file_one_per_line() {
    let shop = Shop::open();
    let folder = Folder::new("pump-failures");
    let file = folder.0.join("failures.jsonl");
    for item in ["a", "b"] {
        shop.put(item, "poison").await;
    }
    let mut pump =
        shop.pump("BatchSize: 1, MaximumRetryAttempts: 0").with_failures(Failures::file(&file));
    pump.drain(&Function::that_fails_at("poison")).await.unwrap();

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, pump.failures().all());
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn records_that_are_too_old_are_not_delivered() {
    let shop = Shop::open();
    shop.put_all(&["a", "b"]).await;
    let function = Function::that_succeeds();
    let mut pump = shop.pump("MaximumRecordAgeInSeconds: 3600");
    pump.advance(Duration::from_secs(3_700));
    pump.drain(&function).await.unwrap();
    assert!(function.log().is_empty());
    let lost = pump.failures().all();
    assert_eq!(lost[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(lost[0]["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!(lost[0]["DDBStreamBatchInfo"]["batchSize"], 2);

    shop.put("c", "c").await;
    pump.drain(&function).await.unwrap();
    assert_eq!(function.log(), ["c"], "the clock is reset at the drain's end");
}

#[tokio::test]
async fn retries_end_when_the_record_is_too_old() {
    let shop = Shop::open();
    shop.put("poison", "poison").await;
    let function = Function::that_fails_at("poison");
    let mut pump = shop.pump("MaximumRecordAgeInSeconds: 60");
    pump.drain(&function).await.unwrap();
    // 1 + 2 + 4 + 8 + 16 + 32 seconds
    assert_eq!(function.times("poison"), 6);
    let lost = pump.failures().all();
    assert_eq!(lost[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(lost[0]["responseContext"]["functionError"], "Unhandled");
}

#[tokio::test]
async fn a_function_that_cannot_be_invoked_uses_no_retry() {
    let shop = Shop::open();
    shop.put("a", "a").await;
    let refusals = Cell::new(5);
    let function = Function::that(move |_, _| match refusals.get() {
        0 => Ok(json!(null)),
        left => {
            refusals.set(left - 1);
            Err(InvokeError::Unavailable("it is being built".to_owned()))
        }
    });
    let mut pump = shop.pump("MaximumRetryAttempts: 0");
    pump.drain(&function).await.unwrap();
    assert_eq!(function.times("a"), 6);
    assert!(pump.failures().all().is_empty());
}

#[tokio::test]
async fn parallel_workers_keep_the_order_of_each_item() {
    let shop = Shop::open();
    let items = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for round in 0..5 {
        for item in items {
            shop.put(item, &format!("{item}{round}")).await;
        }
    }
    // One in three invocations fails, so that workers progress at different speeds.
    let calls = Cell::new(0);
    let function = Function::that(move |_, _| {
        calls.set(calls.get() + 1);
        match calls.get() % 3 {
            0 => Err(InvokeError::Failed("this time".to_owned())),
            _ => Ok(json!({"done": true})),
        }
    });
    let mut pump = shop.pump("BatchSize: 3, ParallelizationFactor: 4");
    pump.drain(&function).await.unwrap();

    let mut last: BTreeMap<char, u32> = BTreeMap::new();
    let mut seen: BTreeMap<char, Vec<u32>> = BTreeMap::new();
    for word in function.batches().concat() {
        let (item, round) = (word.chars().next().unwrap(), word[1..].parse().unwrap());
        let before = last.insert(item, round).unwrap_or(0);
        // A failed batch is delivered again as a whole, before later records of its items.
        let rounds = seen.entry(item).or_default();
        assert!(round >= before || rounds.contains(&round), "{item}: {round} after {before}");
        if !rounds.contains(&round) {
            rounds.push(round);
        }
    }
    for item in "abcdefgh".chars() {
        assert_eq!(seen[&item], [0, 1, 2, 3, 4], "{item}");
    }
}

#[tokio::test]
async fn a_worker_that_waits_does_not_block_the_others() {
    let shop = Shop::open();
    shop.put("poison", "poison").await;
    let items: Vec<String> = (0..20).map(|item| format!("item-{item}")).collect();
    for item in &items {
        shop.put(item, item).await;
    }
    let function = Function::that_fails_at("poison");
    let mut pump = shop.pump("BatchSize: 1, ParallelizationFactor: 2, MaximumRetryAttempts: 3");
    pump.drain(&function).await.unwrap();
    let log = function.log();
    let second_try =
        log.iter().enumerate().filter(|(_, batch)| *batch == "poison").nth(1).unwrap().0;
    // About half of the records have the other worker, which delivers them all during the backoff.
    assert!(second_try > 4, "{log:?}");
    assert_eq!(log.len(), 24);
}

#[tokio::test]
async fn a_batch_has_at_most_six_megabytes() {
    let mut worker = Worker::default();
    for number in 1..=3 {
        let mut record = record::tests::record(number, "a", 0);
        record.size = 4_000_000;
        worker.push(record);
    }
    let mapping = mapping("");
    let Next::Invoke(event) = worker.next(&mapping, 0, &mut Processed::default()) else {
        panic!("expected an invocation with one record");
    };
    assert_eq!(event["Records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn backoffs_double_up_to_a_minute() {
    let mut worker = Worker::default();
    let (mapping, mut processed) = (mapping(""), Processed::default());
    worker.push(record::tests::record(1, "a", 0));
    let mut waits = Vec::new();
    let mut now = 0;
    for _ in 0..9 {
        assert!(matches!(worker.next(&mapping, now, &mut processed), Next::Invoke(_)));
        worker.complete(&mapping, Err(InvokeError::Failed(String::new())), now, &mut processed);
        let Next::Wait(at) = worker.next(&mapping, now, &mut processed) else {
            panic!("no backoff")
        };
        waits.push((at - now) / 1000);
        now = at;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[tokio::test]
async fn a_restart_delivers_only_records_that_are_not_processed() {
    let shop = Shop::open();
    let folder = Folder::new("pump-restart");
    let file = folder.0.join("checkpoints.json");
    let pump = || shop.pump("BatchSize: 1").with_checkpoints(&file).unwrap();
    shop.put_all(&["a", "b"]).await;
    let before = Function::that_succeeds();
    pump().drain(&before).await.unwrap();
    assert_eq!(before.log(), ["a", "b"]);

    shop.put("c", "c").await;
    let after = Function::that_succeeds();
    pump().drain(&after).await.unwrap();
    assert_eq!(after.log(), ["c"]);
    let idle = Function::that_succeeds();
    pump().drain(&idle).await.unwrap();
    assert!(idle.log().is_empty());
}

#[tokio::test]
async fn a_checkpoint_works_after_older_records_are_deleted() {
    let folder = Folder::new("pump-trimmed");
    let (file, checkpoints) = (folder.0.join("shop.sqlite3"), folder.0.join("checkpoints.json"));
    let pump = |shop: &Shop| shop.pump("BatchSize: 1").with_checkpoints(&checkpoints).unwrap();
    let shop = Shop::of(&Database::file(&file).unwrap());
    shop.put_all(&["a", "b"]).await;
    pump(&shop).drain(&Function::that_succeeds()).await.unwrap();
    drop(shop);
    let connection = rusqlite::Connection::open(&file).unwrap();
    assert_eq!(connection.execute("UPDATE _stream_records SET created_at = 0", []), Ok(2));
    drop(connection);

    let shop = Shop::of(&Database::file(&file).unwrap());
    shop.put("c", "c").await;
    let after = Function::that_succeeds();
    pump(&shop).drain(&after).await.unwrap();
    assert_eq!(after.log(), ["c"]);
}

#[tokio::test]
async fn a_pump_that_was_stopped_continues_where_it_was() {
    let shop = Shop::open();
    let folder = Folder::new("pump-stopped");
    let file = folder.0.join("checkpoints.json");
    shop.put_all(&["slow", "b", "c", "d", "e", "f"]).await;
    let properties = "BatchSize: 1, ParallelizationFactor: 2";

    // The worker of the first item hangs; the other worker finishes.
    struct Hanging(Function);
    impl Functions for Hanging {
        async fn invoke(
            &self,
            name: &str,
            event: Value,
        ) -> std::result::Result<Value, InvokeError> {
            if words(&event) == ["slow"] {
                std::future::pending::<()>().await;
            }
            self.0.invoke(name, event).await
        }
    }
    let hanging = Hanging(Function::that_succeeds());
    let mut pump = shop.pump(properties).with_checkpoints(&file).unwrap();
    let stopped = tokio::time::timeout(Duration::from_millis(200), pump.drain(&hanging)).await;
    assert!(stopped.is_err());
    let done = hanging.0.batches().concat();
    assert!(!done.is_empty() && done.len() < 5, "both workers have items: {done:?}");

    let after = Function::that_succeeds();
    shop.pump(properties).with_checkpoints(&file).unwrap().drain(&after).await.unwrap();
    let mut all = [done, after.batches().concat()].concat();
    all.sort();
    assert_eq!(all, ["b", "c", "d", "e", "f", "slow"]);

    // The same pump may continue, too.
    let again = Function::that_succeeds();
    pump.drain(&again).await.unwrap();
    assert!(again.log().contains(&"slow".to_owned()));
}

#[tokio::test]
async fn each_mapping_reads_all_records() {
    let shop = Shop::open();
    shop.put_all(&["a", "b"]).await;
    let mut second = mapping("BatchSize: 1");
    second.event = "Another".to_owned();
    let function = Function::that_succeeds();
    let mut pump = Pump::new(shop.table(), vec![mapping(""), second]);
    pump.drain(&function).await.unwrap();
    let mut log = function.log();
    log.sort();
    assert_eq!(log, ["a", "a b", "b"]);
}

#[tokio::test]
async fn a_running_pump_delivers_new_records_soon() {
    let shop = Shop::open();
    let function = Function::that_succeeds();
    let mut pump = shop.pump("");
    let arrives = async {
        shop.put("a", "a").await;
        while function.log().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        ended = pump.run(&function) => panic!("{ended:?}"),
        arrived = tokio::time::timeout(Duration::from_secs(5), arrives) => arrived.unwrap(),
    }
    assert_eq!(function.log(), ["a"]);
}

#[tokio::test]
async fn a_table_without_a_stream_is_an_error_that_names_it() {
    let shop = Shop::open();
    let mut table = shop.table();
    table.name = "nowhere".to_owned();
    let mut pump = Pump::new(table, vec![mapping("")]);
    let failure = pump.drain(&Function::that_succeeds()).await.unwrap_err().to_string();
    assert!(failure.contains("DescribeTable"), "{failure}");
}

/// A temporary folder, deleted when the value is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bodega-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
