//! Does what a user does with a mail, for tests that are not about mail.

use serde_json::{Value, json};
use shared::auth::mailed_token::{ResetToken, VerificationToken};
use shared::auth::password;
use shared::domain::email::Email;
use shared::domain::ids::{RegistrationId, UserId};
use shared::domain::password::NewPassword;
use shared::domain::registration::Registration;
use shared::domain::text::Name;
use shared::services::registration::create_account;

use crate::app::App;
use crate::persona::Persona;

impl App {
    /// Creates a token for the newest registration of an email.
    pub async fn verification_token(&self, email: &str) -> String {
        let (store, now) = (&self.unrestricted.store, self.unrestricted.now());
        let address = address(email).digest();
        let waiting = store.registrations().of_email(&address).await.expect("a read");
        let newest = waiting.of_now(now).next().expect("a registration").id;
        let token = VerificationToken::new(address, newest).expect("a token");
        let added = store.registrations().add_token(&address, newest, &token.digest(), now).await;
        assert!(added.expect("a write"), "a pending registration");
        token.write()
    }

    /// Creates an account without calling a function.
    pub async fn put_account(&self, email: &str, password: &str) {
        let (store, now) = (&self.unrestricted.store, self.unrestricted.now());
        let password = NewPassword::parse(password.to_owned()).expect("a password");
        let registration = Registration {
            id: RegistrationId::new(now),
            email: address(email),
            name: Name::parse("Ada".to_owned()).expect("a name"),
            phone: None,
            password_hash: password::hash(&password).expect("a hash"),
            tokens: Vec::new(),
            created_at: now,
            expires_at: now,
        };
        let user = registration.user(UserId::new(now));
        let made = create_account(store, &user, &registration.password_hash).await;
        assert!(made.expect("a write"), "the email has no account");
    }

    /// Creates a token to reset an account's password.
    pub async fn reset_token(&self, email: &str) -> String {
        let (store, now) = (&self.unrestricted.store, self.unrestricted.now());
        let credential = store.credentials().get(&address(email)).await.expect("a read");
        let credential = credential.expect("an account");
        let token = ResetToken::new().expect("a token");
        store.password_resets().create(&token.digest(), &credential, now).await.expect("a write");
        token.write()
    }
}

impl Persona<'_> {
    /// Registers and verifies an account; returns the response, that of a login.
    pub async fn sign_up(&self, account: Value) -> Value {
        self.post("/auth/register", account.clone()).await.expect(202);
        let email = account["email"].as_str().expect("an address");
        let token = self.app.verification_token(email).await;
        let body = json!({"token": token, "password": account["password"]});
        self.post("/auth/verify-email", body).await.expect(200)
    }
}

fn address(email: &str) -> Email {
    Email::parse(email.to_owned()).expect("an address")
}
