//! The folder where the local cloud's data rests.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::failure::{Explain, Failure, Result};

/// What we put there, and so what `--fresh` may delete: never a folder as a whole, since it may
/// be one that was there before us.
const FILES: [&str; 8] = [
    "bodega.sqlite3",
    "bodega.sqlite3-wal",
    "bodega.sqlite3-shm",
    "bodega.sqlite3-journal",
    "parameters.json",
    "mails.jsonl",
    "checkpoints.json",
    "failures.jsonl",
];

/// The folder, ours alone as long as this lives.
#[derive(Debug)]
pub struct Data {
    folder: PathBuf,
    _lock: File,
}

impl Data {
    /// Opens the folder, and makes it where it is missing.
    pub fn open(folder: PathBuf) -> Result<Self> {
        let opening = || format!("can't use {} for data", folder.display());
        std::fs::create_dir_all(&folder).explain(opening)?;
        // Keeps the data out of the repository and, since the emulator reads it too, keeps every
        // write to the database from restarting the functions.
        let ignore = folder.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(ignore, "*\n").explain(opening)?;
        }
        let lock = File::create(folder.join("lock")).explain(opening)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
                "another `cargo dev` uses {}: stop it, or choose another folder with --data",
                folder.display()
            ))),
            Err(TryLockError::Error(error)) => Err(error).explain(opening),
        }
    }

    /// Drops all data.
    pub fn clear(&self) -> Result<()> {
        for name in FILES {
            let file = self.folder.join(name);
            if file.exists() {
                std::fs::remove_file(&file)
                    .explain(|| format!("can't delete {}", file.display()))?;
            }
        }
        Ok(())
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("bodega.sqlite3")
    }

    /// The parameters' file.
    pub fn parameters(&self) -> PathBuf {
        self.folder.join("parameters.json")
    }

    /// The mailbox's file.
    pub fn mails(&self) -> PathBuf {
        self.folder.join("mails.jsonl")
    }

    /// How far the stream is pumped.
    pub fn checkpoints(&self) -> PathBuf {
        self.folder.join("checkpoints.json")
    }

    /// What the failure destinations were told.
    pub fn failures(&self) -> PathBuf {
        self.folder.join("failures.jsonl")
    }

    /// A folder for what the emulator needs while it runs.
    pub fn emulator(&self) -> PathBuf {
        self.folder.join("emulator")
    }
}

/// Where tools of our own are kept, wherever the data is.
pub fn tools(root: &Path) -> PathBuf {
    root.join(".local").join("tools")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_at_a_time_and_is_cleared_of_our_files_only() {
        let folder = std::env::temp_dir().join(format!("bodega-data-{}", std::process::id()));
        let data = Data::open(folder.clone()).unwrap();
        let refusal = Data::open(folder.clone()).unwrap_err().to_string();
        assert!(refusal.contains("--data"), "{refusal}");

        std::fs::write(data.database(), "x").unwrap();
        std::fs::write(folder.join("diary.txt"), "x").unwrap();
        data.clear().unwrap();
        assert!(!data.database().exists() && folder.join("diary.txt").exists());

        drop(data);
        Data::open(folder.clone()).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
