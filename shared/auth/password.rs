//! Password hashing: Argon2id with OWASP's minimum parameters, 19 MiB, two passes, one lane
//! (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).

use std::cell::RefCell;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::crypto::random::random;
use crate::domain::error::{Error, Result};
use crate::domain::password::{NewPassword, OfferedPassword};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

thread_local! {
    /// The memory that Argon2 fills. It is kept, because glibc does not reliably reuse freed memory
    /// of such a size and alignment: with a few small allocations in between, 60 hashes left 410 MB
    /// behind (glibc 2.36, <https://sourceware.org/bugzilla/show_bug.cgi?id=14581>).
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Hashes a new password; returns a PHC string.
pub fn hash(password: &NewPassword) -> Result<String> {
    hash_of(password.as_bytes())
}

fn hash_of(password: &[u8]) -> Result<String> {
    let salt: [u8; 16] = random()?;
    let argon2 = argon2(MEMORY_KIB)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(Error::internal)?,
        salt: Some(Salt::new(&salt).map_err(Error::internal)?),
        hash: Some(output(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(hash.to_string())
}

/// Whether a password matches a hash. Without a hash it returns `false` after the same time, so
/// that the response time does not reveal whether an account exists.
pub fn verify(password: &OfferedPassword, hash: Option<&str>) -> Result<bool> {
    let stored = PasswordHash::new(hash.unwrap_or(DUMMY_HASH)).map_err(Error::internal)?;
    let verified = matches(&stored, password.as_bytes())?;
    if !verified {
        spend_time_saved(&stored, password)?;
    }
    Ok(verified && hash.is_some())
}

/// Whether a password has this hash. The comparison takes the same time for every password.
fn matches(stored: &PasswordHash, password: &[u8]) -> Result<bool> {
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(Error::internal)?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from);
    let params = Params::try_from(stored).map_err(Error::internal)?;
    let argon2 = Argon2::new(algorithm, version.map_err(Error::internal)?, params);
    // `Output` compares in constant time.
    Ok(output(&argon2, password, salt, expected.len())? == *expected)
}

/// Computes a hash of `length` bytes.
fn output(argon2: &Argon2, password: &[u8], salt: &[u8], length: usize) -> Result<Output> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let bytes = bytes.get_mut(..length).ok_or_else(|| Error::internal("too long a hash"))?;
    MEMORY.with_borrow_mut(|memory| {
        memory.resize(argon2.params().block_count(), Block::new());
        argon2
            .hash_password_into_with_memory(password, salt, bytes, memory.as_mut_slice())
            .map_err(Error::internal)
    })?;
    Output::new(bytes).map_err(Error::internal)
}

/// Whether a hash has weaker parameters than new hashes, or is not Argon2id.
pub fn needs_rehash(hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| is_weak(&hash))
}

/// Hashes a verified password again with the current parameters. The rules for new passwords are
/// not checked.
pub fn rehash(password: &OfferedPassword) -> Result<String> {
    hash_of(password.as_bytes())
}

fn is_weak(hash: &PasswordHash) -> bool {
    let is_argon2id = hash.algorithm == Algorithm::Argon2id.ident();
    let is_latest = hash.version == Some(Version::V0x13.into());
    let is_costly = Params::try_from(hash).is_ok_and(|params| {
        params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES && params.p_cost() >= LANES
    });
    !(is_argon2id && is_latest && is_costly)
}

/// Spends the time that verifying a weak hash takes less than verifying a current one. Otherwise a
/// fast rejection would reveal that an account exists.
fn spend_time_saved(weak: &PasswordHash, password: &OfferedPassword) -> Result<()> {
    let memory = saved(weak);
    if memory >= Params::MIN_M_COST {
        output(&argon2(memory)?, password.as_bytes(), &[0; 16], Params::DEFAULT_OUTPUT_LEN)?;
    }
    Ok(())
}

/// Returns how much memory, in KiB, to fill with the current number of passes to spend that time.
fn saved(weak: &PasswordHash) -> u32 {
    let spent = |params: Params| params.m_cost().saturating_mul(params.t_cost());
    MEMORY_KIB.saturating_sub(Params::try_from(weak).map_or(0, spent) / PASSES)
}

/// A hash with the current parameters that belongs to no known password.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2(memory_kib: u32) -> Result<Argon2<'static>> {
    let params = Params::new(memory_kib, PASSES, LANES, None).map_err(Error::internal)?;
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
    fn only_the_right_password_matches_a_hash() {
        let hash = hash(&NewPassword::parse("correct horse".into()).unwrap()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify(&offered("correct horse"), Some(&hash)).unwrap());
        assert!(!verify(&offered("correct horsf"), Some(&hash)).unwrap());
    }

    /// A hash with other parameters.
    fn hash_with(algorithm: Algorithm, version: Version, [m, t, p]: [u32; 3]) -> String {
        use argon2::PasswordHasher;
        let argon2 = Argon2::new(algorithm, version, Params::new(m, t, p, None).unwrap());
        argon2.hash_password_with_salt(b"correct horse", b"salt of a test.").unwrap().to_string()
    }

    #[test]
    fn a_weak_hash_verifies_and_is_recognized_as_weak() {
        use Algorithm::{Argon2d, Argon2i, Argon2id};
        let today = [MEMORY_KIB, PASSES, LANES];
        for (why, hash, weak) in [
            ("today's", hash_with(Argon2id, Version::V0x13, today), false),
            ("stronger", hash_with(Argon2id, Version::V0x13, [MEMORY_KIB, PASSES + 1, 2]), false),
            ("less memory", hash_with(Argon2id, Version::V0x13, [MEMORY_KIB - 1, 3, 1]), true),
            ("fewer passes", hash_with(Argon2id, Version::V0x13, [2 * MEMORY_KIB, 1, 1]), true),
            ("an older version", hash_with(Argon2id, Version::V0x10, today), true),
            ("Argon2i", hash_with(Argon2i, Version::V0x13, today), true),
            ("Argon2d", hash_with(Argon2d, Version::V0x13, today), true),
        ] {
            assert!(verify(&offered("correct horse"), Some(&hash)).unwrap(), "{why}");
            assert!(!verify(&offered("correct horsf"), Some(&hash)).unwrap(), "{why}");
            assert_eq!(is_weak(&PasswordHash::new(&hash).unwrap()), weak, "{why}");
        }
    }

    #[test]
    fn a_wrong_password_takes_as_long_with_a_weak_hash() {
        let saved_by = |costs| {
            let hash = hash_with(Algorithm::Argon2id, Version::V0x13, costs);
            saved(&PasswordHash::new(&hash).unwrap())
        };
        assert_eq!(saved_by([MEMORY_KIB, PASSES, 1]), 0);
        assert_eq!(saved_by([MEMORY_KIB, PASSES + 1, 1]), 0, "stronger ones take longer");
        assert_eq!(saved_by([MEMORY_KIB, PASSES / 2, 1]), MEMORY_KIB / 2);
        assert_eq!(saved_by([8 * 1024, 1, 1]), 15 * 1024, "8 × 1 + 15 × 2 = 19 × 2");
    }

    #[test]
    fn the_dummy_hash_costs_as_much_as_a_current_one() {
        let hash = PasswordHash::new(DUMMY_HASH).unwrap();
        let params = Params::try_from(&hash).unwrap();
        let costs = [params.m_cost(), params.t_cost(), params.p_cost()];
        assert_eq!(costs, [MEMORY_KIB, PASSES, LANES]);
        assert!(!is_weak(&hash));
    }

    #[test]
    fn every_hash_is_computed_in_the_same_memory() {
        let memory = || MEMORY.with_borrow(|memory| (memory.as_ptr(), memory.len()));
        hash_of(b"correct horse").unwrap();
        let first = memory();
        assert_eq!(first.1, MEMORY_KIB as usize, "one block is a KiB");
        let hash = hash_of(b"correct horse").unwrap();
        verify(&offered("correct horsf"), Some(&hash)).unwrap();
        assert_eq!(memory(), first);
    }

    #[test]
    fn without_an_account_every_password_is_wrong() {
        assert!(!verify(&offered("correct horse"), None).unwrap());
    }
}
