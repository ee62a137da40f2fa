//! What a client sees of a deletion.

use serde::Serialize;

/// A deletion, which goes on in the background.
#[derive(Serialize)]
pub struct DeletionView {
    status: &'static str,
}

impl DeletionView {
    /// The account is gone, and what else knows the person will be.
    pub const STARTED: Self = Self { status: "deletion_started" };
}
