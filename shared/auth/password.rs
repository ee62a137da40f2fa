//! Password hashing: Argon2id with OWASP's minimum, 19 MiB, two passes, one lane
//! (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use super::digest::random;
use crate::domain::error::{Error, Result};
use crate::domain::password::{NewPassword, OfferedPassword};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of a new password, as a PHC string.
pub fn hash(password: &NewPassword) -> Result<String> {
    let salt: [u8; 16] = random()?;
    let hash =
        argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// Whether a password is the one of this hash. Without a hash it takes the same time and says no,
/// so that an unknown account can't be told from a wrong password.
pub fn verify(password: &OfferedPassword, hash: Option<&str>) -> Result<bool> {
    let stored = PasswordHash::new(hash.unwrap_or(NOBODYS)).map_err(Error::internal)?;
    let verified = argon2()?.verify_password(password.as_bytes(), &stored).is_ok();
    Ok(verified && hash.is_some())
}

/// The hash of no password that anybody knows, with today's parameters.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(text: &str) -> OfferedPassword {
        deserr::deserialize::<_, _, crate::domain::invalid::Invalid>(serde_json::json!(text))
            .unwrap()
    }

    #[test]
    fn only_the_right_password_fits_a_hash() {
        let hash = hash(&NewPassword::parse("correct horse".into()).unwrap()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify(&offered("correct horse"), Some(&hash)).unwrap());
        assert!(!verify(&offered("correct horsf"), Some(&hash)).unwrap());
    }

    #[test]
    fn without_an_account_every_password_is_wrong() {
        assert!(!verify(&offered("correct horse"), None).unwrap());
    }
}
