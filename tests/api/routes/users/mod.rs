//! People and their own accounts, and what admins do about them.

mod change_password;
mod delete_me;
mod delete_user;
mod erase_users;
mod get_me;
mod get_user;
mod list_users;
mod update_me;
mod update_user;
