//! Rate limits: the full list, and the default quota of each.

use std::fmt::Display;

use super::client_ip::ClientIp;
use super::email::Email;
use super::time::Timestamp;

/// A rate limit: what is counted, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Wrong passwords at the login of an account: one counter for each IP address that is known
    /// for the account, and one for all other IP addresses together.
    LoginAccount,
    /// Logins from an IP address.
    LoginIp,
    /// Wrong passwords that a signed-in user gave for their own account.
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
    /// Reviews of an account, new ones and edits.
    ReviewAccount,
    /// New carts of guests from an IP address.
    GuestCartIp,
    /// Orders of guests from an IP address.
    GuestCheckoutIp,
    /// Orders of guests with a total of 0 from an IP address.
    FreeOrderIp,
    /// Mails to an e-mail address that anyone can request, counted over all IP addresses.
    AccountMailEmail,
    /// Password reset mails to an e-mail address that are sent even when `AccountMailEmail` is
    /// used up.
    ResetMailEmail,
    /// Mails about a guest's order that is unpaid or was free, to an e-mail address that nobody has
    /// proved to be the guest's.
    GuestMailEmail,
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Every limit in the order of its variants: its name in the setting `RATE_LIMITS`, in keys and in
/// headers, and its default quota.
#[rustfmt::skip]
const RATE_LIMITS: [(RateLimit, &str, Quota); 21] = [
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
    (RateLimit::ReviewAccount,      "review_account",       Quota { requests:  20, seconds: HOUR }),
    (RateLimit::GuestCartIp,        "guest_cart_ip",        Quota { requests:  60, seconds: HOUR }),
    (RateLimit::GuestCheckoutIp,    "guest_checkout_ip",    Quota { requests:  20, seconds: HOUR }),
    (RateLimit::FreeOrderIp,        "free_order_ip",        Quota { requests:   3, seconds: DAY }),
    (RateLimit::AccountMailEmail,   "account_mail_email",   Quota { requests:  20, seconds: HOUR }),
    (RateLimit::ResetMailEmail,     "reset_mail_email",     Quota { requests:   5, seconds: HOUR }),
    (RateLimit::GuestMailEmail,     "guest_mail_email",     Quota { requests:   3, seconds: DAY }),
];

impl RateLimit {
    /// Returns every limit.
    pub fn all() -> impl Iterator<Item = Self> {
        RATE_LIMITS.iter().map(|(limit, ..)| *limit)
    }

    /// Returns its name in settings, keys and headers.
    pub const fn name(self) -> &'static str {
        RATE_LIMITS[self as usize].1
    }

    /// Returns the subject of this limit for a user, an IP address or an e-mail address.
    pub fn of(self, whom: impl Display) -> Subject {
        Subject { limit: self, whom: whom.to_string() }
    }

    /// Returns the subject of this limit for requests about an e-mail address from one IP address.
    pub fn of_email_from(self, email: &Email, ip: &ClientIp) -> Subject {
        self.of(format_args!("{email} {ip}"))
    }

    /// Whether it counts requests from an IP address, independently of the user or e-mail address
    /// they are about.
    pub const fn is_per_ip(self) -> bool {
        matches!(
            self,
            Self::LoginIp
                | Self::RegisterIp
                | Self::ForgotIp
                | Self::ResendIp
                | Self::VerifyIp
                | Self::ResetIp
                | Self::GuestCartIp
                | Self::GuestCheckoutIp
                | Self::FreeOrderIp
        )
    }

    /// Whether it counts requests about an e-mail address that the caller names. Headers do not
    /// show its state: that would reveal that others sent such requests, too.
    pub const fn is_per_email(self) -> bool {
        matches!(
            self,
            Self::LoginAccount
                | Self::RegisterEmail
                | Self::ForgotEmail
                | Self::ResendEmail
                | Self::AccountMailEmail
                | Self::ResetMailEmail
                | Self::GuestMailEmail
        )
    }

    /// Whether it limits attempts to guess a password. Then a request that can't be counted is
    /// rejected.
    pub const fn protects_password(self) -> bool {
        matches!(self, Self::LoginAccount | Self::LoginIp | Self::PasswordAccount)
    }
}

/// A limit, and what it counts requests for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The limit.
    pub limit: RateLimit,
    /// An e-mail address, an IP address, both, or an account's identifier.
    pub whom: String,
}

/// A number of requests that is allowed in each window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The number of requests.
    pub requests: u32,
    /// The length of a window in seconds.
    pub seconds: u32,
}

/// A period of time in which requests are counted together. Windows follow each other without gaps
/// and begin at the same times for all subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Start, in seconds since 1970, inclusive.
    pub start: i64,
    /// End, in seconds since 1970, exclusive.
    pub end: i64,
}

impl Window {
    /// Returns the whole seconds until the window ends, at least 1.
    pub fn seconds_left(self, now: Timestamp) -> i64 {
        (self.end - now.unix_seconds()).max(1)
    }
}

impl Quota {
    /// Returns the window that contains a point in time.
    pub fn window(self, at: Timestamp) -> Window {
        let (at, length) = (at.unix_seconds(), i64::from(self.seconds));
        let start = at - at.rem_euclid(length);
        Window { start, end: start + length }
    }

    /// Returns the quota of an IPv6 site (a /48), whose /64 networks share it: 16 times the
    /// requests of one network.
    pub const fn of_site(self) -> Self {
        Self { requests: self.requests.saturating_mul(16), ..self }
    }

    /// Reads `10/900`: requests, then seconds. `None` if either is not a positive number.
    fn parse(text: &str) -> Option<Self> {
        let (requests, seconds) = text.split_once('/')?;
        let number = |text: &str| text.trim().parse().ok().filter(|number| *number > 0);
        Some(Self { requests: number(requests)?, seconds: number(seconds)? })
    }
}

/// The quota of every limit in this deployment; `None` for a limit that is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits([Option<Quota>; RATE_LIMITS.len()]);

impl Default for RateLimits {
    fn default() -> Self {
        Self(RATE_LIMITS.map(|(.., quota)| Some(quota)))
    }
}

impl RateLimits {
    /// All limits off.
    pub const OFF: Self = Self([None; RATE_LIMITS.len()]);

    /// Reads changes to the defaults, such as `login_account=10/900,login_ip=off` (requests per
    /// seconds). The error says which change is invalid.
    pub fn parse(changes: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for change in changes.split(',').map(str::trim).filter(|change| !change.is_empty()) {
            let (name, value) = change.split_once('=').unwrap_or((change, ""));
            let limit = RateLimit::all().find(|limit| limit.name() == name.trim());
            let limit = limit.ok_or_else(|| format!("contains an unknown limit: `{change}`"))?;
            limits.0[limit as usize] = match value.trim() {
                "off" => None,
                value => Some(Quota::parse(value).ok_or_else(|| {
                    format!("contains `{change}`: write {}=10/900 or {0}=off", limit.name())
                })?),
            };
        }
        Ok(limits)
    }

    /// Returns the quota of a limit; `None` if it is off.
    pub const fn quota(&self, limit: RateLimit) -> Option<Quota> {
        self.0[limit as usize]
    }
}

/// The counter of one limit for one subject in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// The limit.
    pub limit: RateLimit,
    /// A digest of the subject's `whom`.
    pub identity: String,
    /// The quota.
    pub quota: Quota,
    /// The window.
    pub window: Window,
    /// Whether it counts the whole IPv6 site (a /48) of the caller.
    pub is_site: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_limit_in_order() {
        for (index, limit) in RateLimit::all().enumerate() {
            assert_eq!(limit as usize, index, "{limit:?}");
            let of_ip = limit.name().ends_with("_ip");
            assert_eq!(limit.is_per_ip(), of_ip, "{limit:?}");
        }
    }

    #[test]
    fn a_change_affects_only_the_limits_that_it_names() {
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
    fn an_invalid_change_is_quoted_in_the_error() {
        for (changes, problem) in [
            ("login=10/900", "contains an unknown limit: `login=10/900`"),
            ("=10/900", "contains an unknown limit: `=10/900`"),
            (
                "login_account",
                "contains `login_account`: write login_account=10/900 or login_account=off",
            ),
            (
                "verify_ip=off,login_account=0/900",
                "contains `login_account=0/900`: write login_account=10/900 or login_account=off",
            ),
            (
                "login_account=10/-1",
                "contains `login_account=10/-1`: write login_account=10/900 or login_account=off",
            ),
        ] {
            assert_eq!(RateLimits::parse(changes).unwrap_err(), problem);
        }
    }

    #[test]
    fn a_window_contains_its_first_second_and_not_its_end() {
        let quarter = Quota { requests: 1, seconds: 900 };
        let window = |seconds: i64| quarter.window(Timestamp::from_unix_millis(seconds * 1000));
        assert_eq!(window(900), Window { start: 900, end: 1800 });
        assert_eq!(window(1799), window(900));
        assert_eq!(window(1800).start, 1800);
        assert_eq!(window(900).seconds_left(Timestamp::from_unix_millis(1_799_999)), 1);
    }
}
