//! Repeatable randomness: the seed is printed, and `SEED` sets it.

use std::sync::Mutex;

/// A small random number generator, SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug)]
pub struct Random(Mutex<u64>);

impl Random {
    /// Creates a generator with the seed in `SEED`, or with a new one; prints the seed.
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
    pub fn seeded() -> Self {
        let fresh = || u64::from(std::process::id()) ^ 0x5EED_0000;
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(fresh);
        println!("SEED={seed}");
        Self(Mutex::new(seed))
    }

    /// Creates a generator as [`Self::seeded`] does, of another sequence for each number.
    pub fn seeded_by(number: u64) -> Self {
        let Self(seed) = Self::seeded();
        let seed = seed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Self(Mutex::new(seed.wrapping_add(number.wrapping_mul(0x2545_F491_4F6C_DD1D))))
    }

    /// Creates a generator with this seed.
    pub const fn with_seed(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Returns a number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Returns true in `chance` of 100 cases.
    pub fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }
}
