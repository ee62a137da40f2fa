//! A parameter of the template accepts only values that the configuration accepts. Otherwise a typo
//! deploys, and takes every function down.

use std::cell::RefCell;

use local::template::Template;
use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Value, json};
use shared::config::Config;
use shared::domain::money::Currency;
use shared::domain::rate_limit::RateLimit;
use shared::domain::search_language::SearchLanguage;
use shared::domain::unicode;
use tests::database::template;
use tests::random::Random;

/// Values of each parameter that the documentation names, or that are common. An empty value is
/// one of them unless the parameter is not optional.
const EXAMPLES: [(&str, &[&str]); 10] = [
    (
        "AdminEmail",
        &[
            "",
            "ada@example.com",
            "Ada.Lovelace+shop@xn--bcher-kva.example",
            "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01@example.com",
        ],
    ),
    (
        "AllowedOrigins",
        &[
            "",
            "*",
            "https://shop.example",
            "https://shop.example,https://www.shop.example:8443",
            "http://localhost:3000,http://localhost:5173",
            "https://shop.example:80,http://shop.example:443,https://127.0.0.1:65535",
        ],
    ),
    (
        "AppUrl",
        &[
            "",
            "https://shop.example",
            "https://shop.example/",
            "http://localhost:3000/en",
            "https://shop.example/{page}#token={token}",
            "https://shop.example/{page}?t={token}",
            "https://shop.example/#/{page}/{token}",
        ],
    ),
    ("BasePath", &["", "/shop", "/shop/v1", "/a-b_c.d"]),
    ("MailConfigurationSet", &["", "shop", "Shop_mail-2"]),
    (
        "MailFrom",
        &["", "orders@shop.example", "no-reply.orders@mail.shop.example", "a@xn--p1ai.xn--p1ai"],
    ),
    (
        "RateLimits",
        &["", "login_account=20/900", "login_account=10/900,login_ip=off", "register_ip=off"],
    ),
    ("ShopCurrency", &["USD", "EUR", "JPY"]),
    ("ShopName", &["Bodega", "Ada's Mugs & Cups", "Bücherstube", "雑貨屋", "Café ☕"]),
    ("TokenIssuer", &["", "https://api.shop.example", "bodega"]),
];

/// Typos that the configuration refuses.
const TYPOS: [(&str, &[&str]); 10] = [
    ("AdminEmail", &["ada", "ada@localhost", "ada@example.com.", "ada @example.com"]),
    (
        "AllowedOrigins",
        &[
            "shop.example",
            "https://shop.example/",
            "https://Shop.example",
            "https://shop.example https://www.shop.example",
            "https://",
            "https://shop.example:",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:65536",
            "htps://shop.example",
            "capacitor://localhost",
        ],
    ),
    (
        "AppUrl",
        &[
            "shop.example",
            "https:/shop.example",
            "https://",
            "https://shop.example?a=b",
            "https://shop.example/{page}",
            "https://shop.example/{token}/{page}",
            "https://shop.example/{page}{token}",
            "https://shop.example/{page}#token={tokn}",
            "https://shop.example/my shop",
        ],
    ),
    ("BasePath", &["shop", "/", "/shop/", "//shop", "/a b"]),
    ("MailConfigurationSet", &["the shop", "shop.mail"]),
    (
        "MailFrom",
        &["shop", "shop@localhost", "a..b@shop.example", "a@shop_2.example", "a@-b.example"],
    ),
    (
        "RateLimits",
        &[
            "login_adress=off",
            "login_account",
            "login_account=0/900",
            "login_account=10/0",
            "login_account=10",
            "login_account=of",
            "login_account=99999999999/900",
            "login_account=10/900;login_ip=off",
        ],
    ),
    ("ShopCurrency", &["EUX", "usd", "US", "US Dollar"]),
    ("ShopName", &[" ", "a\nb", "\u{200b}", "a\u{202e}b"]),
    // It refuses none. The template refuses those that look empty or break a line of the log.
    ("TokenIssuer", &[]),
];

/// Values that the template refuses and the configuration would accept.
const STRICTER: [(&str, &[&str]); 6] = [
    ("AdminEmail", &["ada@bücher.example", "a.bcdefghijklmnopqrstuvwxyzabcdefghijk@example.com"]),
    (
        "AllowedOrigins",
        &[
            "https://shop.example, https://www.shop.example",
            "*,https://a.example",
            "http://[::1]:3000",
            "http://my_shop.example",
        ],
    ),
    ("MailFrom", &["orders@bücher.example", " orders@shop.example"]),
    ("RateLimits", &["login_account=10/900,", " login_account = off"]),
    ("ShopName", &["☕"]),
    ("TokenIssuer", &[" ", "two words"]),
];

fn parameter(name: &str) -> &'static Value {
    let parameter = &template().as_value()["Parameters"][name];
    assert!(parameter.is_object(), "there is no parameter {name}");
    parameter
}

/// The parameters that a function reads, each with its environment variable.
fn settings() -> Vec<(&'static str, &'static str)> {
    let names = template().as_value()["Parameters"].as_object().expect("parameters").keys();
    names.filter_map(|name| Some((name.as_str(), variable_of(template(), name)?))).collect()
}

/// Returns the environment variable that has a parameter's value.
fn variable_of<'a>(template: &'a Template, parameter: &str) -> Option<&'a str> {
    let reference = json!({"Ref": parameter});
    let has_value = |value: &Value| {
        *value == reference || value["Fn::If"].as_array().is_some_and(|it| it.contains(&reference))
    };
    let functions = template.resources("AWS::Serverless::Function");
    let functions = functions.map(|(_, function)| &function["Properties"]);
    let all = functions.chain([&template.as_value()["Globals"]["Function"]]);
    let variables = all.flat_map(|it| it["Environment"]["Variables"].as_object());
    let mut variables = variables.flatten();
    variables.find(|(_, value)| has_value(value)).map(|(name, _)| name.as_str())
}

/// Whether CloudFormation accepts a value for a parameter. A pattern must match the entire value.
pub fn is_accepted(name: &str, value: &str) -> bool {
    let parameter = parameter(name);
    if let Some(values) = parameter["AllowedValues"].as_array() {
        return values.iter().any(|allowed| allowed == value);
    }
    let length = value.chars().count() as u64;
    let most = parameter["MaxLength"].as_u64().unwrap_or(4_096);
    let least = parameter["MinLength"].as_u64().unwrap_or(0);
    (least..=most).contains(&length) && pattern(name).is_match(value)
}

fn pattern(name: &str) -> Regex {
    let pattern = parameter(name)["AllowedPattern"].as_str();
    let pattern = pattern.unwrap_or_else(|| panic!("{name} needs an AllowedPattern"));
    Regex::new(&format!("^(?:{pattern})$")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads the configuration with this value of one environment variable.
fn read(variable: &str, value: &str) -> Result<Config, String> {
    let was_read = RefCell::new(false);
    let config = Config::read(|name| {
        let own = name == variable;
        was_read.replace_with(|before| *before || own);
        let value = match name {
            _ if own => value,
            "API_URL" => "https://api.example",
            "MAIL_FROM" => "orders@shop.example",
            "TABLE_NAME" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            _ => return None,
        };
        Some(value.to_owned())
    });
    assert!(was_read.into_inner(), "{variable} was not read");
    config.map_err(|bad| bad.to_string())
}

/// What a pattern can't express: whether the ASCII form of an international domain is valid, and
/// how long a text is in its normalized form.
fn is_beyond_a_pattern(name: &str, value: &str) -> bool {
    match name {
        "AdminEmail" | "MailFrom" => value.to_ascii_lowercase().split(['@', '.']).any(is_punycode),
        "ShopName" => unicode::nfc(value).chars().count() > 60,
        _ => false,
    }
}

fn is_punycode(label: &str) -> bool {
    label.starts_with("xn--")
}

#[test]
fn every_setting_has_a_pattern_or_a_list_of_values() {
    for (name, _) in settings() {
        let parameter = parameter(name);
        if parameter["AllowedValues"].is_array() {
            continue;
        }
        let explained = parameter["ConstraintDescription"].is_string();
        assert!(explained, "{name}: add a ConstraintDescription, which an operator reads");
        pattern(name);
        let listed = EXAMPLES.iter().any(|(own, _)| *own == name);
        assert!(listed, "{name}: add examples in {}", file!());
    }
}

/// CloudFormation's patterns are Java's. Both languages read these constructs alike.
#[test]
fn patterns_mean_the_same_in_java() {
    for (name, _) in settings() {
        let Some(pattern) = parameter(name)["AllowedPattern"].as_str() else { continue };
        assert!(pattern.len() < 4_096, "{name}: too long");
        assert!(pattern.is_ascii(), "{name}: write \\u and four hexadecimal digits");
        for construct in ["(?", "&&", "--", "~~", "[:", "^^"] {
            assert!(!pattern.contains(construct), "{name}: {construct} differs in Java");
        }
        let mut characters = pattern.chars();
        let mut is_in_class = false;
        while let Some(character) = characters.next() {
            match character {
                '\\' => {
                    let next = characters.next().expect("an escape");
                    let known = !next.is_ascii_alphanumeric() || matches!(next, 'u' | 'x');
                    assert!(known, "{name}: \\{next} differs in Java");
                }
                '[' => {
                    assert!(!is_in_class, "{name}: escape the [ in a class");
                    is_in_class = true;
                }
                ']' => is_in_class = false,
                '.' | '$' => {
                    assert!(is_in_class, "{name}: {character} differs in Java");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn examples_are_accepted_by_the_template_and_the_configuration() {
    for (name, examples) in EXAMPLES {
        let variable = variable_of(template(), name).expect("a variable");
        for example in examples {
            assert!(is_accepted(name, example), "{name} does not accept {example:?}");
            let read = read(variable, example).map(drop);
            assert_eq!(read, Ok(()), "{name}={example:?}");
        }
        let default = parameter(name)["Default"].as_str().expect("a default");
        assert!(is_accepted(name, default), "{name} does not accept its default");
    }
}

#[test]
fn a_typo_ends_the_deployment() {
    for (name, typos) in TYPOS {
        let variable = variable_of(template(), name).expect("a variable");
        for typo in typos {
            assert!(!is_accepted(name, typo), "{name} accepts {typo:?}");
            assert!(read(variable, typo).is_err(), "the configuration accepts {name}={typo:?}");
        }
    }
    for (name, values) in STRICTER {
        let variable = variable_of(template(), name).expect("a variable");
        for value in values {
            assert!(!is_accepted(name, value), "{name} accepts {value:?}");
            assert!(read(variable, value).is_ok(), "TYPOS has {name}={value:?}");
        }
    }
}

#[test]
fn what_the_template_accepts_the_configuration_accepts() {
    let random = Random::seeded();
    for (name, variable) in settings() {
        let check = |value: &str| {
            let read = read(variable, value).map(drop);
            assert_eq!(read, Ok(()), "{name}={value:?} can be deployed");
        };
        if let Some(values) = parameter(name)["AllowedValues"].as_array() {
            values.iter().for_each(|value| check(value.as_str().expect("a text")));
            continue;
        }
        let text = parameter(name)["AllowedPattern"].as_str().expect("a pattern");
        let hir = regex_syntax::parse(text).expect("a pattern");
        let (_, examples) = EXAMPLES.iter().find(|(own, _)| *own == name).expect("examples");
        let limit = parameter(name)["MaxLength"].as_u64().unwrap_or(4_096);
        let matches = pattern(name);
        let mut accepted = 0;
        for number in 0..4_000 {
            let mut value = String::new();
            if number % 2 == 0 {
                generate(&hir, &random, &mut value);
                assert!(
                    matches.is_match(&value),
                    "{name}: {value:?} is generated from its pattern"
                );
            } else {
                let example = pick(examples, &random);
                value =
                    (0..=random.below(3)).fold(example.to_string(), |it, _| mutated(&it, &random));
            }
            let fits = value.chars().count() as u64 <= limit && matches.is_match(&value);
            if fits && !is_beyond_a_pattern(name, &value) {
                check(&value);
                accepted += 1;
            }
        }
        assert!(accepted > 1_000, "{name}: only {accepted} values were tried");
    }
}

#[test]
fn every_character_that_a_shops_name_accepts_the_configuration_accepts() {
    let variable = variable_of(template(), "ShopName").expect("a variable");
    let pattern = pattern("ShopName");
    // The planes between have no characters, and those beyond have private ones only.
    let characters = (0..=0x3_FFFF).chain(0xE_0000..=0xE_0FFF);
    for character in characters.filter_map(char::from_u32) {
        for name in [character.to_string(), format!("a{character}b")] {
            if pattern.is_match(&name) {
                assert_eq!(read(variable, &name).map(drop), Ok(()), "{name:?}");
            }
        }
    }
}

#[test]
fn the_shops_currency_is_any_that_the_configuration_knows() {
    let letters = || 'A'..='Z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    let codes = codes.map(String::from_iter);
    let known: Vec<_> = codes.filter(|code| Currency::parse(code.clone()).is_ok()).collect();
    assert_eq!(parameter("ShopCurrency")["AllowedValues"], json!(known), "ShopCurrency: {known:?}");
}

#[test]
fn the_search_language_is_any_that_the_configuration_knows() {
    let known: Vec<_> = SearchLanguage::ALL.map(SearchLanguage::name).into();
    assert_eq!(parameter("SearchLanguage")["AllowedValues"], json!(known), "SearchLanguage");
}

#[test]
fn every_rate_limit_can_be_set_by_the_parameter() {
    for limit in RateLimit::all() {
        let name = limit.name();
        for value in [format!("{name}=off"), format!("login_ip=1/60,{name}=4000/86400")] {
            assert!(is_accepted("RateLimits", &value), "RateLimits does not accept {value}");
        }
    }
}

/// Writes a text that a pattern matches.
fn generate(hir: &Hir, random: &Random, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).expect("UTF-8")),
        HirKind::Class(class) => {
            let ranges: Vec<(u32, u32)> = match class {
                Class::Unicode(class) => {
                    class.iter().map(|it| (it.start().into(), it.end().into())).collect()
                }
                Class::Bytes(class) => {
                    class.iter().map(|it| (it.start().into(), it.end().into())).collect()
                }
            };
            let &(start, end) = pick(&ranges, random);
            let one = start + random.below(u64::from(end - start) + 1) as u32;
            text.extend(char::from_u32(one).or(char::from_u32(start)));
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min + 4);
            let usual = most.min(repetition.min + 4);
            let most = if random.percent(5) { most } else { usual };
            let count =
                u64::from(repetition.min) + random.below(u64::from(most - repetition.min) + 1);
            (0..count).for_each(|_| generate(&repetition.sub, random, text));
        }
        HirKind::Capture(capture) => generate(&capture.sub, random, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| generate(part, random, text)),
        HirKind::Alternation(parts) => generate(pick(parts, random), random, text),
    }
}

/// Returns the text with one change: a character or a piece inserted, removed, doubled or replaced.
fn mutated(text: &str, random: &Random) -> String {
    const PIECES: [&str; 30] = [
        "a", "Z", "0", "9", "-", "_", ".", "@", "/", ":", "#", "?", "&", "{page}", "{token}", "{",
        "}", "=", ",", " ", "\n", "\t", "*", "[", "%", "é", "\u{200b}", "\u{202e}", "off", "//",
    ];
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    let place = random.below(characters.len() as u64 + 1) as usize;
    let piece = (*pick(&PIECES, random)).to_owned();
    match random.below(4) {
        0 if place < characters.len() => drop(characters.remove(place)),
        1 if place < characters.len() => characters[place] = piece,
        2 if place < characters.len() => characters.insert(place, characters[place].clone()),
        _ => characters.insert(place, piece),
    }
    characters.concat()
}

fn pick<'a, T>(of: &'a [T], random: &Random) -> &'a T {
    &of[random.below(of.len() as u64) as usize]
}
