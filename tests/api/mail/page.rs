//! The built-in pages that links in mails lead to if `APP_URL` is not set.

use shared::domain::links::Links;
use shared::http::routes;
use tests::app::App;

use super::{ADA, register};

#[tokio::test]
async fn a_shop_without_a_front_end_links_to_its_own_pages() {
    let app = App::builder()
        .configure(|config| {
            let settings = config.mail.as_mut().expect("a sender");
            settings.links = Links::api("https://api.shop.example").expect("an address");
        })
        .start()
        .await;
    register(&app).await;

    app.deliver_mail().await;

    let mail = app.mail_to(ADA);
    let (before, link) = mail.text.split_once("https://api.shop.example").expect("a link");
    assert!(before.ends_with("Confirm your e-mail address:\n"), "{before}");
    let path = link.split('#').next().expect("a path");
    let page = app.anonymous().get(path).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn a_page_sends_the_token_to_the_route_with_its_name() {
    let app = App::start().await;
    for name in ["verify-email", "reset-password"] {
        let page = app.anonymous().get(&format!("/auth/pages/{name}")).await.expect(200);
        let html = page.as_str().expect("a page");
        assert!(html.contains(&format!("fetch(\"../{name}\"")), "{html}");
        assert_eq!(
            routes::named(name).path,
            format!("/auth/{name}"),
            "the route with the page's name"
        );
        assert!(!html.contains("http"), "it loads nothing from other hosts");
        for placeholder in
            ["{page}", "{title}", "{lead}", "{label}", "{autocomplete}", "{button}", "{done}"]
        {
            assert!(!html.contains(placeholder), "{placeholder}");
        }
    }
}

#[tokio::test]
async fn a_page_may_run_its_own_script_and_nothing_else() {
    let app = App::start().await;
    let page = app.anonymous().get("/auth/pages/reset-password").await;
    let policy = page.header("content-security-policy").expect("a policy").to_owned();
    let html = page.expect(200);
    let html = html.as_str().expect("a page");
    for (element, directive) in [("script", "script-src"), ("style", "style-src")] {
        let inside = html.split(&format!("<{element}>")).nth(1).expect("one");
        let inside = inside.split(&format!("</{element}>")).next().expect("its end");
        let digest = ring::digest::digest(&ring::digest::SHA256, inside.as_bytes());
        let digest = aws_smithy_types::base64::encode(digest.as_ref());
        let rule = format!("{directive} 'sha256-{digest}';");
        assert!(policy.contains(&rule), "{rule} in {policy}");
    }
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!html.contains(" style=") && !html.contains(" onclick="), "the policy forbids it");
}

#[tokio::test]
async fn a_page_cuts_no_password_off() {
    let app = App::start().await;
    for name in ["verify-email", "reset-password"] {
        let page = app.anonymous().get(&format!("/auth/pages/{name}")).await.expect(200);
        let html = page.as_str().expect("a page");
        assert!(!html.contains("maxlength"), "browsers count UTF-16 and cut silently: {name}");
    }
}

#[tokio::test]
async fn a_page_says_what_a_reset_has_done() {
    let app = App::start().await;
    let page = app.anonymous().get("/auth/pages/reset-password").await.expect(200);
    let html = page.as_str().expect("a page");
    for part in ["8 to 128 characters", "logged out on all devices", "You can now log in"] {
        assert!(html.contains(part), "{part}");
    }
}

#[tokio::test]
async fn other_pages_do_not_exist() {
    let app = App::start().await;
    for name in ["log-in", "..", "verify-email.html"] {
        let answer = app.anonymous().get(&format!("/auth/pages/{name}")).await;
        answer.expect_problem(404, "not_found");
    }
}
