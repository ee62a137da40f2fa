//! What the files in `events/` need of mails that were read: a registration that waits, and a
//! forgotten password, each with a token that is the same on every machine.
//!
//! Both work once; `--fresh` brings them back.

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
use super::products::OPENING;
use super::sessions::NEVER;

const ADDRESS: &str = "waiting@bodega.example";
const PASSWORD: &str = "local-waiting-password";

/// What `events/verify-email.json` sends.
pub fn verification_token() -> Result<VerificationToken> {
    let id = Builder::from_unix_timestamp_millis(OPENING, &[0xB1; 10]).into_uuid();
    let id = RegistrationId::from_uuid(id);
    Ok(VerificationToken::with_secret(
        address()?.digest(),
        id,
        *b"public: demo verification token.",
    ))
}

/// What `events/reset-password.json` sends.
pub const fn reset_token() -> ResetToken {
    ResetToken::with_secret(*b"public: the demo's reset token..")
}

/// Notes both.
pub(super) async fn note(store: &Store) -> Result<()> {
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
        email: address()?,
        name: name.map_err(|bad| Error::internal(bad.detail))?,
        phone: None,
        password_hash: password::hash(&password.map_err(|bad| Error::internal(bad.detail))?)?,
        tokens: Vec::new(),
        created_at: Timestamp::from_unix_millis(OPENING as i64),
        expires_at: NEVER,
    })
}

fn address() -> Result<Email> {
    Email::parse(ADDRESS.to_owned()).map_err(|bad| Error::internal(bad.detail))
}
