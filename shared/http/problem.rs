//! The one place where an error becomes an answer: a problem document after RFC 9457.

use lambda_http::http::StatusCode;
use lambda_http::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use super::Response;
use super::response::RETRY_AFTER_SECONDS;
use crate::domain::error::Error;

/// What a caller learns of an error.
struct Outside {
    status: StatusCode,
    code: &'static str,
    detail: String,
    facts: Map<String, Value>,
}

/// The answer to a request that failed. 5xx bodies are constant but for their identifiers.
pub fn answer(error: &Error, instance: &str, request_id: &str) -> Response {
    let Outside { status, code, detail, facts } = outside(error);
    let mut document = facts;
    document.insert("type".into(), json!(format!("urn:bodega:problem:{code}")));
    document.insert("title".into(), json!(status.canonical_reason().unwrap_or("Error")));
    document.insert("status".into(), json!(status.as_u16()));
    document.insert("detail".into(), json!(detail));
    document.insert("instance".into(), json!(instance));
    document.insert("code".into(), json!(code));
    document.insert("request_id".into(), json!(request_id));
    let answer =
        Response { body: Some(Value::Object(document).to_string()), ..Response::empty(status) };
    let answer = answer.header(CONTENT_TYPE.as_str(), "application/problem+json");
    match error {
        Error::Unauthenticated => answer.header(WWW_AUTHENTICATE.as_str(), "Bearer"),
        Error::InvalidCredentials => {
            answer.header(WWW_AUTHENTICATE.as_str(), "Bearer realm=\"login\"")
        }
        Error::MethodNotAllowed { allow } => answer.header(ALLOW.as_str(), &allow.join(", ")),
        Error::TooManyRequests { retry_after, .. } => {
            answer.header(RETRY_AFTER.as_str(), &retry_after.to_string())
        }
        Error::Unavailable { .. } | Error::OutcomeUnknown => {
            answer.header(RETRY_AFTER.as_str(), RETRY_AFTER_SECONDS)
        }
        _ => answer,
    }
}

fn outside(error: &Error) -> Outside {
    use StatusCode as S;
    let plain = |status, code, detail: &str| Outside {
        status,
        code,
        detail: detail.to_owned(),
        facts: Map::new(),
    };
    match error {
        Error::Malformed { code, detail } => plain(S::BAD_REQUEST, code, detail),
        Error::TooLarge { limit } => Outside {
            facts: [("limit".to_owned(), json!(limit))].into_iter().collect(),
            ..plain(S::PAYLOAD_TOO_LARGE, "body_too_large", "The body has too many bytes.")
        },
        Error::UnsupportedMediaType { accepted } => {
            let detail = format!("Send the body with Content-Type: {}.", accepted.join(" or "));
            plain(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", &detail)
        }
        Error::Unauthenticated => plain(
            S::UNAUTHORIZED,
            "unauthenticated",
            "Send a valid access token as Authorization: Bearer; log in for a new one.",
        ),
        Error::InvalidCredentials => plain(
            S::UNAUTHORIZED,
            "invalid_credentials",
            "The password is wrong, or there is no account that it opens.",
        ),
        Error::Forbidden => {
            plain(S::FORBIDDEN, "forbidden", "Your account may not do this; it is for admins.")
        }
        Error::NotFound => plain(S::NOT_FOUND, "not_found", "There is nothing at this address."),
        Error::MethodNotAllowed { allow } => {
            let detail = format!("This address takes {}.", allow.join(", "));
            plain(S::METHOD_NOT_ALLOWED, "method_not_allowed", &detail)
        }
        Error::Invalid(invalid) => invalid_input(invalid),
        Error::Conflict(conflict) => Outside {
            facts: conflict.facts.clone(),
            ..plain(S::CONFLICT, conflict.code, &conflict.detail)
        },
        Error::VersionMismatch => plain(
            S::PRECONDITION_FAILED,
            "version_mismatch",
            "Somebody has changed it since; read it again and repeat your change.",
        ),
        Error::VersionRequired => plain(
            S::PRECONDITION_REQUIRED,
            "version_required",
            "Send If-Match with the ETag of the version that you mean to change.",
        ),
        Error::TooManyRequests { limit, retry_after } => Outside {
            facts: [("limit".to_owned(), json!(limit.name()))].into_iter().collect(),
            ..plain(
                S::TOO_MANY_REQUESTS,
                "rate_limited",
                &format!("That was too often; try again in {retry_after} seconds."),
            )
        },
        Error::Unavailable { .. } => plain(
            S::SERVICE_UNAVAILABLE,
            "unavailable",
            "The shop can't be reached at the moment. Try again; what carries an Idempotency-Key is \
             not carried out twice.",
        ),
        Error::OutcomeUnknown => plain(
            S::SERVICE_UNAVAILABLE,
            "outcome_unknown",
            "Whether the request was carried out can't be told at the moment. Look before you send it \
             again; with the same Idempotency-Key, the same request is not carried out twice.",
        ),
        Error::Internal { .. } => plain(
            S::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side; it is on record under this request_id.",
        ),
    }
}

/// A single broken field with a code of its own is what the whole problem is about.
fn invalid_input(invalid: &crate::domain::invalid::Invalid) -> Outside {
    let fields = invalid.fields();
    let (code, detail) = match fields {
        [only] => (only.code, only.detail.clone()),
        _ => ("invalid_input", "Some fields can't be accepted; see `errors`.".to_owned()),
    };
    Outside {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code,
        detail,
        facts: [("errors".to_owned(), json!(fields))].into_iter().collect(),
    }
}
