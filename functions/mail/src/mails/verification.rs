//! The verification mails of an e-mail address, requested again.
//!
//! It is unknown which registration is meant, so the mails of the newest ones are sent again.

use shared::config::MailSettings;
use shared::domain::email::Email;
use shared::domain::message::Event;
use shared::{Ctx, Result};

use super::{Rendered, known_email};
use crate::mail_limit::MailLimit;

/// The most registrations whose mails are sent again.
const NEWEST: usize = 3;

pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    email: &Email,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    if let Some(credential) = ctx.store.credentials().get(email).await? {
        return known_email::write(ctx, settings, email, &credential, limit).await;
    }
    let waiting = ctx.store.registrations().of_email(&email.digest()).await?;
    let newest = waiting.of_now(ctx.now()).take(NEWEST);
    let again: Vec<_> = newest
        .map(|registration| Event::RegistrationRequested {
            email: email.clone(),
            registration_id: registration.id,
        })
        .collect();
    Ok(if again.is_empty() { Rendered::Nothing } else { Rendered::Replaced(again) })
}
