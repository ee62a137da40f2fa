//! The mail with the link to reset a password, if the e-mail address has an active account.
//!
//! It is the only mail that is also sent to addresses that were never verified: the reset verifies
//! the address.

use shared::auth::mailed_token::ResetToken;
use shared::config::MailSettings;
use shared::domain::email::Email;
use shared::domain::password_reset::RESET_LIFETIME;
use shared::domain::user::AccountStatus;
use shared::{Ctx, Result};

use super::Rendered;
use crate::content::Content;
use crate::mail_limit::MailLimit;

pub(super) async fn write(
    ctx: &Ctx,
    settings: &MailSettings,
    email: &Email,
    limit: &mut MailLimit<'_>,
) -> Result<Rendered> {
    let Some(credential) = ctx.store.credentials().get(email).await? else {
        return Ok(Rendered::Nothing);
    };
    let security = ctx.store.sessions().get(credential.user_id).await?;
    if security.is_none_or(|security| security.status != AccountStatus::Active) {
        return Ok(Rendered::Nothing);
    }
    if !limit.admits_reset(email).await? {
        return Ok(Rendered::OverLimit);
    }
    let token = ResetToken::new()?;
    // The digest is stored before the mail is sent, so that a mailed token is always valid.
    ctx.store.password_resets().create(&token.digest(), &credential, ctx.now()).await?;
    let (shop, minutes) = (settings.shop.as_str(), RESET_LIFETIME.whole_minutes());
    let content = Content::about(format!("Choose a new password for {shop}"))
        .paragraph(format!(
            "Someone, hopefully you, asked to reset the password of your account at {shop}."
        ))
        .paragraph(format!("To choose a new password, open this link within {minutes} minutes."))
        .link("Choose a new password", settings.links.reset_password(&token.write()))
        .paragraph("If it wasn't you, ignore this mail. Your password will not change.");
    Ok(Rendered::Mail(content.to(email, settings)?))
}
