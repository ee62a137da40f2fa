//! The mail with the link to verify the e-mail address of a registration.
//!
//! An attacker can register any address, so the mail contains nothing from the request, not even
//! the name.

use shared::auth::mailed_token::VerificationToken;
use shared::config::MailSettings;
use shared::domain::email::Email;
use shared::domain::ids::RegistrationId;
use shared::domain::registration::REGISTRATION_LIFETIME;
use shared::{Ctx, Result};

use super::{Rendered, known_email};
use crate::content::Content;
use crate::mail_limit::MailLimit;

pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    email: &Email,
    id: RegistrationId,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    if let Some(credential) = ctx.store.credentials().get(email).await? {
        return known_email::write(ctx, settings, email, &credential, limit).await;
    }
    if !limit.admits(email).await? {
        return Ok(Rendered::OverLimit);
    }
    let digest = email.digest();
    let token = VerificationToken::new(digest, id)?;
    // The digest is stored before the mail is sent, so that a mailed token is always valid.
    if !ctx.store.registrations().add_token(&digest, id, &token.digest(), ctx.now()).await? {
        return Ok(Rendered::Nothing);
    }
    let (shop, hours) = (settings.shop.as_str(), REGISTRATION_LIFETIME.whole_hours());
    let content = Content::about(format!("Confirm your e-mail address for {shop}"))
        .paragraph(format!(
            "Someone, hopefully you, registered at {shop} with this e-mail address."
        ))
        .paragraph(format!(
            "To confirm that the address is yours, open this link within {hours} hours and enter \
             the password that you chose."
        ))
        .link("Confirm your e-mail address", settings.links.verify_email(&token.write()))
        .paragraph("If it wasn't you, ignore this mail. No account is created unless you confirm.");
    Ok(Rendered::Mail(content.to(email, settings)?))
}
