//! What people type, however their keyboard, their clipboard or their language writes it: one text
//! in two of Unicode's forms, texts that show nothing, phones, countries, e-mail addresses,
//! passwords.

use serde_json::{Value, json};
use shared::domain::email::Email;
use shared::domain::password::{NewPassword, OfferedPassword};
use shared::domain::slug::Slug;
use shared::domain::text::{AddressLine, Description, Label, Name, Phone};
use shared::domain::user::Country;
use tests::app::App;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, id, order_of, product, usd};

const PASSWORD: &str = "correct horse";

/// Letters, composed and decomposed: each pair is one text.
const TWINS: [(&str, &str); 8] = [
    ("é", "e\u{301}"),
    ("ế", "e\u{302}\u{301}"),
    ("Å", "\u{212b}"),
    ("ñ", "n\u{303}"),
    ("각", "\u{1100}\u{1161}\u{11a8}"),
    ("ṩ", "s\u{307}\u{323}"),
    ("が", "か\u{3099}"),
    ("x", "x"),
];

/// What is hard to read, beside some that is easy.
const PIECES: [&str; 40] = [
    "a",
    "Z",
    "7",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{200e}",
    "\u{200f}",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "\u{2800}",
    "\u{3164}",
    "\u{115f}",
    "\u{301}",
    "\u{302}",
    "\u{fe0f}",
    "❤",
    "\u{1f3f4}",
    "\u{e0067}",
    "\u{e007f}",
    "\u{94d}",
    "क",
    "ß",
    "İ",
    "٣",
    ".",
    "@",
    "-",
    "\u{0}",
];

/// An account's body.
fn account(email: &str, name: &str, password: &str) -> Value {
    json!({"email": email, "name": name, "password": password})
}

fn names(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|entry| entry["name"].as_str().expect("a name")).collect()
}

/// The code of the only member that is refused, which is the one at `pointer`.
async fn refusal(who: &Persona<'_>, body: Value, pointer: &str) -> String {
    let invalid = who.patch("/users/me", body.clone()).await.expect_invalid();
    let [(at, code)] = invalid.as_slice() else { panic!("{body}: {invalid:?}") };
    assert_eq!(at, pointer, "{body}");
    code.clone()
}

fn london() -> Value {
    json!({"name": "Ada", "line1": "12 St James's Square", "city": "London", "country": "GB"})
}

/// Checks that a text that was parsed is parsed to itself again.
#[track_caller]
fn check_settled<T: std::fmt::Debug, E: std::fmt::Debug>(
    parse: impl Fn(String) -> Result<T, E>,
    as_str: impl Fn(&T) -> &str,
    text: &str,
) {
    if let Ok(once) = parse(text.to_owned()) {
        let again = parse(as_str(&once).to_owned()).expect("what was accepted");
        assert_eq!(as_str(&again), as_str(&once), "{text:?}");
    }
}

#[test]
fn what_was_read_is_read_to_the_same_again() {
    let random = Random::seeded();
    for _ in 0..20_000 {
        let length = random.below(9);
        let piece = |_| PIECES[random.below(PIECES.len() as u64) as usize];
        let text: String = (0..length).map(piece).collect();
        check_settled(Name::parse, Name::as_str, &text);
        check_settled(Label::parse, Label::as_str, &text);
        check_settled(AddressLine::parse, AddressLine::as_str, &text);
        check_settled(Description::parse, Description::as_str, &text);
        check_settled(Phone::parse, Phone::as_str, &text);
        check_settled(Country::parse, Country::as_str, &text);
        check_settled(Slug::parse, Slug::as_str, &text);
        check_settled(Email::parse, Email::as_str, &text);
        check_settled(Email::parse, Email::as_str, &format!("ada@{text}.example"));
        check_settled(Email::parse, Email::as_str, &format!("{text}@example.{text}a"));
    }
}

#[test]
fn an_address_that_was_read_is_plain_ascii_in_lower_case() {
    const PARTS: [&str; 24] = [
        "a",
        "B",
        "7",
        ".",
        "-",
        "ü",
        "u\u{308}",
        "Ü",
        "ß",
        "日本",
        "。",
        "ｅ",
        "xn--",
        "bcher-kva",
        "\u{200d}",
        "\u{200b}",
        "\u{ad}",
        "א",
        "ا",
        "_",
        "é",
        "٣",
        "com",
        "1",
    ];
    let random = Random::seeded();
    let mut accepted = 0;
    for _ in 0..50_000 {
        let part = |_| PARTS[random.below(PARTS.len() as u64) as usize];
        let domain: String = (0..=random.below(7)).map(part).collect();
        let Ok(email) = Email::parse(format!("ada@{domain}.example")) else { continue };
        let text = email.as_str();
        assert!(text.is_ascii() && text.len() <= 254, "{domain:?}: {text}");
        assert_eq!(text, text.to_ascii_lowercase(), "{domain:?}");
        assert_eq!(Email::parse(text.to_owned()).expect("an address"), email, "{domain:?}");
        accepted += 1;
    }
    assert!(accepted > 5_000, "{accepted} of 50,000");
}

#[test]
fn one_text_in_two_forms_is_one_value() {
    let random = Random::seeded();
    for _ in 0..2_000 {
        let (mut one, mut other) = (String::new(), String::new());
        for _ in 0..8 + random.below(8) {
            let (composed, decomposed) = TWINS[random.below(TWINS.len() as u64) as usize];
            one.push_str(if random.percent(50) { composed } else { decomposed });
            other.push_str(if random.percent(50) { composed } else { decomposed });
        }
        let what = format!("{one:?} {other:?}");
        let name = |text: &str| Name::parse(text.to_owned()).expect("a name");
        let label = |text: &str| Label::parse(text.to_owned()).expect("a label");
        let line = |text: &str| AddressLine::parse(text.to_owned()).expect("a line");
        let description = |text: &str| Description::parse(text.to_owned()).expect("a text");
        let phone = |text: &str| Phone::parse(format!("1{text}")).expect("a phone");
        let email = |text: &str| Email::parse(format!("a@{text}.example")).ok();
        let password = |text: &str| NewPassword::parse(format!("1{text}2")).expect("a password");
        assert_eq!(name(&one), name(&other), "{what}");
        assert_eq!(label(&one), label(&other), "{what}");
        assert_eq!(line(&one), line(&other), "{what}");
        assert_eq!(description(&one), description(&other), "{what}");
        assert_eq!(phone(&one), phone(&other), "{what}");
        assert_eq!(email(&one), email(&other), "{what}");
        assert_eq!(password(&one).as_bytes(), password(&other).as_bytes(), "{what}");
        let offered = OfferedPassword::read(format!("1{one}2"));
        assert_eq!(offered.as_bytes(), password(&other).as_bytes(), "{what}");
    }
}

#[tokio::test]
async fn a_person_is_found_by_their_name_in_either_form() {
    let app = App::start().await;
    let (admin, somebody) = (app.admin().await, app.customer("x").await);
    somebody.patch("/users/me", json!({"name": "Zoe\u{308} Ångström"})).await.expect(200);
    for query in ["zo%C3%AB", "zoe%CC%88", "zo%C3%AB%20A%CC%8A", "ZO%C3%8B%20%E2%84%ABN"] {
        let list = admin.get(&format!("/users?name={query}")).await.expect(200);
        assert_eq!(names(&list), ["Zo\u{eb} \u{c5}ngstr\u{f6}m"], "{query}");
    }
}

#[tokio::test]
async fn a_filter_that_shows_nothing_is_none() {
    let app = App::start().await;
    let admin = app.admin().await;
    for query in ["name=%20%20", "name=%E2%A0%80", "role=%E2%80%8B", "email=%E3%85%A4"] {
        let list = admin.get(&format!("/users?{query}")).await.expect(200);
        assert_eq!(names(&list), ["admin"], "{query}");
    }
}

#[tokio::test]
async fn an_option_in_two_forms_is_named_twice() {
    let app = App::start().await;
    let admin = app.admin().await;
    let with = |options: Value, variants: Value| json!({"name": "Mug", "price": usd(1800), "options": options, "variants": variants});
    for (body, refused) in [
        (
            with(
                json!([]),
                json!([
                    {"options": {"taste": "caf\u{e9}"}, "stock": 1},
                    {"options": {"taste": "cafe\u{301}"}, "stock": 1},
                ]),
            ),
            "/variants/1/options",
        ),
        (
            with(json!([]), json!([{"options": {"caf\u{e9}": "a", "cafe\u{301}": "b"}}])),
            "/variants/0/options/caf\u{e9}",
        ),
        (with(json!(["caf\u{e9}", "CAFE\u{301}"]), json!(null)), "/options/1"),
    ] {
        let invalid = admin.post("/products", body.clone()).await.expect_invalid();
        assert_eq!(invalid, [(refused.to_owned(), "duplicate".to_owned())], "{body}");
    }
}

#[tokio::test]
async fn a_tag_is_stored_in_one_form() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut body = product("Espresso", 300, 5);
    body["tags"] = json!(["cre\u{301}ma"]);
    let espresso = create_product(&admin, body).await;
    assert_eq!(espresso["tags"], json!(["cr\u{e9}ma"]));
}

#[tokio::test]
async fn a_text_that_shows_nothing_is_empty() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for blank in [
        "  \t ",
        "\u{a0}\u{3000}",
        "\u{200b}\u{feff}\u{2060}",
        "\u{ad}",
        "\u{200d}\u{200c}",
        "\u{3164}\u{ffa0}\u{115f}\u{1160}",
        "\u{2800}",
        "\u{180e}\u{fe0f}\u{e0100}",
        "\u{202e}\u{2069}",
        "\u{2028}\u{2029}",
        "\u{fff9}\u{fffb}",
    ] {
        let mut address = london();
        address["city"] = json!(blank);
        let refused = refusal(&ada, json!({"addresses": [address]}), "/addresses/0/city").await;
        assert_eq!(refused, "too_short", "{blank:?}");

        let mut address = london();
        address["label"] = json!(blank);
        address["line2"] = json!(blank);
        let body = json!({"name": blank, "phone": blank, "addresses": [address]});
        let user = ada.patch("/users/me", body).await.expect(200);
        assert_eq!((&user["name"], &user["phone"]), (&json!("ada"), &json!(null)), "{blank:?}");
        assert_eq!(user["addresses"][0]["label"], json!(null), "{blank:?}");
        assert_eq!(user["addresses"][0]["line2"], json!(null), "{blank:?}");
    }
}

#[tokio::test]
async fn hidden_characters_stay_inside_words_and_go_at_the_edges() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for (name, kept, what) in [
        ("\u{200c}می\u{200c}خواهم\u{200c}", "می\u{200c}خواهم", "Persian"),
        (" 👩\u{200d}💻\u{200d} ", "👩\u{200d}💻", "a programmer"),
        ("\u{feff}Ada\u{200b}", "Ada", "a paste"),
        ("❤\u{fe0f}", "❤\u{fe0f}", "a red heart"),
        ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴\u{e0067}\u{e0062}\u{e007f}", "a flag's tags"),
        ("葛\u{e0100}", "葛\u{e0100}", "a name's own way to write it"),
        ("അവന\u{d4d}\u{200d}", "അവന\u{d4d}\u{200d}", "a letter of Malayalam"),
        ("שלום\u{200f}!\u{200e}", "שלום\u{200f}!", "a mark of direction"),
        ("Ada\u{e0041}\u{fe0f}", "Ada", "what belongs to nothing"),
        ("Ada\u{fe0f}", "Ada", "a selector behind a letter that has one form"),
    ] {
        let user = ada.patch("/users/me", json!({"name": name})).await.expect(200);
        assert_eq!(user["name"], json!(kept), "{what}");
    }
}

#[tokio::test]
async fn a_name_is_one_line_in_one_direction() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for (name, code) in [
        ("Ada\nLovelace", "control_character"),
        ("Ada\u{2028}Lovelace", "control_character"),
        ("Ada\u{2029}Lovelace", "control_character"),
        ("Ada\u{85}Lovelace", "control_character"),
        ("Ada\u{202e}Lovelace", "bidi_control"),
        ("\u{202a}Ada\u{202c}", "bidi_control"),
        ("Ada \u{2066}Lovelace\u{2069}", "bidi_control"),
    ] {
        assert_eq!(refusal(&ada, json!({"name": name}), "/name").await, code, "{name:?}");
    }
}

#[tokio::test]
async fn a_description_has_line_breaks_of_every_kind_but_one_direction() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut body = product("Mug", 1800, 5);
    body["description"] = json!("one\ntwo\u{2028}three\u{2029}four\r\nfive\tsix");
    let mug = create_product(&admin, body.clone()).await;
    assert_eq!(mug["description"], json!("one\ntwo\nthree\nfour\r\nfive\tsix"));
    body["description"] = json!("one\u{202e}two");
    let invalid = admin.post("/products", body).await.expect_invalid();
    assert_eq!(invalid, [("/description".to_owned(), "bidi_control".to_owned())]);
}

#[tokio::test]
async fn a_phone_has_a_digit_and_nothing_hidden() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for (phone, kept) in [
        ("+44 20 7946 0000", "+44 20 7946 0000"),
        ("\u{202a}+49\u{a0}30\u{202f}1234\u{202c}", "+49 30 1234"),
        ("(030) 1234-5 ext. 6", "(030) 1234-5 ext. 6"),
        ("٠٣٠ ١٢٣٤", "٠٣٠ ١٢٣٤"),
    ] {
        let user = ada.patch("/users/me", json!({"phone": phone})).await.expect(200);
        assert_eq!(user["phone"], json!(kept), "{phone:?}");
    }
    for (phone, code) in [
        ("call me", "no_digit"),
        ("+++", "no_digit"),
        ("+49 30\u{200b}1234", "hidden_character"),
        ("+49\u{200e} 30", "hidden_character"),
        ("+49 \u{202e}30", "bidi_control"),
        ("+49\n30", "control_character"),
        ("11", "too_short"),
    ] {
        assert_eq!(refusal(&ada, json!({"phone": phone}), "/phone").await, code, "{phone:?}");
    }
}

#[tokio::test]
async fn a_country_is_one_of_the_assigned_codes_in_either_case() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Mug", 1800, 9)).await;
    let with = |country: &str| {
        let mut address = london();
        address["country"] = json!(country);
        address
    };
    for (given, kept) in [("de", "DE"), ("GB", "GB"), ("Ss", "SS"), ("xk", "XK"), (" cw ", "CW")] {
        let user = ada.patch("/users/me", json!({"addresses": [with(given)]})).await.expect(200);
        assert_eq!(user["addresses"][0]["country"], json!(kept), "{given}");
    }
    for country in ["ZZ", "UK", "AN", "SU", "YU", "EU", "XX", "QQ", "D", "DEU", "Germany", "ﬆ"] {
        let body = json!({"addresses": [with(country)]});
        let refused = refusal(&ada, body, "/addresses/0/country").await;
        assert_eq!(refused, "invalid_country", "{country}");
    }
    let body = json!({"addresses": [with("uk")]});
    let problem = ada.patch("/users/me", body).await.expect_problem(422, "invalid_country");
    let detail = problem["errors"][0]["detail"].as_str().expect("a text");
    assert!(detail.contains("GB"), "{detail}");

    let mut order = order_of(&mug, 1);
    order["shipping_address"] = with("de");
    let order = ada.post("/orders", order).await.expect(201);
    let order = ada.get(&format!("/orders/{}", id(&order))).await.expect(200);
    assert_eq!(order["shipping_address"]["country"], json!("DE"));
}

#[tokio::test]
async fn an_address_is_known_by_its_domain_in_ascii() {
    let app = App::start().await;
    let visitor = app.anonymous();
    visitor.sign_up(account("\u{feff}Ada@BÜCHER.example\u{200b}", "Ada", PASSWORD)).await;

    for email in [
        "ada@xn--bcher-kva.example",
        "ada@XN--BCHER-KVA.EXAMPLE",
        "ada@bu\u{308}cher.example",
        "\u{a0}ada@bücher。example\u{200e}",
    ] {
        let body = json!({"email": email, "password": PASSWORD});
        let login = visitor.post("/auth/login", body).await.expect(200);
        assert_eq!(login["user"]["email"], json!("ada@xn--bcher-kva.example"), "{email}");
    }
    let admin = app.admin().await;
    let list = admin.get("/users?email=ada%40b%C3%BCcher.example").await.expect(200);
    assert_eq!(names(&list), ["Ada"]);
}

#[tokio::test]
async fn an_address_that_no_mail_reaches_is_refused() {
    let app = App::start().await;
    for email in [
        "a..b@x.example",
        ".a@x.example",
        "a.@x.example",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@[IPv6:::1]",
        "a@x.123",
        "a@xn--a.example",
        "a@x_y.example",
        "a@x.example.",
        "a\u{200b}b@x.example",
        "é@x.example",
    ] {
        let body = json!({"email": email});
        let invalid = app.anonymous().post("/auth/forgot-password", body).await.expect_invalid();
        assert_eq!(invalid, [("/email".to_owned(), "invalid_email".to_owned())], "{email}");
    }
}

#[tokio::test]
async fn a_password_is_the_same_on_every_keyboard() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let chosen = "cafe\u{301}\u{a0}au\u{3000}lait";
    visitor.sign_up(account("ada@example.com", "Ada", chosen)).await;
    let log_in = |password: &'static str| {
        visitor.post("/auth/login", json!({"email": "ada@example.com", "password": password}))
    };
    for same in ["café au lait", "cafe\u{301} au lait", "café\u{2009}au\u{202f}lait"] {
        assert_eq!(log_in(same).await.status, 200, "{same:?}");
    }
    for other in ["cafe au lait", "Café au lait", " café au lait", "café au lait\n", "café aulait"]
    {
        assert_eq!(log_in(other).await.status, 401, "{other:?}");
    }
}

#[tokio::test]
async fn a_new_password_has_no_control_characters() {
    let app = App::start().await;
    for password in
        ["correct\nhorse", "correct horse\u{0}", "correct\thorse", "corr\u{85}ect horse"]
    {
        let body = account("ada@example.com", "Ada", password);
        let invalid = app.anonymous().post("/auth/register", body).await.expect_invalid();
        let expected = ("/password".to_owned(), "control_character".to_owned());
        assert_eq!(invalid, [expected], "{password:?}");
    }
}

#[tokio::test]
async fn a_password_is_not_its_owners_address_in_any_spelling_of_its_domain() {
    let app = App::start().await;
    for password in ["ada@bücher.example", "Ada@xn--bcher-kva.example"] {
        let body = account("ada@bücher.example", "Countess", password);
        let invalid = app.anonymous().post("/auth/register", body).await.expect_invalid();
        let expected = ("/password".to_owned(), "password_is_email".to_owned());
        assert_eq!(invalid, [expected], "{password:?}");
    }
}

#[tokio::test]
async fn a_retry_is_known_in_either_form() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Mug", 1800, 9)).await;
    let place = |city: &str| {
        let mut body = order_of(&mug, 1);
        body["shipping_address"] = london();
        body["shipping_address"]["city"] = json!(city);
        ada.call("POST", "/orders").json(&body).header("idempotency-key", "key").send()
    };
    let first = place("Ko\u{308}ln").await.expect(201);
    let again = place("K\u{f6}ln").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], first["id"]);
    place("Koln").await.expect_problem(422, "idempotency_key_reused");
}
