//! DynamoDB, embedded: the same requests and answers over HTTP, kept in memory or in one file.

mod stream;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::failure::{Explain, Failure, Result};
use crate::forward::Forward;
use crate::guard::Origins;
use crate::serve::{Served, listen_hidden, serve, spawn};
use crate::template::TableDefinition;

/// A database; clones share it.
#[derive(Clone)]
pub struct Database(dynoxide::Database);

impl Database {
    /// An empty one that lives as long as the process.
    pub fn in_memory() -> Result<Self> {
        dynoxide::Database::memory().map(Self).explain(|| "can't make a database in memory")
    }

    /// The one in the file at `path`, which is made where it is missing.
    pub fn file(path: &Path) -> Result<Self> {
        let opening = || format!("can't open the database {}", path.display());
        let name = path.to_str().ok_or("its path is not UTF-8").explain(opening)?;
        let database = dynoxide::Database::new(name).explain(opening)?;
        stream::prepare(path).explain(opening)?;
        Ok(Self(database))
    }

    /// Answers DynamoDB's requests where no web page finds it. The engine's own server answers
    /// everybody, and tells browsers that any page may read it.
    pub fn serve(&self) -> Result<Served> {
        let engine = self.0.clone();
        spawn("database", listen_hidden()?, move |listener, stopped| {
            dynoxide::server::serve_with_shutdown(listener, engine, stopped)
        })
    }

    /// Answers DynamoDB's requests on a listener that is bound already, to programs and pages of
    /// this machine.
    pub fn serve_on(&self, listener: TcpListener) -> Result<Served> {
        let engine = self.serve()?;
        let router = Forward::to(engine.address()).router();
        let front = serve("database", listener, router, Origins::OfThisMachine)?;
        Ok(front.in_front_of(engine))
    }

    /// Makes the table `name` unless it is there already.
    ///
    /// A table made from another definition is left alone and refused: its data is the
    /// developer's to keep or to drop.
    pub fn ensure_table(&self, name: &str, definition: &TableDefinition) -> Result<()> {
        if let Some(existing) = self.describe(name)? {
            let differences = differences(&existing, &definition.create);
            if differences.is_empty() {
                return Ok(());
            }
            return Err(Failure::new(format!(
                "the local table differs from template.yaml ({}): start once with --fresh, which drops the local data",
                differences.join(", ")
            )));
        }
        self.create_table(name, definition)
    }

    fn create_table(&self, name: &str, definition: &TableDefinition) -> Result<()> {
        let creating = || format!("can't make the table {name} of template.yaml's definition");
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

/// A request from its JSON form: what it takes is the same here as over HTTP.
fn request<T: DeserializeOwned>(body: Value) -> Result<T> {
    serde_json::from_value(body).map_err(|error| {
        let words = error.to_string();
        Failure::new(words.trim_start_matches("VALIDATION:"))
    })
}

/// In what an existing table differs from its definition, as far as queries and streams notice.
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
    fn a_table_that_is_there_is_kept() {
        let database = Database::in_memory().unwrap();
        let definition = definition("lists");
        database.ensure_table("bodega", &definition).unwrap();
        database.ensure_table("bodega", &definition).unwrap();
        let table = database.describe("bodega").unwrap().unwrap();
        assert_eq!(table["GlobalSecondaryIndexes"][0]["IndexName"], "lists");
    }

    #[test]
    fn a_table_of_another_definition_is_refused_with_the_remedy() {
        let database = Database::in_memory().unwrap();
        database.ensure_table("bodega", &definition("lists")).unwrap();
        let refusal = database.ensure_table("bodega", &definition("history")).unwrap_err();
        let words = refusal.to_string();
        assert!(words.contains("(attributes, indexes)") && words.contains("--fresh"), "{words}");
    }

    #[test]
    fn a_definition_that_makes_no_sense_is_explained() {
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
