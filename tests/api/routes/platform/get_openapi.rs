use serde_json::Value;
use tests::app::App;

#[tokio::test]
async fn the_document_is_the_one_in_the_repository() {
    let app = App::start().await;
    let answer = app.anonymous().get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.json");
    let file = std::fs::read_to_string(file).expect("a file");
    assert!(answer.text.len() < file.len() && !answer.text.contains('\n'), "it is smaller");
    let document = answer.expect(200);
    assert_eq!(document, serde_json::from_str::<Value>(&file).expect("JSON"));
    assert_eq!(document["openapi"], "3.1.0");
}
