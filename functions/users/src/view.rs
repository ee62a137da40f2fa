//! The response to the deletion of an account.

use serde::Serialize;

/// The status of a deletion.
#[derive(Serialize)]
pub struct DeletionView {
    status: &'static str,
}

impl DeletionView {
    /// The account is deleted, and a job erases the user's remaining data.
    pub const STARTED: Self = Self { status: "deletion_started" };
}
