//! The user routes: users' own accounts, and admins' management of all accounts.

pub mod change_password;
pub mod delete_me;
pub mod delete_user;
pub mod erase_users;
pub mod get_me;
pub mod get_user;
pub mod list_users;
pub mod update_me;
pub mod update_user;
mod view;

use shared::http::contract::Contract;
use shared::lambda::{Handler, JobHandler};

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("get-me", Handler::new(get_me::handle)),
        ("update-me", Handler::new(update_me::handle)),
        ("change-password", Handler::new(change_password::handle)),
        ("delete-me", Handler::new(delete_me::handle)),
        ("list-users", Handler::new(list_users::handle)),
        ("get-user", Handler::new(get_user::handle)),
        ("update-user", Handler::new(update_user::handle)),
        ("delete-user", Handler::new(delete_user::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("get-me", get_me::contract()),
        ("update-me", update_me::contract()),
        ("change-password", change_password::contract()),
        ("delete-me", delete_me::contract()),
        ("list-users", list_users::contract()),
        ("get-user", get_user::contract()),
        ("update-user", update_user::contract()),
        ("delete-user", delete_user::contract()),
    ]
}

/// The handler of each job, by the job's name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![("erase-users", JobHandler::new(erase_users::handle))]
}
