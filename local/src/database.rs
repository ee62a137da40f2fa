//! Emulates DynamoDB: an embedded engine with the same HTTP API, in memory or in one file.

mod stream;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::failure::{Explain, Failure, Result};
use crate::forward::Forward;
use crate::guard::Origins;
use crate::serve::{RunningServer, listen_on_random_address, serve, spawn};
use crate::template::TableDefinition;

/// A database; clones share its data.
#[derive(Clone)]
pub struct Database(dynoxide::Database);

impl Database {
    /// Creates an empty database in memory.
    pub fn in_memory() -> Result<Self> {
        dynoxide::Database::memory().map(Self).explain(|| "can't create a database in memory")
    }

    /// Opens the database in the file at `path`, and creates the file if it is missing.
    pub fn file(path: &Path) -> Result<Self> {
        let opening = || format!("can't open the database {}", path.display());
        let name = path.to_str().ok_or("its path is not UTF-8").explain(opening)?;
        let database = dynoxide::Database::new(name).explain(opening)?;
        stream::prepare(path).explain(opening)?;
        Ok(Self(database))
    }

    /// Serves DynamoDB's API on a random address, which web pages can't guess: the engine's own
    /// server allows every origin.
    pub fn serve(&self) -> Result<RunningServer> {
        let engine = self.0.clone();
        spawn("database", listen_on_random_address()?, move |listener, stopped| {
            dynoxide::server::serve_with_shutdown(listener, engine, stopped)
        })
    }

    /// Serves DynamoDB's API on `listener`; rejects requests with a foreign `Host` or `Origin`.
    pub fn serve_on(&self, listener: TcpListener) -> Result<RunningServer> {
        let engine = self.serve()?;
        let router = Forward::to(engine.address()).router();
        let front = serve("database", listener, router, Origins::OfThisMachine)?;
        Ok(front.with_upstream(engine))
    }

    /// Creates the table `name` unless it exists.
    ///
    /// Fails, and changes nothing, if the table exists with another definition: the developer
    /// decides whether its data may be deleted.
    pub fn ensure_table(&self, name: &str, definition: &TableDefinition) -> Result<()> {
        if let Some(existing) = self.describe(name)? {
            let differences = differences(&existing, &definition.create);
            if differences.is_empty() {
                return Ok(());
            }
            return Err(Failure::new(format!(
                "the local table differs from template.yaml ({}): start once with --fresh, which deletes the local data",
                differences.join(", ")
            )));
        }
        self.create_table(name, definition)
    }

    fn create_table(&self, name: &str, definition: &TableDefinition) -> Result<()> {
        let creating = || format!("can't create the table {name} as template.yaml defines it");
        let mut create = definition.create.clone();
        create["TableName"] = name.into();
        self.0.create_table(request(create)?).explain(creating)?;
        if let Some(time_to_live) = &definition.time_to_live {
            let update = json!({"TableName": name, "TimeToLiveSpecification": time_to_live});
            self.0.update_time_to_live(request(update)?).explain(creating)?;
        }
        Ok(())
    }

    fn describe(&self, name: &str) -> Result<Option<Value>> {
        let table = self.0.get_table_metadata(name).explain(|| "can't read the database")?;
        if table.is_none() {
            return Ok(None);
        }
        let description = self
            .0
            .describe_table(request(json!({"TableName": name}))?)
            .explain(|| format!("can't describe the table {name}"))?;
        let mut description = serde_json::to_value(description).explain(|| "bad description")?;
        Ok(Some(description["Table"].take()))
    }
}

/// Parses a request of the engine from the JSON body that it has over HTTP.
fn request<T: DeserializeOwned>(body: Value) -> Result<T> {
    serde_json::from_value(body).map_err(|error| {
        let words = error.to_string();
        Failure::new(words.trim_start_matches("VALIDATION:"))
    })
}

/// Returns the parts in which an existing table differs from its definition: keys, attributes,
/// indexes and stream.
fn differences(existing: &Value, wanted: &Value) -> Vec<&'static str> {
    let view = |table: &Value| table["StreamSpecification"]["StreamViewType"].clone();
    let attributes = |table: &Value| members(&table["AttributeDefinitions"]);
    [
        ("keys", existing["KeySchema"] != wanted["KeySchema"]),
        ("attributes", attributes(existing) != attributes(wanted)),
        ("indexes", indexes(existing) != indexes(wanted)),
        ("stream", view(existing) != view(wanted)),
    ]
    .into_iter()
    .filter_map(|(point, differs)| differs.then_some(point))
    .collect()
}

fn members(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(Value::to_string).collect()
}

fn indexes(table: &Value) -> BTreeSet<String> {
    let indexes = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    indexes
        .map(|index| {
            let projection = &index["Projection"];
            let included = members(&projection["NonKeyAttributes"]);
            format!(
                "{} {} {} {included:?}",
                index["IndexName"], index["KeySchema"], projection["ProjectionType"]
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::listen;

    fn definition(index: &str) -> TableDefinition {
        TableDefinition {
            create: json!({
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "SK", "AttributeType": "S"},
                    {"AttributeName": "PK", "AttributeType": "S"},
                    {"AttributeName": index, "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "PK", "KeyType": "HASH"},
                    {"AttributeName": "SK", "KeyType": "RANGE"},
                ],
                "GlobalSecondaryIndexes": [{
                    "IndexName": index,
                    "KeySchema": [{"AttributeName": index, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
                }],
                "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            }),
            time_to_live: Some(json!({"AttributeName": "ttl", "Enabled": true})),
        }
    }

    #[test]
    fn an_existing_table_is_kept() {
        let database = Database::in_memory().unwrap();
        let definition = definition("lists");
        database.ensure_table("bodega", &definition).unwrap();
        database.ensure_table("bodega", &definition).unwrap();
        let table = database.describe("bodega").unwrap().unwrap();
        assert_eq!(table["GlobalSecondaryIndexes"][0]["IndexName"], "lists");
    }

    #[test]
    fn a_table_of_another_definition_is_an_error_that_names_the_remedy() {
        let database = Database::in_memory().unwrap();
        database.ensure_table("bodega", &definition("lists")).unwrap();
        let refusal = database.ensure_table("bodega", &definition("history")).unwrap_err();
        let words = refusal.to_string();
        assert!(words.contains("(attributes, indexes)") && words.contains("--fresh"), "{words}");
    }

    #[test]
    fn an_invalid_definition_is_an_error_without_the_engines_prefix() {
        let database = Database::in_memory().unwrap();
        let mut broken = definition("lists");
        broken.create["KeySchema"] = json!([]);
        let words = database.ensure_table("bodega", &broken).unwrap_err().to_string();
        assert!(!words.contains("VALIDATION:"), "{words}");
    }

    #[test]
    fn a_file_keeps_its_tables() {
        let folder = std::env::temp_dir().join(format!("bodega-database-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("bodega.sqlite3");
        let definition = definition("lists");
        Database::file(&file).unwrap().ensure_table("bodega", &definition).unwrap();
        let again = Database::file(&file).unwrap();
        assert!(again.describe("bodega").unwrap().is_some());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_server_answers_until_it_is_dropped() {
        for served in [
            Database::in_memory().unwrap().serve().unwrap(),
            Database::in_memory().unwrap().serve_on(listen(0).unwrap()).unwrap(),
        ] {
            let address = served.address();
            assert!(served.is_running() && std::net::TcpStream::connect(address).is_ok());
            drop(served);
            assert!(std::net::TcpStream::connect(address).is_err());
        }
    }
}
