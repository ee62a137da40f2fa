//! `PUT /settings`: replaces the shop's settings, from the next order on.
//!
//! For admins. The body may be the response of `GET`: its `version` is ignored. `If-Match` is
//! required, otherwise 428 `version_required`; 412 if it names another version than the current one,
//! which is 0 before the first change. 422 `settings_too_large` for more than 16 KiB.

use shared::domain::settings::{Settings, SettingsBody};
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::settings;
use shared::{Ctx, Result};

/// The read-only members of the settings, which are ignored in the body.
const READ_ONLY: &[&str] = &["version"];

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Replace the shop's settings")
        .describe(
            "The body may be the response of `get_settings`: its `version` is ignored. Orders that \
             exist keep what they were computed from. Without shipping methods orders have no \
             shipping, and without taxes no tax.",
        )
        .body::<SettingsBody>()
        .ignoring("SettingsReplacement", READ_ONLY)
        .requires_if_match("The version of the settings, which is 0 before the first change.")
        .responds(Success::ok::<Settings>("The changed settings.").versioned())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let expected = request.if_match()?;
    let mut body = request.body()?;
    READ_ONLY.iter().for_each(|path| body.remove(path));
    let new = Settings::read(body, ctx.currency())?;

    let settings = settings::replace(ctx, &new, &expected.required()?).await?;

    Ok(Response::ok(&settings)?.version(settings.version))
}
