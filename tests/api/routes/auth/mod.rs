//! Tests of `functions/auth`.

mod log_in;
mod log_out;
mod refresh_token;
mod register_user;
