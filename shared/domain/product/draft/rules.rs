//! The rules about a whole product draft.

use std::collections::HashSet;

use super::{MAX_VARIANTS, OPTIONS, ProductDraft};
use crate::domain::invalid::Invalid;
use crate::domain::money::{Currency, Money};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::options::{self, MAX_OPTIONS, OptionNames, Options};
use crate::domain::product::{ProductWithVariants, Variant, VariantStatus};

/// The most tags of a product.
pub const MAX_TAGS: usize = 20;
pub(in crate::domain::product) const MAX_IMAGES: usize = 20;

impl ProductDraft {
    /// Checks the draft and returns all errors. `currency` is the shop's; `current` is the product
    /// that the draft updates, `None` for a new one. The stock of existing variants can't be set
    /// here (`use_inventory`).
    pub fn check(
        &self,
        currency: Currency,
        current: Option<&ProductWithVariants>,
    ) -> Result<(), Invalid> {
        let known = current.map(|current| current.variants.as_slice());
        let unreadable = self.unreadable.iter().cloned();
        let missing = self.missing();
        let prices = self.wrong_prices(currency);
        let counts = self.wrong_counts();
        let stock = self.misplaced_stock(known.is_some());
        let known = known.unwrap_or_default();
        let compared = self.low_compare_at_prices(known);
        let names = self.wrong_option_names(known);
        let variants = self.duplicates(known);
        let product =
            unreadable.chain(missing).chain(prices).chain(compared).chain(counts).chain(stock);
        Invalid::collect(product.chain(names).chain(variants))
    }

    /// Returns the errors of a draft without a name or a price. One that was read from a body has
    /// them already.
    fn missing(&self) -> impl Iterator<Item = Invalid> {
        let members = [
            ("/name", self.name.is_none(), "A product has a name."),
            ("/price", self.price.is_none(), "A product has a price."),
        ];
        let missing = members.into_iter().filter(|(_, is_missing, _)| *is_missing);
        let missing = missing.filter(|_| self.unreadable.is_none());
        missing
            .map(|(pointer, _, detail)| Invalid::for_field(pointer, ProblemCode::Required, detail))
    }

    /// Returns the price and the price to compare with of the product and of each variant, as the body
    /// names them, each with its JSON pointer.
    fn prices(&self) -> impl Iterator<Item = (String, Option<Money>, Option<Money>)> {
        let own = (String::new(), self.price, self.compare_at_price);
        let of_variants = self.variants().map(|(index, draft)| {
            (format!("/variants/{index}"), draft.price, draft.compare_at_price)
        });
        std::iter::once(own).chain(of_variants)
    }

    fn wrong_prices(&self, currency: Currency) -> impl Iterator<Item = Invalid> {
        let named = self.prices().flat_map(|(at, price, compare_at_price)| {
            [(price, format!("{at}/price")), (compare_at_price, format!("{at}/compare_at_price"))]
        });
        named.filter_map(move |(price, at)| price?.as_price(currency, &at).err())
    }

    /// Returns the errors of prices to compare with that are not above what is compared with them,
    /// those of the `known` variants included if the body leaves them as they are.
    fn low_compare_at_prices(&self, known: &[Variant]) -> Vec<Invalid> {
        let is_low = |compare_at_price: Money, price: Money| {
            compare_at_price.currency() == price.currency()
                && compare_at_price.amount() <= price.amount()
        };
        let refuse =
            |at: &str, detail| Invalid::for_field(at, ProblemCode::CompareAtPriceTooLow, detail);
        let named = self.prices().filter_map(|(at, price, compare_at_price)| {
            let detail = "Must be above the price; leave it out if there is nothing to compare.";
            is_low(compare_at_price?, price.or(self.price)?)
                .then(|| refuse(&format!("{at}/compare_at_price"), detail.to_owned()))
        });
        let stays = |variant: &&Variant| {
            self.variants.is_none()
                && variant.status != VariantStatus::Withdrawn
                && variant.own_price.is_none()
        };
        let kept = known.iter().filter(stays).filter_map(|variant| {
            let (compared, sku) = (variant.own_compare_at_price?, &variant.sku);
            is_low(compared, self.price?).then(|| {
                let detail = format!(
                    "The variant {sku} is compared with {compared}, which must be above its price: \
                     change it in `variants`."
                );
                refuse("/price", detail)
            })
        });
        named.chain(kept).collect()
    }

    fn wrong_counts(&self) -> impl Iterator<Item = Invalid> {
        let variants = self.variants.as_ref().map(Vec::len);
        let counts = [
            ("/tags", self.tags.len(), MAX_TAGS),
            ("/images", self.images.len(), MAX_IMAGES),
            ("/variants", variants.unwrap_or_default(), MAX_VARIANTS),
        ];
        let too_many = counts.into_iter().filter(|(_, count, max)| count > max);
        let too_many = too_many.map(|(pointer, _, max)| {
            Invalid::for_field(
                pointer,
                ProblemCode::TooMany,
                format!("Must have at most {max} elements."),
            )
        });
        let none = (variants == Some(0)).then(|| {
            let detail = "A product has at least one variant; leave the field out for just one.";
            Invalid::for_field("/variants", ProblemCode::TooFew, detail)
        });
        too_many.chain(none)
    }

    /// Returns the errors of duplicate names in `options`, and of too many options.
    fn wrong_option_names(&self, known: &[Variant]) -> Vec<Invalid> {
        let (mut names, mut broken) = (OptionNames::default(), Vec::new());
        for (index, name) in self.options.iter().enumerate() {
            if name.as_ref().is_some_and(|name| !names.add(name.as_str())) {
                let pointer = format!("/options/{index}");
                let detail = "Another option has this name.";
                broken.push(Invalid::for_field(&pointer, ProblemCode::Duplicate, detail));
            }
        }
        let beyond = match self.options.len() {
            0..=MAX_OPTIONS => self.options_of_variants(known).into_iter().find(|(_, options)| {
                names.add_of(options);
                names.count() > MAX_OPTIONS
            }),
            _ => Some((OPTIONS.to_owned(), Options::default())),
        };
        broken.extend(beyond.map(|(pointer, _)| {
            Invalid::for_field(&pointer, ProblemCode::TooMany, options::too_many())
        }));
        broken
    }

    /// Returns the error of a `stock` of the product itself, which is allowed only for a new
    /// product without `variants`.
    fn misplaced_stock(&self, exists: bool) -> Option<Invalid> {
        let (pointer, _) = ("/stock", self.stock?);
        if self.variants.is_some() {
            let detail = "Stock belongs to each variant where there are variants.";
            return Some(Invalid::for_field(pointer, ProblemCode::StockOfVariants, detail));
        }
        exists.then(|| use_inventory(pointer))
    }

    /// Returns the errors of variants with the same SKU, with the same options, or that update the
    /// same existing one, and of a `stock` of existing variants.
    fn duplicates(&self, known: &[Variant]) -> Vec<Invalid> {
        let (mut skus, mut options, mut existing) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        let mut broken = Vec::new();
        for (index, draft) in self.variants() {
            let mut refuse = |member: &str, detail| {
                let pointer = format!("/variants/{index}{member}");
                broken.push(Invalid::for_field(&pointer, ProblemCode::Duplicate, detail));
            };
            let variant = draft.find_existing(known);
            let same_sku = draft.sku.as_ref().is_some_and(|sku| !skus.insert(sku));
            let same_options =
                draft.options.as_ref().is_some_and(|own| !options.insert(own.identity()));
            let same_variant = variant.is_some_and(|variant| !existing.insert(&variant.sku));
            if same_sku {
                refuse("/sku", "Another variant has this SKU.");
            }
            if same_options {
                refuse("/options", "Another variant has these options.");
            }
            if same_variant && !same_sku && !same_options {
                refuse("", "Another entry is this variant.");
            }
            if variant.is_some() && draft.stock.is_some() {
                broken.push(use_inventory(&format!("/variants/{index}/stock")));
            }
        }
        broken
    }
}

fn use_inventory(pointer: &str) -> Invalid {
    Invalid::for_field(
        pointer,
        ProblemCode::UseInventory,
        "The stock of a SKU that exists is changed through /inventory/{sku}, so that every change \
         is recorded.",
    )
}
