//! Imports point one way: `lambda, http → services → context → auth, mail → store → aws, crypto →
//! config → domain`.

use std::path::{Path, PathBuf};

use tests::demo::root;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Fails for every line of code in `folder` that has one of `words`.
#[track_caller]
fn refuse(folder: &str, words: &[&str], why: &str) {
    for file in sources(&root().join(folder)) {
        let text = std::fs::read_to_string(&file).expect("a file");
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            let word = words.iter().find(|word| code.contains(**word));
            if let (Some(word), false) = (word, code.starts_with("//")) {
                panic!("{}:{}: `{word}`: {why}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn the_domain_knows_nothing_of_the_rest() {
    let rest = [
        "crate::config",
        "crate::crypto",
        "crate::aws",
        "crate::store",
        "crate::auth",
        "crate::mail",
        "crate::context",
        "crate::services",
        "crate::http",
        "crate::lambda",
        "lambda_http",
    ];
    refuse("shared/domain", &rest, "the domain is pure: types and rules, no I/O");
}

const ABOVE_AUTH: [&str; 4] = ["crate::context", "crate::services", "crate::http", "crate::lambda"];

#[test]
fn aws_and_crypto_know_settings_and_the_domain_only() {
    for folder in ["shared/aws", "shared/crypto"] {
        let why = "the store and auth use them, not the other way round";
        refuse(folder, &["crate::store", "crate::auth", "crate::mail"], why);
        refuse(folder, &ABOVE_AUTH, why);
    }
}

#[test]
fn the_store_knows_what_is_below_it_only() {
    let why = "the store serves auth and http, not the other way round";
    refuse("shared/store", &["crate::auth", "crate::mail"], why);
    refuse("shared/store", &ABOVE_AUTH, why);
}

#[test]
fn who_may_call_is_no_matter_of_http() {
    refuse("shared/auth", &ABOVE_AUTH, "services and http use auth");
    refuse("shared/services", &["crate::http", "crate::lambda"], "http uses services");
}

#[test]
fn only_the_store_names_the_sdk() {
    let why = "say what is wanted as a method of shared::store";
    for folder in [
        "shared/domain",
        "shared/crypto",
        "shared/auth",
        "shared/services",
        "shared/http",
        "functions",
    ] {
        refuse(folder, &["aws_sdk_dynamodb"], why);
    }
}

#[test]
fn only_the_mailer_names_ses() {
    let why = "a mail is sent by a `Mailer` of shared::mail";
    for folder in ["shared", "functions/auth", "functions/mail/src/letters"] {
        refuse(folder, &["aws_sdk_sesv2"], why);
    }
}

#[test]
fn functions_know_neither_the_local_cloud_nor_the_tests() {
    refuse("functions", &["local::", "dynoxide"], "a function must not link the local cloud");
}
