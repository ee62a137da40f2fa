//! `GET /.well-known/jwks.json`

use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;
use shared::auth::issuer;
use shared::auth::private_key::PrivateKey;
use tests::answer::members;
use tests::app::App;
use tests::jwt;

#[tokio::test]
async fn the_public_keys_are_a_set_of_ed25519_keys() {
    let app = App::start().await;

    let answer = app.anonymous().get("/.well-known/jwks.json").await;

    let set = answer.expect(200);
    assert_eq!(members(&set), ["keys"]);
    let keys = set["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 1);
    assert_eq!(members(&keys[0]), ["alg", "crv", "kid", "kty", "use", "x"], "no private `d`");
    for (member, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
        assert_eq!(keys[0][member], value);
    }
    let x = jwt::from_base64url(keys[0]["x"].as_str().expect("x"));
    assert_eq!(x.len(), 32, "RFC 8037: the public key's 32 bytes");
}

#[tokio::test]
async fn a_key_of_the_set_verifies_the_tokens_that_name_it() {
    let app = App::start().await;
    let token = app.customer("ada").await.token.expect("a token");
    let (header, _) = jwt::read(&token);

    let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200);

    let mut keys = set["keys"].as_array().expect("keys").iter();
    let key = keys.find(|key| key["kid"] == header["kid"]).expect("the token's key");
    let public = jwt::from_base64url(key["x"].as_str().expect("x"));
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let verified = UnparsedPublicKey::new(&ED25519, public)
        .verify(message.as_bytes(), &jwt::from_base64url(signature));
    assert!(verified.is_ok());
}

#[tokio::test]
async fn a_new_key_is_listed_with_the_old_one() {
    let app = App::start().await;
    let key = PrivateKey::generate().expect("a key");
    let (store, now) = (&app.unrestricted.store, app.unrestricted.now());

    for _ in 0..2 {
        issuer::publish(&key, store, now).await.expect("published");
    }

    let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let keys = set["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 2);
    let new = keys.iter().find(|other| other["kid"] == key.kid).expect("the new one");
    assert_eq!(new["x"], json!(key.x));
}
