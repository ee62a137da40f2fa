//! Adds to the engine's file what a table's stream lacks: an index and the removal of old records.
//!
//! For each record that it writes, the engine looks up the stream's last sequence number by reading
//! all records of the stream; and it never removes one. So each write is slower than the one
//! before.
//! [`docs/upstream/dynoxide-stream-index.md`](../../../docs/upstream/dynoxide-stream-index.md)
//! describes it for the engine's maintainers. Remove this module once the engine is fixed.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::clock::{Clock, millis};

/// How long DynamoDB keeps a stream's records.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Has the same expression as the engine's queries: SQLite uses an index on an expression only for
/// that expression.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_records_by_number
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Creates the index in the engine's file, and deletes records older than 24 hours. The engine must
/// have created its tables, and may have the file open.
///
/// Sequence numbers keep rising after a deletion: a new one is at least the time in microseconds.
pub(super) fn prepare(file: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    connection.execute(INDEX, [])?;
    let oldest = (Clock::default().now() - millis(RETENTION)) / 1000;
    connection.execute("DELETE FROM _stream_records WHERE created_at < ?1", [oldest])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Instant;

    use serde_json::json;

    use super::*;
    use crate::database::{Database, request};
    use crate::template::TableDefinition;

    /// A database in a file, with a stream.
    struct Shop {
        folder: PathBuf,
        file: PathBuf,
    }

    impl Shop {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("bodega-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self { file: folder.join("shop.sqlite3"), folder }
        }

        fn open(&self) -> Database {
            let database = Database::file(&self.file).unwrap();
            let create = json!({
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "StreamSpecification": {
                    "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            });
            database.ensure_table("shop", &TableDefinition { create, time_to_live: None }).unwrap();
            database
        }

        fn connect(&self) -> Connection {
            Connection::open(&self.file).unwrap()
        }
    }

    impl Drop for Shop {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn put(database: &Database, item: &str) {
        let put = json!({
            "TableName": "shop",
            "Item": {"pk": {"S": item}, "says": {"S": "as much as an order does ".repeat(100)}},
        });
        database.0.put_item(request(put).unwrap()).unwrap();
    }

    #[test]
    fn the_engines_own_lookups_use_the_index() {
        let shop = Shop::new("stream-index");
        let _database = shop.open();
        let connection = shop.connect();
        for query in [
            "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records
             WHERE table_name = 'shop'",
            "SELECT event_name FROM _stream_records
             WHERE table_name = 'shop' AND shard_id = 's' AND CAST(sequence_number AS INTEGER) > 7
             ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 1000",
        ] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<_> = steps.map(Result::unwrap).collect();
            let [step] = &steps[..] else { panic!("one step, without a sort: {steps:?}") };
            assert!(step.contains("INDEX stream_records_by_number"), "{step}");
        }
    }

    #[test]
    fn records_older_than_a_day_are_deleted_when_the_file_is_opened() {
        let shop = Shop::new("stream-trim");
        let database = shop.open();
        for item in ["old", "young", "new"] {
            put(&database, item);
        }
        drop(database);
        let age = |item: &str, hours: i64| {
            let aged = shop.connect().execute(
                "UPDATE _stream_records SET created_at = created_at - ?1 WHERE keys_json LIKE ?2",
                (hours * 60 * 60, format!("%{item}%")),
            );
            assert_eq!(aged, Ok(1));
        };
        age("old", 25);
        age("young", 23);

        let database = shop.open();
        put(&database, "newer");

        let connection = shop.connect();
        let mut left = connection
            .prepare("SELECT keys_json, sequence_number FROM _stream_records ORDER BY id")
            .unwrap();
        let left = left.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let left: Vec<(String, String)> = left.map(Result::unwrap).collect();
        let items = left.iter().map(|(keys, _)| keys.as_str());
        let items: Vec<_> = items.map(|keys| keys.split('"').nth(5).unwrap()).collect();
        assert_eq!(items, ["young", "new", "newer"]);
        let numbers: Vec<u64> = left.iter().map(|(_, number)| number.parse().unwrap()).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }

    /// Measures the table in docs/upstream/dynoxide-stream-index.md:
    /// `cargo test -p local -- --ignored --nocapture a_write_takes`
    #[test]
    #[ignore = "a measurement of some minutes"]
    fn a_write_takes_the_same_time_after_any_number_of_writes() {
        for (name, indexed) in [("without", false), ("with", true)] {
            let shop = Shop::new(&format!("stream-measured-{name}"));
            let database = shop.open();
            if !indexed {
                shop.connect().execute("DROP INDEX stream_records_by_number", []).unwrap();
            }
            let mut written = 0;
            for until in [100, 2_000, 4_000, 8_000] {
                while written < until - 100 {
                    put(&database, &format!("item {written}"));
                    written += 1;
                }
                let started = Instant::now();
                for _ in 0..100 {
                    put(&database, &format!("item {written}"));
                    written += 1;
                }
                let each = started.elapsed() / 100;
                println!("{name} the index, after {written:>6} records: {each:?} a write");
            }
        }
    }
}
