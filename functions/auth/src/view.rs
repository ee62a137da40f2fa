//! What several of these routes answer.

use serde::Serialize;
use shared::Error;
use shared::domain::user::User;
use shared::services::sessions::Tokens;

/// What a client gets when a session begins or goes on.
#[derive(Serialize)]
pub(crate) struct LoginView {
    #[serde(flatten)]
    pub tokens: Tokens,
    pub user: User,
}

/// What a client gets while a mail is on its way.
#[derive(Serialize)]
pub(crate) struct Sent {
    status: &'static str,
}

pub(crate) const VERIFICATION_SENT: Sent = Sent { status: "verification_sent" };
pub(crate) const RESET_SENT: Sent = Sent { status: "reset_sent" };

/// Why a mailed token does nothing stays with us.
pub(crate) fn invalid_token() -> Error {
    Error::invalid(
        "/token",
        "invalid_token",
        "This token is unknown, has been used or is too old; ask for a new mail. If it has made your \
         account already, log in.",
    )
}
