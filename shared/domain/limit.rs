//! How often somebody may do something: every limit on one page, and what each allows in which
//! time.

use std::fmt::Display;

use super::time::Instant;

/// A limit: who is counted, doing what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Passwords that were tried for an account and did not open it.
    LoginAccount,
    /// Logins from an address.
    LoginAddress,
    /// Passwords that somebody signed in tried for their own account, and that were wrong.
    PasswordAccount,
    /// Registrations of an e-mail address.
    RegisterEmail,
    /// Registrations from an address.
    RegisterAddress,
    /// Forgotten passwords of an e-mail address.
    ForgotEmail,
    /// Forgotten passwords from an address.
    ForgotAddress,
    /// Mails to verify an e-mail address by, sent again.
    ResendEmail,
    /// The same from an address.
    ResendAddress,
    /// Verifications of e-mail addresses from an address.
    VerifyAddress,
    /// Resets of passwords from an address.
    ResetAddress,
    /// Orders of an account.
    CheckoutAccount,
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;

/// Every limit in the order of its variants: its name in `RATE_LIMITS`, keys and headers, and what
/// it allows.
#[rustfmt::skip]
const PAGE: [(Limit, &str, Allowance); 12] = [
    (Limit::LoginAccount,    "login_account",    Allowance { requests:  10, seconds: 15 * MINUTE }),
    (Limit::LoginAddress,    "login_address",    Allowance { requests: 100, seconds: 15 * MINUTE }),
    (Limit::PasswordAccount, "password_account", Allowance { requests:  10, seconds: 15 * MINUTE }),
    (Limit::RegisterEmail,   "register_email",   Allowance { requests:   5, seconds: HOUR }),
    (Limit::RegisterAddress, "register_address", Allowance { requests:  20, seconds: HOUR }),
    (Limit::ForgotEmail,     "forgot_email",     Allowance { requests:   5, seconds: HOUR }),
    (Limit::ForgotAddress,   "forgot_address",   Allowance { requests:  20, seconds: HOUR }),
    (Limit::ResendEmail,     "resend_email",     Allowance { requests:   5, seconds: HOUR }),
    (Limit::ResendAddress,   "resend_address",   Allowance { requests:  20, seconds: HOUR }),
    (Limit::VerifyAddress,   "verify_address",   Allowance { requests:  20, seconds: HOUR }),
    (Limit::ResetAddress,    "reset_address",    Allowance { requests:  20, seconds: HOUR }),
    (Limit::CheckoutAccount, "checkout_account", Allowance { requests:  30, seconds: 10 * MINUTE }),
];

impl Limit {
    /// Every limit.
    pub fn all() -> impl Iterator<Item = Self> {
        PAGE.iter().map(|(limit, ..)| *limit)
    }

    /// Its name in settings, keys and headers.
    pub const fn name(self) -> &'static str {
        PAGE[self as usize].1
    }

    /// The limit as it counts for somebody.
    pub fn of(self, whom: impl Display) -> Subject {
        Subject { limit: self, whom: whom.to_string() }
    }

    /// Whether it counts what comes from an address, whomever it is about.
    pub const fn is_of_an_address(self) -> bool {
        matches!(
            self,
            Self::LoginAddress
                | Self::RegisterAddress
                | Self::ForgotAddress
                | Self::ResendAddress
                | Self::VerifyAddress
                | Self::ResetAddress
        )
    }

    /// Whether it stands between a guesser and a password: then nothing goes on uncounted.
    pub const fn guards_a_password(self) -> bool {
        matches!(self, Self::LoginAccount | Self::LoginAddress | Self::PasswordAccount)
    }
}

/// Somebody whom a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Doing what.
    pub limit: Limit,
    /// An e-mail address, a network address, an account.
    pub whom: String,
}

/// What a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So many requests …
    pub requests: u32,
    /// … in each window of so many seconds.
    pub seconds: u32,
}

/// A stretch of time in which requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it began, in seconds since 1970.
    pub start: i64,
    /// When the next one begins.
    pub end: i64,
}

impl Window {
    /// Whole seconds until the next one begins.
    pub fn seconds_left(self, now: Instant) -> i64 {
        (self.end - now.unix_seconds()).max(1)
    }
}

impl Allowance {
    /// The window that a moment belongs to.
    pub fn window(self, at: Instant) -> Window {
        let (at, length) = (at.unix_seconds(), i64::from(self.seconds));
        let start = at - at.rem_euclid(length);
        Window { start, end: start + length }
    }

    /// Reads `10/900`.
    fn parse(text: &str) -> Option<Self> {
        let (requests, seconds) = text.split_once('/')?;
        let number = |text: &str| text.trim().parse().ok().filter(|number| *number > 0);
        Some(Self { requests: number(requests)?, seconds: number(seconds)? })
    }
}

/// What every limit of this shop allows; `None` where it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits([Option<Allowance>; PAGE.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(PAGE.map(|(.., allowance)| Some(allowance)))
    }
}

impl Limits {
    /// No limits at all.
    pub const OFF: Self = Self([None; PAGE.len()]);

    /// The defaults but for these: `login_account=10/900,login_address=off`, requests by seconds.
    /// What can't be read is said.
    pub fn parse(changes: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for change in changes.split(',').map(str::trim).filter(|change| !change.is_empty()) {
            let (name, value) = change.split_once('=').unwrap_or((change, ""));
            let limit = Limit::all().find(|limit| limit.name() == name.trim());
            let limit = limit.ok_or_else(|| format!("names no limit by `{change}`"))?;
            limits.0[limit as usize] = match value.trim() {
                "off" => None,
                value => Some(Allowance::parse(value).ok_or_else(|| {
                    format!("says `{change}`: write {}=10/900 or {0}=off", limit.name())
                })?),
            };
        }
        Ok(limits)
    }

    /// What a limit allows.
    pub const fn allowance(&self, limit: Limit) -> Option<Allowance> {
        self.0[limit as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_stands_in_its_own_line() {
        for (index, limit) in Limit::all().enumerate() {
            assert_eq!(limit as usize, index, "{limit:?}");
            let of_address = limit.name().ends_with("_address");
            assert_eq!(limit.is_of_an_address(), of_address, "{limit:?}");
        }
    }

    #[test]
    fn a_change_is_of_the_limits_that_it_names() {
        let changes = " login_account = 3/60 , checkout_account=off,";
        let limits = Limits::parse(changes).unwrap();
        let three = Allowance { requests: 3, seconds: 60 };
        assert_eq!(limits.allowance(Limit::LoginAccount), Some(three));
        assert_eq!(limits.allowance(Limit::CheckoutAccount), None);
        let unchanged = Limits::default().allowance(Limit::LoginAddress);
        assert_eq!(limits.allowance(Limit::LoginAddress), unchanged);
        assert_eq!(Limits::parse("").unwrap(), Limits::default());
    }

    #[test]
    fn a_change_that_can_not_be_read_is_named() {
        for (changes, problem) in [
            ("login=10/900", "names no limit by `login=10/900`"),
            ("=10/900", "names no limit by `=10/900`"),
            (
                "login_account",
                "says `login_account`: write login_account=10/900 or login_account=off",
            ),
            (
                "verify_address=off,login_account=0/900",
                "says `login_account=0/900`: write login_account=10/900 or login_account=off",
            ),
            (
                "login_account=10/-1",
                "says `login_account=10/-1`: write login_account=10/900 or login_account=off",
            ),
        ] {
            assert_eq!(Limits::parse(changes).unwrap_err(), problem);
        }
    }

    #[test]
    fn a_window_holds_its_first_second_and_not_the_next_ones() {
        let quarter = Allowance { requests: 1, seconds: 900 };
        let window = |seconds: i64| quarter.window(Instant::from_unix_millis(seconds * 1000));
        assert_eq!(window(900), Window { start: 900, end: 1800 });
        assert_eq!(window(1799), window(900));
        assert_eq!(window(1800).start, 1800);
        assert_eq!(window(900).seconds_left(Instant::from_unix_millis(1_799_999)), 1);
    }
}
