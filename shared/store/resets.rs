//! Forgotten passwords: the tokens that were mailed, by their digests, and what they do.

use super::db::{Read, Store};
use super::item::{from_item, number, text, to_item, value};
use super::keys::{self, TTL};
use super::outbox;
use super::transaction_old::{Outcome, Write, unique_token};
use super::users::{NO_SESSIONS, SAME_PASSWORD};
use crate::domain::credential::Credential;
use crate::domain::error::Result;
use crate::domain::message::Event;
use crate::domain::password_reset::{PasswordReset, RESET_LIFETIME};
use crate::domain::time::Timestamp;
use crate::domain::user::User;

impl Store {
    /// Notes the digest of a token that is about to be mailed to an account's owner.
    pub async fn create_reset(
        &self,
        digest: &str,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<()> {
        let reset = PasswordReset {
            user_id: credential.user_id,
            password_version: credential.password_version,
            expires_at: now.plus(RESET_LIFETIME),
        };
        let mut item = to_item("reset", keys::reset(digest), &reset)?;
        item.insert(TTL.to_owned(), number(reset.expires_at.unix_seconds()));
        self.put_old(item).await
    }

    /// What the token of this digest allows, if it still works.
    pub async fn reset(&self, digest: &str, now: Timestamp) -> Result<Option<PasswordReset>> {
        let item = self.get(keys::reset(digest), Read::Consistent).await?;
        let reset: Option<PasswordReset> = item.map(from_item).transpose()?;
        Ok(reset.filter(|reset| reset.expires_at > now))
    }

    /// Sets a new password by a token, which is used up; ends every session. False where the token
    /// has been used, or the password has been changed since it was mailed.
    pub async fn reset_password(
        &self,
        digest: &str,
        reset: &PasswordReset,
        user: &User,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (before, after) = (reset.password_version, reset.password_version + 1);
        let mut writes = vec![
            Write::delete(keys::reset(digest)).when("attribute_exists(pk)"),
            Write::update(
                keys::credential(&user.email),
                "SET password_hash = :new, password_version = :after",
            )
            .when(format!("{SAME_PASSWORD} AND user_id = :user"))
            .secretly()
            .value(":new", text(password_hash))
            .value(":after", number(after))
            .value(":verified", number(before))
            .value(":user", text(user.id)),
            Write::update(
                keys::security(user.id),
                "SET sessions = :none, password_version = :after",
            )
            .when("attribute_exists(pk)")
            .secretly()
            .value(":none", value(&NO_SESSIONS)?)
            .value(":after", number(after)),
            outbox::send(Event::PasswordChanged { user_id: user.id }, now)?,
        ];
        // Who read the mail has shown that the address is theirs.
        if !user.email_verified {
            writes.push(
                Write::update(
                    keys::profile(user.id),
                    "SET email_verified = :yes, updated_at = :now",
                )
                .when("attribute_exists(pk)")
                .value(":yes", value(&true)?)
                .value(":now", text(now)),
            );
        }
        let outcome = self.transact_old(unique_token(now), &writes).await?;
        Ok(matches!(outcome, Outcome::Committed))
    }
}
