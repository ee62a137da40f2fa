use tests::app::App;

#[tokio::test]
async fn the_document_is_the_one_in_the_repository() {
    let app = App::start().await;
    let answer = app.anonymous().get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.json");
    assert_eq!(answer.text, std::fs::read_to_string(file).expect("a file"));
    assert_eq!(answer.expect(200)["openapi"], "3.1.0");
}
