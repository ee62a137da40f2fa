//! Mail, from the outbox to the mailbox.

mod accounts;
mod delivery;
mod failures;
mod guests;
mod limits;
mod orders;
mod page;
mod unverified;

use serde_json::json;
use shared::domain::message::Event;
use tests::app::App;
use tests::persona::Persona;

/// An email whose mails the tests read.
pub const ADA: &str = "ada@example.com";

/// Registers that email.
async fn register(app: &App) {
    let account = json!({"email": ADA, "password": "correct horse", "name": "Ada"});
    app.anonymous().post("/auth/register", account).await.expect(202);
}

/// Creates an account with that email, with no mail left to read.
async fn account(app: &App) -> Persona<'_> {
    let account = json!({"email": ADA, "password": "correct horse", "name": "Ada Lovelace"});
    let login = app.anonymous().sign_up(account).await;
    discard(app).await;
    app.anonymous().with_token(login["access_token"].as_str().expect("a token"))
}

/// Empties the outbox without sending.
async fn discard(app: &App) {
    for record in app.outbox().await {
        let id = record["dynamodb"]["SequenceNumber"].as_str().expect("an identifier");
        let id = id.parse().expect("a message's");
        app.unrestricted.store.deliveries().delete(id).await.expect("a write");
    }
}

/// Puts a message into the outbox that results in no mail: its user does not exist.
async fn something_for_nobody(app: &App) {
    let user_id = "usr_01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an identifier");
    let now = app.unrestricted.now();
    let event = Event::PasswordChanged { user_id };
    app.unrestricted.store.outbox().add_now(event, now).await.expect("a write");
}
