//! What a mail says, and how it is rendered as text and as HTML.

use askama::Template;
use shared::config::MailSettings;
use shared::domain::email::Email;
use shared::domain::money::Money;
use shared::domain::unicode;
use shared::mail::Mail;
use shared::{Error, Result};

/// A mail's subject and body, without its recipient.
pub(crate) struct Content {
    subject: String,
    parts: Vec<Part>,
}

/// One part of a body, top to bottom.
enum Part {
    Paragraph(String),
    Link(Link),
    LineItems(LineItems),
    Lines(Vec<String>),
}

struct Link {
    label: &'static str,
    url: String,
}

/// The line items of an order, as a mail lists them.
pub(crate) struct LineItems {
    /// One per SKU.
    pub lines: Vec<LineItem>,
    /// What is charged beside the lines.
    pub charges: Vec<Amount>,
    /// The order's total.
    pub total: Money,
    /// The taxes that are within the total.
    pub included: Vec<Amount>,
}

/// An amount below the line items, with what it is for.
pub(crate) struct Amount {
    /// What it is for.
    pub label: String,
    /// The amount.
    pub amount: Money,
}

/// One SKU of an order.
pub(crate) struct LineItem {
    /// Units.
    pub quantity: u32,
    /// The product's name.
    pub name: String,
    /// Price of all units.
    pub total: Money,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    shop: &'a str,
    content: &'a Content,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    shop: &'a str,
    content: &'a Content,
}

impl Content {
    /// A mail with this subject and an empty body.
    pub fn about(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), parts: Vec::new() }
    }

    /// Appends a paragraph.
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.then(Part::Paragraph(one_line(&text.into())))
    }

    /// Appends a link.
    pub fn link(self, label: &'static str, url: String) -> Self {
        self.then(Part::Link(Link { label, url }))
    }

    /// Appends the table of an order's line items.
    pub fn line_items(self, mut items: LineItems) -> Self {
        for line in &mut items.lines {
            line.name = one_line(&line.name);
        }
        for amount in items.charges.iter_mut().chain(&mut items.included) {
            amount.label = one_line(&amount.label);
        }
        self.then(Part::LineItems(items))
    }

    /// Appends a block of lines, such as a postal address.
    pub fn lines(self, lines: impl IntoIterator<Item = String>) -> Self {
        self.then(Part::Lines(lines.into_iter().map(|line| one_line(&line)).collect()))
    }

    /// Renders it for a recipient.
    pub fn to(self, to: &Email, settings: &MailSettings) -> Result<Mail> {
        let (content, shop) = (&self, settings.shop.as_str());
        Ok(Mail {
            to: to.clone(),
            text: Text { shop, content }.render().map_err(Error::internal)?,
            html: Html { shop, content }.render().map_err(Error::internal)?,
            subject: self.subject,
        })
    }

    fn then(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The preview text that inboxes show beside the subject: the first paragraph.
    fn preview(&self) -> &str {
        let first = self.parts.iter().find_map(|part| match part {
            Part::Paragraph(text) => Some(text.as_str()),
            _ => None,
        });
        first.unwrap_or_default()
    }
}

/// Replaces control characters, line separators and bidirectional controls by spaces.
fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || unicode::is_line_separator(c);
    text.replace(|c| breaks(c) || unicode::is_explicit_bidi_control(c), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_and_reads_in_one_direction() {
        assert_eq!(one_line("Ada\r\nBcc: eve@example.com"), "Ada  Bcc: eve@example.com");
        assert_eq!(one_line("a\u{202e}b\u{2066}c\u{2028}d\u{0}e"), "a b c d e");
        assert_eq!(one_line("Zoë 花子 👩‍💻"), "Zoë 花子 👩‍💻");
    }
}
