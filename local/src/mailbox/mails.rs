//! Stores the newest 1,000 mails, in a file with one JSON document per line.

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use shared::domain::email::Email;

use crate::failure::{Explain, Result};

const MAX_MAILS: usize = 1_000;

/// A mail that the shop has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The mail's ID, a UUID.
    pub id: String,
    /// The recipient's email.
    pub to: String,
    /// The sender, such as `Bodega <shop@bodega.example>`.
    pub from: String,
    /// Subject line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
    /// When it was sent, RFC 3339 in UTC.
    pub at: String,
    /// The whole message with its headers, not encoded.
    pub source: String,
}

/// A mailbox; clones share its mails.
#[derive(Debug, Clone, Default)]
pub struct Mailbox(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
pub(super) struct Contents {
    file: Option<PathBuf>,
    /// The number of lines in the file, including mails that are no longer in `mails`.
    lines: usize,
    mails: VecDeque<Mail>,
    /// Incremented by each change; part of the list's `ETag`.
    pub version: u64,
    /// Bodies of requests that were throttled and not repeated yet.
    pub throttled: Vec<Vec<u8>>,
}

impl Mailbox {
    /// Creates an empty mailbox in memory.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Opens the mailbox in the file at `path`; a missing file is created with the first mail.
    pub fn file(path: &Path) -> Result<Self> {
        let reading = || format!("can't read the mails in {}", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).explain(reading),
        };
        let mails: serde_json::Result<VecDeque<Mail>> =
            text.lines().map(serde_json::from_str).collect();
        let mut contents = Contents {
            file: Some(path.to_owned()),
            lines: text.lines().count(),
            mails: mails.explain(reading)?,
            ..Contents::default()
        };
        contents.drop_oldest().explain(reading)?;
        Ok(Self(Arc::new(Mutex::new(contents))))
    }

    /// Returns the mails to one email in any spelling, or all mails; newest first.
    pub fn mails(&self, email: Option<&str>) -> Vec<Mail> {
        let email = email.map(canonical);
        let contents = self.contents();
        let fits = |mail: &&Mail| email.as_ref().is_none_or(|to| canonical(&mail.to) == *to);
        contents.mails.iter().rev().filter(fits).cloned().collect()
    }

    /// Returns the mail with this ID.
    pub fn mail(&self, id: &str) -> Option<Mail> {
        self.contents().mails.iter().find(|mail| mail.id == id).cloned()
    }

    /// Deletes all mails.
    pub fn clear(&self) -> Result<()> {
        let mut contents = self.contents();
        contents.mails.clear();
        contents.version += 1;
        contents.rewrite().explain(|| "can't empty the mailbox")
    }

    /// Adds a mail.
    pub(super) fn put(&self, mail: Mail) -> std::io::Result<()> {
        let mut contents = self.contents();
        contents.append(&mail)?;
        contents.mails.push_back(mail);
        contents.version += 1;
        contents.drop_oldest()
    }

    pub(super) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn append(&mut self, mail: &Mail) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)?
            .write_all(&lines(std::slice::from_ref(mail))?)?;
        self.lines += 1;
        Ok(())
    }

    /// Deletes all but the newest mails. Rewrites the file only when half of its lines are old,
    /// since that takes long.
    fn drop_oldest(&mut self) -> std::io::Result<()> {
        self.mails.drain(..self.mails.len().saturating_sub(MAX_MAILS));
        if self.lines >= 2 * MAX_MAILS { self.rewrite() } else { Ok(()) }
    }

    /// Writes a new file and renames it, so that a crash leaves either the old or the new file.
    fn rewrite(&mut self) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let new = file.with_extension("jsonl.new");
        std::fs::write(&new, lines(self.mails.make_contiguous())?)?;
        std::fs::rename(&new, file)?;
        self.lines = self.mails.len();
        Ok(())
    }
}

fn lines(mails: &[Mail]) -> std::io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for mail in mails {
        serde_json::to_writer(&mut lines, mail)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Normalizes an email as the shop does; converts text that is not an email to lower case.
fn canonical(email: &str) -> String {
    Email::parse(email.to_owned()).map_or_else(|_| email.to_lowercase(), |email| email.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn mail(number: usize, to: &str) -> Mail {
        Mail {
            id: format!("mail-{number}"),
            to: to.to_owned(),
            from: "Bodega <shop@bodega.example>".to_owned(),
            subject: format!("Number {number}"),
            text: "text".to_owned(),
            html: "<p>html</p>".to_owned(),
            at: "2026-01-01T00:00:00.000Z".to_owned(),
            source: "source".to_owned(),
        }
    }

    fn numbers(mailbox: &Mailbox, to: Option<&str>) -> Vec<String> {
        mailbox.mails(to).into_iter().map(|mail| mail.id).collect()
    }

    #[test]
    fn mails_are_listed_newest_first_and_emails_are_compared_without_case() {
        let mailbox = Mailbox::in_memory();
        for (number, to) in
            ["ada@example.com", "bob@example.com", "Ada@Example.com"].iter().enumerate()
        {
            mailbox.put(mail(number, to)).unwrap();
        }
        assert_eq!(numbers(&mailbox, None), ["mail-2", "mail-1", "mail-0"]);
        assert_eq!(numbers(&mailbox, Some("ADA@example.com")), ["mail-2", "mail-0"]);
        assert!(numbers(&mailbox, Some("ada@example")).is_empty());
    }

    #[test]
    fn an_email_is_found_by_any_spelling_of_its_domain() {
        let mailbox = Mailbox::in_memory();
        mailbox.put(mail(0, "ada@xn--bcher-kva.example")).unwrap();
        for to in
            ["ada@xn--bcher-kva.example", "Ada@B\u{fc}cher.example", "ada@bu\u{308}cher.example"]
        {
            assert_eq!(numbers(&mailbox, Some(to)), ["mail-0"], "{to}");
        }
    }

    #[test]
    fn a_file_keeps_the_newest_thousand() {
        let folder = std::env::temp_dir().join(format!("bodega-mails-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("mails.jsonl");
        let mailbox = Mailbox::file(&file).unwrap();
        for number in 0..2_100 {
            mailbox.put(mail(number, "ada@example.com")).unwrap();
        }
        let again = Mailbox::file(&file).unwrap();
        assert_eq!(again.mails(None).len(), MAX_MAILS);
        assert_eq!(again.mails(None), mailbox.mails(None));
        assert_eq!(again.mails(None)[0].id, "mail-2099");
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines < 2 * MAX_MAILS, "{lines} lines");

        mailbox.clear().unwrap();
        assert!(Mailbox::file(&file).unwrap().mails(None).is_empty());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
