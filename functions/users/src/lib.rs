//! What people do about their own account.

pub mod change_password;
pub mod get_me;
pub mod update_me;

use shared::lambda::Handler;

/// Which handler answers which route.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("get-me", Handler::new(get_me::handle)),
        ("update-me", Handler::new(update_me::handle)),
        ("change-password", Handler::new(change_password::handle)),
    ]
}
