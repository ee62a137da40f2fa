//! Converts every error to a response: a problem document (RFC 9457).

use lambda_http::http::StatusCode;
use lambda_http::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use super::Response;
use super::response::RETRY_AFTER_SECONDS;
use crate::domain::error::Error;
use crate::domain::problem_code::ProblemCode;

/// The part of an error that the caller sees.
struct Visible {
    code: ProblemCode,
    detail: String,
    facts: Map<String, Value>,
}

/// Creates the response to a failed request. 5xx bodies contain nothing of the error itself, only
/// constant texts and identifiers.
pub fn response(error: &Error, instance: &str, request_id: &str) -> Response {
    let Visible { code, detail, facts } = visible(error);
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut document = facts;
    document.insert("type".into(), json!(format!("urn:bodega:problem:{code}")));
    document.insert("title".into(), json!(code.title()));
    document.insert("status".into(), json!(status.as_u16()));
    document.insert("detail".into(), json!(detail));
    document.insert("instance".into(), json!(instance));
    document.insert("code".into(), json!(code));
    document.insert("request_id".into(), json!(request_id));
    let response =
        Response { body: Some(Value::Object(document).to_string()), ..Response::empty(status) };
    let response = response.header(CONTENT_TYPE.as_str(), "application/problem+json");
    match error {
        Error::Unauthenticated => response.header(WWW_AUTHENTICATE.as_str(), "Bearer"),
        Error::InvalidCredentials => {
            response.header(WWW_AUTHENTICATE.as_str(), "Bearer realm=\"login\"")
        }
        Error::MethodNotAllowed { allow } => response.header(ALLOW.as_str(), &allow.join(", ")),
        Error::TooManyRequests { retry_after, .. } => {
            response.header(RETRY_AFTER.as_str(), &retry_after.to_string())
        }
        Error::Unavailable { .. } | Error::OutcomeUnknown => {
            response.header(RETRY_AFTER.as_str(), RETRY_AFTER_SECONDS)
        }
        _ => response,
    }
}

fn visible(error: &Error) -> Visible {
    let plain = |code, detail: &str| Visible { code, detail: detail.to_owned(), facts: Map::new() };
    match error {
        Error::Malformed { code, detail } => plain(*code, detail),
        Error::TooLarge { limit } => Visible {
            facts: [("limit".to_owned(), json!(limit))].into_iter().collect(),
            ..plain(ProblemCode::BodyTooLarge, "The body has too many bytes.")
        },
        Error::UnsupportedMediaType { accepted } => {
            let detail = format!("Send the body with Content-Type: {}.", accepted.join(" or "));
            plain(ProblemCode::UnsupportedMediaType, &detail)
        }
        Error::Unauthenticated => plain(
            ProblemCode::Unauthenticated,
            "Send a valid access token as Authorization: Bearer; log in for a new one.",
        ),
        Error::InvalidCredentials => plain(
            ProblemCode::InvalidCredentials,
            "The password is wrong, or the account does not exist or is disabled.",
        ),
        Error::Forbidden => plain(ProblemCode::Forbidden, "Only admins may do this."),
        Error::NotFound => plain(ProblemCode::NotFound, "Nothing exists at this URL."),
        Error::MethodNotAllowed { allow } => {
            let detail = format!("This URL allows only {}.", allow.join(", "));
            plain(ProblemCode::MethodNotAllowed, &detail)
        }
        Error::Invalid(invalid) => invalid_input(invalid),
        Error::Conflict(conflict) => {
            Visible { facts: conflict.facts.clone(), ..plain(conflict.code, &conflict.detail) }
        }
        Error::VersionMismatch => plain(
            ProblemCode::VersionMismatch,
            "It was changed after you read it. Read it again and repeat your change.",
        ),
        Error::VersionRequired => plain(
            ProblemCode::VersionRequired,
            "Send If-Match with the ETag of the version that you want to change.",
        ),
        Error::TooManyRequests { limit, retry_after } => Visible {
            facts: [("limit".to_owned(), json!(limit.name()))].into_iter().collect(),
            ..plain(
                ProblemCode::RateLimited,
                &format!("Too many requests. Try again in {retry_after} seconds."),
            )
        },
        Error::Unavailable { .. } => plain(
            ProblemCode::ServiceUnavailable,
            "The shop is temporarily unavailable. Try again; a request with an Idempotency-Key is not \
             carried out twice.",
        ),
        Error::OutcomeUnknown => plain(
            ProblemCode::OutcomeUnknown,
            "It is not known whether the request was carried out. Check before you send it again; \
             with the same Idempotency-Key, the same request is not carried out twice.",
        ),
        Error::Internal { .. } => plain(
            ProblemCode::Internal,
            "Something went wrong on our side. Our log has the details under this request_id.",
        ),
    }
}

/// If only one field is invalid, its code and detail become those of the whole problem.
fn invalid_input(invalid: &crate::domain::invalid::Invalid) -> Visible {
    let fields = invalid.fields();
    let (code, detail) = match fields {
        [only] => (only.code, only.detail.clone()),
        _ => (ProblemCode::InvalidInput, "Some fields are not valid; see `errors`.".to_owned()),
    };
    let mut facts = invalid.facts().clone();
    facts.insert("errors".to_owned(), json!(fields));
    Visible { code, detail, facts }
}
