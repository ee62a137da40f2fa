//! What something sells at in WooCommerce: its regular price, or for a time a lower one.

use shared::domain::time::Timestamp;

use super::cell;
use crate::import::cells::Cells;
use crate::import::prices;
use crate::import::product::Context;
use crate::import::row::Problem;

/// A price now.
#[derive(Debug, PartialEq, Eq)]
pub struct Sale {
    /// What it sells at, in minor units.
    pub price: i64,
    /// The regular price, during a sale.
    pub compare_at_price: Option<i64>,
    /// What to tell about it.
    pub told: Option<Problem>,
}

/// Reads the prices of a row.
pub fn read(cells: &Cells<'_>, now: Timestamp, context: &Context) -> Result<Sale, Problem> {
    let price = |column| match cell(cells, column) {
        Some(text) => prices::read(text, context.currency, context.separator).map(Some),
        None => Ok(None),
    };
    let regular = price("Regular price")?.ok_or_else(|| {
        Problem::new("no_price", "it has no regular price: write one, 0 if it is free")
    })?;
    let none = Sale { price: regular, compare_at_price: None, told: None };
    let Some(sale) = price("Sale price")? else { return Ok(none) };
    let begins = date(cells, "Date sale price starts", "00:00:00")?;
    let ends = date(cells, "Date sale price ends", "23:59:59")?;
    if begins.is_some_and(|(at, _)| now < at) || ends.is_some_and(|(at, _)| now > at) {
        let (_, text) = begins.filter(|(at, _)| now < *at).or(ends).unwrap_or((now, ""));
        let (word, remedy) = match begins {
            Some((at, _)) if now < at => ("begins", "set the lower price here then"),
            _ => ("ended", "nothing needs to be done"),
        };
        let reason =
            format!("its sale {word} on {text}, so it sells at the regular price: {remedy}");
        return Ok(Sale { told: Some(Problem::new("sale_not_now", reason)), ..none });
    }
    if sale >= regular {
        let reason = "its sale price is not below the regular one, at which it sells: correct one of \
                      them if that is a mistake";
        return Ok(Sale { told: Some(Problem::new("sale_not_lower", reason)), ..none });
    }
    let told = ends.map(|(_, text)| {
        let reason = format!(
            "its sale ends on {text}, which the shop does not do by itself: set the \
                              regular price here then"
        );
        Problem::new("sale_ends", reason)
    });
    Ok(Sale { price: sale, compare_at_price: Some(regular), told })
}

/// Reads a date such as `2026-03-01` or `2026-03-01 0:00:00`, which is taken to be UTC.
fn date<'c>(
    cells: &'c Cells<'_>,
    column: &str,
    usual: &str,
) -> Result<Option<(Timestamp, &'c str)>, Problem> {
    let Some(text) = cell(cells, column) else { return Ok(None) };
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, usual));
    // The hour has no leading zero.
    let time = format!("{time:0>8}");
    match Timestamp::try_from(format!("{day}T{time}Z")) {
        Ok(at) => Ok(Some((at, text))),
        Err(_) => {
            let reason =
                format!("«{text}» is not a date: write it as 2026-03-01, or clear {column}");
            Err(Problem::new("not_a_date", reason))
        }
    }
}
