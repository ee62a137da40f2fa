//! The links in mails. Their host comes from configuration, never from a request: an attacker who
//! could choose the host would receive the tokens of other users.

use super::ids::OrderId;

/// Creates the URLs of the shop's pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links(Pages);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pages {
    /// The shop has a front end: a URL pattern with the placeholders `{page}` and `{token}`.
    App(String),
    /// The shop has no front end: the base URL of the API, which serves two pages itself,
    /// `verify-email` and `reset-password`.
    Api(String),
}

/// The placeholders in a URL pattern.
const PAGE: &str = "{page}";
const TOKEN: &str = "{token}";

impl Links {
    /// Creates links to the shop's front end from a URL pattern, such as
    /// `https://shop.example/{page}?t={token}`, or from a base URL, which means
    /// `<base URL>/{page}#token={token}`: the part after a `#` appears in no server's log and in no
    /// `Referer`. `None` if the text is neither.
    pub fn app(text: &str) -> Option<Self> {
        if !text.contains('{') {
            let base = base_url(text)?;
            return Some(Self(Pages::App(format!("{base}/{PAGE}#token={TOKEN}"))));
        }
        let rest = text.replacen(PAGE, "", 1).replacen(TOKEN, "", 1);
        let (page, token) = (text.find(PAGE)?, text.find(TOKEN)?);
        let in_order = page + PAGE.len() <= start_of_token_part(text, token)?;
        let good = !rest.contains(['{', '}']) && in_order && is_url(&rest);
        good.then(|| Self(Pages::App(text.to_owned())))
    }

    /// Creates links to the pages that the API serves itself. `None` if the text is not a base URL.
    pub fn api(text: &str) -> Option<Self> {
        Some(Self(Pages::Api(base_url(text)?.to_owned())))
    }

    /// The URL of the page that verifies an e-mail address.
    pub fn verify_email(&self, token: &str) -> String {
        self.with_token("verify-email", token)
    }

    /// The URL of the page that sets a new password.
    pub fn reset_password(&self, token: &str) -> String {
        self.with_token("reset-password", token)
    }

    /// The URL of the login page; `None` if the shop has no front end.
    pub fn log_in(&self) -> Option<String> {
        self.without_token("log-in")
    }

    /// The URL of the page that asks for a password reset; `None` if the shop has no front end.
    pub fn forgot_password(&self) -> Option<String> {
        self.without_token("forgot-password")
    }

    /// The URL of an order's page; `None` if the shop has no front end.
    pub fn order(&self, id: OrderId) -> Option<String> {
        self.without_token(&format!("orders/{id}"))
    }

    /// The URL of an order's page for a buyer without an account; `None` if the shop has no front
    /// end.
    pub fn order_of_guest(&self, id: OrderId, token: &str) -> Option<String> {
        match &self.0 {
            Pages::App(_) => Some(self.with_token(&format!("orders/{id}"), token)),
            Pages::Api(_) => None,
        }
    }

    fn with_token(&self, page: &str, token: &str) -> String {
        match &self.0 {
            Pages::App(pattern) => pattern.replacen(PAGE, page, 1).replacen(TOKEN, token, 1),
            Pages::Api(base) => format!("{base}/auth/pages/{page}#token={token}"),
        }
    }

    fn without_token(&self, page: &str) -> Option<String> {
        let Pages::App(pattern) = &self.0 else { return None };
        let end = start_of_token_part(pattern, pattern.find(TOKEN)?)?;
        Some(pattern[..end].replacen(PAGE, page, 1))
    }
}

/// Returns the index where the part of the pattern with the token begins; links without a token end
/// there.
fn start_of_token_part(pattern: &str, token: usize) -> Option<usize> {
    pattern[..token].rfind(['/', '?', '&', '#'])
}

/// Returns a URL without query, fragment and trailing slashes; `None` if the text is not one.
fn base_url(text: &str) -> Option<&str> {
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
    fn page_and_token_replace_their_placeholders() {
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
            let guest = with.replace("verify-email", &format!("orders/{}", order()));
            let url = format!("https://shop.example{guest}");
            assert_eq!(links.order_of_guest(order(), "T"), Some(url));
        }
    }

    #[test]
    fn an_invalid_pattern_is_rejected() {
        for (pattern, why) in [
            ("", "empty"),
            ("shop.example", "no scheme"),
            ("javascript:alert(1)", "neither http nor https"),
            ("https://", "no host"),
            ("https://shop.example/{page}", "no placeholder for the token"),
            ("https://shop.example/#{token}", "no placeholder for the page"),
            ("https://shop.example/{token}/{page}", "the token before the page"),
            ("https://shop.example/{page}{token}", "nothing between page and token"),
            ("https://shop.example/{page}#{token}{lang}", "an unknown placeholder"),
            ("https://shop.example/{page}/{page}#{token}", "a page twice"),
            ("https://shop.example?x=1", "a base URL with a query"),
            ("https://shop.example/a b", "a space"),
            ("https://shop.example/\"><script>", "characters that a URL can't contain"),
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
        assert_eq!(links.order_of_guest(order(), "T"), None);
    }
}
