//! The mail to a user with a verified e-mail address whose password was changed, in case another
//! person changed it.

use shared::config::MailSettings;
use shared::domain::ids::UserId;
use shared::store::Read;
use shared::{Ctx, Result};

use super::Rendered;
use crate::content::Content;

pub(super) async fn write(ctx: &Ctx, settings: &MailSettings, user_id: UserId) -> Result<Rendered> {
    let user = ctx.store.users().get(user_id, Read::Consistent).await?;
    let Some(user) = user.filter(|user| user.summary.email_verified) else {
        return Ok(Rendered::Nothing);
    };
    let shop = settings.shop.as_str();
    let mut content = Content::about(format!("Your password for {shop} was changed"))
        .paragraph(format!("The password of your account at {shop} was changed."))
        .paragraph("If it was you, you don't need to do anything.")
        .paragraph(
            "If it wasn't you, someone else may have access to your account. Choose a new password \
             now. This ends all sessions, including theirs.",
        );
    if let Some(url) = settings.links.forgot_password() {
        content = content.link("Choose a new password", url);
    }
    Ok(Rendered::Mail(content.to(&user.summary.email, settings)?))
}
