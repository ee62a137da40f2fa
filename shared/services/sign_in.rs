//! Signing in by a password.

use crate::auth::password;
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::password::OfferedPassword;
use crate::store::Store;

/// Hashes an offered password anew that has just been verified, where its hash is weaker than today's. It is
/// still the same password: no session ends. If it can't be done now, the next login does it.
pub async fn keep_strong(
    store: &Store,
    email: &Email,
    verified: &Credential,
    offered: &OfferedPassword,
) {
    if !password::needs_rehash(&verified.password_hash) {
        return;
    }
    let replaced = match password::rehash(offered) {
        Ok(hash) => store.replace_password_hash(email, verified, &hash).await,
        Err(error) => Err(error),
    };
    if let Err(error) = replaced {
        tracing::warn!(?error, user_id = %verified.user_id, "a weak password hash stays");
    }
}
