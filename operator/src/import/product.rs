//! A product of another shop, and the rows that it becomes.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};
use shared::domain::money::Currency;
use shared::domain::product::{MAX_TAGS, MAX_VARIANTS};
use shared::domain::text::{
    AlternativeText, Barcode, Description, Label, OptionValue, ProductName, WebUrl, fold_case,
};

use super::decimal::Separator;
use super::row::{Group, Problem, Row};
use super::skus;

/// The most images of a product.
const MAX_IMAGES: usize = 20;

/// The most option names of a product.
pub const MAX_OPTIONS: usize = 5;

/// The most bytes of a variant's option names and values together.
const MAX_OPTION_BYTES: usize = 1024;

/// What reading a product needs beyond its rows.
#[derive(Debug)]
pub struct Context {
    /// The shop's currency.
    pub currency: Currency,
    /// The decimal separator of the file's prices, if they show it.
    pub separator: Option<Separator>,
    /// The line of each SKU that is taken so far.
    pub skus: HashMap<String, u64>,
}

/// What all variants of a product have in common.
#[derive(Debug, Default)]
pub struct Product {
    /// What its rows have in common: their member `group`.
    pub key: String,
    /// The line that describes it.
    pub line: u64,
    /// The product's members, which its first row has.
    pub members: Map<String, Value>,
    /// The names of its category and of those that it is in.
    pub category: Option<Vec<String>>,
    /// The names of its options, in order.
    pub option_names: Vec<String>,
    /// Whether the file says what prices are compared with.
    pub compares: bool,
}

/// A variant.
#[derive(Debug)]
pub struct Variant {
    /// Its line.
    pub line: u64,
    /// Its SKU.
    pub sku: String,
    /// Its options, in the order of the product's.
    pub options: Vec<(String, String)>,
    /// Its price in minor units.
    pub price: i64,
    /// A higher price to compare that with.
    pub compare_at_price: Option<i64>,
    /// Its other members.
    pub members: Map<String, Value>,
}

impl Context {
    /// Returns why a SKU can't be taken: another row has it.
    pub fn sku_problem(&self, sku: &str) -> Option<Problem> {
        let line = self.skus.get(sku)?;
        let reason =
            format!("line {line} has the SKU {sku} too: each variant has its own; change one");
        Some(Problem::new("sku_twice", reason))
    }
}

impl Product {
    /// Adds the rows of a product to its group, or refuses them.
    pub fn finish(self, variants: Vec<Variant>, context: &mut Context, group: &mut Group) {
        if let Some(problem) = self.problem(&variants) {
            for variant in &variants {
                group.refuse(variant.line, Some(&variant.sku), problem.clone());
            }
            return;
        }
        let mut combinations = HashMap::new();
        let mut taken = Vec::new();
        for mut variant in variants {
            let (line, sku) = (variant.line, variant.sku.as_str());
            let options = checked(&variant.options).and_then(|options| {
                match combinations.get(&options).map(|other| options_twice(&options, *other)) {
                    Some(problem) => Err(problem),
                    None => context.sku_problem(sku).map_or(Ok(options), Err),
                }
            });
            match options {
                Ok(options) => variant.options = options,
                Err(problem) => {
                    group.refuse(line, Some(sku), problem);
                    continue;
                }
            }
            let sku = variant.sku.as_str();
            combinations.insert(variant.options.clone(), line);
            context.skus.insert(sku.to_owned(), line);
            taken.push(variant);
        }
        self.add_rows(taken, context.currency, group);
    }

    /// Returns why none of its variants can be taken.
    fn problem(&self, variants: &[Variant]) -> Option<Problem> {
        if let Some(problem) = too_many_variants(variants.len()) {
            return Some(problem);
        }
        if self.option_names.len() > MAX_OPTIONS {
            let reason = format!(
                "the product has {} options, and a product here has at most {MAX_OPTIONS}: join two \
                 into one",
                self.option_names.len()
            );
            return Some(Problem::new("too_many_options", reason));
        }
        let mut names = self.option_names.iter();
        let refused = names.find_map(|name| Label::parse(name.clone()).err())?;
        let reason = format!("an option's name can't be taken: {} Shorten it", refused.detail);
        Some(Problem::new("invalid_option", reason))
    }

    fn add_rows(self, variants: Vec<Variant>, currency: Currency, group: &mut Group) {
        let money = |amount: i64| json!({"amount": amount, "currency": currency.code()});
        let Some(first) = variants.first() else { return };
        let own = (first.price, first.compare_at_price);
        let mut product = self.members;
        product.insert("price".to_owned(), money(own.0));
        if self.compares {
            product.insert("compare_at_price".to_owned(), own.1.map_or(Value::Null, money));
        }
        if !self.option_names.is_empty() {
            product.insert("option_names".to_owned(), json!(self.option_names));
        }
        let mut category = self.category;
        for variant in variants {
            let mut members = std::mem::take(&mut product);
            members.extend(variant.members);
            let is_own = (variant.price, variant.compare_at_price) != own;
            let price = if is_own { money(variant.price) } else { Value::Null };
            members.insert("variant_price".to_owned(), price);
            if self.compares {
                let compared = variant.compare_at_price.filter(|_| is_own);
                let compared = compared.map_or(Value::Null, money);
                members.insert("variant_compare_at_price".to_owned(), compared);
            }
            let options: Map<_, _> =
                variant.options.into_iter().map(|(name, value)| (name, value.into())).collect();
            let options = if options.is_empty() { Value::Null } else { Value::Object(options) };
            members.insert("options".to_owned(), options);
            members.insert("group".to_owned(), self.key.clone().into());
            members.insert("sku".to_owned(), variant.sku.into());
            group.rows.push(Row { line: variant.line, members, category: category.take() });
        }
    }

    /// Sets the name. An error if it can't be one.
    pub fn name(&mut self, name: &str) -> Result<(), Problem> {
        if name.is_empty() {
            let reason = "the product has no name: write one into its first row";
            return Err(Problem::new("no_name", reason));
        }
        if let Err(refused) = ProductName::parse(name.to_owned()) {
            let reason = format!("the name can't be taken: {} Shorten it", refused.detail);
            return Err(Problem::new("invalid_name", reason));
        }
        self.members.insert("name".to_owned(), name.into());
        Ok(())
    }

    /// Sets the description, as it is. An error if it is too long.
    pub fn description(&mut self, text: &str) -> Result<(), Problem> {
        if let Err(refused) = Description::parse(text.to_owned()) {
            let reason = format!("the description can't be taken: {} Shorten it", refused.detail);
            return Err(Problem::new("invalid_description", reason));
        }
        let text = if text.trim().is_empty() { Value::Null } else { text.into() };
        self.members.insert("description".to_owned(), text);
        Ok(())
    }

    /// Sets a member to a text, or to `null` if there is none.
    pub fn set(&mut self, member: &str, text: Option<&str>) {
        self.members.insert(member.to_owned(), text.map_or(Value::Null, Value::from));
    }

    /// Sets the brand; leaves it out if it can't be one.
    pub fn brand(&mut self, brand: Option<&str>, group: &mut Group) {
        let brand = brand.filter(|brand| {
            let refused = ProductName::parse((*brand).to_owned()).err();
            if let Some(refused) = &refused {
                let reason = format!("the brand is left out: {} Shorten it", refused.detail);
                group.change(self.line, None, Problem::new("brand_left_out", reason));
            }
            refused.is_none()
        });
        self.set("brand", brand);
    }

    /// Sets the tags; leaves out those that can't be any, and those beyond the limit.
    pub fn tags(&mut self, tags: impl IntoIterator<Item = String>, group: &mut Group) {
        let (mut taken, mut known) = (Vec::new(), HashSet::new());
        for tag in tags {
            let problem = match Label::parse(tag.clone()) {
                Err(refused) => {
                    format!("the tag «{tag}» is left out: {} Shorten it", refused.detail)
                }
                Ok(tag) if !known.insert(fold_case(tag.as_str())) => continue,
                Ok(_) if taken.len() == MAX_TAGS => {
                    format!("the tag «{tag}» is left out: a product here has at most {MAX_TAGS}")
                }
                Ok(_) => {
                    taken.push(tag);
                    continue;
                }
            };
            group.change(self.line, None, Problem::new("tag_left_out", problem));
        }
        self.members.insert("tags".to_owned(), json!(taken));
    }

    /// Sets the images, each with its line, URL and text; leaves out those that can't be any, and
    /// those beyond the limit.
    pub fn images(&mut self, images: Vec<(u64, String, Option<String>)>, group: &mut Group) {
        let (mut taken, mut known) = (Vec::new(), HashSet::new());
        for (line, url, alt) in images {
            if !known.insert(url.clone()) {
                continue;
            }
            if let Some(problem) = image_problem(&url, taken.len()) {
                group.change(line, None, problem);
                continue;
            }
            let mut image = json!({"url": url});
            match alt.filter(|alt| !alt.is_empty()).map(AlternativeText::parse) {
                Some(Ok(alt)) => image["alt"] = alt.as_str().into(),
                Some(Err(refused)) => {
                    let reason = format!(
                        "the text of the image {url} is left out: {} Shorten it",
                        refused.detail
                    );
                    group.change(line, None, Problem::new("image_text_left_out", reason));
                }
                None => {}
            }
            taken.push(image);
        }
        self.members.insert("images".to_owned(), Value::Array(taken));
    }
}

impl Variant {
    /// Sets its image, and leaves it out if it can't be one.
    pub fn image(&mut self, url: Option<&str>, group: &mut Group) {
        let problem = url.and_then(|url| image_problem(url, 0));
        let url = url.filter(|_| problem.is_none());
        if let Some(problem) = problem {
            group.change(self.line, Some(&self.sku), problem);
        }
        self.set("variant_image", url.map_or(Value::Null, Value::from));
    }

    /// Sets its bar code, and leaves it out if it can't be one.
    pub fn barcode(&mut self, barcode: Option<&str>, group: &mut Group) {
        let barcode = barcode.map(skus::without_apostrophe).filter(|code| !code.is_empty());
        let problem = barcode.and_then(|code| {
            if skus::is_rounded(code) {
                return Some(format!(
                    "the bar code «{code}» is left out, a number that a spreadsheet has rounded: \
                     write all its digits, in a column that is formatted as text"
                ));
            }
            let refused = Barcode::parse(code.to_owned()).err()?;
            Some(format!("the bar code «{code}» is left out: {} Correct it", refused.detail))
        });
        let barcode = barcode.filter(|_| problem.is_none());
        if let Some(reason) = problem {
            group.change(self.line, Some(&self.sku), Problem::new("barcode_left_out", reason));
        }
        self.set("barcode", barcode.map_or(Value::Null, Value::from));
    }

    /// Sets its weight, and leaves it out if it can't be read.
    pub fn weight(&mut self, weight: Result<Option<u32>, Problem>, group: &mut Group) {
        match weight {
            Ok(grams) => self.set("weight_grams", grams.map_or(Value::Null, Value::from)),
            Err(Problem { reason, .. }) => {
                let problem =
                    Problem::new("weight_left_out", format!("the weight is left out: {reason}"));
                group.change(self.line, Some(&self.sku), problem);
            }
        }
    }

    /// Sets the price to compare with, and leaves it out if it is not above the price.
    pub fn compare_at(&mut self, amount: Option<i64>, group: &mut Group) {
        self.compare_at_price = amount.filter(|amount| *amount > self.price);
        if self.compare_at_price.is_none() && amount.is_some_and(|amount| amount > 0) {
            let reason = "the price to compare with is left out, because it is not above the price: \
                          correct one of them if that is a mistake";
            let problem = Problem::new("compare_at_price_left_out", reason);
            group.change(self.line, Some(&self.sku), problem);
        }
    }

    /// Sets a member.
    pub fn set(&mut self, member: &str, value: impl Into<Value>) {
        self.members.insert(member.to_owned(), value.into());
    }
}

fn image_problem(url: &str, before: usize) -> Option<Problem> {
    let reason = match WebUrl::parse(url.to_owned()) {
        Err(refused) => format!("the image «{url}» is left out: {} Correct it", refused.detail),
        Ok(_) if before < MAX_IMAGES => return None,
        Ok(_) => {
            format!("the image {url} is left out: a product here has at most {MAX_IMAGES}")
        }
    };
    Some(Problem::new("image_left_out", reason))
}

/// Returns why a product can't have this number of variants.
pub fn too_many_variants(count: usize) -> Option<Problem> {
    if count <= MAX_VARIANTS {
        return None;
    }
    let reason = format!(
        "the product has {count} variants, and a product here has at most {MAX_VARIANTS}: divide it \
         into several products, such as one for each color"
    );
    Some(Problem::new("too_many_variants", reason))
}

/// Returns a variant's options as the shop keeps them; an error if it can't.
fn checked(options: &[(String, String)]) -> Result<Vec<(String, String)>, Problem> {
    let invalid = |reason| Problem::new("invalid_option", reason);
    let pairs = options.iter().map(|(name, value)| match OptionValue::parse(value.clone()) {
        Ok(value) => Ok((name.clone(), value.as_str().to_owned())),
        Err(refused) => {
            let detail = refused.detail;
            Err(invalid(format!("the value of {name} can't be taken: {detail} Shorten it")))
        }
    });
    let options = pairs.collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = options.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_OPTION_BYTES {
        let reason = "the names and values of its options have more than 1,024 bytes: shorten them";
        return Err(invalid(reason.to_owned()));
    }
    Ok(options)
}

fn options_twice(options: &[(String, String)], line: u64) -> Problem {
    let options: Vec<_> = options.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let options = if options.is_empty() { "no options".to_owned() } else { options.join(", ") };
    let reason = format!(
        "line {line} is the same variant of the product ({options}): change the options of one, or \
         remove it"
    );
    Problem::new("options_twice", reason)
}

/// Whether no two names differ in case only.
pub fn are_different(names: &[String]) -> bool {
    let mut known = HashSet::new();
    names.iter().all(|name| known.insert(fold_case(name)))
}
