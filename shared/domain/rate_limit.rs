//! How often somebody may do something: every limit on one page, and what each allows in which
//! time.

use std::fmt::Display;

use super::client_ip::ClientIp;
use super::email::Email;
use super::time::Timestamp;

/// A limit: what is counted, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Wrong passwords at the login of an account: those from an IP address that the account was
    /// used from count by themselves, all others together.
    LoginAccount,
    /// Logins from an IP address.
    LoginIp,
    /// Wrong passwords that an account's owner, signed in, gave for it.
    PasswordAccount,
    /// Password changes of an account.
    NewPasswordAccount,
    /// Profile changes of an account.
    ProfileAccount,
    /// Registrations of an e-mail address from one IP address.
    RegisterEmail,
    /// Registrations from an IP address.
    RegisterIp,
    /// Requests to reset the password of an e-mail address from one IP address.
    ForgotEmail,
    /// Requests to reset a password from an IP address.
    ForgotIp,
    /// Requests to send the verification mails of an e-mail address again, from one IP address.
    ResendEmail,
    /// Requests to send verification mails again from an IP address.
    ResendIp,
    /// Verifications of e-mail addresses from an IP address.
    VerifyIp,
    /// Password resets from an IP address.
    ResetIp,
    /// Orders of an account.
    CheckoutAccount,
    /// Mails to an e-mail address that anybody can have sent there, wherever they ask from.
    AccountMailEmail,
    /// Password reset mails to an e-mail address that are sent even when `AccountMailEmail` is
    /// used up.
    ResetMailEmail,
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;

/// Every limit in the order of its variants: its name in `RATE_LIMITS`, keys and headers, and what
/// it allows.
#[rustfmt::skip]
const RATE_LIMITS: [(RateLimit, &str, Quota); 16] = [
    (RateLimit::LoginAccount,       "login_account",        Quota { requests:  10, seconds: 15 * MINUTE }),
    (RateLimit::LoginIp,            "login_ip",             Quota { requests: 100, seconds: 15 * MINUTE }),
    (RateLimit::PasswordAccount,    "password_account",     Quota { requests:  10, seconds: 15 * MINUTE }),
    (RateLimit::NewPasswordAccount, "new_password_account", Quota { requests:  20, seconds: HOUR }),
    (RateLimit::ProfileAccount,     "profile_account",      Quota { requests:  20, seconds: HOUR }),
    (RateLimit::RegisterEmail,      "register_email",       Quota { requests:   5, seconds: HOUR }),
    (RateLimit::RegisterIp,         "register_ip",          Quota { requests:  20, seconds: HOUR }),
    (RateLimit::ForgotEmail,        "forgot_email",         Quota { requests:   5, seconds: HOUR }),
    (RateLimit::ForgotIp,           "forgot_ip",            Quota { requests:  20, seconds: HOUR }),
    (RateLimit::ResendEmail,        "resend_email",         Quota { requests:   5, seconds: HOUR }),
    (RateLimit::ResendIp,           "resend_ip",            Quota { requests:  20, seconds: HOUR }),
    (RateLimit::VerifyIp,           "verify_ip",            Quota { requests:  20, seconds: HOUR }),
    (RateLimit::ResetIp,            "reset_ip",             Quota { requests:  20, seconds: HOUR }),
    (RateLimit::CheckoutAccount,    "checkout_account",     Quota { requests:  30, seconds: 10 * MINUTE }),
    (RateLimit::AccountMailEmail,   "account_mail_email",   Quota { requests:  20, seconds: HOUR }),
    (RateLimit::ResetMailEmail,     "reset_mail_email",     Quota { requests:   5, seconds: HOUR }),
];

impl RateLimit {
    /// Every limit.
    pub fn all() -> impl Iterator<Item = Self> {
        RATE_LIMITS.iter().map(|(limit, ..)| *limit)
    }

    /// Its name in settings, keys and headers.
    pub const fn name(self) -> &'static str {
        RATE_LIMITS[self as usize].1
    }

    /// The limit as it counts for somebody.
    pub fn of(self, whom: impl Display) -> Subject {
        Subject { limit: self, whom: whom.to_string() }
    }

    /// The limit as it counts what is done about an e-mail address from one IP address.
    pub fn of_email_from(self, email: &Email, ip: &ClientIp) -> Subject {
        self.of(format_args!("{email} {ip}"))
    }

    /// Whether it counts what comes from an IP address, whomever it is about.
    pub const fn is_per_ip(self) -> bool {
        matches!(
            self,
            Self::LoginIp
                | Self::RegisterIp
                | Self::ForgotIp
                | Self::ResendIp
                | Self::VerifyIp
                | Self::ResetIp
        )
    }

    /// Whether it counts what is done about an e-mail address by whoever names it. No header shows
    /// what is left of it: that would tell them that somebody else did so too.
    pub const fn is_per_email(self) -> bool {
        matches!(
            self,
            Self::LoginAccount
                | Self::RegisterEmail
                | Self::ForgotEmail
                | Self::ResendEmail
                | Self::AccountMailEmail
                | Self::ResetMailEmail
        )
    }

    /// Whether it stands between a guesser and a password: then nothing goes on uncounted.
    pub const fn guards_a_password(self) -> bool {
        matches!(self, Self::LoginAccount | Self::LoginIp | Self::PasswordAccount)
    }
}

/// Somebody whom a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The limit.
    pub limit: RateLimit,
    /// An e-mail address, an IP address, both, or an account's identifier.
    pub whom: String,
}

/// What a limit allows: a number of requests in each window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The number of requests.
    pub requests: u32,
    /// The length of a window in seconds.
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
    pub fn seconds_left(self, now: Timestamp) -> i64 {
        (self.end - now.unix_seconds()).max(1)
    }
}

impl Quota {
    /// The window that a moment belongs to.
    pub fn window(self, at: Timestamp) -> Window {
        let (at, length) = (at.unix_seconds(), i64::from(self.seconds));
        let start = at - at.rem_euclid(length);
        Window { start, end: start + length }
    }

    /// What all /64 networks of an IPv6 site (a /48) may use up together: 16 times what each of them
    /// may.
    pub const fn of_site(self) -> Self {
        Self { requests: self.requests.saturating_mul(16), ..self }
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
pub struct RateLimits([Option<Quota>; RATE_LIMITS.len()]);

impl Default for RateLimits {
    fn default() -> Self {
        Self(RATE_LIMITS.map(|(.., quota)| Some(quota)))
    }
}

impl RateLimits {
    /// No limits at all.
    pub const OFF: Self = Self([None; RATE_LIMITS.len()]);

    /// The defaults but for these: `login_account=10/900,login_ip=off`, requests by seconds.
    /// What can't be read is said.
    pub fn parse(changes: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for change in changes.split(',').map(str::trim).filter(|change| !change.is_empty()) {
            let (name, value) = change.split_once('=').unwrap_or((change, ""));
            let limit = RateLimit::all().find(|limit| limit.name() == name.trim());
            let limit = limit.ok_or_else(|| format!("names no limit by `{change}`"))?;
            limits.0[limit as usize] = match value.trim() {
                "off" => None,
                value => Some(Quota::parse(value).ok_or_else(|| {
                    format!("says `{change}`: write {}=10/900 or {0}=off", limit.name())
                })?),
            };
        }
        Ok(limits)
    }

    /// What a limit allows.
    pub const fn quota(&self, limit: RateLimit) -> Option<Quota> {
        self.0[limit as usize]
    }
}

/// The counter of one limit for one subject in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// The limit.
    pub limit: RateLimit,
    /// A digest of whom it counts.
    pub identity: String,
    /// How many requests it allows.
    pub quota: Quota,
    /// The window.
    pub window: Window,
    /// Whether it counts a whole IPv6 site (a /48) that the caller is a part of.
    pub is_site: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_stands_in_its_own_line() {
        for (index, limit) in RateLimit::all().enumerate() {
            assert_eq!(limit as usize, index, "{limit:?}");
            let of_ip = limit.name().ends_with("_ip");
            assert_eq!(limit.is_per_ip(), of_ip, "{limit:?}");
        }
    }

    #[test]
    fn a_change_is_of_the_limits_that_it_names() {
        let changes = " login_account = 3/60 , checkout_account=off,";
        let limits = RateLimits::parse(changes).unwrap();
        let three = Quota { requests: 3, seconds: 60 };
        assert_eq!(limits.quota(RateLimit::LoginAccount), Some(three));
        assert_eq!(limits.quota(RateLimit::CheckoutAccount), None);
        let unchanged = RateLimits::default().quota(RateLimit::LoginIp);
        assert_eq!(limits.quota(RateLimit::LoginIp), unchanged);
        assert_eq!(RateLimits::parse("").unwrap(), RateLimits::default());
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
                "verify_ip=off,login_account=0/900",
                "says `login_account=0/900`: write login_account=10/900 or login_account=off",
            ),
            (
                "login_account=10/-1",
                "says `login_account=10/-1`: write login_account=10/900 or login_account=off",
            ),
        ] {
            assert_eq!(RateLimits::parse(changes).unwrap_err(), problem);
        }
    }

    #[test]
    fn a_window_holds_its_first_second_and_not_the_next_ones() {
        let quarter = Quota { requests: 1, seconds: 900 };
        let window = |seconds: i64| quarter.window(Timestamp::from_unix_millis(seconds * 1000));
        assert_eq!(window(900), Window { start: 900, end: 1800 });
        assert_eq!(window(1799), window(900));
        assert_eq!(window(1800).start, 1800);
        assert_eq!(window(900).seconds_left(Timestamp::from_unix_millis(1_799_999)), 1);
    }
}
