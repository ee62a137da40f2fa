//! Where an order goes and how, and what the shop charges for that.

use schemars::JsonSchema;
use serde::Serialize;

use super::invalid::Invalid;
use super::money::{Currency, Money};
use super::problem_code::ProblemCode;
use super::settings::{Region, Settings, ShippingMethod, ShippingMethodId, Tax};
use super::text::{AddressLine, Label};
use super::totals::Charges;
use super::user::{Address, Country};

/// Where an order goes, as far as its costs depend on it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The country.
    pub country: Country,
    /// The region, as the buyer wrote it.
    pub region: Option<AddressLine>,
}

/// What an order is asked to cost for: where it goes, and how.
#[derive(Debug, Clone, Default)]
pub struct Destination {
    /// The place; `None` if nobody has named one.
    pub place: Option<Place>,
    /// The shipping method; `None` if nobody has chosen one.
    pub shipping_method: Option<ShippingMethodId>,
}

/// Where a destination comes from: the names of its fields, as problem documents have them, and
/// whether the shipping method has to be chosen.
#[derive(Debug)]
pub struct DestinationSource {
    place: &'static str,
    region: &'static str,
    shipping_method: &'static str,
    requires_method: bool,
}

impl DestinationSource {
    /// The body of an order.
    pub const ORDER: Self = Self {
        place: "/shipping_address",
        region: "/shipping_address/region",
        shipping_method: "/shipping_method",
        requires_method: true,
    };

    /// The query of a cart, which may be asked for before a shipping method is chosen.
    pub const CART_QUERY: Self = Self {
        place: "country",
        region: "region",
        shipping_method: "shipping_method",
        requires_method: false,
    };
}

/// A shipping method that an order can have, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ShippingOption {
    /// The method's identifier.
    pub id: ShippingMethodId,
    /// Its name.
    pub name: Label,
    /// What it costs for this order.
    pub price: Money,
}

impl From<&Address> for Place {
    fn from(address: &Address) -> Self {
        Self { country: address.country.clone(), region: address.region.clone() }
    }
}

impl Place {
    /// Returns the code of its region, which may stand behind that of the country as in `US-NY`;
    /// `None` if it has none.
    fn region_code(&self) -> Option<Region> {
        let region = self.region.as_ref()?.as_str();
        let code = match region.split_once('-') {
            Some((country, code)) if country.eq_ignore_ascii_case(self.country.as_str()) => code,
            _ => region,
        };
        Region::parse(code.to_owned()).ok()
    }
}

impl Settings {
    /// Returns what an order to this destination is charged for beside its lines, whose sum is
    /// `subtotal`.
    ///
    /// 422 `shipping_address_required` if the shop ships or taxes and there is no place,
    /// `region_code_required` if taxes differ by region and the place has no code of a region,
    /// `shipping_method_required` if the shop ships and the method has to be chosen,
    /// `unknown_shipping_method` if the method does not exist or does not ship there.
    pub fn charges(
        &self,
        to: &Destination,
        subtotal: Money,
        source: &DestinationSource,
    ) -> Result<Charges<'_>, Invalid> {
        let place = to.place.as_ref();
        let is_needed = !(self.shipping_methods.is_empty() && self.taxes.is_empty());
        let address = (place.is_none() && is_needed).then(|| {
            let detail = "What an order costs depends on where it goes; name the address.";
            let code = ProblemCode::ShippingAddressRequired;
            Invalid::for_field(source.place, code, detail)
        });
        let taxes = place.map_or(Ok(Vec::new()), |place| self.taxes_of(place, source));
        match (address, taxes, self.method(to, subtotal, source)) {
            (None, Ok(taxes), Ok(method)) => Ok(Charges { settings: self, taxes, method }),
            (address, taxes, method) => {
                let all = address.into_iter().chain(taxes.err()).chain(method.err());
                Err(Invalid::collect(all).expect_err("one error at least"))
            }
        }
    }

    /// Returns the shipping methods for a place, or all if there is none, in the order of the
    /// settings. One whose price is in another currency than the shop's is not among them: the shop
    /// has changed it since.
    pub fn shipping_options(&self, place: Option<&Place>, subtotal: Money) -> Vec<ShippingOption> {
        let option = |method: &ShippingMethod| ShippingOption {
            id: method.id.clone(),
            name: method.name.clone(),
            price: method.price_for(subtotal),
        };
        self.methods_to(place, subtotal.currency()).map(option).collect()
    }

    fn methods_to(
        &self,
        place: Option<&Place>,
        currency: Currency,
    ) -> impl Iterator<Item = &ShippingMethod> {
        let fits = move |method: &&ShippingMethod| {
            place.is_none_or(|place| method.ships_to(&place.country))
                && method.price.currency() == currency
        };
        self.shipping_methods.iter().filter(fits)
    }

    /// Returns the chosen shipping method; `None` if none has to be chosen.
    fn method(
        &self,
        to: &Destination,
        subtotal: Money,
        source: &DestinationSource,
    ) -> Result<Option<&ShippingMethod>, Invalid> {
        let place = to.place.as_ref();
        let code = match &to.shipping_method {
            Some(id) => {
                let mut offered = self.methods_to(place, subtotal.currency());
                if let Some(method) = offered.find(|method| method.id == *id) {
                    return Ok(Some(method));
                }
                ProblemCode::UnknownShippingMethod
            }
            None if source.requires_method && !self.shipping_methods.is_empty() => {
                ProblemCode::ShippingMethodRequired
            }
            None => return Ok(None),
        };
        let options = self.shipping_options(place, subtotal);
        let ships_there = |place: &Place| {
            self.shipping_methods.iter().any(|method| method.ships_to(&place.country))
        };
        let detail = match place {
            _ if !options.is_empty() => "Must be the `id` of one of the `shipping_methods`.".into(),
            _ if self.shipping_methods.is_empty() => {
                "This shop has no shipping methods; leave it out.".to_owned()
            }
            Some(place) if !ships_there(place) => {
                format!("Nothing is shipped to {}.", place.country.as_str())
            }
            _ => "The shop has changed its currency, and its shipping methods have no price in it \
                  yet."
                .to_owned(),
        };
        let invalid = Invalid::for_field(source.shipping_method, code, detail);
        Err(invalid.with("shipping_methods", serde_json::json!(options)))
    }

    /// Returns the rows for a place, with their positions.
    fn taxes_of(
        &self,
        place: &Place,
        source: &DestinationSource,
    ) -> Result<Vec<(usize, &Tax)>, Invalid> {
        let of_country = |(_, row): &(usize, &Tax)| row.country == place.country;
        let rows: Vec<_> = self.taxes.iter().enumerate().filter(of_country).collect();
        let region = place.region_code();
        if region.is_none() && rows.iter().any(|(_, row)| row.region.is_some()) {
            let detail = "Taxes differ by region here; must be the code of a region, the part of \
                          an ISO 3166-2 code after the hyphen, such as NY of US-NY.";
            let code = ProblemCode::RegionCodeRequired;
            return Err(Invalid::for_field(source.region, code, detail));
        }
        let fits = |(_, row): &(usize, &Tax)| row.region.is_none() || row.region == region;
        Ok(rows.into_iter().filter(fits).collect())
    }
}
