//! Whether a run of the tests is on a bad day of the database.
//!
//! With `FAULTS=on`, the database fails in every test of `flows` that has no faults of its own: every
//! fifth call is rejected, never arrives or loses its response, and others are late or read what
//! was there a moment ago ([`Faults::mixed`]). No call fails more often than it is repeated, so
//! that every response has to be that of a good day. `SEED` repeats a run. With `STALE_READS=on`
//! too, all eventually consistent reads are stale, as in the other tests.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::gate::Faults;
use crate::random::Random;
use crate::stale_reads::{self, StaleReads};

/// The tests of `flows` that only a good day passes, each with the reason; a name that ends with `::`
/// is that of a module.
pub const EXCEPTIONS: &[(&str, &str)] = &[
    ("flows::account::no_sequence_of_responses_reveals_whether_an_email_has_an_account", LIMITS),
    (
        "flows::cart_merges::a_merge_that_crashes_at_any_write_moves_all_or_nothing_and_the_next_one_completes",
        COUNTS,
    ),
    (
        "flows::compaction::entries_that_segments_hold_are_deleted_after_an_hour_but_for_the_last",
        NUMBERS,
    ),
    (
        "flows::compaction_faults::a_crash_between_any_two_writes_of_a_compaction_is_not_seen_and_the_next_one_completes",
        COUNTS,
    ),
    ("flows::compaction_faults::a_crash_of_one_of_two_compactions_at_once_is_not_seen", COUNTS),
    (
        "flows::import_command::an_import_that_is_cut_off_goes_on_and_loses_and_doubles_nothing",
        TIME,
    ),
    ("flows::killed::a_checkout_that_is_killed_at_any_write_and_sent_again_is_one_order", COUNTS),
    ("flows::killed_reviews_and_stock::", COUNTS),
    ("flows::oversell::two_hundred_customers_order_the_last_ten_at_once", CROWD),
    ("flows::profile_versions::", VERSIONS),
    ("flows::review_counts::a_mark_and_an_edit_at_once_are_both_kept", COUNTS),
];

const COUNTS: &str = "it crashes after a number of writes, of which a repeated one is several";
const CROWD: &str = "of two hundred at once some give up with a 503; flows::proof has such crowds";
const LIMITS: &str =
    "a rate limit counts a repeated call twice, and the responses say what is left";
const NUMBERS: &str =
    "the catalogue's log skips a number where a response is lost, and it expects them";
const TIME: &str = "it fails the second call of an import, and slow calls take fewer rows";
const VERSIONS: &str = "a change without If-Match that is repeated raises a profile's version twice, and they expect each";

/// Whether an exception names a test, or the module that it is in.
pub fn names(exception: &str, test: &str) -> bool {
    exception == test || exception.ends_with("::") && test.starts_with(exception)
}

/// How often one call fails at most: the SDK sends each up to three times.
const MOST_PER_CALL: usize = 2;

/// Returns the faults of the test on this thread; `None` on a good day. The thread's name is the
/// test's.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
pub fn faults_of_this_test() -> Option<Faults> {
    match std::env::var("FAULTS").as_deref() {
        Err(_) | Ok("") => return None,
        Ok("on") => {}
        Ok(other) => panic!("FAULTS is `on`, not `{other}`"),
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let mut exceptions = EXCEPTIONS.iter().chain(stale_reads::EXCEPTIONS);
    if !test.starts_with("flows::") || exceptions.any(|(exception, _)| names(exception, test)) {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    test.hash(&mut hasher);
    let random = Random::seeded_by(hasher.finish());
    let mut faults = Faults { most_per_call: Some(MOST_PER_CALL), ..Faults::mixed(random) };
    if StaleReads::of_run() != StaleReads::Off {
        faults.stale_percent = None;
    }
    Some(faults)
}
