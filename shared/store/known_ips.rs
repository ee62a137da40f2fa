//! The IP addresses from which users logged in to their accounts, stored as digests.

use time::Duration;

use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::Write;
use crate::domain::email::EmailDigest;
use crate::domain::error::Result;
use crate::domain::known_ip::KnownIp;
use crate::domain::time::Timestamp;

/// How long an IP address stays known after its last recorded login.
const KNOWN_FOR: Duration = Duration::days(90);

/// Access to the known IP addresses.
#[derive(Debug, Clone, Copy)]
pub struct KnownIps<'a>(&'a Store);

impl Store {
    /// Returns access to the known IP addresses.
    pub fn known_ips(&self) -> KnownIps<'_> {
        KnownIps(self)
    }
}

impl KnownIps<'_> {
    /// Returns the record that an account was used from an IP address, whose digest is `ip`; `None`
    /// if there is none, or it is older than 90 days.
    ///
    /// Strongly consistent, since it decides which counter an attempt at a password belongs to.
    pub async fn get(
        self,
        account: &EmailDigest,
        ip: &str,
        now: Timestamp,
    ) -> Result<Option<KnownIp>> {
        let item = self.0.get(keys::known_ip(account, ip), Read::Consistent).await?;
        let known: Option<KnownIp> = item.map(from_item).transpose()?;
        Ok(known.filter(|known| known.expires_at > now))
    }

    /// Records that an account was used from an IP address; the record expires after 90 days.
    pub async fn record(self, account: &EmailDigest, ip: &str, now: Timestamp) -> Result<()> {
        let known = KnownIp { seen_at: now, expires_at: now.plus(KNOWN_FOR) };
        let item = to_item("known_ip", keys::known_ip(account, ip), &known)?;
        self.0.put(Write::<(), _>::put(item).expires(known.expires_at)).await.map(drop)
    }

    /// Deletes all records of an account.
    pub async fn delete_all(self, account: &EmailDigest) -> Result<()> {
        self.0.delete_partition(&keys::known_ips(account), None).await
    }
}
