//! `POST /auth/resend-verification`

use serde_json::json;
use tests::app::App;

#[tokio::test]
async fn everybody_gets_the_same_answer() {
    let app = App::start().await;
    let visitor = app.anonymous();
    let account = |email| json!({"email": email, "password": "correct horse", "name": "Ada"});
    visitor.sign_up(account("known@example.com")).await;
    visitor.post("/auth/register", account("waiting@example.com")).await.expect(202);

    for email in ["known@example.com", "waiting@example.com", "unknown@example.com"] {
        let answer = visitor.post("/auth/resend-verification", json!({"email": email})).await;
        answer.expect_private();
        assert_eq!(answer.expect(202), json!({"status": "verification_sent"}), "{email}");
    }
}
