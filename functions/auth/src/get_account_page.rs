//! `GET /auth/pages/{page}`: where a mail's link leads in a shop without a front end of its own.
//!
//! Anybody may. `verify-email` and `reset-password`; 404 for any other. The token stands behind the
//! link's `#`, so it never gets here: the page itself sends it on, with a password.

use shared::http::{Request, Response, page};
use shared::{Ctx, Error, Result};

pub async fn handle(_ctx: &Ctx, request: Request) -> Result<Response> {
    let name: String = request.path_parameter("page")?;

    let html = page_of(&name).ok_or(Error::NotFound)?;

    Ok(page::answer(&html).public(300))
}

/// The page that sends a token and a password to the route of its name.
fn page_of(name: &str) -> Option<String> {
    let words = match name {
        "verify-email" => [
            ("{title}", "Confirm your e-mail address"),
            ("{lead}", "Enter the password that you chose when you registered."),
            ("{label}", "Password"),
            ("{autocomplete}", "current-password"),
            ("{button}", "Confirm"),
            ("{done}", "Your address is confirmed. You can log in now."),
        ],
        "reset-password" => [
            ("{title}", "Choose a new password"),
            ("{lead}", "At least 8 characters. You will be logged out everywhere."),
            ("{label}", "New password"),
            ("{autocomplete}", "new-password"),
            ("{button}", "Change password"),
            ("{done}", "Your password is changed. You can log in with it now."),
        ],
        _ => return None,
    };
    let page = include_str!("account_page.html").replace("{page}", name);
    Some(words.iter().fold(page, |page, (placeholder, text)| page.replace(placeholder, text)))
}
