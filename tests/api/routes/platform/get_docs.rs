use std::collections::HashMap;

use tests::app::App;

#[tokio::test]
async fn the_page_allows_nothing_from_other_hosts() {
    let app = App::start().await;
    let page = app.anonymous().get("/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    assert!(!page.text.contains("http") && !page.text.contains("//"), "{}", page.text);
}

#[tokio::test]
async fn every_file_of_the_page_is_served() {
    let app = App::start().await;
    let page = app.anonymous().get("/docs").await.text;
    let files: Vec<_> =
        page.split("\"/docs/").skip(1).filter_map(|it| it.split('"').next()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let answer = app.anonymous().get(&format!("/docs/{file}")).await;
        assert_eq!(answer.status, 200, "{file}");
        let is_script = file.ends_with(".js");
        let media_type = if is_script { "text/javascript" } else { "text/css" };
        assert_eq!(answer.header("content-type"), Some(&*format!("{media_type}; charset=utf-8")));
    }
}

#[tokio::test]
async fn the_page_finds_its_files_behind_a_stage_and_with_a_slash_at_its_end() {
    let app = App::start().await;
    for (path, prefix) in [("/docs/", ""), ("/prod/docs", "/prod"), ("/prod/docs/", "/prod")] {
        let event = app.event("GET", path, "", &HashMap::new(), None);
        let page = app.handle_as("get-docs", event).await;
        let script = format!("<script src=\"{prefix}/docs/docs.js\">");
        assert!(page.text.contains(&script), "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn any_other_file_is_not_found() {
    let app = App::start().await;
    for file in ["docs.html", "swagger-ui.css", "..", "%2e%2e", "a%2fb"] {
        app.anonymous().get(&format!("/docs/{file}")).await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_path_before_the_page_can_not_add_to_it() {
    let app = App::start().await;
    for path in
        ["/\"><script>alert(1)</script>/docs", "//evil.example/docs", "/\\evil.example/docs"]
    {
        let event = app.event("GET", path, "", &HashMap::new(), None);
        let page = app.handle_as("get-docs", event).await;
        assert_eq!(page.text.matches("<script").count(), 2, "{path}: {}", page.text);
        for url in page.text.split("src=\"").skip(1) {
            assert!(
                url.starts_with('/') && !url.starts_with("//") && !url.contains('\\'),
                "{path}: {url}"
            );
        }
    }
}
