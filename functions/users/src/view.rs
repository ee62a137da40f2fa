//! The response to the deletion of an account.

use schemars::JsonSchema;
use serde::Serialize;

/// The status of a deletion.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Deletion")]
pub struct DeletionView {
    #[schemars(extend("const" = "deletion_started"))]
    status: &'static str,
}

impl DeletionView {
    /// The account is deleted, and a job erases the user's remaining data.
    pub const STARTED: Self = Self { status: "deletion_started" };
}
