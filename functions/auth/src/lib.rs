//! Accounts and sessions: registration, login, renewal, logout.

pub mod log_in;
pub mod log_out;
pub mod refresh_token;
pub mod register_user;
mod view;

use shared::lambda::Handler;

/// Which handler answers which route.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("register-user", Handler::new(register_user::handle)),
        ("log-in", Handler::new(log_in::handle)),
        ("refresh-token", Handler::new(refresh_token::handle)),
        ("log-out", Handler::new(log_out::handle)),
    ]
}
