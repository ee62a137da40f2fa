//! Lets requests through as often as the limits allow, and keeps what the answer says of that.
//!
//! What is counted is known to the table by digests only. A request that its own IP address has no
//! quota left for counts for nobody else: otherwise one address could use up everybody's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{join, join_all, join3};
use time::Duration;

use crate::context::Ctx;
use crate::crypto::digest::digest;
use crate::domain::client_ip::ClientIp;
use crate::domain::email::{Email, EmailDigest};
use crate::domain::error::{Error, Result};
use crate::domain::known_ip::KnownIp;
use crate::domain::rate_limit::{Counter, Quota, RateLimit, Share, Subject, Trace};
use crate::store::Read;

/// How often an IP address that an account is used from is written down anew.
const REFRESH: Duration = Duration::days(1);

/// Counts for one request.
#[derive(Debug, Clone, Copy)]
pub struct Limiter<'a> {
    ctx: &'a Ctx,
    ip: &'a ClientIp,
    tally: &'a Tally,
}

/// Where a request stands with the limits that count it.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<Vec<Standing>>>);

#[derive(Debug, Clone)]
struct Standing {
    limit: RateLimit,
    quota: Quota,
    left: u32,
    seconds_left: i64,
    /// Where it was counted, unless that is taken back or it was refused.
    counted: Option<Counter>,
}

impl Tally {
    /// `RateLimit-Policy` and `RateLimit`, where a limit applies whose count is the caller's to know
    /// (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10>).
    pub fn headers(&self) -> Option<[(&'static str, String); 2]> {
        let standings = self.lock();
        let shown = standings.iter().filter(|standing| !standing.limit.is_per_email());
        let shown: Vec<_> = shown.collect();
        let list = |item: fn(&Standing) -> String| {
            shown.iter().map(|standing| item(standing)).collect::<Vec<_>>().join(", ")
        };
        let policy = |standing: &Standing| {
            let Quota { requests, seconds } = standing.quota;
            format!("\"{}\";q={requests};w={seconds}", standing.limit.name())
        };
        let state = |Standing { limit, left, seconds_left, .. }: &Standing| {
            format!("\"{}\";r={left};t={seconds_left}", limit.name())
        };
        let headers = [("ratelimit-policy", list(policy)), ("ratelimit", list(state))];
        (!shown.is_empty()).then_some(headers)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Limiter<'a> {
    /// For a request from this IP address, whose answer will show the tally.
    pub fn new(ctx: &'a Ctx, ip: &'a ClientIp, tally: &'a Tally) -> Self {
        Self { ctx, ip, tally }
    }

    /// Counts the request, and refuses it where it is one too many. What can't be counted goes on,
    /// unless it is about passwords.
    pub async fn admit<const N: usize>(&self, subjects: [Subject; N]) -> Result<()> {
        let counts = subjects.iter().filter_map(|subject| self.counter(subject));
        let counts = join_all(counts.map(|counter| self.count(counter))).await;
        self.judge(counts).await
    }

    /// Counts an attempt at an account's password, and refuses it unseen where it is one too many.
    ///
    /// Everybody who tries shares the account's quota. An IP address that the account is known at
    /// may use as much again when the others have used it up, so that they can't lock its owner
    /// out (docs/decisions/0009-login-limits.md).
    pub async fn guess<const N: usize>(
        self,
        email: &Email,
        others: [Subject; N],
    ) -> Result<Guess<'a>> {
        let owner = email.digest();
        let account = self.counter(&RateLimit::LoginAccount.of(email));
        let account = account.map(|counter| Counter {
            share: Some(Share { identity: self.ip_digest(), is_apart: false }),
            ..counter
        });
        let others = others.iter().filter_map(|subject| self.counter(subject));
        let others = join_all(others.map(|counter| self.count(counter)));
        let counted = async {
            match account.clone() {
                Some(counter) => Some(self.count(counter).await),
                None => None,
            }
        };
        let seen = async {
            match account.is_some() && self.ip.is_known() {
                true => self.look_up_ip(&owner, Read::Eventual).await,
                false => SeenHere::Unknown,
            }
        };
        let (mut counted, others, mut seen) = join3(counted, others, seen).await;
        if let (Some((_, Ok(None))), SeenHere::Never) = (&counted, &seen) {
            // Nobody is refused because a cheap read lags behind.
            seen = self.look_up_ip(&owner, Read::Consistent).await;
        }
        if let (Some((counter, Ok(None))), SeenHere::Last(_)) = (&counted, &seen) {
            counted = Some(self.count(counter.clone().apart()).await);
        }
        self.judge(counted.into_iter().chain(others).collect()).await?;
        Ok(Guess { limiter: self, owner, seen })
    }

    /// Remembers that a person has shown at this IP address that an account is theirs: from now on
    /// nobody's guesses keep them out there.
    pub async fn remember_ip(&self, email: &Email) {
        if self.ip.is_known() {
            self.remember(&email.digest()).await;
        }
    }

    /// If it fails, the next login does it.
    async fn remember(&self, owner: &EmailDigest) {
        let known_ips = self.ctx.store.known_ips();
        if let Err(error) = known_ips.remember(owner, &self.ip_digest(), self.ctx.now()).await {
            tracing::warn!(?error, "an IP address can't be remembered");
        }
    }

    /// Takes back what was counted, but for IP addresses; if that fails, it stays counted.
    pub async fn give_back(&self) {
        self.take_back(Trace::Kept).await;
    }

    async fn take_back(&self, trace: Trace) {
        let taken: Vec<_> = {
            let mut standings = self.tally.lock();
            let own = standings.iter_mut().filter(|standing| !standing.limit.is_per_ip());
            let taken = own.filter_map(|standing| {
                let counter = standing.counted.take()?;
                standing.left += 1;
                Some(counter)
            });
            taken.collect()
        };
        join_all(taken.iter().map(|counter| async move {
            if let Err(error) = self.ctx.store.rate_limits().discount(counter, trace).await {
                tracing::warn!(?error, limit = counter.limit.name(), "a count can't be taken back");
            }
        }))
        .await;
    }

    /// What the caller's IP address is known by.
    fn ip_digest(&self) -> String {
        short(&self.ip.to_string())
    }

    /// Where somebody is counted now; nowhere where the limit is off.
    fn counter(&self, subject: &Subject) -> Option<Counter> {
        let Subject { limit, whom } = subject;
        let quota = self.ctx.config.rate_limits.quota(*limit)?;
        let window = quota.window(self.ctx.now());
        Some(Counter { limit: *limit, identity: short(whom), quota, window, share: None })
    }

    /// What goes on uncounted anyway waits for its count no longer than one try takes.
    async fn count(&self, counter: Counter) -> (Counter, Result<Option<u32>>) {
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

    async fn look_up_ip(&self, owner: &EmailDigest, read: Read) -> SeenHere {
        let (known_ips, ip) = (self.ctx.store.known_ips(), self.ip_digest());
        match known_ips.get(owner, &ip, self.ctx.now(), read).await {
            Ok(None) => SeenHere::Never,
            Ok(Some(known)) => SeenHere::Last(known),
            Err(error) => {
                tracing::warn!(?error, "whether an IP address is known can't be read");
                SeenHere::Unknown
            }
        }
    }

    fn counted_guess(&self) -> Option<Counter> {
        let standings = self.tally.lock();
        let guess = standings.iter().find(|standing| standing.limit == RateLimit::LoginAccount);
        guess.and_then(|standing| standing.counted.clone())
    }

    async fn count_again(&self, counter: Option<Counter>) {
        let Some(counter) = counter else { return };
        if let (_, Err(error)) = self.count(counter).await {
            tracing::warn!(?error, "a guess can't be counted again");
        }
    }

    async fn judge(&self, counts: Vec<(Counter, Result<Option<u32>>)>) -> Result<()> {
        let now = self.ctx.now();
        let mut refusals = Vec::new();
        let mut uncounted = None;
        for (counter, counted) in counts {
            let Counter { limit, quota, .. } = counter;
            let seconds_left = counter.window.seconds_left(now);
            let (left, counted) = match counted {
                Ok(Some(count)) => (quota.requests.saturating_sub(count), Some(counter)),
                Ok(None) => {
                    refusals.push((limit, seconds_left));
                    (0, None)
                }
                Err(error) => {
                    tracing::warn!(?error, limit = limit.name(), "a request can't be counted");
                    uncounted = uncounted.or(limit.guards_a_password().then_some(limit));
                    continue;
                }
            };
            let standing = Standing { limit, quota, left, seconds_left, counted };
            self.tally.lock().push(standing);
        }
        if refusals.iter().any(|(limit, _)| limit.is_per_ip()) {
            self.take_back(Trace::Gone).await;
        }
        if let Some(limit) = uncounted {
            return Err(Error::unavailable(format!("{} can't be counted", limit.name())));
        }
        match refusals.into_iter().max_by_key(|(_, seconds_left)| *seconds_left) {
            Some((limit, retry_after)) => Err(Error::TooManyRequests { limit, retry_after }),
            None => Ok(()),
        }
    }
}

/// An attempt at a password that may go on.
#[derive(Debug)]
#[must_use = "a right password is not one of the wrong ones that are counted"]
pub struct Guess<'a> {
    limiter: Limiter<'a>,
    /// Whose password it is about.
    owner: EmailDigest,
    seen: SeenHere,
}

/// Whether an account was opened from the caller's IP address before.
#[derive(Debug)]
enum SeenHere {
    Never,
    Last(KnownIp),
    /// The caller's IP address is not known, or the table does not say.
    Unknown,
}

impl Guess<'_> {
    /// Runs `work` for a right password and takes its count back beside it. On success the IP address
    /// is known from then on; on failure the guess is counted again.
    pub async fn was_right<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let counted = self.limiter.counted_guess();
        let (worked, ()) = join(work, self.limiter.give_back()).await;
        match &worked {
            Ok(_) => self.remember().await,
            Err(_) => self.limiter.count_again(counted).await,
        }
        worked
    }

    async fn remember(&self) {
        let now = self.limiter.ctx.now();
        let is_due = match &self.seen {
            SeenHere::Never => true,
            SeenHere::Last(known) => known.seen_at.plus(REFRESH) <= now,
            SeenHere::Unknown => false,
        };
        if is_due {
            self.limiter.remember(&self.owner).await;
        }
    }
}

/// Half a digest: 128 bits tell everybody apart that there will ever be.
fn short(whom: &str) -> String {
    let mut digest = digest([whom.as_bytes()]);
    digest.truncate(22);
    digest
}
