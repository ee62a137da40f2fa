//! The tokens that `events/verify-email.json` and `events/reset-password.json` send: those of a
//! pending registration and of a forgotten password. In a real shop they are in a mail; here they
//! are the same on every machine.
//!
//! Each works once; start with `--fresh` to use it again.

use shared::auth::mailed_token::{ResetToken, VerificationToken};
use shared::auth::password;
use shared::domain::email::Email;
use shared::domain::ids::RegistrationId;
use shared::domain::password::NewPassword;
use shared::domain::registration::Registration;
use shared::domain::text::Name;
use shared::domain::time::Timestamp;
use shared::services::registration;
use shared::store::Store;
use shared::{Error, Result};
use uuid::Builder;

use super::accounts::LEAVER;
use super::products::DEMO_START;
use super::sessions::NEVER;

const EMAIL: &str = "waiting@bodega.example";
const PASSWORD: &str = "local-waiting-password";

/// Returns the token in `events/verify-email.json`.
pub fn verification_token() -> Result<VerificationToken> {
    let id = Builder::from_unix_timestamp_millis(DEMO_START, &[0xB1; 10]).into_uuid();
    let id = RegistrationId::from_uuid(id);
    Ok(VerificationToken::with_secret(email()?.digest(), id, *b"public: demo verification token."))
}

/// Returns the token in `events/reset-password.json`.
pub const fn reset_token() -> ResetToken {
    ResetToken::with_secret(*b"public: the demo's reset token..")
}

/// Stores both tokens, and the registration.
pub(super) async fn create(store: &Store) -> Result<()> {
    let token = verification_token()?;
    let waiting = waiting(&token)?;
    if store.registrations().of_email(&token.address).await?.is_empty() {
        registration::create(store, &waiting).await?;
    }
    let (id, digest) = (token.registration_id, token.digest());
    store.registrations().add_token(&token.address, id, &digest, waiting.created_at).await?;

    let leaver =
        Email::parse(LEAVER.email.to_owned()).map_err(|bad| Error::internal(bad.detail))?;
    if let Some(credential) = store.credentials().get(&leaver).await? {
        store.password_resets().create(&reset_token().digest(), &credential, NEVER).await?;
    }
    Ok(())
}

fn waiting(token: &VerificationToken) -> Result<Registration> {
    let password = NewPassword::parse(PASSWORD.to_owned());
    let name = Name::parse("Wanda Waiting".to_owned());
    Ok(Registration {
        id: token.registration_id,
        email: email()?,
        name: name.map_err(|bad| Error::internal(bad.detail))?,
        phone: None,
        password_hash: password::hash(&password.map_err(|bad| Error::internal(bad.detail))?)?,
        tokens: Vec::new(),
        created_at: Timestamp::from_unix_millis(DEMO_START as i64),
        expires_at: NEVER,
    })
}

fn email() -> Result<Email> {
    Email::parse(EMAIL.to_owned()).map_err(|bad| Error::internal(bad.detail))
}
