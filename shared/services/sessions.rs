//! Sessions: one login on one device, at most 30 days, held together by a refresh token.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use serde::Serialize;
use time::Duration;

use crate::auth::issuer::EXPIRES_IN;
use crate::auth::refresh_token::RefreshToken;
use crate::context::Ctx;
use crate::domain::caller::Bearer;
use crate::domain::credential::Credential;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::session::{PreviousRefresh, Rotation, SESSION_LIFETIME, Session};
use crate::domain::time::Timestamp;
use crate::domain::user::{AccountStatus, User};

/// What a client gets to act for a person.
#[derive(Serialize)]
pub struct Tokens {
    /// The JWT that goes into `Authorization`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds that the access token works.
    pub expires_in: i64,
    /// Gets the next pair, once.
    pub refresh_token: String,
}

/// For how long a used refresh token still leads to its successor: long enough for a client whose
/// answer was lost to ask again, too short to be of use to a thief.
const GRACE: Duration = Duration::seconds(10);

/// How often a renewal looks again after somebody else wrote in between.
const TRIES: usize = 5;

/// Begins a session for a person who has just shown who they are. An account that is disabled
/// looks like one that is not there.
pub async fn begin(ctx: &Ctx, user_id: UserId) -> Result<Tokens> {
    begin_under(ctx, user_id, None).await
}

/// The same for a person who has shown it by a password: if that was changed while it was being
/// checked, it is a wrong one.
pub async fn begin_by_password(ctx: &Ctx, credential: &Credential) -> Result<(Tokens, User)> {
    let Credential { user_id, password_version, .. } = *credential;
    let begun = begin_under(ctx, user_id, Some(password_version));
    let (tokens, user) = try_join(begun, ctx.store.user(user_id)).await?;
    Ok((tokens, user.ok_or(Error::InvalidCredentials)?))
}

async fn begin_under(ctx: &Ctx, user_id: UserId, password_version: Option<u32>) -> Result<Tokens> {
    let now = ctx.now();
    let session_id = SessionId::new(now);
    let refresh = RefreshToken::new(user_id, session_id)?;
    let session = Session {
        refresh_digest: refresh.digest(),
        previous: None,
        created_at: now,
        expires_at: now.plus(SESSION_LIFETIME),
    };
    // The token first: with no key there is no session to clean up.
    let tokens = tokens(ctx, &refresh).await?;
    let begun = ctx.store.create_session(user_id, session_id, &session, password_version);
    begun.await?.ok_or(Error::InvalidCredentials)?;
    Ok(tokens)
}

/// Renews a session by its refresh token, which works once. The token before it still leads to
/// the same successor for ten seconds; any other that is used again was stolen, or its owner's
/// was: the session ends. What never was a token of the session does it no harm.
pub async fn renew(ctx: &Ctx, refresh_token: &str) -> Result<(Tokens, User)> {
    let used = RefreshToken::read(refresh_token).ok_or(Error::Unauthenticated)?;
    for attempt in 0..TRIES {
        let now = ctx.now();
        let (found, user) = try_join(find(ctx, &used), ctx.store.user(used.user_id)).await?;
        let user = user.ok_or(Error::Unauthenticated)?;
        let next = match found.session.judge(&used, now) {
            Judgement::Current => used.successor()?,
            Judgement::Repeated(next) => return Ok((tokens(ctx, &next).await?, user)),
            Judgement::Unknown => return Err(Error::Unauthenticated),
            // It was good when this request began, and others have renewed the session twice
            // since: that is haste, not theft.
            Judgement::Reused if attempt > 0 => return Err(Error::Unauthenticated),
            Judgement::Reused => return Err(reused(ctx, &used).await?),
        };
        // The access token first: with no key to sign it, no refresh token is used up.
        let tokens = tokens(ctx, &next).await?;
        let rotation = Rotation {
            used: found.session.refresh_digest.clone(),
            next: found.session.renewed(&used, &next, now)?,
            stale: found.stale(now),
        };
        if ctx.store.rotate_session(used.user_id, used.session_id, &rotation).await? {
            return Ok((tokens, user));
        }
    }
    Err(Error::unavailable("a session is renewed faster than it can be read"))
}

/// The person and session behind a refresh token that would renew it now. One that was used up
/// ends the session here too.
pub async fn bearer_of(ctx: &Ctx, refresh_token: &str) -> Result<Bearer> {
    let token = RefreshToken::read(refresh_token).ok_or(Error::Unauthenticated)?;
    let found = find(ctx, &token).await?;
    match found.session.judge(&token, ctx.now()) {
        Judgement::Current | Judgement::Repeated(_) => Ok(token.bearer()),
        Judgement::Unknown => Err(Error::Unauthenticated),
        Judgement::Reused => Err(reused(ctx, &token).await?),
    }
}

/// Ends the session of a refresh token that came back, and says so in the log.
async fn reused(ctx: &Ctx, token: &RefreshToken) -> Result<Error> {
    tracing::warn!(
        event = "refresh_token_reused",
        user_id = %token.user_id,
        session_id = %token.session_id,
        "a used refresh token came back: the session ends",
    );
    ctx.store.end_session(token.user_id, token.session_id).await?;
    Ok(Error::Unauthenticated)
}

/// The living session that a refresh token names.
struct Found {
    session: Session,
    others: BTreeMap<SessionId, Session>,
}

async fn find(ctx: &Ctx, token: &RefreshToken) -> Result<Found> {
    let security = ctx.store.security(token.user_id).await?.ok_or(Error::Unauthenticated)?;
    let mut others = security.sessions;
    let session = others.remove(&token.session_id).ok_or(Error::Unauthenticated)?;
    if security.status != AccountStatus::Active || session.expires_at <= ctx.now() {
        return Err(Error::Unauthenticated);
    }
    Ok(Found { session, others })
}

impl Found {
    /// Which other sessions carry a sealed successor that nobody may ask for any more.
    fn stale(&self, now: Timestamp) -> BTreeMap<SessionId, Timestamp> {
        let used_at = |session: &Session| session.previous.as_ref().map(|used| used.used_at);
        let used = self.others.iter().filter_map(|(id, session)| Some((*id, used_at(session)?)));
        used.filter(|(_, at)| at.plus(GRACE) <= now).collect()
    }
}

enum Judgement {
    /// It works.
    Current,
    /// It is the one before, and this is what it led to.
    Repeated(RefreshToken),
    /// It was one of this session's.
    Reused,
    /// It never was.
    Unknown,
}

impl Session {
    fn judge(&self, token: &RefreshToken, now: Timestamp) -> Judgement {
        if [token.digest(), token.former_digest()].contains(&self.refresh_digest) {
            return Judgement::Current;
        }
        // Nothing but the parent opens what was sealed for it.
        let previous = self.previous.as_ref().filter(|used| used.used_at.plus(GRACE) > now);
        let successor = previous.and_then(|used| token.open(&used.sealed_successor));
        match successor {
            Some(successor) => Judgement::Repeated(successor),
            None if self.is_family_of(token) => Judgement::Reused,
            None => Judgement::Unknown,
        }
    }

    fn is_family_of(&self, token: &RefreshToken) -> bool {
        self.refresh_digest
            .split_once('.')
            .is_some_and(|(family, _)| family == token.family_digest())
    }

    /// The session as it is once its refresh token has been used.
    pub fn renewed(
        &self,
        used: &RefreshToken,
        next: &RefreshToken,
        now: Timestamp,
    ) -> Result<Self> {
        let previous = PreviousRefresh { sealed_successor: used.seal(next)?, used_at: now };
        Ok(Self { refresh_digest: next.digest(), previous: Some(previous), ..self.clone() })
    }
}

/// What a client gets for a session.
async fn tokens(ctx: &Ctx, refresh: &RefreshToken) -> Result<Tokens> {
    let access_token =
        ctx.issuer.issue(refresh.bearer(), &ctx.config, &ctx.store, ctx.now()).await?;
    let refresh_token = refresh.write();
    Ok(Tokens { access_token, token_type: "Bearer", expires_in: EXPIRES_IN, refresh_token })
}
