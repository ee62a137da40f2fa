//! The shop's settings: reading those for a destination, and changing them.

use crate::context::Ctx;
use crate::domain::destination::{Destination, DestinationSource};
use crate::domain::error::Result;
use crate::domain::money::Money;
use crate::domain::settings::Settings;
use crate::domain::version::ExpectedVersion;
use crate::store::Read;
use crate::store::retry::Attempts;

/// Returns the shop's settings to judge a destination by: `read`, which were read eventually
/// consistently, or consistent ones if those refuse it.
pub async fn for_destination(
    ctx: &Ctx,
    read: Settings,
    to: &Destination,
    source: &DestinationSource,
) -> Result<Settings> {
    let nothing = Money::new(0, ctx.currency());
    if read.charges(to, nothing, source).is_ok() {
        return Ok(read);
    }
    ctx.store.settings().get(Read::Consistent).await
}

/// Replaces the shop's settings by `new` ones, and returns them with their version. Writes nothing if
/// they say the same as before. 412 if the settings do not have the expected version, which is 0
/// before their first change.
pub async fn replace(ctx: &Ctx, new: &Settings, expected: &ExpectedVersion) -> Result<Settings> {
    let mut attempts = Attempts::new("the settings change faster than they can be replaced");
    loop {
        let current = ctx.store.settings().get(Read::Consistent).await?;
        expected.check_stored(current.version)?;
        if current.version > 0 && current.says_the_same_as(new) {
            return Ok(current);
        }
        let new = Settings { version: current.version + 1, ..new.clone() };
        if ctx.store.settings().replace(current.version, &new).await? {
            return Ok(new);
        }
        attempts.pause().await?;
    }
}
