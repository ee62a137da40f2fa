//! One message's way out: it is claimed, told, and deleted.
//!
//! A message that could not be told stays in the outbox until it is not worth telling any more. One
//! that never can be is set aside, so that it holds up no other. One that may have been sent waits
//! for its claim's end and is tried once more: two mails at most, and none lost.

use std::panic::AssertUnwindSafe;

use futures_util::future::FutureExt;
use shared::config::MailSettings;
use shared::domain::ids::MessageId;
use shared::domain::message::{Event, Message};
use shared::mail::{Mailer, SendError};
use shared::store::deliveries::{Attempts, DeliveryAttempt};
use shared::{Ctx, Error, Result};
use tracing::{error, info, warn};

use crate::letters::{self, Rendered};
use crate::ses::Ses;

/// The most tries of a message at which we fail ourselves, again and again. More than the stream
/// makes: its failure queue has heard of the message by then.
const MOST_ATTEMPTS: u32 = 10;

/// The most tries of a message that may have sent it.
const MOST_UNANSWERED: u32 = 2;

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The message needs no more.
    Settled,
    /// It is there for the clock, when its claim has ended.
    Open,
    /// It has to be tried again.
    Failed,
}

/// Why a message was not told.
enum DeliveryError {
    /// It may work another time.
    Transient(String),
    /// It may have worked.
    OutcomeUnknown(String),
    /// It never will: the mailer does not take it.
    Permanent(String),
    /// A bug, a broken item, a right that is missing.
    Fault(String),
}

/// What mail is sent with.
pub(crate) fn post(ctx: &Ctx) -> Result<&MailSettings> {
    ctx.config.post.as_ref().ok_or_else(|| Error::internal("MAIL_FROM is not set"))
}

/// Delivers a message.
pub(crate) async fn deliver(ctx: &Ctx, post: &MailSettings, id: MessageId) -> Outcome {
    let end = match ctx.store.claim_message(id, ctx.now()).await {
        // Sent, set aside, or in somebody else's hands: if those let it fall, the clock finds it.
        Ok(None) => Ok(Outcome::Settled),
        Ok(Some(claim)) => deliver_claimed(ctx, post, &claim).await,
        Err(error) => Err(error),
    };
    end.unwrap_or_else(|problem| {
        warn!(message_id = %id, ?problem, "a message could not be delivered");
        Outcome::Failed
    })
}

async fn deliver_claimed(
    ctx: &Ctx,
    post: &MailSettings,
    claim: &DeliveryAttempt,
) -> Result<Outcome> {
    let Attempts { attempts, .. } = claim.history;
    let Ok(message) = claim.message() else {
        if attempts > MOST_ATTEMPTS {
            return set_aside(ctx, claim, "unknown", "unreadable").await;
        }
        // What is wrong with it is not said: that may quote an address.
        error!(message_id = %claim.id, attempts, "a message can't be read");
        ctx.store.release_message(claim, true).await?;
        return Ok(Outcome::Failed);
    };
    if message.is_stale(ctx.now()) {
        return drop_stale(ctx, claim, &message).await;
    }
    let kind = message.event.kind();
    if attempts > MOST_ATTEMPTS {
        return set_aside(ctx, claim, kind, "failed_too_often").await;
    }
    let told = AssertUnwindSafe(tell(ctx, post, claim, &message.event)).catch_unwind().await;
    match told.unwrap_or_else(|_panic| Err(DeliveryError::Fault("a panic".to_owned()))) {
        Ok(()) => Ok(Outcome::Settled),
        Err(obstacle) => give_up(ctx, claim, kind, obstacle).await,
    }
}

/// Ends a try that told nobody, or may not have.
async fn give_up(
    ctx: &Ctx,
    claim: &DeliveryAttempt,
    kind: &str,
    obstacle: DeliveryError,
) -> Result<Outcome> {
    let (message_id, Attempts { attempts, unanswered, .. }) = (claim.id, claim.history);
    match obstacle {
        DeliveryError::Permanent(code) => set_aside(ctx, claim, kind, &code).await,
        DeliveryError::OutcomeUnknown(_) if unanswered + 1 >= MOST_UNANSWERED => {
            set_aside(ctx, claim, kind, "unanswered").await
        }
        DeliveryError::OutcomeUnknown(problem) => {
            warn!(%message_id, kind, problem, "a message may have been sent");
            ctx.store.note_unanswered(claim).await?;
            Ok(Outcome::Open)
        }
        DeliveryError::Transient(problem) => {
            warn!(%message_id, kind, problem, "a message has to wait");
            ctx.store.release_message(claim, false).await?;
            Ok(Outcome::Failed)
        }
        DeliveryError::Fault(problem) => {
            error!(%message_id, kind, problem, attempts, "a message fails");
            ctx.store.release_message(claim, true).await?;
            Ok(Outcome::Failed)
        }
    }
}

/// Drops what is not worth telling any more. What was never tried is a shop's that had no mail, and
/// no loss.
async fn drop_stale(ctx: &Ctx, claim: &DeliveryAttempt, message: &Message) -> Result<Outcome> {
    const WHY: &str = "a message is not worth telling any more";
    let kind = message.event.kind();
    if claim.history.tries > 1 {
        error!(event = "mail_dropped", message_id = %claim.id, kind, "{WHY}");
    } else {
        info!(message_id = %claim.id, kind, "{WHY}");
    }
    ctx.store.delete_message(claim.id).await?;
    Ok(Outcome::Settled)
}

async fn tell(
    ctx: &Ctx,
    post: &MailSettings,
    claim: &DeliveryAttempt,
    event: &Event,
) -> Result<(), DeliveryError> {
    let id = claim.id;
    match letters::write(ctx, post, event).await? {
        Rendered::Nothing => ctx.store.delete_message(id).await?,
        Rendered::Replaced(events) => ctx.store.replace_message(claim, events, ctx.now()).await?,
        Rendered::Mail(mail) => {
            mailer(ctx, post).send(&mail).await?;
            // Now nothing may look like a failure: the message would be sent once more.
            if let Err(problem) = ctx.store.delete_message(id).await {
                error!(message_id = %id, ?problem, "a message was sent, and is still there");
            }
        }
    }
    Ok(())
}

async fn set_aside(
    ctx: &Ctx,
    claim: &DeliveryAttempt,
    kind: &str,
    reason: &str,
) -> Result<Outcome> {
    let message_id = claim.id;
    error!(event = "mail_undeliverable", %message_id, kind, reason, "a message is set aside");
    ctx.store.set_message_aside(claim, reason, ctx.now()).await?;
    Ok(Outcome::Settled)
}

fn mailer<'a>(ctx: &'a Ctx, post: &MailSettings) -> &'a dyn Mailer {
    ctx.mailer.get_or_init(|| Box::new(Ses::new(&ctx.config, post, None))).as_ref()
}

impl From<SendError> for DeliveryError {
    fn from(failure: SendError) -> Self {
        match failure {
            SendError::Transient(code) => Self::Transient(code),
            SendError::OutcomeUnknown(code) => Self::OutcomeUnknown(code),
            SendError::Permanent(code) => Self::Permanent(code),
        }
    }
}

impl From<Error> for DeliveryError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable { context } => Self::Transient(context),
            other => Self::Fault(format!("{other:?}")),
        }
    }
}
