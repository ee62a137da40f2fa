//! What several of these routes answer.

use serde::Serialize;
use shared::http::user_view::UserView;
use shared::services::sessions::{SignedIn, Tokens};

/// What a client gets when a session begins or goes on.
#[derive(Serialize)]
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

/// What a client gets while a mail is on its way.
#[derive(Serialize)]
pub(crate) struct Sent {
    status: &'static str,
}

pub(crate) const VERIFICATION_SENT: Sent = Sent { status: "verification_sent" };
pub(crate) const RESET_SENT: Sent = Sent { status: "reset_sent" };
