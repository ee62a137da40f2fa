//! Imports of products: many rows in one request, each row a variant.
//!
//! Rows of one product are decided together, as one change of it. The changes of products of the
//! same category are written in transactions of many products, so that a category's counters are
//! written once for all of them; if one of the products refuses, each of them is read, decided and
//! written again alone. A row that can't be taken does not keep others from it.

mod plan;
mod stock;
mod units;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::import_id::ImportId;
use crate::domain::invalid::Invalid;
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::{ProductRow, ProductWithVariants};
use crate::domain::slug::Slug;
use crate::store::deadline;
use crate::store::products::{ProductRefused, SkuHolders};
use crate::store::retry::Attempts;
use crate::store::transaction::MAX_WRITES;

use plan::{Plan, Planned};
use units::Unit;

/// A line of an import.
#[derive(Debug)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// The row, or why it could not be read.
    pub row: Result<ProductRow, Failure>,
}

/// Why a row was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of problem.
    pub code: ProblemCode,
    /// What is wrong, and what would be valid.
    pub detail: String,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its variant is new.
    Created(ProductId),
    /// Its variant or, if the row describes that, its product has changed.
    Updated(ProductId),
    /// It changes nothing.
    Unchanged(ProductId),
    /// It was refused.
    Failed(Failure),
    /// The time did not suffice. Sent again, it is taken.
    NotProcessed,
}

/// The check of a whole product before it is written.
pub type Check = fn(&ProductWithVariants) -> Result<(), Invalid>;

/// An import while it runs.
struct Import<'a> {
    ctx: &'a Ctx,
    id: Option<&'a ImportId>,
    check: Check,
    lines: &'a [Line],
    outcomes: Vec<Option<Outcome>>,
    /// Whether a row describes its product: it has no group, or is the first of it.
    describes: Vec<bool>,
    categories: HashSet<Slug>,
}

/// The most products that are held in memory at once.
const AT_ONCE: usize = 100;

/// The most bytes of products in one transaction. DynamoDB's limit is 4 MB; an item takes more than
/// its JSON only where it has many numbers.
const MAX_BYTES: usize = 3_000_000;

/// The import ends if the request has less time than this, so that the response arrives in time.
const RESERVE: Duration = Duration::from_secs(3);

/// Takes rows into the catalogue; returns what became of each, in their order. `id` makes it safe to
/// send rows with `set_stock` again. 503 if nothing could be done.
pub async fn import(
    ctx: &Ctx,
    lines: &[Line],
    id: Option<&ImportId>,
    check: Check,
) -> Result<Vec<Outcome>> {
    let mut import = Import {
        ctx,
        id,
        check,
        lines,
        outcomes: vec![None; lines.len()],
        describes: units::describing(lines),
        categories: HashSet::new(),
    };
    match import.run().await {
        Err(error) if !import.is_resumable(&error) => return Err(error),
        Err(error) => tracing::warn!(?error, "an import ends early"),
        Ok(()) => {}
    }
    Ok(import.outcomes.into_iter().map(|it| it.unwrap_or(Outcome::NotProcessed)).collect())
}

impl<'a> Import<'a> {
    async fn run(&mut self) -> Result<()> {
        self.refuse_unreadable();
        let skus = self.open_rows().filter_map(|index| self.row(index)?.sku.as_ref());
        let holders = self.ctx.store.products().products_of(skus).await?;
        let mut units = self.units(&holders);
        units.sort_by_key(|unit| self.category(unit).cloned());
        self.categories = self.existing_categories().await?;
        for units in units.chunks(AT_ONCE) {
            self.take(units).await?;
        }
        Ok(())
    }

    /// Whether the import can be continued by another request, and has got anywhere.
    fn is_resumable(&self, error: &Error) -> bool {
        let is_done = |outcome: &Option<Outcome>| {
            !matches!(outcome, None | Some(Outcome::Failed(_) | Outcome::NotProcessed))
        };
        let is_transient = matches!(error, Error::Unavailable { .. } | Error::OutcomeUnknown);
        is_transient && self.outcomes.iter().any(is_done)
    }

    /// Ends the import if the time is short: what has no outcome is not processed.
    fn check_time(&self) -> Result<()> {
        match deadline::time_left() {
            Some(left) if left < RESERVE => Err(Error::unavailable("an import ran out of time")),
            _ => Ok(()),
        }
    }

    fn row(&self, index: usize) -> Option<&'a ProductRow> {
        self.lines.get(index)?.row.as_ref().ok()
    }

    /// Returns the rows without an outcome.
    fn open_rows(&self) -> impl Iterator<Item = usize> {
        self.outcomes.iter().enumerate().filter(|(_, it)| it.is_none()).map(|(index, _)| index)
    }

    fn settle(&mut self, index: usize, outcome: Outcome) {
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }

    fn settle_all(&mut self, planned: Vec<Planned>) {
        for Planned { index, outcome, .. } in planned {
            self.settle(index, outcome);
        }
    }

    fn fail(&mut self, index: usize, failure: Failure) {
        self.settle(index, Outcome::Failed(failure));
    }

    /// Returns the category that a unit's first row names.
    fn category(&self, unit: &Unit) -> Option<&'a Slug> {
        self.row(*unit.rows.first()?)?.category()
    }

    async fn existing_categories(&self) -> Result<HashSet<Slug>> {
        let named: HashSet<_> =
            self.open_rows().filter_map(|index| self.row(index)?.category()).collect();
        if named.is_empty() {
            return Ok(HashSet::new());
        }
        let listed = self.ctx.store.categories().listed(named).await?;
        Ok(listed.into_keys().collect())
    }

    /// Takes the rows of some products: reads the products, decides on their changes, and writes
    /// these category by category.
    async fn take(&mut self, units: &[Unit]) -> Result<()> {
        self.check_time()?;
        let ids: HashSet<_> = units.iter().filter_map(|unit| unit.product).collect();
        let current = self.ctx.store.products().get_all(ids).await?;
        let current: HashMap<_, _> =
            current.into_iter().map(|product| (product.product.id, product)).collect();
        let mut by_category: BTreeMap<Vec<Slug>, Vec<Plan>> = BTreeMap::new();
        let mut settings = Vec::new();
        for unit in units {
            let current = unit.product.and_then(|id| current.get(&id));
            let Some(mut plan) = self.plan(&unit.rows, current)? else { continue };
            match &plan.change {
                Some(change) => {
                    let counts = change.counts().into_iter();
                    let categories = counts.map(|count| count.category).collect();
                    by_category.entry(categories).or_default().push(plan);
                }
                None => {
                    settings.append(&mut plan.settings);
                    self.settle_all(plan.rows);
                }
            }
        }
        for (categories, plans) in by_category {
            for plans in packed(categories.len(), plans)? {
                self.write(plans, &mut settings).await?;
            }
        }
        self.set_stock(settings).await
    }

    /// Writes changes together; if one of them is refused, each alone.
    async fn write(&mut self, plans: Vec<Plan>, settings: &mut Vec<Planned>) -> Result<()> {
        self.check_time()?;
        let changes = plans.iter().filter_map(|plan| plan.change.as_ref());
        let (products, now) = (self.ctx.store.products(), self.ctx.now());
        let written = products.write_all(changes, &SkuHolders::default(), now).await?;
        for plan in plans {
            match written {
                Ok(()) => {
                    settings.extend(plan.settings);
                    self.settle_all(plan.rows);
                }
                Err(_) => {
                    let rows = plan.rows.iter().chain(&plan.settings).map(|row| row.index);
                    self.write_alone(rows.collect(), settings).await?;
                }
            }
        }
        Ok(())
    }

    /// Reads the product of some rows again, decides on its change and writes it, until nothing
    /// else changes it meanwhile.
    async fn write_alone(
        &mut self,
        mut rows: Vec<usize>,
        settings: &mut Vec<Planned>,
    ) -> Result<()> {
        rows.sort_unstable();
        let products = self.ctx.store.products();
        let mut attempts = Attempts::new("a product changes faster than its rows can be taken");
        let mut holders = SkuHolders::default();
        loop {
            self.check_time()?;
            let skus = rows.iter().filter_map(|index| self.row(*index)?.sku.as_ref());
            let held = products.products_of(skus).await?;
            let current = match self.only_product(&rows, &held) {
                Ok(id) => products.get_all(id).await?.into_iter().next(),
                Err(failure) => {
                    rows.iter().for_each(|index| self.fail(*index, failure.clone()));
                    return Ok(());
                }
            };
            let Some(plan) = self.plan(&rows, current.as_ref())? else { return Ok(()) };
            rows.retain(|index| plan.has(*index));
            let Some(change) = &plan.change else {
                settings.extend(plan.settings);
                self.settle_all(plan.rows);
                return Ok(());
            };
            match products.write_all([change], &holders, self.ctx.now()).await? {
                Ok(()) => {
                    settings.extend(plan.settings);
                    self.settle_all(plan.rows);
                    return Ok(());
                }
                Err(ProductRefused::ChangedMeanwhile) => attempts.pause().await?,
                Err(ProductRefused::UnknownCategory(slug)) => {
                    self.categories.remove(&slug);
                    attempts.retry_now()?;
                }
                Err(ProductRefused::OtherHolders(skus)) => {
                    attempts.pause().await?;
                    match products.sku_holders(change.product_id(), &skus).await {
                        Ok(read) => holders.update(read),
                        // Another request has created it meanwhile, and the rows change that.
                        Err(Error::Conflict(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}

/// Divides changes into those that fit into one transaction each, beside the counters of this many
/// categories.
fn packed(categories: usize, plans: Vec<Plan>) -> Result<Vec<Vec<Plan>>> {
    let mut packs: Vec<Vec<Plan>> = Vec::new();
    let (mut writes, mut bytes) = (usize::MAX / 2, 0);
    for plan in plans {
        let Some(change) = &plan.change else { continue };
        let (own_writes, own_bytes) = (change.writes(), change.bytes()?);
        writes += own_writes;
        bytes += own_bytes;
        match packs.last_mut() {
            Some(pack) if writes + categories <= MAX_WRITES && bytes <= MAX_BYTES => {
                pack.push(plan);
            }
            _ => {
                (writes, bytes) = (own_writes, own_bytes);
                packs.push(vec![plan]);
            }
        }
    }
    Ok(packs)
}
