//! Mail: the content of the shop's mails, and their delivery.

mod content;
pub mod deliver_mail;
mod delivery;
mod mail_limit;
mod mails;
mod ses;

use shared::lambda::JobHandler;

/// The handler of each job, by the job's name.
pub fn jobs() -> Vec<(&'static str, JobHandler)> {
    vec![("deliver-mail", JobHandler::new(deliver_mail::handle))]
}
