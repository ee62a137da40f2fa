//! What a client gets when a session begins or goes on.

use serde::Serialize;
use shared::auth::session::Tokens;
use shared::domain::user::User;

#[derive(Serialize)]
pub(crate) struct LoginView {
    #[serde(flatten)]
    pub tokens: Tokens,
    pub user: User,
}
