//! The links in a mail. Where they lead comes from configuration, never from a request: whoever
//! could choose a link's host would be sent other people's tokens.

use super::ids::OrderId;

/// Where the shop's pages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links(Pages);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pages {
    /// The shop's own front end: `{page}` and `{token}` in a pattern.
    App(String),
    /// The API's address, for a shop without one: it has two pages of its own.
    Api(String),
}

/// The placeholders of a pattern.
const PAGE: &str = "{page}";
const TOKEN: &str = "{token}";

impl Links {
    /// Links into the shop's front end. A pattern such as `https://shop.example/{page}?t={token}`,
    /// or an address, which stands for `<address>/{page}#token={token}`: what is behind a `#` gets
    /// into no server's log and no `Referer`.
    pub fn app(text: &str) -> Option<Self> {
        if !text.contains('{') {
            let base = address(text)?;
            return Some(Self(Pages::App(format!("{base}/{PAGE}#token={TOKEN}"))));
        }
        let rest = text.replacen(PAGE, "", 1).replacen(TOKEN, "", 1);
        let (page, token) = (text.find(PAGE)?, text.find(TOKEN)?);
        let in_order = page + PAGE.len() <= last_part(text, token)?;
        let good = !rest.contains(['{', '}']) && in_order && is_url(&rest);
        good.then(|| Self(Pages::App(text.to_owned())))
    }

    /// Links to the pages that the API serves itself.
    pub fn api(text: &str) -> Option<Self> {
        Some(Self(Pages::Api(address(text)?.to_owned())))
    }

    /// Where an address is verified.
    pub fn verify_email(&self, token: &str) -> String {
        self.with_token("verify-email", token)
    }

    /// Where a new password is set.
    pub fn reset_password(&self, token: &str) -> String {
        self.with_token("reset-password", token)
    }

    /// Where one logs in, if the shop has such a page.
    pub fn log_in(&self) -> Option<String> {
        self.without_token("log-in")
    }

    /// Where one asks for a new password, if the shop has such a page.
    pub fn forgot_password(&self) -> Option<String> {
        self.without_token("forgot-password")
    }

    /// Where an order is shown, if the shop has such a page.
    pub fn order(&self, id: OrderId) -> Option<String> {
        self.without_token(&format!("orders/{id}"))
    }

    fn with_token(&self, page: &str, token: &str) -> String {
        match &self.0 {
            Pages::App(pattern) => pattern.replacen(PAGE, page, 1).replacen(TOKEN, token, 1),
            Pages::Api(address) => format!("{address}/auth/pages/{page}#token={token}"),
        }
    }

    fn without_token(&self, page: &str) -> Option<String> {
        let Pages::App(pattern) = &self.0 else { return None };
        let end = last_part(pattern, pattern.find(TOKEN)?)?;
        Some(pattern[..end].replacen(PAGE, page, 1))
    }
}

/// Where the part of the pattern begins that is there for the token's sake.
fn last_part(pattern: &str, token: usize) -> Option<usize> {
    pattern[..token].rfind(['/', '?', '&', '#'])
}

fn address(text: &str) -> Option<&str> {
    let base = text.trim_end_matches('/');
    (is_url(base) && !base.contains(['?', '#'])).then_some(base)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OrderId {
        "ord_01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()
    }

    #[test]
    fn a_pattern_says_where_page_and_token_stand() {
        for (pattern, with, without) in [
            ("https://shop.example", "/verify-email#token=T", "/orders/O"),
            ("https://shop.example/", "/verify-email#token=T", "/orders/O"),
            ("https://shop.example/{page}#token={token}", "/verify-email#token=T", "/orders/O"),
            ("https://shop.example/#/{page}?t={token}", "/#/verify-email?t=T", "/#/orders/O"),
            ("https://shop.example/?p={page}&t={token}", "/?p=verify-email&t=T", "/?p=orders/O"),
            ("https://shop.example/{page}/{token}", "/verify-email/T", "/orders/O"),
        ] {
            let links = Links::app(pattern).unwrap_or_else(|| panic!("{pattern}"));
            assert_eq!(links.verify_email("T"), format!("https://shop.example{with}"));
            let without = without.replace('O', &order().to_string());
            assert_eq!(links.order(order()), Some(format!("https://shop.example{without}")));
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (pattern, why) in [
            ("", "empty"),
            ("shop.example", "no scheme"),
            ("javascript:alert(1)", "not of the web"),
            ("https://", "no host"),
            ("https://shop.example/{page}", "nowhere to put the token"),
            ("https://shop.example/#{token}", "nowhere to put the page"),
            ("https://shop.example/{token}/{page}", "the token before the page"),
            ("https://shop.example/{page}{token}", "nothing between page and token"),
            ("https://shop.example/{page}#{token}{lang}", "an unknown placeholder"),
            ("https://shop.example/{page}/{page}#{token}", "a page twice"),
            ("https://shop.example?x=1", "an address with a query"),
            ("https://shop.example/a b", "a space"),
            ("https://shop.example/\"><script>", "no address"),
        ] {
            assert_eq!(Links::app(pattern), None, "{why}: {pattern}");
        }
    }

    #[test]
    fn a_shop_without_a_front_end_links_to_the_pages_of_its_api() {
        let links = Links::api("https://api.shop.example/").unwrap();
        let page = "https://api.shop.example/auth/pages/reset-password#token=T";
        assert_eq!(links.reset_password("T"), page);
        assert_eq!((links.order(order()), links.log_in()), (None, None));
    }
}
