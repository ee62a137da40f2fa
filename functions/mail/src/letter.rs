//! A letter: what every mail is made of, and how it looks as text and as HTML.

use askama::Template;
use shared::config::MailSettings;
use shared::domain::email::Email;
use shared::domain::money::Money;
use shared::mail::Mail;
use shared::{Error, Result};

/// Something to write to somebody.
pub(crate) struct Letter {
    subject: String,
    parts: Vec<Part>,
}

/// A piece of a letter.
enum Part {
    Says(String),
    Link(Link),
    Goods(Goods),
    Lines(Vec<String>),
}

struct Link {
    label: &'static str,
    url: String,
}

/// What was bought.
pub(crate) struct Goods {
    /// What stands in each line.
    pub lines: Vec<GoodsLine>,
    /// What it costs together.
    pub total: Money,
}

/// One line of what was bought.
pub(crate) struct GoodsLine {
    /// How many.
    pub quantity: u32,
    /// Of what.
    pub name: String,
    /// What they cost together.
    pub total: Money,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    shop: &'a str,
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    shop: &'a str,
    letter: &'a Letter,
}

impl Letter {
    /// A letter about something.
    pub fn about(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), parts: Vec::new() }
    }

    /// Then it says.
    pub fn says(self, text: impl Into<String>) -> Self {
        self.then(Part::Says(one_line(&text.into())))
    }

    /// Then it leads somewhere.
    pub fn links(self, label: &'static str, url: String) -> Self {
        self.then(Part::Link(Link { label, url }))
    }

    /// Then it lists what was bought.
    pub fn lists(self, mut goods: Goods) -> Self {
        for line in &mut goods.lines {
            line.name = one_line(&line.name);
        }
        self.then(Part::Goods(goods))
    }

    /// Then something stands line by line, as an address does.
    pub fn shows(self, lines: impl IntoIterator<Item = String>) -> Self {
        self.then(Part::Lines(lines.into_iter().map(|line| one_line(&line)).collect()))
    }

    /// The mail that brings it to somebody.
    pub fn to(self, to: &Email, settings: &MailSettings) -> Result<Mail> {
        let (letter, shop) = (&self, settings.shop.as_str());
        Ok(Mail {
            to: to.clone(),
            text: Text { shop, letter }.render().map_err(Error::internal)?,
            html: Html { shop, letter }.render().map_err(Error::internal)?,
            subject: self.subject,
        })
    }

    fn then(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// What an inbox shows beside the subject.
    fn preview(&self) -> &str {
        let first = self.parts.iter().find_map(|part| match part {
            Part::Says(text) => Some(text.as_str()),
            _ => None,
        });
        first.unwrap_or_default()
    }
}

/// What people wrote, without what would break a line or turn the reading direction around.
fn one_line(text: &str) -> String {
    let turns = |c| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(|c: char| c.is_control() || turns(c), " ")
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
