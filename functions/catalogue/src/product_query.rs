//! The query parameters of lists of products and their facets.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use shared::catalogue::query::{Filters, Sort, SortBy};
use shared::domain::flag::Flag;
use shared::domain::invalid::{Invalid, Refused};
use shared::domain::money::MinorUnits;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::{MAX_TAGS, MinRating, ProductStatus};
use shared::domain::schema;
use shared::domain::slug::Slug;
use shared::domain::text::{Label, OptionValue, ProductName, SearchText};
use shared::http::Request;
use shared::services::caller;
use shared::{Ctx, Error, Result};

/// The filters. Each judges the product, not one of its variants.
#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
pub(crate) struct FilterQuery {
    /// Words, all of which the product must have in its name, brand, category, tags, description, or
    /// in a variant's SKU or barcode. Other forms of a word match too, and of the last word its
    /// beginning is enough. Case, accents and punctuation make no difference.
    #[deserr(default)]
    q: Option<SearchText>,
    /// Only products of this category or of one below it.
    #[deserr(default)]
    category: Option<Slug>,
    /// Words, with each of which a word of the name must begin.
    #[deserr(default)]
    name: Option<ProductName>,
    /// Only products with a variant of this size; case makes no difference.
    #[deserr(default)]
    size: Option<OptionValue>,
    /// Only products of this brand; case makes no difference.
    #[deserr(default)]
    brand: Option<ProductName>,
    /// Only products with this tag; case makes no difference. Given several times, the product must
    /// have all of them.
    #[deserr(default)]
    #[serde(default)]
    tag: WantedTags,
    /// Only products whose lowest price is at least this, in minor units.
    #[deserr(default)]
    min_price: Option<MinorUnits>,
    /// Only products whose lowest price is at most this, in minor units.
    #[deserr(default)]
    max_price: Option<MinorUnits>,
    /// Only products that are in stock, or only those that are not.
    #[deserr(default)]
    in_stock: Option<Flag>,
    /// Only products whose ratings have at least this average.
    #[deserr(default)]
    min_rating: Option<MinRating>,
    /// For admins only: the status of the products; `active` if it is left out.
    #[deserr(default)]
    status: Option<ProductStatus>,
}

/// Tags that a product must have. A product has no more than this list may have.
#[derive(Default, Deserr, JsonSchema)]
#[schemars(transform = WantedTags::describe)]
#[deserr(error = Invalid, try_from(Vec<Label>) = WantedTags::parse -> Refused)]
struct WantedTags(Vec<Label>);

impl WantedTags {
    fn describe(schema: &mut Schema) {
        schema.insert("maxItems".to_owned(), MAX_TAGS.into());
        schema::refuse(schema, &[ProblemCode::TooMany]);
    }

    fn parse(tags: Vec<Label>) -> Result<Self, Refused> {
        if tags.len() <= MAX_TAGS {
            return Ok(Self(tags));
        }
        let detail = format!("Give at most {MAX_TAGS} tags; a product has no more.");
        Err(Refused::new(ProblemCode::TooMany, detail))
    }
}

/// The order of a list.
#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
pub(crate) struct SortQuery {
    /// What the list is sorted by, with `-` from the largest on. Without it, a list with `q` is sorted
    /// by how well a product matches, and any other by `-created_at`.
    #[deserr(default)]
    sort: Option<SortOrder>,
}

/// A value of `sort`.
#[derive(Clone, Copy, Deserr, JsonSchema)]
#[schemars(transform = SortOrder::describe)]
#[deserr(error = Invalid, try_from(String) = SortOrder::parse -> Refused)]
struct SortOrder(#[schemars(with = "String")] Sort);

impl SortOrder {
    const NAMES: [(&str, SortBy); 4] = [
        ("created_at", SortBy::CreatedAt),
        ("price", SortBy::Price),
        ("name", SortBy::Name),
        ("rating", SortBy::Rating),
    ];

    fn describe(schema: &mut Schema) {
        let names =
            Self::NAMES.iter().flat_map(|(name, _)| [(*name).to_owned(), format!("-{name}")]);
        schema.insert("enum".to_owned(), names.collect::<Vec<_>>().into());
        schema::refuse(schema, &[ProblemCode::UnknownValue]);
    }

    fn parse(text: String) -> Result<Self, Refused> {
        let (is_descending, wanted) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        let by = Self::NAMES.iter().find(|(name, _)| *name == wanted).map(|(_, by)| *by);
        by.map(|by| Self(Sort { by, is_descending })).ok_or_else(|| {
            let detail =
                "Must be created_at, price, name or rating, or one of them after a hyphen.";
            Refused::new(ProblemCode::UnknownValue, detail)
        })
    }
}

/// Whether the response is for admins only, because the query asks for a status. Then 401 without a
/// valid bearer token, and 403 for others.
pub(crate) async fn is_for_admins(ctx: &Ctx, request: &Request) -> Result<bool> {
    if !request.has_parameter("status") {
        return Ok(false);
    }
    let token = request.bearer().ok_or(Error::Unauthenticated)?;
    match caller::identify(ctx, token).await?.is_admin() {
        true => Ok(true),
        false => Err(Error::Forbidden),
    }
}

impl SortQuery {
    /// Returns the order of a list with these filters.
    pub(crate) fn sort(&self, filters: &Filters) -> Sort {
        match (self.sort, &filters.search) {
            (Some(SortOrder(sort)), _) => sort,
            (None, Some(_)) => Sort::RELEVANCE,
            (None, None) => Sort::NEWEST,
        }
    }
}

impl From<FilterQuery> for Filters {
    fn from(query: FilterQuery) -> Self {
        Self {
            search: query.q.map(|text| text.as_str().to_owned()),
            category: query.category,
            name: query.name.map(|name| name.as_str().to_owned()),
            size: query.size.map(|size| size.as_str().to_owned()),
            brand: query.brand.map(|brand| brand.as_str().to_owned()),
            tags: query.tag.0.iter().map(|tag| tag.as_str().to_owned()).collect(),
            min_price: query.min_price.map(MinorUnits::amount),
            max_price: query.max_price.map(MinorUnits::amount),
            in_stock: query.in_stock.map(Flag::is_true),
            min_rating: query.min_rating.map(MinRating::hundredths),
            status: query.status.unwrap_or(ProductStatus::Active),
        }
    }
}
