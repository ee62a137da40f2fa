//! The folder in which the local cloud stores its data.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::failure::{Explain, Failure, Result};

/// The files that we store, and that `--fresh` deletes. The folder itself is never deleted: it may
/// contain files of others.
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

/// The data folder, locked so that only one `cargo dev` uses it at a time.
#[derive(Debug)]
pub struct Data {
    folder: PathBuf,
    _lock: File,
}

impl Data {
    /// Locks the folder, and creates it if it is missing; fails if another `cargo dev` uses it.
    pub fn open(folder: PathBuf) -> Result<Self> {
        let opening = || format!("can't use {} for data", folder.display());
        std::fs::create_dir_all(&folder).explain(opening)?;
        // Keeps the data out of the repository. The emulator reads it, too: without it, every write
        // to the database would restart the functions.
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

    /// Deletes all data.
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

    /// Returns the path of the database's file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("bodega.sqlite3")
    }

    /// Returns the path of the parameter store's file.
    pub fn parameters(&self) -> PathBuf {
        self.folder.join("parameters.json")
    }

    /// Returns the path of the mailbox's file.
    pub fn mails(&self) -> PathBuf {
        self.folder.join("mails.jsonl")
    }

    /// Returns the path of the pump's checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.folder.join("checkpoints.json")
    }

    /// Returns the path of the messages to failure destinations.
    pub fn failures(&self) -> PathBuf {
        self.folder.join("failures.jsonl")
    }

    /// Returns the folder for temporary files of the emulator.
    pub fn emulator(&self) -> PathBuf {
        self.folder.join("emulator")
    }
}

/// Returns the folder of installed tools; `--data` does not change it.
pub fn tools(root: &Path) -> PathBuf {
    root.join(".local").join("tools")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_user_at_a_time_and_only_our_files_are_deleted() {
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
