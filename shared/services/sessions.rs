//! Sessions: one login on one device, at most 30 days, held together by a refresh token.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use serde::Serialize;
use time::Duration;

use crate::auth::issuer::EXPIRES_IN;
use crate::auth::refresh_token::RefreshToken;
use crate::auth::token::Expired;
use crate::context::Ctx;
use crate::domain::caller::Bearer;
use crate::domain::credential::Credential;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::session::{PreviousRefresh, Rotation, SESSION_LIFETIME, Session};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::retry::Attempts;
use crate::store::sessions::Begun;
use crate::store::{Read, Store};

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

/// Somebody who has just signed in, or goes on.
pub struct SignedIn {
    /// To act for them.
    pub tokens: Tokens,
    /// Who they are.
    pub user: User,
}

/// For how long a used refresh token still leads to its successor: long enough for a client whose
/// answer was lost to ask again, too short to be of use to a thief.
const GRACE: Duration = Duration::seconds(10);

/// Begins a session for a person who has just shown who they are. An account that is disabled
/// looks like one that is not there.
pub async fn begin(ctx: &Ctx, user_id: UserId) -> Result<Tokens> {
    begin_under(ctx, user_id, None).await
}

/// The same for a person who has shown it by a password: if that was changed while it was being
/// checked, it is a wrong one.
pub async fn begin_by_password(ctx: &Ctx, credential: &Credential) -> Result<SignedIn> {
    let Credential { user_id, password_version, .. } = *credential;
    let begun = begin_under(ctx, user_id, Some(password_version));
    let (tokens, user) = try_join(begun, ctx.store.users().get(user_id, Read::Consistent)).await?;
    Ok(SignedIn { tokens, user: user.ok_or(Error::InvalidCredentials)? })
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
    match add(&ctx.store, user_id, session_id, &session, password_version).await? {
        true => Ok(tokens),
        false => Err(Error::InvalidCredentials),
    }
}

/// Adds a session to an active account, under this version of its password where one was verified;
/// false where the account is not active or the password another. Beyond
/// [`MAX_SESSIONS`](crate::domain::session::MAX_SESSIONS) it ends the oldest.
pub async fn add(
    store: &Store,
    user_id: UserId,
    id: SessionId,
    session: &Session,
    password_version: Option<u32>,
) -> Result<bool> {
    let mut attempts =
        Attempts::at("sessions of one account are opened faster than they are closed");
    let mut ends = None;
    loop {
        let begun = store.sessions().begin(user_id, id, session, password_version, ends);
        match begun.await? {
            Begun::Yes => return Ok(true),
            Begun::NotAllowed => return Ok(false),
            Begun::Full { oldest } => {
                if ends.replace(oldest).is_some() {
                    attempts.pause().await?;
                }
            }
        }
    }
}

/// Renews a session by its refresh token, which works once. The token before it still leads to
/// the same successor for ten seconds; any other that is used again was stolen, or its owner's
/// was: the session ends. What never was a token of the session does it no harm.
pub async fn renew(ctx: &Ctx, refresh_token: &str) -> Result<SignedIn> {
    let used = RefreshToken::read(refresh_token).ok_or(Error::Unauthenticated)?;
    let mut attempts = Attempts::at("a session is renewed faster than it can be read");
    loop {
        let now = ctx.now();
        let user = ctx.store.users().get(used.user_id, Read::Consistent);
        let (found, user) = try_join(find(ctx, &used), user).await?;
        let (found, user) = found.zip(user).ok_or(Error::Unauthenticated)?;
        let next = match found.session.judge(&used, now) {
            Judgement::Current => used.successor()?,
            Judgement::Repeated(next) => {
                return Ok(SignedIn { tokens: tokens(ctx, &next).await?, user });
            }
            Judgement::Unknown => return Err(Error::Unauthenticated),
            // It was good when this request began, and others have renewed the session twice
            // since: that is haste, not theft.
            Judgement::Reused if attempts.failed() > 0 => return Err(Error::Unauthenticated),
            Judgement::Reused => return Err(reused(ctx, &used).await?),
        };
        // The access token first: with no key to sign it, no refresh token is used up.
        let tokens = tokens(ctx, &next).await?;
        let rotation = Rotation {
            used: found.session.refresh_digest.clone(),
            next: found.session.renewed(&used, &next, now)?,
            stale: found.stale(now),
        };
        if ctx.store.sessions().rotate(used.user_id, used.session_id, &rotation).await? {
            return Ok(SignedIn { tokens, user });
        }
        attempts.again()?;
    }
}

/// Ends a session, or all of the person's. Whose it is, an access token of ours says, also one that
/// has expired; else, also where the access token's session has ended, the refresh token. Where the
/// session has ended already nothing happens: with `all` the others go on, since an old token that
/// somebody found must not end them.
pub async fn end(
    ctx: &Ctx,
    access_token: Option<&str>,
    refresh_token: Option<&str>,
    all: bool,
) -> Result<()> {
    let Some(bearer) = bearer(ctx, access_token, refresh_token).await? else { return Ok(()) };
    match all {
        true => ctx.store.sessions().end_all(bearer.user_id).await,
        false => ctx.store.sessions().end(bearer.user_id, bearer.session_id).await,
    }
}

/// The person and session behind the tokens; `None` where they were good once and the session has
/// ended.
async fn bearer(
    ctx: &Ctx,
    access_token: Option<&str>,
    refresh_token: Option<&str>,
) -> Result<Option<Bearer>> {
    let bearer = match access_token {
        Some(token) => bearer_of_access(ctx, token).await,
        None => Err(Error::Unauthenticated),
    };
    match (bearer, refresh_token) {
        (Ok(None) | Err(Error::Unauthenticated), Some(token)) => {
            bearer_of_refresh(ctx, token).await
        }
        (bearer, _) => bearer,
    }
}

async fn bearer_of_access(ctx: &Ctx, token: &str) -> Result<Option<Bearer>> {
    let bearer = ctx.verifier.verify(token, Expired::Accepted, &ctx.store, ctx.now()).await?;
    let security = ctx.store.sessions().get(bearer.user_id).await?;
    let living = security.is_some_and(|it| it.living(bearer.session_id, ctx.now()).is_some());
    Ok(living.then_some(bearer))
}

/// One that was used up ends the session here too.
async fn bearer_of_refresh(ctx: &Ctx, token: &str) -> Result<Option<Bearer>> {
    let token = RefreshToken::read(token).ok_or(Error::Unauthenticated)?;
    let Some(found) = find(ctx, &token).await? else { return Ok(None) };
    match found.session.judge(&token, ctx.now()) {
        Judgement::Current | Judgement::Repeated(_) => Ok(Some(token.bearer())),
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
    ctx.store.sessions().end(token.user_id, token.session_id).await?;
    Ok(Error::Unauthenticated)
}

/// The living session that a refresh token names.
struct Found {
    session: Session,
    others: BTreeMap<SessionId, Session>,
}

async fn find(ctx: &Ctx, token: &RefreshToken) -> Result<Option<Found>> {
    let security = ctx.store.sessions().get(token.user_id).await?;
    Ok(security.and_then(|mut security| {
        let session = security.living(token.session_id, ctx.now())?.clone();
        security.sessions.remove(&token.session_id);
        Some(Found { session, others: security.sessions })
    }))
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
