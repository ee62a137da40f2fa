//! The users who call the shop.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::auth::password;
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::password::NewPassword;
use shared::domain::text::Name;
use shared::domain::user::{AccountStatus, Role, User, UserSummary};
use shared::services::registration;
use shared::services::sessions::{self, Tokens};
use shared::store::{Read, keys};

use crate::answer::Answer;
use crate::app::App;

/// A user or visitor who sends requests.
#[derive(Clone)]
pub struct Persona<'a> {
    pub(crate) app: &'a App,
    /// The access token.
    pub token: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The user; `None` if not signed in.
    pub user_id: Option<UserId>,
    /// The token of a guest's cart.
    pub cart_token: Option<String>,
    address: String,
}

/// The IP address of every request that sets no other.
const ADDRESS: &str = "203.0.113.7";

/// A request under construction.
#[must_use]
pub struct Call<'a> {
    app: &'a App,
    method: String,
    path: String,
    query: String,
    headers: HashMap<String, String>,
    body: Option<String>,
    base64: bool,
    address: String,
}

impl App {
    /// Returns a visitor who is not signed in.
    pub fn anonymous(&self) -> Persona<'_> {
        Persona::anonymous(self)
    }

    /// Creates a customer with this name, signed in.
    pub async fn customer(&self, name: &str) -> Persona<'_> {
        Persona::customer(self, name).await
    }

    /// Creates so many customers, signed in: one after the other, because a hundred accounts created
    /// at once would wait for each other longer than a write may take.
    pub async fn customers(&self, number: usize) -> Vec<Persona<'_>> {
        let mut customers = Vec::with_capacity(number);
        for number in 0..number {
            customers.push(self.customer(&format!("customer-{number}")).await);
        }
        customers
    }

    /// Creates an admin, signed in.
    pub async fn admin(&self) -> Persona<'_> {
        Persona::admin(self).await
    }
}

impl<'a> Persona<'a> {
    fn anonymous(app: &'a App) -> Self {
        Self {
            app,
            token: None,
            refresh_token: None,
            user_id: None,
            cart_token: None,
            address: ADDRESS.to_owned(),
        }
    }

    async fn customer(app: &'a App, name: &str) -> Self {
        Self::signed_in(app, name, Role::Customer).await
    }

    async fn admin(app: &'a App) -> Self {
        Self::signed_in(app, "admin", Role::Admin).await
    }

    /// Creates the account without a password: hashing one for every persona would take most of the
    /// tests' time.
    async fn signed_in(app: &'a App, name: &str, role: Role) -> Self {
        let (ctx, now) = (app.unrestricted, app.unrestricted.now());
        let id = UserId::new(now);
        let summary = UserSummary {
            email: Email::parse(format!("{name}-{id}@example.com")).expect("an address"),
            name: Name::parse(name.to_owned()).expect("a name"),
            phone: None,
            role,
            email_verified: true,
            status: AccountStatus::Active,
            created_at: now,
            updated_at: now,
        };
        let user = User {
            id,
            version: User::FIRST_VERSION,
            summary,
            addresses: Vec::new(),
            addresses_updated_at: None,
        };
        let made = registration::create_account(&ctx.store, &user, "no password").await;
        assert!(made.expect("a write"), "an account");
        let tokens = sessions::begin(ctx, id).await.expect("a session");
        Self { user_id: Some(id), ..Self::anonymous(app) }.with(tokens)
    }

    /// The same user at another IP address.
    #[must_use]
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The same user with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn as_visitor(&self) -> Self {
        Self::anonymous(self.app)
    }

    /// The same user with the token of a guest's cart.
    #[must_use]
    pub fn with_cart(&self, cart_token: &str) -> Self {
        Self { cart_token: Some(cart_token.to_owned()), ..self.clone() }
    }

    /// A guest whose new cart has this many units of a SKU.
    pub async fn with_new_cart(&self, sku: &str, quantity: u32) -> Self {
        let added = self.post("/cart/items", json!({"sku": sku, "quantity": quantity})).await;
        let token = added.header("cart-token").expect("a cart token").to_owned();
        added.expect(200);
        self.with_cart(&token)
    }

    /// The same user in a new session: an access token is valid for 15 minutes.
    pub async fn with_new_session(&self) -> Self {
        let user_id = self.user_id.expect("a user with an account");
        let tokens = sessions::begin(self.app.unrestricted, user_id).await.expect("a session");
        self.with(tokens)
    }

    fn with(&self, tokens: Tokens) -> Self {
        let (token, refresh_token) = (Some(tokens.access_token), Some(tokens.refresh_token));
        Self { token, refresh_token, ..self.clone() }
    }

    /// The same user with a password set.
    pub async fn with_password(self, password: &str) -> Self {
        let store = &self.app.unrestricted.store;
        let id = self.user_id.expect("a user with an account");
        let user = store.users().get(id, Read::Consistent).await;
        let key = keys::credential(&user.expect("a read").expect("a profile").summary.email);
        let password = NewPassword::parse(password.to_owned()).expect("a password");
        let hash = password::hash(&password).expect("a hash");
        let update = self.app.client.update_item().table_name(&self.app.table);
        let update = update.key(keys::PK, AttributeValue::S(key.pk));
        let update = update.key(keys::SK, AttributeValue::S(key.sk));
        let update = update.update_expression("SET password_hash = :hash");
        let update = update.expression_attribute_values(":hash", AttributeValue::S(hash));
        update.send().await.expect("an update");
        self
    }

    /// Sends the persona's refresh token to `POST /auth/refresh`.
    pub async fn refresh(&self) -> Answer {
        let body = json!({"refresh_token": self.refresh_token});
        Self::anonymous(self.app).post("/auth/refresh", body).await
    }

    /// Creates a category of this slug at the root, as an admin; returns it.
    pub async fn create_category(&self, slug: &str) -> Value {
        self.post("/categories", json!({"slug": slug, "name": slug})).await.expect(201)
    }

    /// Creates a category of this slug at the root if there is none, as an admin.
    pub async fn ensure_category(&self, slug: &str) {
        let answer = self.post("/categories", json!({"slug": slug, "name": slug})).await;
        assert!(matches!(answer.status, 201 | 409), "{answer:?}");
    }

    /// Creates a category of this slug inside another one, as an admin; returns it.
    pub async fn create_subcategory(&self, slug: &str, parent: &str) -> Value {
        let body = json!({"slug": slug, "name": slug, "parent": parent});
        self.post("/categories", body).await.expect(201)
    }

    /// Starts a request of any method.
    pub fn call(&self, method: &str, target: &str) -> Call<'a> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let call = Call {
            app: self.app,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HashMap::from([("host".to_owned(), "api.shop.example".to_owned())]),
            body: None,
            base64: false,
            address: self.address.clone(),
        };
        let call = match &self.token {
            Some(token) => call.header("authorization", &format!("Bearer {token}")),
            None => call,
        };
        match &self.cart_token {
            Some(token) => call.header("cart-token", token),
            None => call,
        }
    }

    /// Sends a GET request.
    pub async fn get(&self, target: &str) -> Answer {
        self.call("GET", target).send().await
    }

    /// Returns the items on all pages of a list; `target` has a query.
    pub async fn all_pages(&self, target: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{target}{cursor}")).await.expect(200);
            all.extend(page["data"].as_array().expect("a list").iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return all };
            cursor = format!("&cursor={next}");
        }
    }

    /// Sends a POST request with a JSON body.
    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.call("POST", target).json(&body).send().await
    }

    /// Sends a PUT request with a JSON body.
    pub async fn put(&self, target: &str, body: Value) -> Answer {
        self.call("PUT", target).json(&body).send().await
    }

    /// Sends a PATCH request with a JSON body.
    pub async fn patch(&self, target: &str, body: Value) -> Answer {
        self.call("PATCH", target).json(&body).send().await
    }

    /// Sends a DELETE request.
    pub async fn delete(&self, target: &str) -> Answer {
        self.call("DELETE", target).send().await
    }
}

impl Call<'_> {
    /// Sets a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    /// Sets a body of any media type.
    pub fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self.header("content-type", content_type)
    }

    /// Marks the body as base64, as API Gateway does with binary bodies.
    pub fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    /// Sends the request.
    pub async fn send(self) -> Answer {
        let body = self.body.as_deref();
        let mut event = self.app.event(&self.method, &self.path, &self.query, &self.headers, body);
        event["isBase64Encoded"] = self.base64.into();
        event["requestContext"]["http"]["sourceIp"] = self.address.into();
        Box::pin(self.app.handle(event)).await
    }
}
