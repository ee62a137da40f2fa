//! The guards of writes: every condition without which a write would break a promise. A test run can
//! take one of them away, to see that its test fails.
//!
//! With `STRIP_GUARD="place-order Update PRODUCT# VARIANT#"`, the condition of each update that
//! `place-order` makes of an item whose keys begin like this always holds. With
//! `GUARD_COVERAGE=FILE`, each guard that a test meets is added to the file.
//! `scripts/guards` takes each guard of `tests/guards.txt` away in turn.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

/// The kinds of writes.
const KINDS: [&str; 4] = ["Put", "Update", "Delete", "ConditionCheck"];

/// A write whose condition always holds.
#[derive(Debug)]
struct Stripped {
    function: String,
    kind: String,
    partition: String,
    sort: String,
}

#[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The guard that this run takes away.
fn stripped() -> Option<&'static Stripped> {
    static STRIPPED: OnceLock<Option<Stripped>> = OnceLock::new();
    let read = || {
        let text = variable("STRIP_GUARD")?;
        let parts: Vec<_> = text.split(' ').collect();
        let [function, kind, partition, sort] = parts[..] else {
            panic!("STRIP_GUARD is a function, a kind and the beginnings of two keys: {text}");
        };
        assert!(KINDS.contains(&kind), "{kind} is none of {KINDS:?}");
        let [function, kind, partition, sort] =
            [function, kind, partition, sort].map(str::to_owned);
        Some(Stripped { function, kind, partition, sort })
    };
    STRIPPED.get_or_init(read).as_ref()
}

/// Notes the guards of a call, and takes away the condition that this run strips.
pub fn pass(function: &str, operation: &str, body: &mut Value) {
    if operation == "TransactWriteItems" {
        for item in body["TransactItems"].as_array_mut().into_iter().flatten() {
            for kind in KINDS {
                if item[kind].is_object() {
                    pass_one(function, kind, &mut item[kind]);
                }
            }
        }
    } else if let Some(kind) = operation.strip_suffix("Item")
        && KINDS.contains(&kind)
    {
        pass_one(function, kind, body);
    }
}

fn pass_one(function: &str, kind: &str, write: &mut Value) {
    let Some(condition) = write["ConditionExpression"].as_str().map(str::to_owned) else { return };
    let key = if kind == "Put" { &write["Item"] } else { &write["Key"] };
    let [partition, sort] =
        ["pk", "sk"].map(|name| key[name]["S"].as_str().unwrap_or_default().to_owned());
    note(&format!("{function} {kind} {} {}", beginning(&partition), beginning(&sort)));
    let is_stripped = |it: &&Stripped| {
        it.function == function
            && it.kind == kind
            && partition.starts_with(&it.partition)
            && sort.starts_with(&it.sort)
    };
    if stripped().filter(is_stripped).is_some() {
        // With the same names and values, which all have to be used.
        let always = format!("({condition}) OR attribute_exists(pk) OR attribute_not_exists(pk)");
        write["ConditionExpression"] = always.into();
    }
}

/// The beginning of a key that items of one kind have in common.
fn beginning(key: &str) -> &str {
    match key.split_once('#') {
        Some((kind, _)) => &key[..=kind.len()],
        None => {
            // An identifier, or a word such as `ORDER`.
            let end = key.find('_').map_or(key.len(), |end| end + 1);
            let is_word = key.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            if is_word { key } else { &key[..end.min(4)] }
        }
    }
}

/// Adds a guard to the file that `GUARD_COVERAGE` names.
fn note(guard: &str) {
    static FILE: OnceLock<Option<String>> = OnceLock::new();
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let Some(file) = FILE.get_or_init(|| variable("GUARD_COVERAGE")) else { return };
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.insert(guard.to_owned()) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
        writeln!(file.expect("a file to write"), "{guard}").expect("it can be written");
    }
}
