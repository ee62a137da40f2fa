//! People and their own accounts.

mod change_password;
mod get_me;
mod update_me;
