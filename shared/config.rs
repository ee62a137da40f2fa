//! The settings: environment variables, read once at start-up. No other code reads them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::domain::email::Email;
use crate::domain::links::Links;
use crate::domain::money::Currency;
use crate::domain::payment_methods::PaymentMethods;
use crate::domain::rate_limit::RateLimits;
use crate::domain::review::ModerationMode;
use crate::domain::search_language::SearchLanguage;
use crate::domain::text::Label;

/// The shop's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table: String,
    /// `SHOP_CURRENCY`: the one currency of every price. Default `USD`.
    pub currency: Currency,
    /// `ALLOWED_ORIGINS`: the origins of web pages that may call the API, separated by commas.
    /// Default none; `*` allows all.
    pub allowed_origins: Vec<String>,
    /// `TOKEN_ISSUER`: the `iss` and `aud` of access tokens, usually the API's URL. Default
    /// `bodega`.
    pub token_issuer: String,
    /// `TOKEN_KEY_PARAMETER`: the name of the SSM parameter with the private key that signs tokens.
    /// Set only for the functions that use it.
    pub token_key_parameter: Option<String>,
    /// `EMAIL_VERIFICATION`: `on`, or `off` to create accounts without verifying that the user owns
    /// the e-mail address (`docs/operating.md` describes the risks). Default `on`.
    pub email_verification: bool,
    /// `ADMIN_EMAIL`: the user who verifies this e-mail address becomes an admin, if there is none.
    pub admin_email: Option<Email>,
    /// `RATE_LIMITS`: the rate limits that differ from the defaults, as requests per seconds or
    /// `off`, such as `login_account=10/900,login_ip=off`.
    pub rate_limits: RateLimits,
    /// `PAYMENT_METHODS` and `GUEST_PAYMENT_METHODS`: the payment methods for customers and for
    /// guests, separated by commas. Default `manual` for customers and none for guests, who then can
    /// place free orders only.
    pub payment_methods: PaymentMethods,
    /// `SEARCH_LANGUAGE`: the language of the catalogue's texts, whose forms of a word find each other
    /// in a search, or `off`. Default `english`.
    pub search_language: SearchLanguage,
    /// `REVIEW_MODERATION`: which reviews are shown without the decision of an admin: `auto` for all,
    /// which is the default, or `manual` for none.
    pub review_moderation: ModerationMode,
    /// How long an instance shows the catalogue before it reads the log again. Each read is one
    /// request to the partition of the log, which all instances share.
    pub catalogue_max_age: Duration,
    /// `BASE_PATH`: the path under which a custom domain serves the API, such as `/shop`;
    /// `route-not-found` needs it to find the route of a path. Default none.
    pub base_path: String,
    /// The settings for mail; `None` if `MAIL_FROM` is not set.
    pub mail: Option<MailSettings>,
    /// The timeouts of requests and of calls to AWS.
    pub timeouts: Timeouts,
    /// Region, credentials and endpoints of AWS.
    pub aws: Aws,
}

/// The settings for mail.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `MAIL_FROM`: the sender's e-mail address.
    pub from: Email,
    /// `SHOP_NAME`: the name of the shop, one line of at most 60 characters. Default `Bodega`.
    pub shop: Label,
    /// `APP_URL`: the URL that links in mails lead to, or a pattern of it with `{page}` and
    /// `{token}`. If it is not set, `API_URL`: the API's own URL, which has pages for these links.
    pub links: Links,
    /// `MAIL_CONFIGURATION_SET`: the configuration set of SES that each mail names. Default none.
    pub configuration_set: Option<String>,
}

/// The timeouts of requests and of calls to AWS. They are chosen so that a request with several
/// calls gets its response within three seconds even if the database is down.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Of opening a connection.
    pub connect: Duration,
    /// Of one attempt of a call.
    pub attempt: Duration,
    /// Of a call with all its attempts.
    pub call: Duration,
    /// Of a whole request, unless its route has its own deadline.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(700),
            attempt: Duration::from_millis(900),
            call: Duration::from_millis(2_200),
            request: Duration::from_millis(2_800),
        }
    }
}

/// Region, credentials and endpoints of AWS. Lambda sets the first four.
#[derive(Clone)]
pub struct Aws {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: the URL of DynamoDB, instead of the region's.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`: the URL of SSM's Parameter Store, instead of the region's.
    pub ssm_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SESV2`: the URL of SES, instead of the region's.
    pub ses_endpoint: Option<String>,
}

/// The error of a setting that is missing or invalid. The function does not start.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSetting {
    name: &'static str,
    problem: Cow<'static, str>,
}

impl BadSetting {
    /// What is wrong with the environment variable `name`: a verb and what follows it.
    pub fn new(name: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { name, problem: problem.into() }
    }

    /// The environment variable.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment variable {} {}", self.name, self.problem)
    }
}

impl std::error::Error for BadSetting {}

impl Config {
    /// Reads the settings by `variable`, which returns the value of an environment variable.
    pub fn read(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, BadSetting> {
        let optional = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(BadSetting::new(name, "is not set"));
        let currency = optional("SHOP_CURRENCY").unwrap_or_else(|| "USD".to_owned());
        Ok(Self {
            table: required("TABLE_NAME")?,
            currency: Currency::parse(currency).map_err(|_| {
                BadSetting::new("SHOP_CURRENCY", "is not an ISO 4217 code in capitals")
            })?,
            allowed_origins: optional("ALLOWED_ORIGINS")
                .map(|list| origins(&list))
                .transpose()
                .map_err(|problem| BadSetting::new("ALLOWED_ORIGINS", problem))?
                .unwrap_or_default(),
            token_issuer: optional("TOKEN_ISSUER").unwrap_or_else(|| "bodega".to_owned()),
            token_key_parameter: optional("TOKEN_KEY_PARAMETER"),
            email_verification: match optional("EMAIL_VERIFICATION").as_deref() {
                None | Some("on") => true,
                Some("off") => false,
                Some(_) => {
                    return Err(BadSetting::new("EMAIL_VERIFICATION", "is neither on nor off"));
                }
            },
            admin_email: optional("ADMIN_EMAIL")
                .map(Email::parse)
                .transpose()
                .map_err(|_| BadSetting::new("ADMIN_EMAIL", "is not an e-mail address"))?,
            rate_limits: RateLimits::parse(&optional("RATE_LIMITS").unwrap_or_default())
                .map_err(|problem| BadSetting::new("RATE_LIMITS", problem))?,
            payment_methods: payment_methods(optional)?,
            search_language: optional("SEARCH_LANGUAGE")
                .map_or(Some(SearchLanguage::ENGLISH), |name| SearchLanguage::parse(&name))
                .ok_or(BadSetting::new("SEARCH_LANGUAGE", "is neither a known language nor off"))?,
            review_moderation: optional("REVIEW_MODERATION")
                .map_or(Some(ModerationMode::Auto), |mode| ModerationMode::parse(&mode))
                .ok_or(BadSetting::new("REVIEW_MODERATION", "is neither auto nor manual"))?,
            catalogue_max_age: Duration::from_millis(250),
            base_path: optional("BASE_PATH")
                .map(base_path)
                .transpose()
                .map_err(|problem| BadSetting::new("BASE_PATH", problem))?
                .unwrap_or_default(),
            mail: MailSettings::read(optional)?,
            timeouts: Timeouts::default(),
            aws: Aws {
                region: required("AWS_REGION")?,
                access_key_id: required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
                session_token: optional("AWS_SESSION_TOKEN"),
                dynamodb_endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB"),
                ssm_endpoint: optional("AWS_ENDPOINT_URL_SSM"),
                ses_endpoint: optional("AWS_ENDPOINT_URL_SESV2"),
            },
        })
    }
}

/// Reads origins, separated by commas. The error quotes the first one that no browser sends: it would
/// never match, and the front end would be shut out.
fn origins(list: &str) -> Result<Vec<String>, String> {
    let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let checked = origins.map(|origin| match origin == "*" || is_origin(origin) {
        true => Ok(origin.to_owned()),
        false => Err(format!("contains `{origin}`: write an origin such as https://shop.example")),
    });
    checked.collect()
}

/// Whether a text is the origin of a web page, in the form of the header `Origin`: `http` or `https`,
/// host in lower case, and a port unless it is the scheme's own (RFC 6454, section 6.2). The gateway
/// accepts no other schemes.
fn is_origin(text: &str) -> bool {
    let (authority, own_port) = match text.split_once("://") {
        Some(("https", authority)) => (authority, 443),
        Some(("http", authority)) => (authority, 80),
        _ => return false,
    };
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let has_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let name = host.as_bytes();
            name.iter().all(|&byte| is_lower(byte) || b"._-".contains(&byte))
                && name.first().is_some_and(|&byte| is_lower(byte))
        }
    };
    let is_port = |port: &str| {
        port.parse().is_ok_and(|it: u16| it > 0 && it != own_port && it.to_string() == port)
    };
    has_host && port.is_none_or(is_port)
}

fn payment_methods(
    optional: impl Fn(&'static str) -> Option<String>,
) -> Result<PaymentMethods, BadSetting> {
    let read = |name, default| match optional(name) {
        Some(names) => {
            PaymentMethods::parse(&names).map_err(|problem| BadSetting::new(name, problem))
        }
        None => Ok(default),
    };
    let PaymentMethods { customers, guests } = PaymentMethods::default();
    Ok(PaymentMethods {
        customers: read("PAYMENT_METHODS", customers)?,
        guests: read("GUEST_PAYMENT_METHODS", guests)?,
    })
}

/// A path such as `/shop` or `/shop/v1`: what a mapping key of API Gateway may be, behind a slash.
fn base_path(path: String) -> Result<String, &'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
    let segments = path.strip_prefix('/').ok_or("does not begin with a slash")?.split('/');
    match segments.into_iter().all(|it| !it.is_empty() && it.bytes().all(is_allowed)) {
        true => Ok(path),
        false => Err("is no path such as /shop or /shop/v1"),
    }
}

impl MailSettings {
    fn read(optional: impl Fn(&'static str) -> Option<String>) -> Result<Option<Self>, BadSetting> {
        let bad = |name, problem: &'static str| BadSetting::new(name, problem);
        let (from, shop) = (optional("MAIL_FROM"), optional("SHOP_NAME"));
        let (app, api) = (optional("APP_URL"), optional("API_URL"));
        let not_a_pattern = "is neither a URL nor a pattern with {page} and then {token}";
        let app = app.map(|url| Links::app(&url).ok_or(bad("APP_URL", not_a_pattern)));
        let api = api.map(|url| Links::api(&url).ok_or(bad("API_URL", "is not a URL")));
        let (app, api) = (app.transpose()?, api.transpose()?);
        let set = optional("MAIL_CONFIGURATION_SET");
        if !set.as_deref().is_none_or(is_configuration_set) {
            let problem = "is not the name of a configuration set: at most 64 of A-Z a-z 0-9 _ -";
            return Err(bad("MAIL_CONFIGURATION_SET", problem));
        }
        let Some(from) = from else { return Ok(None) };
        Ok(Some(Self {
            from: Email::parse(from).map_err(|_| bad("MAIL_FROM", "is not an e-mail address"))?,
            shop: Label::parse(shop.unwrap_or_else(|| "Bodega".to_owned()))
                .map_err(|_| bad("SHOP_NAME", "is not one line of at most 60 characters"))?,
            links: app.or(api).ok_or(bad("APP_URL", "is not set, and neither is API_URL"))?,
            configuration_set: set,
        }))
    }
}

/// Whether SES allows this name for a configuration set.
fn is_configuration_set(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name.len() <= 64 && name.bytes().all(is_allowed)
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aws {{ region: {}, … }}", self.region)
    }
}

/// Returns which of `SSL_CERT_FILE` and `SSL_CERT_DIR` is set: it names root certificates to use
/// instead of the built-in ones, such as a proxy's.
pub fn custom_root_certificates() -> Option<&'static str> {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(|name| variable(name).is_some())
}

/// An environment variable of the process.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn variable(name: &'static str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &'static str) -> Option<String> {
        match name {
            "TABLE_NAME" => Some("bodega".into()),
            "AWS_REGION" => Some("eu-central-1".into()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("secret".into()),
            _ => None,
        }
    }

    #[test]
    fn a_missing_setting_is_named() {
        let bad = Config::read(|name| environment(name).filter(|_| name != "TABLE_NAME"));
        assert_eq!(bad.unwrap_err().to_string(), "environment variable TABLE_NAME is not set");
    }

    #[test]
    fn the_default_currency_is_us_dollars() {
        assert_eq!(Config::read(environment).unwrap().currency.code(), "USD");
    }

    #[test]
    fn an_unknown_rate_limit_is_named() {
        let set = |value: &'static str| {
            Config::read(move |name| match name {
                "RATE_LIMITS" => Some(value.to_owned()),
                name => environment(name),
            })
        };
        assert_eq!(set("").unwrap().rate_limits, RateLimits::default());
        let bad = set("login_account=off,login_adress=off").unwrap_err();
        let said = "environment variable RATE_LIMITS contains an unknown limit: `login_adress=off`";
        assert_eq!(bad.to_string(), said);
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        let with = |origins: &'static str| {
            Config::read(|name| match name {
                "ALLOWED_ORIGINS" => Some(origins.to_owned()),
                name => environment(name),
            })
            .map(|config| config.allowed_origins)
            .map_err(|bad| bad.to_string())
        };
        for (text, origins) in [
            ("", &[][..]),
            ("*", &["*"]),
            ("https://shop.example", &["https://shop.example"]),
            (
                "https://a.example, http://localhost:3000,",
                &["https://a.example", "http://localhost:3000"],
            ),
            ("http://[::1]:3000,http://[::1]", &["http://[::1]:3000", "http://[::1]"]),
        ] {
            assert_eq!(with(text).unwrap(), origins, "{text}");
        }
        for text in [
            "shop.example",
            "https://",
            "://shop.example",
            "https://shop.example/",
            "https://Shop.example",
            "HTTPS://shop.example",
            "https://a.example https://b.example",
            "https://shop.example:",
            "https://shop.example:080",
            "https://shop.example:65536",
            "https://shop.example:443",
            "http://shop.example:80",
            "htps://shop.example",
            "capacitor://localhost",
            "http://[shop]",
            "https://-",
            "null",
        ] {
            let said = format!("environment variable ALLOWED_ORIGINS contains `{text}`: write an");
            assert!(with(text).unwrap_err().starts_with(&said), "{text}");
        }
    }

    #[test]
    fn mail_needs_a_url_for_its_links() {
        let with = |settings: &[(&'static str, &str)]| {
            let own = |name| settings.iter().find(|(own, _)| *own == name);
            Config::read(|name| {
                own(name).map(|(_, value)| (*value).to_owned()).or_else(|| environment(name))
            })
            .map(|config| config.mail.map(|mail| mail.links.verify_email("T")))
            .map_err(|bad| bad.to_string())
        };
        let from = ("MAIL_FROM", "shop@example.com");
        let (app, api) = (("APP_URL", "https://shop.example"), ("API_URL", "https://api.example"));
        let page = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(with(&[]), Ok(None));
        assert_eq!(with(&[from, app, api]), page("https://shop.example/verify-email#token=T"));
        let own = page("https://api.example/auth/pages/verify-email#token=T");
        assert_eq!(with(&[from, api]), own);
        for (settings, problem) in [
            (&[from][..], "environment variable APP_URL is not set, and neither is API_URL"),
            (&[("APP_URL", "shop.example")], "environment variable APP_URL is neither"),
            (&[("API_URL", "api")], "environment variable API_URL is not a URL"),
            (&[("MAIL_FROM", "the shop"), app], "environment variable MAIL_FROM is not an e-mail"),
            (&[from, app, ("SHOP_NAME", "a\nb")], "environment variable SHOP_NAME is not one line"),
            (
                &[("MAIL_CONFIGURATION_SET", "a set")],
                "environment variable MAIL_CONFIGURATION_SET is not the name of",
            ),
        ] {
            let refusal = with(settings).unwrap_err();
            assert!(refusal.starts_with(problem), "{refusal}");
        }
    }

    #[test]
    fn a_base_path_begins_with_a_slash_and_ends_with_none() {
        let with = |path: &'static str| {
            Config::read(|name| match name {
                "BASE_PATH" => Some(path.to_owned()),
                name => environment(name),
            })
            .map(|config| config.base_path)
            .map_err(|bad| bad.to_string())
        };
        for path in ["", "/shop", "/shop/v1", "/a-b_c.d"] {
            assert_eq!(with(path), Ok(path.to_owned()));
        }
        for path in ["shop", "/", "/shop/", "//shop", "/a b", "/a%20b", "https://a"] {
            assert!(
                with(path).unwrap_err().starts_with("environment variable BASE_PATH"),
                "{path}"
            );
        }
    }

    #[test]
    fn credentials_never_show_in_a_log() {
        let config = Config::read(environment).unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
