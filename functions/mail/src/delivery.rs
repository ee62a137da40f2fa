//! Delivers one message: claims it, renders its mail, sends it, and deletes the message.
//!
//! A message that could not be sent stays in the outbox and is retried until its event is too old.
//! A message that can never be sent is set aside, so that it delays no other. A message that may
//! have been sent is tried once more after its claim has expired: at most two mails are sent, and
//! none is lost.

use std::panic::AssertUnwindSafe;

use futures_util::future::FutureExt;
use shared::config::MailSettings;
use shared::domain::ids::MessageId;
use shared::domain::message::{Event, Message};
use shared::mail::{Mailer, SendError};
use shared::store::deliveries::{AttemptCount, DeliveryAttempt};
use shared::{Ctx, Error, Result};
use tracing::{error, info, warn};

use crate::mail_limit::MailLimit;
use crate::mails::{self, Rendered};
use crate::ses::Ses;

/// The most attempts of a message for which this code fails, not SES. More than the attempts of the
/// stream, whose failure queue has the message by then.
const MAX_ATTEMPTS: u32 = 10;

/// The most attempts whose outcome is unknown: each may have sent the mail.
const MAX_UNKNOWN_OUTCOMES: u32 = 2;

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing is left for this run: the message was sent, dropped, set aside, or is claimed by
    /// another run.
    Settled,
    /// The mail may have been sent. The schedule retries it after the claim has expired.
    Waiting,
    /// The message has to be tried again.
    Failed,
}

/// Why a message was not delivered.
enum DeliveryError {
    /// A later attempt may succeed.
    Transient(String),
    /// The mail may have been sent.
    OutcomeUnknown(String),
    /// No attempt will ever succeed: SES rejects the mail.
    Permanent(String),
    /// A bug, an item that can't be read, or a missing permission.
    Fault(String),
}

/// Returns the settings of mail; an internal error if mail is not configured.
pub(crate) fn settings(ctx: &Ctx) -> Result<&MailSettings> {
    ctx.config.mail.as_ref().ok_or_else(|| Error::internal("MAIL_FROM is not set"))
}

/// Delivers a message. Errors are logged and returned as [`Outcome::Failed`].
pub(crate) async fn deliver(ctx: &Ctx, settings: &MailSettings, id: MessageId) -> Outcome {
    let outcome = match ctx.store.deliveries().claim(id, ctx.now()).await {
        // Sent, set aside, or claimed by another run: if that one fails, the schedule retries it.
        Ok(None) => Ok(Outcome::Settled),
        Ok(Some(attempt)) => deliver_claimed(ctx, settings, &attempt).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|problem| {
        warn!(message_id = %id, ?problem, "a message could not be delivered");
        Outcome::Failed
    })
}

async fn deliver_claimed(
    ctx: &Ctx,
    settings: &MailSettings,
    attempt: &DeliveryAttempt,
) -> Result<Outcome> {
    let attempts = attempt.tries.counted;
    let Ok(message) = attempt.message() else {
        if attempts > MAX_ATTEMPTS {
            return set_aside(ctx, attempt, "unknown", "unreadable").await;
        }
        // The error is not logged, since it may quote an e-mail address.
        error!(message_id = %attempt.id, attempts, "a message can't be read");
        ctx.store.deliveries().release(attempt, true).await?;
        return Ok(Outcome::Failed);
    };
    if message.is_stale(ctx.now()) {
        return drop_stale(ctx, attempt, &message).await;
    }
    let kind = message.event.kind();
    if attempts > MAX_ATTEMPTS {
        return set_aside(ctx, attempt, kind, "failed_too_often").await;
    }
    match send(ctx, settings, attempt, &message.event).await {
        Ok(()) => Ok(Outcome::Settled),
        Err(error) => end_failed(ctx, attempt, kind, error).await,
    }
}

/// Ends a failed attempt: releases the message for a retry, keeps its claim, or sets it aside.
async fn end_failed(
    ctx: &Ctx,
    attempt: &DeliveryAttempt,
    kind: &str,
    error: DeliveryError,
) -> Result<Outcome> {
    let deliveries = ctx.store.deliveries();
    let message_id = attempt.id;
    let AttemptCount { counted: attempts, unanswered, .. } = attempt.tries;
    match error {
        DeliveryError::Permanent(code) => set_aside(ctx, attempt, kind, &code).await,
        DeliveryError::OutcomeUnknown(_) if unanswered + 1 >= MAX_UNKNOWN_OUTCOMES => {
            set_aside(ctx, attempt, kind, "unanswered").await
        }
        DeliveryError::OutcomeUnknown(problem) => {
            warn!(%message_id, kind, problem, "a message may have been sent");
            deliveries.note_unanswered(attempt).await?;
            Ok(Outcome::Waiting)
        }
        DeliveryError::Transient(problem) => {
            warn!(%message_id, kind, problem, "a message could not be sent yet");
            deliveries.release(attempt, false).await?;
            Ok(Outcome::Failed)
        }
        DeliveryError::Fault(problem) => {
            error!(%message_id, kind, problem, attempts, "an attempt to send a message failed");
            deliveries.release(attempt, true).await?;
            Ok(Outcome::Failed)
        }
    }
}

/// Deletes a message whose event is too old. If it was never tried, the shop had no mail configured
/// when the event happened, and that is not an error.
async fn drop_stale(ctx: &Ctx, attempt: &DeliveryAttempt, message: &Message) -> Result<Outcome> {
    const WHY: &str = "a message is too old to be sent";
    let kind = message.event.kind();
    if attempt.tries.all > 1 {
        error!(event = "mail_dropped", message_id = %attempt.id, kind, "{WHY}");
    } else {
        info!(message_id = %attempt.id, kind, "{WHY}");
    }
    ctx.store.deliveries().delete(attempt.id).await?;
    Ok(Outcome::Settled)
}

/// Renders an event, sends the mail, and deletes the message from the outbox.
async fn send(
    ctx: &Ctx,
    settings: &MailSettings,
    attempt: &DeliveryAttempt,
    event: &Event,
) -> Result<(), DeliveryError> {
    let mut limit = MailLimit::new(ctx);
    let sending = AssertUnwindSafe(render_and_send(ctx, settings, attempt, event, &mut limit));
    let sent = sending.catch_unwind().await;
    let sent = sent.unwrap_or_else(|_panic| Err(DeliveryError::Fault("a panic".to_owned())));
    // A mail that may have been sent stays counted.
    if !matches!(sent, Ok(true) | Err(DeliveryError::OutcomeUnknown(_))) {
        limit.undo().await;
    }
    sent.map(drop)
}

/// Does the same; false if no mail was sent.
async fn render_and_send(
    ctx: &Ctx,
    settings: &MailSettings,
    attempt: &DeliveryAttempt,
    event: &Event,
    limit: &mut MailLimit<'_>,
) -> Result<bool, DeliveryError> {
    let (deliveries, id) = (ctx.store.deliveries(), attempt.id);
    match mails::write(ctx, settings, event, limit).await? {
        Rendered::Nothing => deliveries.delete(id).await?,
        Rendered::OverLimit => {
            // Not delayed: otherwise the waiting mails would use up the quota of the next hours as
            // well.
            warn!(event = "mail_over_limit", message_id = %id, kind = event.kind(), "a message is dropped: too many mails to its e-mail address");
            deliveries.delete(id).await?;
        }
        Rendered::Replaced(events) => deliveries.replace(attempt, events, ctx.now()).await?,
        Rendered::Mail(mail) => {
            mailer(ctx, settings).send(&mail).await?;
            // An error here would cause a retry, which would send the mail again.
            if let Err(problem) = deliveries.delete(id).await {
                error!(message_id = %id, ?problem, "a message was sent but could not be deleted");
            }
            return Ok(true);
        }
    }
    Ok(false)
}

async fn set_aside(
    ctx: &Ctx,
    attempt: &DeliveryAttempt,
    kind: &str,
    reason: &str,
) -> Result<Outcome> {
    let message_id = attempt.id;
    error!(event = "mail_undeliverable", %message_id, kind, reason, "a message is set aside");
    ctx.store.deliveries().set_aside(attempt, reason, ctx.now()).await?;
    Ok(Outcome::Settled)
}

fn mailer<'a>(ctx: &'a Ctx, settings: &MailSettings) -> &'a dyn Mailer {
    ctx.mailer.get_or_init(|| Box::new(Ses::new(&ctx.config, settings, None))).as_ref()
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
            Error::OutcomeUnknown => {
                Self::Transient("the outcome of a transaction is unknown".to_owned())
            }
            other => Self::Fault(format!("{other:?}")),
        }
    }
}
