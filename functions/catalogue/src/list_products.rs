//! `GET /products`: a page of the active products, or of those of one category, newest first.
//!
//! Public. 422 for an invalid parameter, and for a filter or sort that is not supported yet; 400
//! `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use shared::domain::invalid::{Invalid, Refused};
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema;
use shared::domain::slug::Slug;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::CardView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
#[expect(dead_code, reason = "unsupported parameters are rejected while they are read")]
struct Query {
    /// Only products of this category.
    #[deserr(default)]
    category: Option<Slug>,
    /// The order; newest first if it is left out.
    #[deserr(default)]
    sort: Option<NewestFirst>,
    #[deserr(default)]
    #[schemars(skip)]
    q: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    name: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    size: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    brand: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    tag: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    min_price: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    max_price: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    in_stock: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    min_rating: Option<NotSupported>,
    #[deserr(default)]
    #[schemars(skip)]
    status: Option<NotSupported>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List products")
        .describe("The active products, newest first.")
        .query::<Query>()
        .list::<CardView>("A page of products.")
        .refuses(&[ProblemCode::UnsupportedFilter])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { category, .. }, paging) = request.list_query()?;

    let page = ctx.store.products().newest(category.as_ref(), &paging).await?;

    Response::page(page.map(CardView::from), &paging, &request)
}

/// The only supported value of `sort`: `-created_at`.
#[derive(Deserr, JsonSchema)]
#[schemars(transform = NewestFirst::describe)]
#[deserr(error = Invalid, try_from(String) = NewestFirst::parse -> Refused)]
struct NewestFirst;

impl NewestFirst {
    const SORT: &str = "-created_at";

    fn describe(schema: &mut Schema) {
        schema.insert("type".to_owned(), "string".into());
        schema.insert("const".to_owned(), Self::SORT.into());
        schema::refuse(schema, &[ProblemCode::UnsupportedSort]);
    }

    fn parse(text: String) -> Result<Self, Refused> {
        match text.as_str() {
            Self::SORT => Ok(Self),
            _ => Err(Refused::new(
                ProblemCode::UnsupportedSort,
                "The list is sorted by -created_at only.",
            )),
        }
    }
}

/// A filter of the API contract that is not implemented yet: any value is 422 `unsupported_filter`,
/// since a list that ignored the filter would be wrong.
#[derive(Deserr)]
#[deserr(error = Invalid, try_from(String) = NotSupported::refuse -> Refused)]
struct NotSupported;

impl NotSupported {
    fn refuse(_: String) -> Result<Self, Refused> {
        Err(Refused::new(ProblemCode::UnsupportedFilter, "The list can't be filtered by this yet."))
    }
}
