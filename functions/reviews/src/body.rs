//! The body of a review.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::patch::Optional;
use shared::domain::quantity::Stars;
use shared::domain::review::ReviewContent;
use shared::domain::schema;
use shared::domain::text::{ReviewBody, ReviewTitle};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ReviewContent", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub(crate) struct Body {
    /// 1 to 5 stars.
    rating: Stars,
    #[deserr(default, from(Optional<ReviewTitle>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<ReviewTitle>")]
    title: Option<ReviewTitle>,
    /// It is text: HTML in it is not interpreted.
    #[deserr(default, from(Optional<ReviewBody>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<ReviewBody>")]
    body: Option<ReviewBody>,
}

impl From<Body> for ReviewContent {
    fn from(Body { rating, title, body }: Body) -> Self {
        Self { rating, title, body }
    }
}
