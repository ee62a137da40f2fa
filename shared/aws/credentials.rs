//! The credentials that sign requests to AWS.

use aws_credential_types::Credentials;

use crate::config::Aws;

/// Returns the credentials from the environment. They need no refresh: Lambda renews them by
/// starting a new environment.
pub fn credentials(aws: &Aws) -> Credentials {
    Credentials::new(
        &aws.access_key_id,
        &aws.secret_access_key,
        aws.session_token.clone(),
        None,
        "environment",
    )
}
