//! How the parcel of an order travels.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::invalid::Invalid;
use crate::domain::patch::Optional;
use crate::domain::schema;
use crate::domain::text::{Label, WebUrl};

/// How the parcel travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Tracking {
    /// The carrier's name.
    pub carrier: Label,
    /// The carrier's number of the parcel.
    pub number: Label,
    /// The carrier's page about the parcel.
    #[serde(default)]
    #[deserr(default, from(Optional<WebUrl>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<WebUrl>")]
    pub url: Option<WebUrl>,
}
