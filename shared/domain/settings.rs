//! The shop's settings: who sells, how orders are shipped, and what they are taxed with.

mod percent;
mod region;

use std::collections::HashSet;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::chosen_id::chosen_id;
use super::invalid::{Invalid, Refused};
use super::json::Json;
use super::members::Members;
use super::money::{Currency, Money};
use super::patch::Optional;
use super::problem_code::ProblemCode;
use super::schema;
use super::text::{Label, SellerName, TextBlock, fold_case};
use super::user::Country;

pub use percent::Percent;
pub use region::Region;

/// The most shipping methods.
pub const MAX_SHIPPING_METHODS: usize = 40;

/// The most rows of taxes.
pub const MAX_TAXES: usize = 200;

/// The most bytes of the settings, as compact JSON. Every checkout reads them.
const MAX_BYTES: usize = 16 * 1024;

/// The shop's settings. A shop that never had any has the default ones, in version 0: it neither
/// ships nor taxes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Settings")]
pub struct Settings {
    /// Who sells, for receipts.
    #[serde(default)]
    pub seller: Option<Seller>,
    /// Whether taxes are within the prices of products and shipping methods, instead of on top of
    /// them.
    pub prices_include_tax: bool,
    /// How orders are shipped. Without any, orders have no shipping.
    pub shipping_methods: Vec<ShippingMethod>,
    /// What is taxed, at which rate. Without any, orders have no tax.
    pub taxes: Vec<Tax>,
    /// Raised by every change; part of the `ETag`. 0 if the settings never changed.
    pub version: u64,
}

/// Who sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Seller {
    /// The shop's name in law.
    pub name: SellerName,
    /// Its postal address, which may have several lines.
    pub address: TextBlock,
    /// Its tax number, such as a VAT ID.
    #[serde(default)]
    #[deserr(default, from(Optional<Label>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Label>")]
    pub tax_id: Option<Label>,
    /// What else belongs below a receipt.
    #[serde(default)]
    #[deserr(default, from(Optional<TextBlock>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<TextBlock>")]
    pub footer: Option<TextBlock>,
}

/// A way to ship orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct ShippingMethod {
    /// Identifier, by which an order names it.
    pub id: ShippingMethodId,
    /// Its name, as customers see it.
    pub name: Label,
    /// The countries that it ships to; null for all.
    #[serde(default)]
    #[deserr(default, from(Optional<Countries>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Countries>")]
    pub countries: Option<Countries>,
    /// What it costs.
    pub price: Money,
    /// The subtotal from which it costs nothing; null if it always costs its price.
    #[serde(default)]
    #[deserr(default, from(Optional<Money>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Money>")]
    pub free_from: Option<Money>,
}

/// A row of the table of taxes. The most specific row of a place and a tax class counts: one with a
/// region before one without, then one with a class before one without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Tax {
    /// The country that orders are shipped to.
    pub country: Country,
    /// Its region; null for all.
    #[serde(default)]
    #[deserr(default, from(Optional<Region>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Region>")]
    pub region: Option<Region>,
    /// The tax class of products, whose case makes no difference; null for all.
    #[serde(default)]
    #[deserr(default, from(Optional<Label>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Label>")]
    pub class: Option<Label>,
    /// Its name, as customers see it, such as `MwSt.` or `Sales tax`.
    pub name: Label,
    /// The rate.
    pub percent: Percent,
    /// Whether shipping is taxed with it, too.
    pub on_shipping: bool,
}

chosen_id! {
    /// The identifier of a shipping method, which the shop chooses: `[A-Za-z0-9_-]{1,64}`.
    ShippingMethodId, "standard"
}

/// Countries, each once, at least one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = Countries::describe)]
#[deserr(error = Invalid, try_from(Vec<Country>) = Countries::parse -> Refused)]
pub struct Countries(Vec<Country>);

impl Settings {
    /// Reads settings from a request; 422 with every invalid member and every broken rule,
    /// `settings_too_large` if they are larger than 16 KiB. Their version is 0.
    pub fn read(body: Json, currency: Currency) -> Result<Self, Invalid> {
        let mut body = Members::of_body(body)?;
        let seller = body.optional("seller");
        let prices_include_tax = body.required("prices_include_tax");
        let shipping_methods = list(&mut body, "shipping_methods", MAX_SHIPPING_METHODS);
        let taxes = list(&mut body, "taxes", MAX_TAXES);
        if let Some(methods) = &shipping_methods {
            check_methods(&mut body, methods, currency);
        }
        if let Some(taxes) = &taxes {
            check_taxes(&mut body, taxes);
        }
        let settings = body.finish(|| {
            Some(Self {
                seller,
                prices_include_tax: prices_include_tax?,
                shipping_methods: shipping_methods?.into_iter().collect::<Option<_>>()?,
                taxes: taxes?.into_iter().collect::<Option<_>>()?,
                version: 0,
            })
        })?;
        settings.check_size()?;
        Ok(settings)
    }

    fn check_size(&self) -> Result<(), Invalid> {
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        if bytes <= MAX_BYTES {
            return Ok(());
        }
        let detail = format!("Must have at most {MAX_BYTES} bytes as compact JSON, not {bytes}.");
        Err(Invalid::for_field("", ProblemCode::SettingsTooLarge, detail))
    }

    /// Whether both say the same, in whatever version.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        *self == Self { version: self.version, ..other.clone() }
    }
}

/// The settings in a request.
#[derive(Debug)]
pub struct SettingsBody;

impl JsonSchema for SettingsBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SettingsBody".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> Schema {
        let mut schema = schema::Object::new(generator)
            .optional::<Seller>("seller")
            .required::<bool>("prices_include_tax")
            .required_list::<ShippingMethod>("shipping_methods", MAX_SHIPPING_METHODS)
            .required_list::<Tax>("taxes", MAX_TAXES)
            .build();
        let codes = [
            ProblemCode::TooMany,
            ProblemCode::Duplicate,
            ProblemCode::NotAMultiple,
            ProblemCode::SettingsTooLarge,
        ];
        schema::refuse(&mut schema, &codes);
        schema
    }
}

/// Reads an array that must be present and have at most `max` elements.
fn list<T: Deserr<Invalid>>(
    body: &mut Members<'_, Json>,
    name: &'static str,
    max: usize,
) -> Option<Vec<Option<T>>> {
    let list = body.required_list(name)?;
    if list.len() > max {
        body.add_error(name, ProblemCode::TooMany, format!("Must have at most {max} elements."));
    }
    Some(list)
}

/// Checks that identifiers are unique, and that amounts are in the shop's currency.
fn check_methods(
    body: &mut Members<'_, Json>,
    methods: &[Option<ShippingMethod>],
    currency: Currency,
) {
    let at = body.pointer("shipping_methods");
    let mut ids = HashSet::new();
    for (index, method) in methods.iter().enumerate() {
        let Some(method) = method else { continue };
        let amounts = [("price", Some(method.price)), ("free_from", method.free_from)];
        for (name, amount) in amounts {
            let pointer = format!("{at}/{index}/{name}");
            body.add(amount.and_then(|amount| amount.as_price(currency, &pointer).err()));
        }
        if !ids.insert(&method.id) {
            let detail = "Another shipping method has this identifier.";
            let pointer = format!("{at}/{index}/id");
            body.add([Invalid::for_field(&pointer, ProblemCode::Duplicate, detail)]);
        }
    }
}

/// Checks that no two rows are of the same country, region and class.
fn check_taxes(body: &mut Members<'_, Json>, taxes: &[Option<Tax>]) {
    let at = body.pointer("taxes");
    let mut rows = HashSet::new();
    for (index, tax) in taxes.iter().enumerate() {
        let Some(tax) = tax else { continue };
        let class = tax.class.as_ref().map(|class| fold_case(class.as_str()));
        if !rows.insert((tax.country.as_str(), tax.region.as_ref().map(Region::as_str), class)) {
            let detail = "Another row has this country, region and class. Taxes that add up are \
                          one row with the sum of their rates.";
            let pointer = format!("{at}/{index}");
            body.add([Invalid::for_field(&pointer, ProblemCode::Duplicate, detail)]);
        }
    }
}

impl Tax {
    /// Whether it is the tax of products of this class, or of all classes.
    fn is_of_class(&self, class: Option<&str>) -> bool {
        self.class.as_ref().is_none_or(|own| Some(fold_case(own.as_str()).as_str()) == class)
    }
}

/// Returns the most specific of these rows that taxes products of this class; `None` if none does.
pub(super) fn most_specific<'t>(
    rows: impl IntoIterator<Item = (usize, &'t Tax)>,
    class: Option<&Label>,
) -> Option<(usize, &'t Tax)> {
    let class = class.map(|class| fold_case(class.as_str()));
    let fitting = rows.into_iter().filter(|(_, row)| row.is_of_class(class.as_deref()));
    fitting.max_by_key(|(_, row)| (row.region.is_some(), row.class.is_some()))
}

impl ShippingMethod {
    /// Whether it ships to a country.
    pub fn ships_to(&self, country: &Country) -> bool {
        self.countries.as_ref().is_none_or(|countries| countries.0.contains(country))
    }

    /// Returns what it costs for an order with this subtotal.
    pub fn price_for(&self, subtotal: Money) -> Money {
        let is_free = self.free_from.is_some_and(|from| {
            from.currency() == subtotal.currency() && subtotal.amount() >= from.amount()
        });
        if is_free { Money::new(0, self.price.currency()) } else { self.price }
    }
}

impl Countries {
    /// No shop needs more: there are 250 codes.
    const MAX: usize = 250;

    fn describe(schema: &mut Schema) {
        schema.insert("minItems".to_owned(), 1.into());
        schema.insert("maxItems".to_owned(), Self::MAX.into());
        let codes = [ProblemCode::TooFew, ProblemCode::TooMany, ProblemCode::Duplicate];
        schema::refuse(schema, &codes);
    }

    /// Accepts 1 to 250 different countries; 422 `too_few`, `too_many` or `duplicate`.
    pub fn parse(countries: Vec<Country>) -> Result<Self, Refused> {
        let refused = |code, detail: &str| Err(Refused::new(code, detail));
        if countries.is_empty() {
            return refused(ProblemCode::TooFew, "Name at least one country, or null for all.");
        }
        if countries.len() > Self::MAX {
            return refused(ProblemCode::TooMany, "Must have at most 250 elements.");
        }
        let names: HashSet<_> = countries.iter().map(Country::as_str).collect();
        if names.len() < countries.len() {
            return refused(ProblemCode::Duplicate, "Name each country once.");
        }
        Ok(Self(countries))
    }
}

#[cfg(test)]
mod tests;
