//! Responses that several of these routes share.

use schemars::JsonSchema;
use serde::Serialize;
use shared::http::user_view::UserView;
use shared::services::sessions::{SignedIn, Tokens};

/// The response when a session begins or is refreshed: tokens and user.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Login")]
pub(crate) struct LoginView {
    #[serde(flatten)]
    tokens: Tokens,
    user: UserView,
}

impl From<SignedIn> for LoginView {
    fn from(SignedIn { tokens, user }: SignedIn) -> Self {
        Self { tokens, user: user.into() }
    }
}

/// The response of a route that sends a mail.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Sent {
    #[schemars(extend("enum" = ["verification_sent", "reset_sent"]))]
    status: &'static str,
}

pub(crate) const VERIFICATION_SENT: Sent = Sent { status: "verification_sent" };
pub(crate) const RESET_SENT: Sent = Sent { status: "reset_sent" };
