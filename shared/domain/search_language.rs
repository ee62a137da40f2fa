//! The language of the catalogue's texts.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// The language whose forms of a word find each other in a search, such as `english`; or `off`, with
/// which a word finds only itself and longer words that begin with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SearchLanguage(&'static str);

impl SearchLanguage {
    /// Every language, and `off`.
    pub const ALL: [Self; 25] = [
        Self::OFF,
        Self("arabic"),
        Self("catalan"),
        Self("czech"),
        Self("danish"),
        Self("dutch"),
        Self::ENGLISH,
        Self("estonian"),
        Self("finnish"),
        Self("french"),
        Self("german"),
        Self("greek"),
        Self("hungarian"),
        Self("indonesian"),
        Self("italian"),
        Self("lithuanian"),
        Self("norwegian"),
        Self("polish"),
        Self("portuguese"),
        Self("romanian"),
        Self("russian"),
        Self("spanish"),
        Self("swedish"),
        Self("turkish"),
        Self("ukrainian"),
    ];
    /// English.
    pub const ENGLISH: Self = Self("english");
    /// No language.
    pub const OFF: Self = Self("off");

    /// Finds a language by its English name in lower case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.0 == name)
    }

    /// Returns its English name in lower case.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl<'de> Deserialize<'de> for SearchLanguage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::custom(format!("unknown language {name}")))
    }
}
