//! Tests of `functions/auth`.

mod forgot_password;
mod log_in;
mod log_out;
mod refresh_token;
mod register_user;
mod resend_verification;
mod reset_password;
mod verify_email;
