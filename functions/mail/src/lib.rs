//! Mail: what the shop writes to people, and how it gets to them.

mod content;
pub mod deliver_mail;
mod delivery;
mod mails;
mod ses;

use shared::lambda::JobHandler;

/// Which handler does which job.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![("deliver-mail", JobHandler::new(deliver_mail::handle))]
}
