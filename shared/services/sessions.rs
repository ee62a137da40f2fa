//! Sessions: one login on one device, for at most 30 days. A session's refresh token is replaced by
//! a new one each time it is used; all refresh tokens of a session are its token family.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use schemars::JsonSchema;
use serde::Serialize;
use time::Duration;

use crate::auth::issuer::EXPIRES_IN;
use crate::auth::refresh_token::RefreshToken;
use crate::auth::token::ExpiredTokens;
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

/// The tokens of a session, as the client receives them.
#[derive(Serialize, JsonSchema)]
pub struct Tokens {
    /// The JWT for the `Authorization` header.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The lifetime of the access token in seconds.
    pub expires_in: i64,
    /// Can be exchanged once for the next tokens.
    pub refresh_token: String,
}

/// The result of a login or a refresh.
pub struct SignedIn {
    /// The tokens of the session.
    pub tokens: Tokens,
    /// The user who is logged in.
    pub user: User,
}

/// How long a used refresh token still returns its successor: long enough for a client to retry
/// after a lost response, too short to be of use to a thief.
const GRACE: Duration = Duration::seconds(10);

/// Begins a session for a user who has just been authenticated. 401 `invalid_credentials` if the
/// account is disabled or does not exist; the client can't tell which.
pub async fn begin(ctx: &Ctx, user_id: UserId) -> Result<Tokens> {
    begin_under(ctx, user_id, None).await
}

/// Begins a session for a user whose password has just been verified, and returns the user too. 401
/// `invalid_credentials` also if the password was changed in the meantime.
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
    // The tokens first: if they can't be signed, there is no session to delete.
    let tokens = tokens(ctx, &refresh).await?;
    match add(&ctx.store, user_id, session_id, &session, password_version).await? {
        true => Ok(tokens),
        false => Err(Error::InvalidCredentials),
    }
}

/// Adds a session to an account; ends the oldest one if the account has
/// [`MAX_SESSIONS`](crate::domain::session::MAX_SESSIONS) already. Returns false if the account is
/// not active, or if `password_version` is given and is not the current version of the password.
pub async fn add(
    store: &Store,
    user_id: UserId,
    id: SessionId,
    session: &Session,
    password_version: Option<u32>,
) -> Result<bool> {
    let mut attempts =
        Attempts::new("sessions of one account are opened faster than they are closed");
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

/// Exchanges a refresh token, which works once, for the session's next tokens. For ten seconds, the
/// token used last returns the same successor again. Any other reuse means that a token was stolen
/// and ends the session. 401 for every token that does not work; one that never belonged to the
/// session does not end it.
pub async fn refresh(ctx: &Ctx, refresh_token: &str) -> Result<SignedIn> {
    let used = RefreshToken::read(refresh_token).ok_or(Error::Unauthenticated)?;
    let mut attempts = Attempts::new("a session is renewed faster than it can be read");
    loop {
        let now = ctx.now();
        let user = ctx.store.users().get(used.user_id, Read::Consistent);
        let (found, user) = try_join(find(ctx, &used), user).await?;
        let (found, user) = found.zip(user).ok_or(Error::Unauthenticated)?;
        let next = match found.session.use_of(&used, now) {
            TokenUse::Current => used.successor()?,
            TokenUse::Repeated(next) => {
                return Ok(SignedIn { tokens: tokens(ctx, &next).await?, user });
            }
            TokenUse::Unknown => return Err(Error::Unauthenticated),
            // The token worked when this request began, and concurrent requests have used it and
            // its successor since: that is a race, not theft.
            TokenUse::Reused if attempts.failed_attempts() > 0 => {
                return Err(Error::Unauthenticated);
            }
            TokenUse::Reused => return Err(end_reused(ctx, &used).await?),
        };
        // The access token first: if it can't be signed, the refresh token is not used up.
        let tokens = tokens(ctx, &next).await?;
        let rotation = Rotation {
            used: found.session.refresh_digest.clone(),
            next: found.session.refreshed(&used, &next, now)?,
            stale: found.stale(now),
        };
        if ctx.store.sessions().rotate(used.user_id, used.session_id, &rotation).await? {
            return Ok(SignedIn { tokens, user });
        }
        attempts.retry_now()?;
    }
}

/// Ends a session or, with `all`, all sessions of its user. The access token, which may have
/// expired, names the session; if it is missing or invalid, or if its session has ended, the
/// refresh token does. If the session has ended already, nothing happens, even with `all`: an old
/// token that was found must not end other sessions. 401 if no token is valid.
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

/// Returns the user and session that the tokens name; `None` if they were valid once, but their
/// session has ended.
async fn bearer(
    ctx: &Ctx,
    access_token: Option<&str>,
    refresh_token: Option<&str>,
) -> Result<Option<Bearer>> {
    let bearer = match access_token {
        Some(token) => bearer_of_access(ctx, token).await,
        None => Err(Error::Unauthenticated),
    };
    let Some(token) = refresh_token else { return bearer };
    match bearer {
        Err(Error::Unauthenticated) => bearer_of_refresh(ctx, token).await,
        Ok(None) => match bearer_of_refresh(ctx, token).await {
            // The access token was valid once, and that is enough.
            Err(Error::Unauthenticated) => Ok(None),
            of_refresh => of_refresh,
        },
        bearer => bearer,
    }
}

async fn bearer_of_access(ctx: &Ctx, token: &str) -> Result<Option<Bearer>> {
    let bearer = ctx.verifier.verify(token, ExpiredTokens::Accepted, &ctx.store, ctx.now()).await?;
    let security = ctx.store.sessions().get(bearer.user_id).await?;
    let is_active =
        security.is_some_and(|it| it.active_session(bearer.session_id, ctx.now()).is_some());
    Ok(is_active.then_some(bearer))
}

/// As in [`renew`], a reused token ends the session.
async fn bearer_of_refresh(ctx: &Ctx, token: &str) -> Result<Option<Bearer>> {
    let token = RefreshToken::read(token).ok_or(Error::Unauthenticated)?;
    let Some(found) = find(ctx, &token).await? else { return Ok(None) };
    match found.session.use_of(&token, ctx.now()) {
        TokenUse::Current | TokenUse::Repeated(_) => Ok(Some(token.bearer())),
        TokenUse::Unknown => Err(Error::Unauthenticated),
        TokenUse::Reused => Err(end_reused(ctx, &token).await?),
    }
}

/// Ends the session of a reused refresh token, logs it, and returns the error for the client (401).
async fn end_reused(ctx: &Ctx, token: &RefreshToken) -> Result<Error> {
    tracing::warn!(
        event = "refresh_token_reused",
        user_id = %token.user_id,
        session_id = %token.session_id,
        "a used refresh token came back: the session ends",
    );
    ctx.store.sessions().end(token.user_id, token.session_id).await?;
    Ok(Error::Unauthenticated)
}

/// The active session that a refresh token names, and its user's other sessions.
struct Found {
    session: Session,
    others: BTreeMap<SessionId, Session>,
}

async fn find(ctx: &Ctx, token: &RefreshToken) -> Result<Option<Found>> {
    let security = ctx.store.sessions().get(token.user_id).await?;
    Ok(security.and_then(|mut security| {
        let session = security.active_session(token.session_id, ctx.now())?.clone();
        security.sessions.remove(&token.session_id);
        Some(Found { session, others: security.sessions })
    }))
}

impl Found {
    /// Returns the other sessions that hold a sealed successor after its grace period, with the
    /// time at which their last token was used.
    fn stale(&self, now: Timestamp) -> BTreeMap<SessionId, Timestamp> {
        let used_at = |session: &Session| session.previous.as_ref().map(|used| used.used_at);
        let used = self.others.iter().filter_map(|(id, session)| Some((*id, used_at(session)?)));
        used.filter(|(_, at)| at.plus(GRACE) <= now).collect()
    }
}

/// The use of a refresh token, compared with its session.
enum TokenUse {
    /// It is the session's current token.
    Current,
    /// It is the token used last, in its grace period. Holds its successor.
    Repeated(RefreshToken),
    /// It is an older token of this session, or the token used last after its grace period.
    Reused,
    /// It never was a token of this session.
    Unknown,
}

impl Session {
    fn use_of(&self, token: &RefreshToken, now: Timestamp) -> TokenUse {
        if [token.digest(), token.legacy_digest()].contains(&self.refresh_digest) {
            return TokenUse::Current;
        }
        // Only the token used last can open its sealed successor.
        let previous = self.previous.as_ref().filter(|used| used.used_at.plus(GRACE) > now);
        let successor = previous.and_then(|used| token.open(&used.sealed_successor));
        match successor {
            Some(successor) => TokenUse::Repeated(successor),
            None if self.is_family_of(token) => TokenUse::Reused,
            None => TokenUse::Unknown,
        }
    }

    fn is_family_of(&self, token: &RefreshToken) -> bool {
        self.refresh_digest
            .split_once('.')
            .is_some_and(|(family, _)| family == token.family_digest())
    }

    /// Returns the session after its refresh token `used` was exchanged for `next`.
    pub fn refreshed(
        &self,
        used: &RefreshToken,
        next: &RefreshToken,
        now: Timestamp,
    ) -> Result<Self> {
        let previous = PreviousRefresh { sealed_successor: used.seal(next)?, used_at: now };
        Ok(Self { refresh_digest: next.digest(), previous: Some(previous), ..self.clone() })
    }
}

/// Issues an access token for a session and returns it with the refresh token.
async fn tokens(ctx: &Ctx, refresh: &RefreshToken) -> Result<Tokens> {
    let access_token =
        ctx.issuer.issue(refresh.bearer(), &ctx.config, &ctx.store, ctx.now()).await?;
    let refresh_token = refresh.write();
    Ok(Tokens { access_token, token_type: "Bearer", expires_in: EXPIRES_IN, refresh_token })
}
