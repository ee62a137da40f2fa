//! `GET /users/{user_id}`

use serde_json::json;
use tests::app::App;

#[tokio::test]
async fn an_admin_sees_a_person_as_they_see_themselves() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    ada.patch("/users/me", json!({"phone": "+44 20 7946 0000"})).await.expect(200);

    let answer = admin.get(&format!("/users/{}", ada.user_id.expect("an id"))).await;

    answer.expect_private();
    assert_eq!(answer.expect(200), ada.get("/users/me").await.expect(200));
}

#[tokio::test]
async fn whoever_is_not_there_is_not_found() {
    let app = App::start().await;
    let admin = app.admin().await;
    for id in ["usr_01890a5d-ac96-774b-bcce-b302099a8057", "usr_1", "me2", "ord_1"] {
        admin.get(&format!("/users/{id}")).await.expect_problem(404, "not_found");
    }
}
