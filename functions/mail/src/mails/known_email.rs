//! The mail after a registration with an e-mail address that already has an account.
//!
//! The response of the route does not say so: only the owner of the address learns it, from this
//! mail.

use shared::Result;
use shared::config::MailSettings;
use shared::domain::email::Email;

use super::Rendered;
use crate::content::Content;

pub(super) fn write(settings: &MailSettings, email: &Email) -> Result<Rendered> {
    let shop = settings.shop.as_str();
    let mut content = Content::about(format!("You have an account at {shop}"))
        .paragraph(format!(
            "Somebody, you we hope, asked for an account at {shop} with this address."
        ))
        .paragraph("There is one already, and nothing about it has changed.");
    if let Some(url) = settings.links.log_in() {
        content = content.link("Log in", url);
    }
    content = content.paragraph("If you have forgotten your password, ask for a new one.");
    if let Some(url) = settings.links.forgot_password() {
        content = content.link("Choose a new password", url);
    }
    content = content.paragraph("If it wasn't you, ignore this mail.");
    Ok(Rendered::Mail(content.to(email, settings)?))
}
