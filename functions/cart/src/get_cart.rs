//! `GET /cart`: the shopper's cart with current prices and stock.
//!
//! For customers and guests. A caller who never had a cart gets an empty one, which is not stored.
//! With a `country`, also what an order would cost there: 422 `region_code_required` where taxes
//! differ by region, `unknown_shipping_method` for a method that does not ship there.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::destination::{Destination, Place};
use shared::domain::invalid::Invalid;
use shared::domain::problem_code::ProblemCode;
use shared::domain::settings::ShippingMethodId;
use shared::domain::text::AddressLine;
use shared::domain::user::Country;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// Where the cart's order would go.
#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// The country, for what an order there would cost: shipping, taxes and the total.
    #[deserr(default)]
    country: Option<Country>,
    /// The region, which is a code where taxes differ by region.
    #[deserr(default)]
    region: Option<AddressLine>,
    /// The identifier of a shipping method.
    #[deserr(default)]
    shipping_method: Option<ShippingMethodId>,
}

impl Query {
    /// Returns the destination; `None` without a country. 422 `required` if the query needs one.
    fn destination(self) -> Result<Option<Destination>, Invalid> {
        let Self { country, region, shipping_method } = self;
        match country {
            Some(country) => {
                let place = Some(Place { country, region });
                Ok(Some(Destination { place, shipping_method }))
            }
            None if region.is_some() || shipping_method.is_some() => {
                let detail = "A region or a shipping method needs a country beside it.";
                Err(Invalid::for_field("country", ProblemCode::Required, detail))
            }
            None => Ok(None),
        }
    }
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the cart")
        .describe(
            "With current prices and stock. Empty if there is none. With a `country`, also what an \
             order would cost there.",
        )
        .query::<Query>()
        .cart_token(view::CART_TOKEN)
        .responds(view::success())
        .refuses(&[
            ProblemCode::Required,
            ProblemCode::RegionCodeRequired,
            ProblemCode::UnknownShippingMethod,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let shopper = request.shopper();

    let query: Query = request.query()?;
    let Some(to) = query.destination()? else {
        let cart = cart_edits::view(ctx, &shopper).await?;
        return view::answer(&cart, &shopper, None, ctx.currency());
    };

    let (cart, settings) = cart_edits::view_with_settings(ctx, &shopper, &to).await?;

    view::answer_for(&cart, &shopper, &to, &settings, ctx.currency())
}
