//! The mail to a customer whose payment has arrived: the receipt.

use shared::config::MailSettings;
use shared::domain::order::{Order, OrderStatus};
use shared::domain::settings::Seller;
use shared::domain::time::Timestamp;

use super::order;
use crate::content::Content;

pub(super) fn content(settings: &MailSettings, order: &Order, seller: Option<&Seller>) -> Content {
    let (number, shop) = (order.number(), settings.shop.as_str());
    let mut content = Content::about(format!("Your receipt from {shop}"))
        .paragraph(format!("Thank you! Your payment for order {number} has arrived."));
    if let Some(seller) = seller {
        content = content.lines(lines(seller));
    }
    let dates =
        format!("Ordered on {}, paid on {}:", date(order.summary.placed_at), date(paid_at(order)));
    content = content.paragraph(dates).line_items(order::items_with_unit_prices(order));
    if !order.summary.taxes.is_empty() {
        let rows = order.summary.taxes.iter().map(|tax| {
            let (name, percent) = (tax.name.as_str(), tax.percent);
            format!("{name} ({percent} %): {} net, {} tax", tax.base, tax.amount)
        });
        content = content.lines(["Taxes:".to_owned()].into_iter().chain(rows));
    }
    content = order::with_address(content, order);
    if let Some(footer) = seller.and_then(|seller| seller.footer.as_ref()) {
        content = content.lines(footer.as_str().lines().map(str::to_owned));
    }
    content.paragraph("This is a receipt for your payment, not an invoice.")
}

fn lines(seller: &Seller) -> impl Iterator<Item = String> {
    let tax_id = seller.tax_id.as_ref().map(|id| format!("Tax number: {}", id.as_str()));
    let name = [seller.name.as_str().to_owned()];
    name.into_iter().chain(seller.address.as_str().lines().map(str::to_owned)).chain(tax_id)
}

/// Returns when it became paid.
fn paid_at(order: &Order) -> Timestamp {
    let paid = order.history.iter().find(|entry| entry.status == OrderStatus::Paid);
    paid.map_or(order.summary.updated_at, |entry| entry.at)
}

fn date(at: Timestamp) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}
