//! The mail after a registration with an e-mail address that already has an account.
//!
//! The response of the route does not say so: only the owner of the address learns it, from this
//! mail. With verification turned off, the mail is sent only if the address was verified.

use shared::config::MailSettings;
use shared::domain::credential::Credential;
use shared::domain::email::Email;
use shared::store::Read;
use shared::{Ctx, Result};

use super::Rendered;
use crate::content::Content;
use crate::mail_limit::MailLimit;

pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    email: &Email,
    credential: &Credential,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    if !ctx.config.email_verification {
        let user = ctx.store.users().get(credential.user_id, Read::Consistent).await?;
        if user.is_none_or(|user| !user.summary.email_verified) {
            return Ok(Rendered::Nothing);
        }
    }
    if !limit.admits(email).await? {
        return Ok(Rendered::OverLimit);
    }
    let shop = settings.shop.as_str();
    let mut content = Content::about(format!("You have an account at {shop}"))
        .paragraph(format!(
            "Someone, hopefully you, tried to register at {shop} with this e-mail address."
        ))
        .paragraph("You already have an account with this address. Nothing about it has changed.");
    if let Some(url) = settings.links.log_in() {
        content = content.link("Log in", url);
    }
    content = content.paragraph("If you have forgotten your password, you can choose a new one.");
    if let Some(url) = settings.links.forgot_password() {
        content = content.link("Choose a new password", url);
    }
    content = content.paragraph("If it wasn't you, ignore this mail.");
    Ok(Rendered::Mail(content.to(email, settings)?))
}
