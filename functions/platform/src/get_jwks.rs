//! `GET /.well-known/jwks.json`: the public keys that verify the shop's access tokens.
//!
//! Public. A JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037), without keys that are no
//! longer accepted.

use schemars::JsonSchema;
use serde::Serialize;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Result};

#[derive(Serialize, JsonSchema)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Serialize, JsonSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the public keys of access tokens")
        .describe("A JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037).")
        .responds(Success::ok::<Jwks>("The keys."))
}

pub async fn handle(ctx: &Ctx, _request: Request) -> Result<Response> {
    let (keys, now) = (ctx.store.signing_keys().get(Read::Eventual).await?, ctx.now());

    let jwk = |(kid, key): (String, shared::domain::signing_key::PublicKey)| Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid,
        x: key.x,
    };
    let keys =
        Jwks { keys: keys.into_iter().filter(|(_, key)| key.is_accepted(now)).map(jwk).collect() };
    Response::ok(&keys)
}
