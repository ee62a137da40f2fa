//! What the rows of one product change.

use super::{Failure, Import, Outcome};
use crate::domain::error::Result;
use crate::domain::ids::ProductId;
use crate::domain::invalid::{FieldError, Invalid};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::{Product, ProductDraft, ProductWithVariants, Revision};
use crate::domain::sku::Sku;
use crate::services::products::refuse_beyond_one_transaction;
use crate::store::products::{ProductChange, StockSetting};

/// The decided change of a product.
pub(super) struct Plan {
    /// The change; `None` if nothing changes but the stock.
    pub change: Option<ProductChange>,
    /// What becomes of the rows once the change is written.
    pub rows: Vec<Planned>,
    /// The same of those whose stock has to be set after it.
    pub settings: Vec<Planned>,
}

/// What becomes of a row.
pub(super) struct Planned {
    /// The row.
    pub index: usize,
    /// Its outcome.
    pub outcome: Outcome,
    /// The stock that it sets.
    pub setting: Option<StockSetting>,
}

/// The rows of one product, as far as they were not refused, and the draft that they make.
struct Draft {
    draft: ProductDraft,
    /// The rows by the index of their variant in the draft.
    variants: Vec<(usize, usize)>,
}

/// The most errors of a row that are listed: a thousand rows with all theirs could be more than a
/// response of Lambda, 6 MB.
const MAX_LISTED: usize = 5;

impl Plan {
    /// Whether the change is also that of a row.
    pub fn has(&self, index: usize) -> bool {
        self.rows.iter().chain(&self.settings).any(|planned| planned.index == index)
    }
}

impl Import<'_> {
    /// Decides what rows change of their product, or that they make a new one. Rows that can't be
    /// taken fail, and the others are taken without them; `None` if none is left.
    pub(super) fn plan(
        &mut self,
        rows: &[usize],
        current: Option<&ProductWithVariants>,
    ) -> Result<Option<Plan>> {
        let mut rows = rows.to_vec();
        loop {
            self.refuse_without_first(&mut rows, current);
            if rows.is_empty() {
                return Ok(None);
            }
            match self.try_plan(&rows, current) {
                Ok(plan) => return Ok(Some(plan)),
                Err(failures) => {
                    for (index, failure) in failures {
                        self.fail(index, failure);
                        rows.retain(|row| *row != index);
                    }
                }
            }
        }
    }

    /// Fails the rows of a new product whose first row has failed, since that describes it.
    fn refuse_without_first(
        &mut self,
        rows: &mut Vec<usize>,
        current: Option<&ProductWithVariants>,
    ) {
        if current.is_some() || rows.iter().any(|index| self.describes(*index)) {
            return;
        }
        for index in std::mem::take(rows) {
            let group = self.row(index).and_then(|row| row.group.clone());
            let first = self
                .lines
                .iter()
                .zip(&self.outcomes)
                .find(|(line, _)| line.row.as_ref().is_ok_and(|row| row.group == group));
            let failure = match first {
                Some((line, Some(Outcome::Failed(failure)))) => Failure::new(
                    failure.code,
                    format!(
                        "Line {}, which describes the product of this group, was refused: {}",
                        line.number, failure.detail
                    ),
                ),
                _ => Failure::new(ProblemCode::Required, "The first row of a group describes it."),
            };
            self.fail(index, failure);
        }
    }

    pub(super) fn describes(&self, index: usize) -> bool {
        self.describes.get(index).copied().unwrap_or_default()
    }

    fn try_plan(
        &self,
        rows: &[usize],
        current: Option<&ProductWithVariants>,
    ) -> Result<Plan, Vec<(usize, Failure)>> {
        let Draft { draft, variants } = self.draft(rows, current)?;
        let refused = |invalid: Invalid| self.attribute(&invalid, rows, &variants);
        let (currency, now) = (self.ctx.currency(), self.ctx.now());
        draft.check(currency, current).map_err(refused)?;
        let is_moved = draft.category() != current.and_then(|it| it.product.category.as_ref());
        if let Some(category) = draft.category().filter(|_| is_moved)
            && !self.categories.contains(category)
        {
            let unknown = crate::domain::category::unknown_category("/category", category);
            return Err(refused(unknown));
        }

        let Some(current) = current else {
            let new = draft.create(ProductId::new(now), currency, now).map_err(refused)?;
            (self.check)(&new).map_err(refused)?;
            let rows = self.planned(rows, &new, None)?;
            let change = Some(ProductChange::Create(new));
            return Ok(Plan { change, rows, settings: Vec::new() });
        };
        let revision = draft.revise(current, currency, now).map_err(refused)?;
        let revised = current.clone().revised(revision.clone());
        (self.check)(&revised).map_err(refused)?;
        let planned = self.planned(rows, &revised, Some((current, &revision)))?;
        let (settings, rows) = planned.into_iter().partition(|row| row.setting.is_some());
        if is_unchanged(&current.product, &revision) {
            return Ok(Plan { change: None, rows, settings });
        }
        let change = ProductChange::Replace { before: current.product.clone(), revision };
        fits_one_transaction(&change).map_err(refused)?;
        Ok(Plan { change: Some(change), rows, settings })
    }

    fn draft(
        &self,
        rows: &[usize],
        current: Option<&ProductWithVariants>,
    ) -> Result<Draft, Vec<(usize, Failure)>> {
        let mut draft = ProductDraft::for_rows(current);
        let known = current.map(|current| current.variants.as_slice()).unwrap_or_default();
        let (mut variants, mut failures) = (Vec::new(), Vec::new());
        for index in rows.iter().copied() {
            let Some(row) = self.row(index) else { continue };
            let describes = self.describes(index);
            if let Some(errors) = row.product_errors.as_ref().filter(|_| describes) {
                failures.push((index, Failure::of(errors.fields(), str::to_owned)));
                continue;
            }
            if describes {
                draft.change_product(row);
            }
            match draft.change_variant(row, known) {
                Ok(variant) => variants.push((variant, index)),
                Err(invalid) => {
                    failures.push((index, Failure::of(invalid.fields(), str::to_owned)));
                }
            }
        }
        if failures.is_empty() { Ok(Draft { draft, variants }) } else { Err(failures) }
    }

    /// Attributes the errors of a draft to rows: those of a variant to its row, else all to the rows
    /// that describe the product, or to all rows if none does.
    fn attribute(
        &self,
        invalid: &Invalid,
        rows: &[usize],
        variants: &[(usize, usize)],
    ) -> Vec<(usize, Failure)> {
        let mut by_row: Vec<(usize, Vec<FieldError>)> = Vec::new();
        for field in invalid.fields() {
            let Some(variant) = variant_of(&field.pointer) else { continue };
            let Some((_, row)) = variants.iter().find(|(index, _)| *index == variant) else {
                continue;
            };
            match by_row.iter_mut().find(|(index, _)| index == row) {
                Some((_, fields)) => fields.push(field.clone()),
                None => by_row.push((*row, vec![field.clone()])),
            }
        }
        if !by_row.is_empty() {
            let failure = |(row, fields): (usize, Vec<_>)| (row, Failure::of(&fields, row_member));
            return by_row.into_iter().map(failure).collect();
        }
        let concerns_all =
            |field: &FieldError| ["/variants", "/options"].contains(&&*field.pointer);
        let concerns_all = invalid.fields().iter().any(concerns_all);
        let describing = rows.iter().copied().filter(|index| self.describes(*index));
        let failure = Failure::of(invalid.fields(), str::to_owned);
        let mut failed: Vec<_> = if concerns_all { Vec::new() } else { describing.collect() };
        if failed.is_empty() {
            failed = rows.to_vec();
        }
        failed.into_iter().map(|index| (index, failure.clone())).collect()
    }

    /// Returns what becomes of the rows of a product that is written as `after`; `revised` is what it
    /// was before, and the revision, `None` if it is new.
    fn planned(
        &self,
        rows: &[usize],
        after: &ProductWithVariants,
        revised: Option<(&ProductWithVariants, &Revision)>,
    ) -> Result<Vec<Planned>, Vec<(usize, Failure)>> {
        let (mut planned, mut failures) = (Vec::new(), Vec::new());
        let id = after.product.id;
        for index in rows.iter().copied() {
            let Some((row, sku)) = self.row(index).and_then(|row| Some((row, row.sku.as_ref()?)))
            else {
                continue;
            };
            let Some(variant) = after.variants.iter().find(|variant| variant.sku == *sku) else {
                continue;
            };
            if row.set_stock.is_some() && !variant.track_stock {
                let detail = "set_stock: The stock of this variant is not tracked; leave it out, or \
                              set track_stock to true.";
                failures.push((index, Failure::new(ProblemCode::Unexpected, detail)));
                continue;
            }
            let outcome = match revised {
                None => Outcome::Created(id),
                Some((before, revision)) => self.outcome(index, sku, &before.product, revision),
            };
            let is_new = matches!(outcome, Outcome::Created(_));
            let setting = row.set_stock.filter(|_| !is_new).map(|to| StockSetting {
                product_id: id,
                sku: sku.clone(),
                from: variant.available,
                to,
            });
            planned.push(Planned { index, outcome, setting });
        }
        if failures.is_empty() { Ok(planned) } else { Err(failures) }
    }

    fn outcome(&self, index: usize, sku: &Sku, before: &Product, revision: &Revision) -> Outcome {
        let has = |variants: &[crate::domain::product::Variant]| {
            variants.iter().any(|variant| variant.sku == *sku)
        };
        let describes_change = self.describes(index) && !is_same_product(before, &revision.product);
        match () {
            () if has(&revision.added) => Outcome::Created(before.id),
            () if has(&revision.restored) || has(&revision.changed) || describes_change => {
                Outcome::Updated(before.id)
            }
            () => Outcome::Unchanged(before.id),
        }
    }
}

impl Failure {
    /// Creates a failure.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// Creates the failure of a row with these errors.
    pub fn of_row(invalid: &Invalid) -> Self {
        Self::of(invalid.fields(), str::to_owned)
    }

    /// Creates the failure of a row with these errors; `member` names a member of the row, given
    /// that in the pointer.
    pub(super) fn of(fields: &[FieldError], member: impl Fn(&str) -> String) -> Self {
        let text = |field: &FieldError| {
            let name = member(field.pointer.trim_start_matches('/')).replace('/', ".");
            match name.as_str() {
                "" => field.detail.clone(),
                name => format!("{name}: {}", field.detail),
            }
        };
        let mut details: Vec<_> = fields.iter().take(MAX_LISTED).map(text).collect();
        if fields.len() > MAX_LISTED {
            details.push(format!("And {} more.", fields.len() - MAX_LISTED));
        }
        let code = match fields {
            [only] => only.code,
            _ => ProblemCode::InvalidInput,
        };
        Self::new(code, details.join(" "))
    }
}

/// Returns the index in a pointer such as `/variants/3/price`.
fn variant_of(pointer: &str) -> Option<usize> {
    pointer.strip_prefix("/variants/")?.split('/').next()?.parse().ok()
}

/// Returns the name of a row's member, given that in a draft, such as `variants/3/price`.
fn row_member(pointer: &str) -> String {
    let member = pointer.splitn(3, '/').nth(2).unwrap_or_default();
    let is_products =
        ["price", "compare_at_price", "image"].iter().any(|own| member.starts_with(own));
    if is_products { format!("variant_{member}") } else { member.to_owned() }
}

fn is_unchanged(before: &Product, revision: &Revision) -> bool {
    let Revision { product, added, restored, changed } = revision;
    added.is_empty()
        && restored.is_empty()
        && changed.is_empty()
        && is_same_product(before, product)
}

/// Whether products are equal but for the version.
fn is_same_product(before: &Product, after: &Product) -> bool {
    let (version, updated_at) = (before.version, before.updated_at);
    Product { version, updated_at, ..after.clone() } == *before
}

fn fits_one_transaction(change: &ProductChange) -> Result<(), Invalid> {
    let ProductChange::Replace { revision, .. } = change else { return Ok(()) };
    let new = revision.added.len() + revision.restored.len();
    refuse_beyond_one_transaction(change.counts().len() + revision.changed.len(), new, 0)
}
