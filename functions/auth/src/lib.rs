//! The account and session routes: registration, verification, login, refresh, logout, password
//! reset.

pub mod forgot_password;
pub mod get_account_page;
pub mod log_in;
pub mod log_out;
pub mod refresh_token;
pub mod register_user;
pub mod resend_verification;
pub mod reset_password;
pub mod rotate_token_key;
pub mod verify_email;
mod view;

use shared::http::contract::Contract;
use shared::lambda::{Handler, JobHandler};

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("register-user", Handler::new(register_user::handle)),
        ("verify-email", Handler::new(verify_email::handle)),
        ("resend-verification", Handler::new(resend_verification::handle)),
        ("log-in", Handler::new(log_in::handle)),
        ("refresh-token", Handler::new(refresh_token::handle)),
        ("log-out", Handler::new(log_out::handle)),
        ("forgot-password", Handler::new(forgot_password::handle)),
        ("reset-password", Handler::new(reset_password::handle)),
        ("get-account-page", Handler::new(get_account_page::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("register-user", register_user::contract()),
        ("verify-email", verify_email::contract()),
        ("resend-verification", resend_verification::contract()),
        ("log-in", log_in::contract()),
        ("refresh-token", refresh_token::contract()),
        ("log-out", log_out::contract()),
        ("forgot-password", forgot_password::contract()),
        ("reset-password", reset_password::contract()),
        ("get-account-page", get_account_page::contract()),
    ]
}

/// The handler of each job, by the job's name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![("rotate-token-key", JobHandler::new(rotate_token_key::handle))]
}
