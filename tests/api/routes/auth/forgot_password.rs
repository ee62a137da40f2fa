//! `POST /auth/forgot-password`

use serde_json::json;
use tests::app::App;

#[tokio::test]
async fn everybody_gets_the_same_answer() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let account = json!({"email": "known@example.com", "password": "correct horse", "name": "Ada"});
    visitor.sign_up(account).await;

    for email in ["known@example.com", "unknown@example.com"] {
        let answer = visitor.post("/auth/forgot-password", json!({"email": email})).await;
        answer.expect_private();
        assert_eq!(answer.expect(202), json!({"status": "reset_sent"}), "{email}");
    }
}

#[tokio::test]
async fn asking_changes_nothing_about_the_account() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let account = json!({"email": "ada@example.com", "password": "correct horse", "name": "Ada"});
    let login = visitor.sign_up(account).await;
    let ada = visitor.with_token(login["access_token"].as_str().expect("a token"));

    visitor.post("/auth/forgot-password", json!({"email": "ada@example.com"})).await.expect(202);

    ada.get("/users/me").await.expect(200);
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    visitor.post("/auth/login", login).await.expect(200);
}
