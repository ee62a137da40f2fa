//! What the catalogue lists at present.

use std::collections::BTreeSet;

use shared::Result;
use shared::domain::ids::ProductId;
use shared::domain::search_language::SearchLanguage;
use shared::domain::slug::Slug;
use shared::domain::time::Timestamp;
use shared::services::catalogue;
use shared::store::{Read, Store};

/// The catalogue is read once, and never again because it has become old.
const NEVER: Timestamp = Timestamp::from_unix_millis(0);

/// The products and categories that the catalogue lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The products, of any status.
    pub products: BTreeSet<ProductId>,
    /// The categories.
    pub categories: BTreeSet<Slug>,
    /// The language of its stems; `None` if the log is empty.
    pub language: Option<SearchLanguage>,
}

impl Listed {
    /// Reads the catalogue's segments and log.
    pub async fn read(store: &Store) -> Result<Self> {
        let loaded =
            catalogue::load_from(store, SearchLanguage::OFF, Read::Consistent, NEVER).await?;
        let catalogue = loaded.catalogue;
        let language = match loaded.manifest.language {
            Some(language) => Some(language),
            None => last_language(store, catalogue.number()).await?,
        };
        Ok(Self {
            products: catalogue.ids().collect(),
            categories: catalogue.parents().keys().cloned().collect(),
            language,
        })
    }
}

/// Returns the language of the log's last entry.
async fn last_language(store: &Store, number: u64) -> Result<Option<SearchLanguage>> {
    let before = number.saturating_sub(1);
    let entries = store.catalogue_log().after(before, Read::Consistent).await?;
    Ok(entries.last().map(|entry| entry.language))
}
