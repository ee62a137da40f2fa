//! Who runs the shop: what a person may do, and the register of admins.
//!
//! The register is written in the transaction that makes or unmakes an admin, and its condition is
//! what keeps the shop from losing the last one, whoever else is at it at the same time.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join;

use super::db::{Read, Store};
use super::item::{from_item, number, text, value};
use super::keys::{self, TYPE};
use super::transaction_old::{Outcome, Verdict, Write, pauses, unique_token};
use crate::domain::access::{AccessChange, Admins, Standing};
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::UserId;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::domain::user::{AccountStatus, Role, User};

/// Enters an active admin into the register.
pub(super) fn add(user: UserId) -> Write {
    entry(user, "SET #type = :type ADD active :user DELETE disabled :user")
        .name("#type", TYPE)
        .value(":type", text("admins"))
}

/// Enters the first admin; it fails where somebody runs the shop already.
pub(super) fn add_first(user: UserId) -> Write {
    add(user).when("attribute_not_exists(active)")
}

/// Takes an admin out of the register; it fails for the last active one.
pub(super) fn remove(user: UserId) -> Write {
    not_the_last(user, entry(user, "DELETE active :user, disabled :user"))
}

/// Moves an admin to those who may not come in; it fails for the last active one.
fn disable(user: UserId) -> Write {
    not_the_last(user, entry(user, "ADD disabled :user DELETE active :user"))
}

/// The write that enters what became of a person, if the register says anything of them.
pub(super) fn enter(user: UserId, before: Standing, after: Standing) -> Option<Write> {
    use {AccountStatus as S, Role as R};
    match (before, after) {
        ((R::Customer, _), (R::Customer, _)) => None,
        (_, (R::Admin, S::Active)) => Some(add(user)),
        (_, (R::Admin, S::Disabled)) => Some(disable(user)),
        (_, (R::Customer, _)) => Some(remove(user)),
    }
}

fn entry(user: UserId, expression: &str) -> Write {
    let set = AttributeValue::Ss(vec![user.to_string()]);
    Write::update(keys::admins(), expression).value(":user", set)
}

fn not_the_last(user: UserId, write: Write) -> Write {
    write
        .when("attribute_not_exists(active) OR NOT contains(active, :id) OR size(active) > :one")
        .value(":id", text(user))
        .value(":one", number(1))
}

/// The refusal to leave the shop without anybody who runs it.
pub(super) fn last_admin() -> Error {
    let detail = "This is the last active admin of the shop; make somebody else one first.";
    Conflict::new("last_admin", detail).into()
}

impl Store {
    /// The register of admins.
    pub async fn admins(&self) -> Result<Admins> {
        let item = self.get(keys::admins(), Read::Consistent).await?;
        item.map_or(Ok(Admins::default()), from_item)
    }

    /// Makes an admin of somebody whose address is the operator's, if they have verified it and
    /// nobody runs the shop yet.
    pub async fn promote_first_admin(&self, id: UserId, now: Timestamp) -> Result<()> {
        let Some(user) = self.fresh_user(id).await? else { return Ok(()) };
        if user.role == Role::Admin || !user.email_verified {
            return Ok(());
        }
        let admin = value(&Role::Admin)?;
        let writes = [
            Write::update(keys::profile(id), "SET #role = :admin, updated_at = :now")
                .when("email_verified = :yes")
                .secretly()
                .name("#role", "role")
                .value(":admin", admin.clone())
                .value(":yes", value(&true)?)
                .value(":now", text(now)),
            Write::update(keys::security(id), "SET #role = :admin")
                .when("attribute_exists(pk)")
                .secretly()
                .name("#role", "role")
                .value(":admin", admin),
            add_first(id),
        ];
        self.transact_old(unique_token(now), &writes).await.map(drop)
    }

    /// Changes what a person may do, and says how they are then. Where anything changes, their
    /// sessions end with it; the last active admin stays one.
    pub async fn update_access(
        &self,
        id: UserId,
        change: &AccessChange,
        now: Timestamp,
    ) -> Result<User> {
        for pause in pauses() {
            let (user, security) = try_join(self.fresh_user(id), self.security(id)).await?;
            let user = user.ok_or(Error::NotFound)?;
            let security = security.ok_or(Error::NotFound)?;
            // The profile repeats what the security item decides.
            let before = (security.role, security.status);
            let after @ (role, status) = change.of(before);
            if after == before && after == (user.role, user.status) {
                return Ok(user);
            }
            let mut writes =
                vec![change_profile(&user, after, now)?, change_security(id, before, after)?];
            writes.extend(enter(id, before, after));
            let verdicts = match self.transact_old(unique_token(now), &writes).await? {
                Outcome::Committed => return Ok(User { role, status, updated_at: now, ..user }),
                Outcome::Refused(verdicts) => verdicts,
            };
            if let [Verdict::Fine, Verdict::Fine, Verdict::ConditionFailed(_)] = verdicts[..] {
                return Err(last_admin());
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::unavailable("a person changes faster than they can be read"))
    }
}

fn change_profile(seen: &User, (role, status): Standing, now: Timestamp) -> Result<Write> {
    let write = Write::update(
        keys::profile(seen.id),
        "SET #role = :role, #status = :status, updated_at = :now",
    );
    Ok(write
        .when("updated_at = :seen")
        .secretly()
        .name("#role", "role")
        .name("#status", "status")
        .value(":role", value(&role)?)
        .value(":status", value(&status)?)
        .value(":now", text(now))
        .value(":seen", text(seen.updated_at)))
}

/// A session that is renewed at the same time does not come back: its renewal wants it there.
fn change_security(id: UserId, before: Standing, after: Standing) -> Result<Write> {
    let write =
        Write::update(keys::security(id), "SET #role = :role, #status = :status, sessions = :none");
    Ok(write
        .when("#role = :role_before AND #status = :status_before")
        .secretly()
        .name("#role", "role")
        .name("#status", "status")
        .value(":role", value(&after.0)?)
        .value(":status", value(&after.1)?)
        .value(":role_before", value(&before.0)?)
        .value(":status_before", value(&before.1)?)
        .value(":none", value(&BTreeMap::<String, Session>::new())?))
}
