//! The stock that the rows of an import set.

use super::plan::Planned;
use super::{Import, Outcome};
use crate::domain::error::Result;
use crate::domain::product::Variant;
use crate::store::Read;
use crate::store::products::{NotSet, StockSetting};
use crate::store::retry::Attempts;
use crate::store::transaction::MAX_WRITES;

impl Import<'_> {
    /// Sets the stock of variants whose other changes are written; together, and after a refusal
    /// each alone.
    pub(super) async fn set_stock(&mut self, planned: Vec<Planned>) -> Result<()> {
        let has_id = self.id.is_some();
        let (open, done): (Vec<_>, Vec<_>) = planned.into_iter().partition(|planned| {
            planned.setting.as_ref().is_some_and(|it| has_id || it.from != it.to)
        });
        self.settle_all(done);
        let mut open = open.into_iter().peekable();
        while open.peek().is_some() {
            let together: Vec<_> = open.by_ref().take(MAX_WRITES / StockSetting::WRITES).collect();
            self.check_time()?;
            let settings: Vec<_> = together.iter().filter_map(|it| it.setting.clone()).collect();
            let (products, now) = (self.ctx.store.products(), self.ctx.now());
            let outcome = products.set_stock(&settings, self.id, now).await?;
            for planned in together {
                if outcome.is_committed() {
                    self.settle_set(planned);
                } else {
                    self.set_alone(planned).await?;
                }
            }
        }
        Ok(())
    }

    async fn set_alone(&mut self, mut planned: Planned) -> Result<()> {
        let products = self.ctx.store.products();
        let mut attempts = Attempts::new("the stock changes faster than it can be set");
        while let Some(setting) = &mut planned.setting {
            self.check_time()?;
            let key = [(setting.product_id, &setting.sku)];
            let stored: Option<Variant> =
                products.variants(key, Read::Consistent).await?.into_iter().next();
            setting.from = stored.map_or(setting.from, |variant| variant.available);
            if self.id.is_none() && setting.from == setting.to {
                break;
            }
            let one = std::slice::from_ref(setting);
            match products.set_stock(one, self.id, self.ctx.now()).await?.first() {
                Ok(()) => {
                    self.settle_set(planned);
                    return Ok(());
                }
                Err(NotSet::SetBefore) => break,
                Err(NotSet::ChangedMeanwhile) => attempts.pause().await?,
            }
        }
        self.settle(planned.index, planned.outcome);
        Ok(())
    }

    fn settle_set(&mut self, planned: Planned) {
        let Planned { index, outcome, setting } = planned;
        let has_changed = setting.is_some_and(|setting| setting.from != setting.to);
        let outcome = match outcome {
            Outcome::Unchanged(id) if has_changed => Outcome::Updated(id),
            outcome => outcome,
        };
        self.settle(index, outcome);
    }
}
