//! Whether a run uses stale reads, and the tests that fail with them.
//!
//! With `STALE_READS=on`, eventually consistent reads return each item as it was before its last
//! write ([`crate::replica`]), in all tests but the exceptions. `STALE_READS=all` includes the
//! exceptions.

/// Tests that run without stale reads, each with the reason why it would fail. The list may only
/// get shorter: an exception that passes with stale reads fails the run
/// (`tests/api/stale_reads.rs`).
pub const EXCEPTIONS: &[(&str, &str)] = &[
    ("capacity::every_route_makes_the_requests_and_consumes_the_units_listed_here", COUNTS),
    ("capacity::what_guests_do_makes_the_requests_and_consumes_the_units_listed_here", COUNTS),
    ("flows::reused_skus::adding_a_reused_sku_adds_a_line_of_the_new_product", SHOWN),
    ("routes::cart::add_cart_item::a_reused_sku_is_added_as_a_line_of_its_new_product", SHOWN),
    ("routes::cart::add_cart_item::a_sku_that_is_no_longer_on_sale_is_not_found", PROMISED),
    ("routes::cart::remove_cart_item::removing_a_line_keeps_the_others", SHOWN),
    ("routes::cart::remove_cart_item::removing_a_sku_that_is_not_in_the_cart_succeeds", SHOWN),
    ("routes::cart::update_cart_item::a_line_gets_the_requested_quantity", SHOWN),
    ("routes::cart::update_cart_item::a_quantity_of_zero_removes_the_line", SHOWN),
];

const COUNTS: &str = "it counts requests, and stale reads are repeated";
const SHOWN: &str = "the response to an edit shows the stock of the cart's other lines from an \
                     eventually consistent read; tests/api/flows/stale_carts.rs tests the edits \
                     themselves";
const PROMISED: &str = "a stale read adds a product that is no longer on sale to the cart, which \
                        reserves nothing; the next GET of the cart and the order reject it";

/// The value of `STALE_READS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleReads {
    /// Not set: only the tests that ask for it have stale reads.
    Off,
    /// `on`: all tests except the exceptions.
    On,
    /// `all`: all tests, with the exceptions.
    All,
}

impl StaleReads {
    /// Reads the environment variable.
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration of their own")]
    pub fn of_run() -> Self {
        match std::env::var("STALE_READS").as_deref() {
            Err(_) | Ok("") => Self::Off,
            Ok("on") => Self::On,
            Ok("all") => Self::All,
            Ok(other) => panic!("STALE_READS is `on` or `all`, not `{other}`"),
        }
    }

    /// Returns whether the test on this thread has stale reads; the thread's name is the test's.
    pub fn in_this_test(self) -> bool {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        match self {
            Self::Off => false,
            Self::On => EXCEPTIONS.iter().all(|(exception, _)| *exception != test),
            Self::All => true,
        }
    }
}
