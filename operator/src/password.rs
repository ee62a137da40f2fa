//! The password of an admin who logs in.

use crate::failure::{Failure, Result};

/// The variable that may have it.
const VARIABLE: &str = "SHOP_PASSWORD";

/// Returns the password of `SHOP_PASSWORD`; asks for it if there is none.
pub fn read(email: &str, variable: &impl Fn(&'static str) -> Option<String>) -> Result<String> {
    match variable(VARIABLE) {
        Some(password) => Ok(password),
        None => rpassword::prompt_password(format!("password of {email}: ")).map_err(|error| {
            Failure::new(format!("can't ask for the password: {error}; set {VARIABLE}"))
        }),
    }
}
