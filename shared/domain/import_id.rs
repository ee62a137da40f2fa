//! Identifiers of imports.

use super::chosen_id::chosen_id;

chosen_id! {
    /// The identifier that a client gives an import, so that it can send a part of it again:
    /// `[A-Za-z0-9_-]{1,64}`.
    ImportId, "a UUID"
}
