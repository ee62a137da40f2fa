//! `GET /users/me`

use serde_json::json;
use tests::app::App;
use tests::samples::id;

#[tokio::test]
async fn people_see_their_own_profile_and_nothing_that_is_secret() {
    let app = App::start().await;
    let (ada, eve) = (app.customer("ada").await, app.customer("eve").await);

    let answer = ada.get("/users/me").await;

    answer.expect_private();
    let user = answer.expect(200);
    let expected = json!({
        "id": ada.user_id.expect("an id").to_string(),
        "email": user["email"],
        "name": "ada",
        "phone": null,
        "addresses": [],
        "role": "customer",
        "email_verified": true,
        "status": "active",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(user, expected);
    assert_ne!(id(&eve.get("/users/me").await.expect(200)), id(&user));
}

#[tokio::test]
async fn nobody_has_no_profile() {
    let app = App::start().await;
    app.anonymous().get("/users/me").await.expect_problem(401, "unauthenticated");
}
