//! The shop's settings, one item.

use super::ChangedMeanwhile;
use super::expression::{is_number, missing};
use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::{Store, Written};
use super::write::Write;
use crate::domain::error::Result;
use crate::domain::settings::Settings;

/// The store's operations on the shop's settings.
#[derive(Debug, Clone, Copy)]
pub struct StoredSettings<'a>(&'a Store);

impl Store {
    /// Returns the store's operations on the shop's settings.
    pub fn settings(&self) -> StoredSettings<'_> {
        StoredSettings(self)
    }
}

impl StoredSettings<'_> {
    /// Returns the settings; the default ones, in version 0, if none are stored.
    pub async fn get(self, read: Read) -> Result<Settings> {
        let item = self.0.get(keys::settings(), read).await?;
        Ok(item.map(from_item).transpose()?.unwrap_or_default())
    }

    /// Writes settings on condition that the stored ones still have the version `before` (0: none are
    /// stored); returns false if they do not. If they are these very ones, that is a success: the
    /// SDK has retried a write whose response was lost.
    pub async fn replace(self, before: u64, settings: &Settings) -> Result<bool> {
        let condition = match before {
            0 => missing(),
            before => is_number("version", before),
        };
        let (item, ours) = (to_item("settings", keys::settings(), settings)?, settings.clone());
        let write = Write::put(item).when_with_item(condition, move |stored| {
            let stored: Option<Settings> = stored.map(from_item).transpose()?;
            Ok(stored.map_or(Err(ChangedMeanwhile), |it| {
                if it == ours { Ok(()) } else { Err(ChangedMeanwhile) }
            }))
        });
        Ok(match self.0.put(write).await? {
            Written::Done(_) => true,
            Written::Refused(is_ours) => is_ours.is_ok(),
        })
    }
}
