//! To an address that somebody wants an account for, and that has one.
//!
//! The answer that they got does not say so: only who reads this mail learns it.

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
