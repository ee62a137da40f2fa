//! Counts requests against the rate limits, and keeps what the answer's headers say of them.
//!
//! The table knows whom it counts by digests only. Why a login is counted as it is:
//! `docs/decisions/0009-login-limits.md`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{join, join_all, join3, try_join};
use time::Duration;

use crate::context::Ctx;
use crate::crypto::digest::digest;
use crate::domain::client_ip::ClientIp;
use crate::domain::email::Email;
use crate::domain::error::{Error, Result};
use crate::domain::ids::UserId;
use crate::domain::known_ip::KnownIp;
use crate::domain::rate_limit::{Counter, Quota, RateLimit, Subject};

/// How often it is noted anew that an account is used from an IP address.
const REFRESH: Duration = Duration::days(1);

/// Counts one request.
#[derive(Debug, Clone, Copy)]
pub struct Limiter<'a> {
    ctx: &'a Ctx,
    ip: &'a ClientIp,
    statuses: &'a LimitStatuses,
}

/// What is left of each limit that counts a request.
#[derive(Debug, Clone, Default)]
pub struct LimitStatuses(Arc<Mutex<Vec<LimitStatus>>>);

#[derive(Debug, Clone)]
struct LimitStatus {
    counter: Counter,
    left: u32,
    seconds_left: i64,
    /// Whether the request is among those in the counter: it was not refused, and not given back.
    is_counted: bool,
}

impl LimitStatuses {
    /// `RateLimit-Policy` and `RateLimit`, where a limit applies whose count is the caller's to know
    /// (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10>).
    pub fn headers(&self) -> Option<[(&'static str, String); 2]> {
        let (mut policies, mut states) = (Vec::new(), Vec::new());
        for LimitStatus { counter, left, seconds_left, .. } in self.lock().iter() {
            let Counter { limit, quota: Quota { requests, seconds }, is_site, .. } = counter;
            if !limit.is_per_email() && !is_site {
                policies.push(format!("\"{}\";q={requests};w={seconds}", limit.name()));
                states.push(format!("\"{}\";r={left};t={seconds_left}", limit.name()));
            }
        }
        let headers = [("ratelimit-policy", policies), ("ratelimit", states)];
        let is_limited = !headers[0].1.is_empty();
        is_limited.then(|| headers.map(|(name, items)| (name, items.join(", "))))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<LimitStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counter, and the number of requests in it; `None` where the request was one too many.
type Counted = (Counter, Result<Option<u32>>);

impl<'a> Limiter<'a> {
    /// For a request from this IP address, whose answer will show the statuses.
    pub fn new(ctx: &'a Ctx, ip: &'a ClientIp, statuses: &'a LimitStatuses) -> Self {
        Self { ctx, ip, statuses }
    }

    /// Counts the request for all these subjects; 429 where it is one too many for one of them. A
    /// request that can't be counted goes on, unless it is about a password: 503.
    pub async fn admit<const N: usize>(&self, subjects: [Subject; N]) -> Result<()> {
        let counters = subjects.iter().flat_map(|subject| self.counters(subject));
        let counted = join_all(counters.map(|counter| self.count(counter))).await;
        self.judge(counted).await
    }

    /// Counts an attempt at an account's password, while `beside` reads what it takes to check it.
    /// 429 where it is one too many, for the account or for the IP address: then the password must
    /// not be looked at.
    pub async fn guess<T>(
        self,
        email: &'a Email,
        beside: impl Future<Output = Result<T>>,
    ) -> Result<(Guess<'a>, T)> {
        // An IP address that has used up its own logins does not get as far as the account's counter.
        let by_ip = self.admit([RateLimit::LoginIp.of(self.ip)]);
        let (by_ip, known) = join(by_ip, self.known_ip(email)).await;
        by_ip?;
        let whose = match known {
            Ok(Some(_)) => RateLimit::LoginAccount.of_email_from(email, self.ip),
            // Shared by all IP addresses where the account is not known.
            _ => RateLimit::LoginAccount.of(email),
        };
        let ((), read) = try_join(self.admit([whose]), beside).await?;
        let is_due = |known: &KnownIp| known.seen_at.plus(REFRESH) <= self.ctx.now();
        let is_due = known.is_ok_and(|known| known.as_ref().is_none_or(is_due));
        Ok((Guess { limiter: self, email, is_due }, read))
    }

    /// Remembers that the account is used from this IP address. If that fails, the next login does it.
    pub async fn remember_ip(&self, email: &Email) {
        if !self.ip.is_known() {
            return;
        }
        let (known_ips, ip) = (self.ctx.store.known_ips(), self.ip_digest());
        if let Err(error) = known_ips.remember(&email.digest(), &ip, self.ctx.now()).await {
            tracing::warn!(?error, "an IP address can't be remembered");
        }
    }

    /// Forgets the wrong passwords of somebody who has just shown, by a mailed token, that an account
    /// is theirs: those tried at a login from this IP address, which is remembered, and those given
    /// in the account's sessions, which have ended.
    pub async fn forgive(&self, email: &Email, user: UserId) {
        let at_login = RateLimit::LoginAccount.of_email_from(email, self.ip);
        let in_sessions = RateLimit::PasswordAccount.of(user);
        let forget = async |subject: Subject| {
            let Some(counter) = counter(self.ctx, &subject) else { return };
            if let Err(error) = self.ctx.store.rate_limits().delete(&counter).await {
                tracing::warn!(?error, limit = subject.limit.name(), "a counter can't be deleted");
            }
        };
        join3(forget(at_login), forget(in_sessions), self.remember_ip(email)).await;
    }

    /// Takes back what a limit has counted of this request; if that fails, it stays counted.
    pub async fn give_back(&self, limit: RateLimit) {
        self.take_back(|counter| counter.limit == limit).await;
    }

    async fn take_back(&self, which: impl Fn(&Counter) -> bool) -> Vec<Counter> {
        let mut taken = Vec::new();
        for status in self.statuses.lock().iter_mut() {
            if status.is_counted && which(&status.counter) {
                status.is_counted = false;
                status.left += 1;
                taken.push(status.counter.clone());
            }
        }
        join_all(taken.iter().map(|counter| discount(self.ctx, counter))).await;
        taken
    }

    /// Where a subject is counted now; nowhere where the limit is off.
    fn counters(&self, subject: &Subject) -> impl Iterator<Item = Counter> + use<> {
        let own = counter(self.ctx, subject);
        let site = self.ip.site().filter(|_| subject.limit.is_per_ip());
        let site = site.zip(own.clone()).map(|(site, own)| Counter {
            identity: identity(&site),
            quota: own.quota.of_site(),
            is_site: true,
            ..own
        });
        own.into_iter().chain(site)
    }

    /// What goes on uncounted anyway waits for its count no longer than one try takes.
    async fn count(&self, counter: Counter) -> Counted {
        let timeouts = self.ctx.config.timeouts;
        let timeout = match counter.limit.guards_a_password() {
            true => timeouts.call,
            false => timeouts.attempt,
        };
        let counted = self.ctx.store.rate_limits().count(&counter);
        let counted = tokio::time::timeout(timeout, counted).await;
        let late = || Err(Error::unavailable("a request was not counted in time"));
        (counter, counted.unwrap_or_else(|_| late()))
    }

    /// When the account was last noted to be used from this IP address.
    async fn known_ip(&self, email: &Email) -> Result<Option<KnownIp>> {
        if !self.ip.is_known() {
            return Ok(None);
        }
        let (known_ips, ip) = (self.ctx.store.known_ips(), self.ip_digest());
        let known = known_ips.get(&email.digest(), &ip, self.ctx.now()).await;
        known.inspect_err(|error| {
            tracing::warn!(?error, "whether an IP address is known can't be read");
        })
    }

    fn ip_digest(&self) -> String {
        identity(&self.ip.to_string())
    }

    /// Notes the statuses, and refuses the request where it is one too many. One that is refused
    /// counts for nobody but its own IP address: otherwise it could use up what others share.
    async fn judge(&self, counted: Vec<Counted>) -> Result<()> {
        let (mut refused, mut uncounted) = (Vec::new(), None);
        for (counter, counted) in counted {
            let limit = counter.limit;
            let seconds_left = counter.window.seconds_left(self.ctx.now());
            let requests = match counted {
                Ok(requests) => requests,
                Err(error) => {
                    tracing::warn!(?error, limit = limit.name(), "a request can't be counted");
                    uncounted = uncounted.or(limit.guards_a_password().then_some(limit));
                    continue;
                }
            };
            if requests.is_none() {
                refused.push((seconds_left, limit, counter.is_site));
            }
            let left =
                requests.map_or(0, |requests| counter.quota.requests.saturating_sub(requests));
            let is_counted = requests.is_some();
            self.statuses.lock().push(LimitStatus { counter, left, seconds_left, is_counted });
        }
        if refused.is_empty() && uncounted.is_none() {
            return Ok(());
        }
        let by_ip = refused.iter().any(|(_, limit, is_site)| limit.is_per_ip() && !is_site);
        self.take_back(|counter| !counter.limit.is_per_ip() || counter.is_site && by_ip).await;
        if let Some(limit) = uncounted {
            return Err(Error::unavailable(format!("{} can't be counted", limit.name())));
        }
        let longest = refused.into_iter().max_by_key(|(seconds_left, ..)| *seconds_left);
        longest.map_or(Ok(()), |(retry_after, limit, _)| {
            Err(Error::TooManyRequests { limit, retry_after })
        })
    }
}

/// An attempt at a password that may go on.
#[derive(Debug)]
#[must_use = "a right password is not one of the wrong ones that are counted"]
pub struct Guess<'a> {
    limiter: Limiter<'a>,
    email: &'a Email,
    /// Whether it has to be noted that the account is used from this IP address.
    is_due: bool,
}

impl Guess<'_> {
    /// Runs `work` for a right password, which does not count. On success the IP address is known
    /// from then on; on failure the attempt is counted again.
    pub async fn was_right<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Self { limiter, email, is_due } = self;
        let given_back = limiter.take_back(|counter| counter.limit == RateLimit::LoginAccount);
        let (worked, given_back) = join(work, given_back).await;
        if worked.is_ok() && is_due {
            limiter.remember_ip(email).await;
        }
        for counter in given_back.into_iter().filter(|_| worked.is_err()) {
            if let (_, Err(error)) = limiter.count(counter).await {
                tracing::warn!(?error, "an attempt at a password can't be counted again");
            }
        }
        worked
    }
}

/// The counter of a subject in the present window; `None` where the limit is off.
pub fn counter(ctx: &Ctx, Subject { limit, whom }: &Subject) -> Option<Counter> {
    let quota = ctx.config.rate_limits.quota(*limit)?;
    let (identity, window) = (identity(whom), quota.window(ctx.now()));
    Some(Counter { limit: *limit, identity, quota, window, is_site: false })
}

/// Takes a request back that was counted; if that fails, it stays counted.
pub async fn discount(ctx: &Ctx, counter: &Counter) {
    if let Err(error) = ctx.store.rate_limits().discount(counter).await {
        tracing::warn!(?error, limit = counter.limit.name(), "a count can't be given back");
    }
}

/// Half a digest: 128 bits tell everybody apart that there will ever be.
fn identity(whom: &str) -> String {
    let mut digest = digest([whom.as_bytes()]);
    digest.truncate(22);
    digest
}
