//! Counts requests against the rate limits, and returns the `RateLimit` headers of the response.
//!
//! The table stores digests of the subjects, never an e-mail or IP address. How logins are counted,
//! and why: `docs/decisions/0009-login-limits.md`.

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

/// How old the record of a known IP address may become before a login renews it.
const REFRESH: Duration = Duration::days(1);

/// Counts one request against rate limits.
#[derive(Debug, Clone, Copy)]
pub struct Limiter<'a> {
    ctx: &'a Ctx,
    ip: &'a ClientIp,
    statuses: &'a LimitStatuses,
}

/// The state of every limit that counted a request, for the response's headers.
#[derive(Debug, Clone, Default)]
pub struct LimitStatuses(Arc<Mutex<Vec<LimitStatus>>>);

#[derive(Debug, Clone)]
struct LimitStatus {
    counter: Counter,
    left: u32,
    seconds_left: i64,
    /// Whether the counter includes the request: it was not rejected, and its count was not undone.
    is_counted: bool,
}

impl LimitStatuses {
    /// Returns the headers `RateLimit-Policy` and `RateLimit`, without limits per e-mail address
    /// and per IPv6 site, whose counts would reveal other callers' requests; `None` if no other
    /// limit counted the request
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

/// A counter and its number of requests, including this one; `None` if its quota was used up.
type Counted = (Counter, Result<Option<u32>>);

impl<'a> Limiter<'a> {
    /// Creates the limiter of a request from this IP address; it adds to `statuses`, from which the
    /// response's headers are made.
    pub fn new(ctx: &'a Ctx, ip: &'a ClientIp, statuses: &'a LimitStatuses) -> Self {
        Self { ctx, ip, statuses }
    }

    /// Counts the request for all these subjects. 429 if the quota of one is used up. A request
    /// that can't be counted, because of a database error, is admitted, unless the limit protects a
    /// password: then 503.
    pub async fn admit<const N: usize>(&self, subjects: [Subject; N]) -> Result<()> {
        let counters = subjects.iter().flat_map(|subject| self.counters(subject));
        let counted = join_all(counters.map(|counter| self.count(counter))).await;
        self.evaluate(counted).await
    }

    /// Counts a login attempt, while `beside` reads what the password check needs. 429 if the
    /// account's or the IP address's quota is used up: then the caller must not check the password.
    pub async fn admit_login<T>(
        self,
        email: &'a Email,
        beside: impl Future<Output = Result<T>>,
    ) -> Result<(LoginAttempt<'a>, T)> {
        // A login above its IP address's quota must not use up the account's quota.
        let by_ip = self.admit([RateLimit::LoginIp.of(self.ip)]);
        let (by_ip, known) = join(by_ip, self.known_ip(email)).await;
        by_ip?;
        let account = match known {
            Ok(Some(_)) => RateLimit::LoginAccount.of_email_from(email, self.ip),
            // Shared by all IP addresses that are not known for the account.
            _ => RateLimit::LoginAccount.of(email),
        };
        let ((), read) = try_join(self.admit([account]), beside).await?;
        let is_due = |known: &KnownIp| known.seen_at.plus(REFRESH) <= self.ctx.now();
        let is_due = known.is_ok_and(|known| known.as_ref().is_none_or(is_due));
        Ok((LoginAttempt { limiter: self, email, is_due }, read))
    }

    /// Records that the account is used from this IP address. An error is only logged: the next
    /// login records it.
    pub async fn record_ip(&self, email: &Email) {
        if !self.ip.is_known() {
            return;
        }
        let (known_ips, ip) = (self.ctx.store.known_ips(), self.ip_digest());
        if let Err(error) = known_ips.record(&email.digest(), &ip, self.ctx.now()).await {
            tracing::warn!(?error, "an IP address could not be recorded as known");
        }
    }

    /// Deletes the counts of wrong passwords after a user has proved with a mailed token that the
    /// account is theirs: those of logins from this IP address, which is recorded as known, and
    /// those in the account's sessions, which have ended.
    pub async fn reset_wrong_passwords(&self, email: &Email, user: UserId) {
        let at_login = RateLimit::LoginAccount.of_email_from(email, self.ip);
        let in_sessions = RateLimit::PasswordAccount.of(user);
        let delete = async |subject: Subject| {
            let Some(counter) = counter(self.ctx, &subject) else { return };
            if let Err(error) = self.ctx.store.rate_limits().delete(&counter).await {
                tracing::warn!(
                    ?error,
                    limit = subject.limit.name(),
                    "a counter could not be deleted"
                );
            }
        };
        join3(delete(at_login), delete(in_sessions), self.record_ip(email)).await;
    }

    /// Undoes the count of this request in one limit. If that fails, the request stays counted.
    pub async fn undo_counts(&self, limit: RateLimit) {
        self.undo_where(|counter| counter.limit == limit).await;
    }

    /// Undoes the counts of this request in all limits. If that fails, the request stays counted.
    pub async fn undo_all_counts(&self) {
        self.undo_where(|_| true).await;
    }

    /// Returns the client's IP address.
    pub fn ip(&self) -> &ClientIp {
        self.ip
    }

    async fn undo_where(&self, which: impl Fn(&Counter) -> bool) -> Vec<Counter> {
        let mut undone = Vec::new();
        for status in self.statuses.lock().iter_mut() {
            if status.is_counted && which(&status.counter) {
                status.is_counted = false;
                status.left += 1;
                undone.push(status.counter.clone());
            }
        }
        join_all(undone.iter().map(|counter| undo_count(self.ctx, counter))).await;
        undone
    }

    /// Returns a subject's counters in the current window: its own and, for IPv6, its site's; none
    /// if the limit is off.
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

    /// A request that is admitted even if it can't be counted waits for its count only as long as
    /// one database attempt may take.
    async fn count(&self, counter: Counter) -> Counted {
        let timeouts = self.ctx.config.timeouts;
        let timeout = match counter.limit.protects_password() {
            true => timeouts.call,
            false => timeouts.attempt,
        };
        let counted = self.ctx.store.rate_limits().count(&counter);
        let counted = tokio::time::timeout(timeout, counted).await;
        let timed_out = || Err(Error::unavailable("timeout while counting a request"));
        (counter, counted.unwrap_or_else(|_| timed_out()))
    }

    /// Returns the record that the account is used from this IP address; `None` if there is none.
    async fn known_ip(&self, email: &Email) -> Result<Option<KnownIp>> {
        if !self.ip.is_known() {
            return Ok(None);
        }
        let (known_ips, ip) = (self.ctx.store.known_ips(), self.ip_digest());
        let known = known_ips.get(&email.digest(), &ip, self.ctx.now()).await;
        known.inspect_err(|error| {
            tracing::warn!(?error, "a known IP address could not be read");
        })
    }

    fn ip_digest(&self) -> String {
        identity(&self.ip.to_string())
    }

    /// Records the statuses. 429 if a quota is used up. A rejected request stays counted only for
    /// its own IP address: otherwise it could use up quotas that others share.
    async fn evaluate(&self, counted: Vec<Counted>) -> Result<()> {
        let (mut refused, mut uncounted) = (Vec::new(), None);
        for (counter, counted) in counted {
            let limit = counter.limit;
            let seconds_left = counter.window.seconds_left(self.ctx.now());
            let requests = match counted {
                Ok(requests) => requests,
                Err(error) => {
                    tracing::warn!(?error, limit = limit.name(), "a request could not be counted");
                    uncounted = uncounted.or(limit.protects_password().then_some(limit));
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
        self.undo_where(|counter| !counter.limit.is_per_ip() || counter.is_site && by_ip).await;
        if let Some(limit) = uncounted {
            return Err(Error::unavailable(format!("{} could not be counted", limit.name())));
        }
        let longest = refused.into_iter().max_by_key(|(seconds_left, ..)| *seconds_left);
        longest.map_or(Ok(()), |(retry_after, limit, _)| {
            Err(Error::TooManyRequests { limit, retry_after })
        })
    }
}

/// A login attempt that was counted and may check the password.
#[derive(Debug)]
#[must_use = "a right password must not stay counted as a wrong one"]
pub struct LoginAttempt<'a> {
    limiter: Limiter<'a>,
    email: &'a Email,
    /// Whether the login has to record that the account is used from this IP address.
    is_due: bool,
}

impl LoginAttempt<'_> {
    /// Runs `work` after the right password, and undoes the attempt's count in the account's quota.
    /// If `work` succeeds, the IP address becomes known for the account; if it fails with 401
    /// `invalid_credentials`, the attempt is counted again.
    pub async fn run_uncounted<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Self { limiter, email, is_due } = self;
        let undone = limiter.undo_where(|counter| counter.limit == RateLimit::LoginAccount);
        let (worked, undone) = join(work, undone).await;
        if worked.is_ok() && is_due {
            limiter.record_ip(email).await;
        }
        // Any other error says nothing about the password.
        let was_wrong = matches!(worked, Err(Error::InvalidCredentials));
        for counter in undone.into_iter().filter(|_| was_wrong) {
            if let (_, Err(error)) = limiter.count(counter).await {
                tracing::warn!(?error, "a login attempt could not be counted again");
            }
        }
        worked
    }
}

/// Returns the counter of a subject in the current window; `None` if the limit is off.
pub fn counter(ctx: &Ctx, Subject { limit, whom }: &Subject) -> Option<Counter> {
    let quota = ctx.config.rate_limits.quota(*limit)?;
    let (identity, window) = (identity(whom), quota.window(ctx.now()));
    Some(Counter { limit: *limit, identity, quota, window, is_site: false })
}

/// Undoes the count of one request. If that fails, the request stays counted.
pub async fn undo_count(ctx: &Ctx, counter: &Counter) {
    if let Err(error) = ctx.store.rate_limits().undo_count(counter).await {
        tracing::warn!(?error, limit = counter.limit.name(), "a count could not be undone");
    }
}

/// The first half of a digest: 128 bits make a collision practically impossible.
fn identity(whom: &str) -> String {
    let mut digest = digest([whom.as_bytes()]);
    digest.truncate(22);
    digest
}
