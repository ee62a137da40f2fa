//! `GET /auth/pages/{page}`: the HTML pages that mailed links open in a shop without a front end.
//!
//! Public. `verify-email` and `reset-password`; 404 for any other page. The token is in the link's
//! fragment (after `#`), which browsers don't send: a script in the page sends it to the API,
//! together with the password.

use schemars::json_schema;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response, page};
use shared::{Ctx, Error, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Open a page of a mailed link")
        .describe("The HTML pages that mailed links lead to in a shop without a front end.")
        .path_of(
            "page",
            "The page.",
            |_| json_schema!({ "type": "string", "enum": PAGES.map(|(name, _)| name) }),
        )
        .responds(Success::of_type("text/html; charset=utf-8", "The page."))
}

pub async fn handle(_ctx: &Ctx, request: Request) -> Result<Response> {
    let name: String = request.path_parameter("page")?;

    let html = page_of(&name).ok_or(Error::NotFound)?;

    Ok(page::response(&html))
}

/// The words of each page, by its name.
const PAGES: [(&str, [(&str, &str); 6]); 2] = [
    (
        "verify-email",
        [
            ("{title}", "Confirm your e-mail address"),
            ("{lead}", "Enter the password that you chose when you registered."),
            ("{label}", "Password"),
            ("{autocomplete}", "current-password"),
            ("{button}", "Confirm"),
            ("{done}", "Your e-mail address is confirmed. You can now log in."),
        ],
    ),
    (
        "reset-password",
        [
            ("{title}", "Choose a new password"),
            ("{lead}", "Use 8 to 128 characters. You will be logged out on all devices."),
            ("{label}", "New password"),
            ("{autocomplete}", "new-password"),
            ("{button}", "Change password"),
            (
                "{done}",
                "Your password has been changed, and you have been logged out on all devices. You can \
                 now log in with it, even if too many wrong passwords had blocked you here.",
            ),
        ],
    ),
];

/// Returns the page that sends a token and a password to the route of this name; `None` for an
/// unknown page.
fn page_of(name: &str) -> Option<String> {
    let (_, words) = PAGES.iter().find(|(of, _)| *of == name)?;
    let page = include_str!("account_page.html").replace("{page}", name);
    Some(words.iter().fold(page, |page, (placeholder, text)| page.replace(placeholder, text)))
}
