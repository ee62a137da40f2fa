//! `GET /users`

use serde_json::{Value, json};
use tests::answer::members;
use tests::app::App;
use tests::persona::Persona;

fn names(list: &Value) -> Vec<&str> {
    let users = list["data"].as_array().expect("a list");
    users.iter().map(|user| user["name"].as_str().expect("a name")).collect()
}

async fn list(admin: &Persona<'_>, query: &str) -> Value {
    admin.get(&format!("/users{query}")).await.expect(200)
}

/// Every name on every page of two.
async fn all_pages(admin: &Persona<'_>, query: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..20 {
        let page = list(admin, &format!("?limit=2{query}{cursor}")).await;
        found.extend(names(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("the list does not end: {found:?}");
}

fn without_addresses(mut user: Value) -> Value {
    user.as_object_mut().expect("a user").remove("addresses").expect("addresses");
    user
}

async fn rename(who: &Persona<'_>, name: &str) {
    who.patch("/users/me", json!({"name": name})).await.expect(200);
}

#[tokio::test]
async fn everybody_is_listed_by_name_as_they_see_themselves_but_without_addresses() {
    let app = App::start().await;
    let admin = app.admin().await;
    let ada = app.customer("ada").await;
    for name in ["Charles", "bob", "Bea"] {
        app.customer(name).await;
    }

    let answer = admin.get("/users").await;

    answer.expect_private();
    let users = answer.expect(200);
    assert_eq!(names(&users), ["ada", "admin", "Bea", "bob", "Charles"]);
    assert_eq!(users["next_cursor"], json!(null));
    assert_eq!(users["data"][0], without_addresses(ada.get("/users/me").await.expect(200)));
    let expected = [
        "created_at",
        "email",
        "email_verified",
        "id",
        "name",
        "phone",
        "role",
        "status",
        "updated_at",
    ];
    assert_eq!(members(&users["data"][0]), expected);
}

#[tokio::test]
async fn the_pages_hold_everybody_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    for name in ["Eve", "dan", "Carl", "Bob", "Bob", "Ada"] {
        app.customer(name).await;
    }
    let everybody = ["Ada", "admin", "Bob", "Bob", "Carl", "dan", "Eve"];
    assert_eq!(all_pages(&admin, "").await, everybody);
    assert_eq!(all_pages(&admin, "&name=b").await, ["Bob", "Bob"]);
    let customers = ["Ada", "Bob", "Bob", "Carl", "dan", "Eve"];
    assert_eq!(all_pages(&admin, "&role=customer").await, customers);
}

#[tokio::test]
async fn a_name_is_found_by_its_beginning_in_any_case() {
    let app = App::start().await;
    let admin = app.admin().await;
    for name in ["Ada Lovelace", "ADA BYRON", "Adam", "Grace Ada", "Straßer"] {
        rename(&app.customer("x").await, name).await;
    }
    for (prefix, found) in [
        ("ada", vec!["ADA BYRON", "Ada Lovelace", "Adam"]),
        ("ada%20l", vec!["Ada Lovelace"]),
        ("STRASS", vec!["Straßer"]),
        ("lovelace", vec![]),
    ] {
        assert_eq!(names(&list(&admin, &format!("?name={prefix}")).await), found, "{prefix}");
    }
}

#[tokio::test]
async fn who_changes_their_name_is_found_by_the_new_one_only() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    rename(&ada, "Countess").await;
    assert_eq!(names(&list(&admin, "?name=countess").await), ["Countess"]);
    assert_eq!(names(&list(&admin, "?name=ada").await), [""; 0]);
}

#[tokio::test]
async fn who_has_verified_a_registration_is_listed() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"email": "eve@example.com", "password": "correct horse", "name": "Eve"});
    app.anonymous().sign_up(body).await;
    assert_eq!(names(&list(&admin, "?name=eve").await), ["Eve"]);
}

#[tokio::test]
async fn admins_are_listed_whether_they_may_come_in_or_not() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut others = Vec::new();
    for name in ["Zoe", "Bea", "Max"] {
        let other = app.customer(name).await;
        let path = format!("/users/{}", other.user_id.expect("an id"));
        admin.patch(&path, json!({"role": "admin"})).await.expect(200);
        others.push(path);
    }
    app.customer("Carl").await;
    admin.patch(&others[0], json!({"status": "disabled"})).await.expect(200);
    admin.patch(&others[2], json!({"role": "customer"})).await.expect(200);

    assert_eq!(names(&list(&admin, "?role=admin").await), ["admin", "Bea", "Zoe"]);
    assert_eq!(all_pages(&admin, "&role=admin").await, ["admin", "Bea", "Zoe"]);
    assert_eq!(names(&list(&admin, "?role=admin&name=b").await), ["Bea"]);
    assert_eq!(names(&list(&admin, "?role=customer").await), ["Carl", "Max"]);
}

#[tokio::test]
async fn an_address_finds_the_one_it_belongs_to() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let ada = without_addresses(ada.get("/users/me").await.expect(200));
    let email = ada["email"].as_str().expect("an address").to_uppercase();
    let found = list(&admin, &format!("?email={email}")).await;
    assert_eq!(found, json!({"data": [ada], "next_cursor": null}));
    for query in [
        "?email=nobody@example.com".to_owned(),
        format!("?email={email}&role=admin"),
        format!("?email={email}&name=eve"),
    ] {
        assert_eq!(list(&admin, &query).await, json!({"data": [], "next_cursor": null}), "{query}");
    }
    assert_eq!(
        names(&list(&admin, &format!("?email={email}&name=A&role=customer")).await),
        ["ada"]
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (query, broken) in [
        ("email=ada", "email invalid_email"),
        ("role=owner&limit=0", "limit limit_out_of_range, role unknown_value"),
        ("name=a%0Ab", "name control_character"),
        ("limit=101", "limit limit_out_of_range"),
    ] {
        assert_eq!(admin.get(&format!("/users?{query}")).await.broken(), broken, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_leads_on_in_its_own_list_only_and_into_no_partition() {
    let app = App::start().await;
    let admin = app.admin().await;
    for name in ["Bob", "Carl"] {
        app.customer(name).await;
    }
    let page = list(&admin, "?limit=1").await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let link = admin.get("/users?limit=1").await;
    let expected = format!("</users?limit=1&cursor={cursor}>; rel=\"next\"");
    assert_eq!(link.header("link"), Some(expected.as_str()));
    let text = String::from_utf8_lossy(&tests::jwt::from_base64url(cursor)).into_owned();
    assert!(!text.contains("USERS") && !text.contains("USER#"), "{text}");
    for other in ["role=customer", "role=admin", "name=b", "email=ada@example.com"] {
        let answer = admin.get(&format!("/users?{other}&cursor={cursor}")).await;
        answer.expect_problem(400, "invalid_cursor");
    }
    for forged in ["x", "AAAA"] {
        let answer = admin.get(&format!("/users?cursor={forged}")).await;
        answer.expect_problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn a_position_beside_the_names_that_are_asked_for_is_no_cursor() {
    let app = App::start().await;
    let admin = app.admin().await;
    for name in ["Bob", "Bobby", "Carl"] {
        app.customer(name).await;
    }
    let decoded = async |query: &str| {
        let page = list(&admin, query).await;
        let cursor = page["next_cursor"].as_str().expect("a cursor");
        String::from_utf8(tests::jwt::from_base64url(cursor)).expect("a text")
    };
    let (of_bobs, of_all) = (decoded("?limit=1&name=bob").await, decoded("?limit=1").await);
    let (fingerprint, beside) = (&of_bobs[..6], &of_all[6..]);
    let long = format!("bob{}", "x".repeat(1024));
    for position in [beside.to_owned(), beside.replacen("admin", &long, 1)] {
        let forged = tests::jwt::base64url(format!("{fingerprint}{position}").as_bytes());
        let answer = admin.get(&format!("/users?limit=1&name=bob&cursor={forged}")).await;
        answer.expect_problem(400, "invalid_cursor");
    }
}
