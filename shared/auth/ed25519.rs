//! Ed25519 signatures for `jsonwebtoken`, by `ring`.
//!
//! The library's own two back ends would add a second crypto library or the `rsa` crate
//! (RUSTSEC-2023-0071); `ring` is linked already, for TLS.

use std::sync::OnceLock;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use signature::{Signer, Verifier};

/// Makes `jsonwebtoken` use `ring`. Further calls do nothing.
pub(super) fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // It fails only if a test has installed another provider, which then stays.
        let _ = PROVIDER.install_default();
    });
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        only_eddsa(algorithm)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes())
            .map_err(|_| Error::from(ErrorKind::InvalidKeyFormat))?;
        Ok(Box::new(RingSigner(pair)) as Box<dyn JwtSigner>)
    },
    verifier_factory: |algorithm, key| {
        only_eddsa(algorithm)?;
        Ok(Box::new(RingVerifier(key.try_get_as_bytes()?.to_vec())) as Box<dyn JwtVerifier>)
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn only_eddsa(algorithm: &Algorithm) -> Result<()> {
    match algorithm {
        Algorithm::EdDSA => Ok(()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct RingSigner(Ed25519KeyPair);

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct RingVerifier(Vec<u8>);

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// Reads the private key from a PKCS #8 document.
pub(super) fn encoding_key(pkcs8: &[u8]) -> EncodingKey {
    EncodingKey::from_ed_der(pkcs8)
}

/// Reads the public key from a JWK's member `x`.
pub(super) fn decoding_key(x: &str) -> Result<DecodingKey> {
    DecodingKey::from_ed_components(x)
}
