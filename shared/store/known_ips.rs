//! The IP addresses that accounts were opened from, by digests of them.

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

/// How long an IP address is known after it was last seen.
const KNOWN_FOR: Duration = Duration::days(90);

/// The known IP addresses of the table.
#[derive(Debug, Clone, Copy)]
pub struct KnownIps<'a>(&'a Store);

impl Store {
    /// Where accounts were opened from.
    pub fn known_ips(&self) -> KnownIps<'_> {
        KnownIps(self)
    }
}

impl KnownIps<'_> {
    /// When the account was last recorded at an IP address, of which `ip` is a digest; `None` where it
    /// never was, or more than 90 days ago.
    ///
    /// Always consistent: it decides whether an attempt at a password counts as its owner's.
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

    /// Remembers for 90 days that an account was opened from an IP address.
    pub async fn remember(self, account: &EmailDigest, ip: &str, now: Timestamp) -> Result<()> {
        let known = KnownIp { seen_at: now, expires_at: now.plus(KNOWN_FOR) };
        let item = to_item("known_ip", keys::known_ip(account, ip), &known)?;
        self.0.put(Write::<(), _>::put(item).expires(known.expires_at)).await.map(drop)
    }

    /// Forgets where an account was opened from.
    pub async fn forget(self, account: &EmailDigest) -> Result<()> {
        self.0.delete_partition(&keys::known_ips(account), None).await
    }
}
