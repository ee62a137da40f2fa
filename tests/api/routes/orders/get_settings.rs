//! `GET /settings`

use serde_json::json;
use tests::app::App;

#[tokio::test]
async fn a_new_shop_has_empty_settings_in_version_0() {
    let app = App::start().await;
    let answer = app.anonymous().get("/settings").await;
    assert!(answer.header("etag").expect("a tag").starts_with("\"0-"), "{answer:?}");
    let expected = json!({
        "seller": null,
        "prices_include_tax": false,
        "shipping_methods": [],
        "taxes": [],
        "version": 0,
    });
    assert_eq!(answer.expect(200), expected);
}
