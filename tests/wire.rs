//! Requests to DynamoDB and their responses, as they are sent over the network.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

/// Returns operation and body of a call.
pub fn read(request: &HttpRequest) -> (String, Value) {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let body = request.body().bytes().unwrap_or_default();
    (operation, serde_json::from_slice(body).unwrap_or_default())
}

/// Replaces the body of a call. The signature does not match it any more, which neither emulator
/// checks.
pub fn write(request: &mut HttpRequest, body: &Value) {
    let bytes = body.to_string();
    request.headers_mut().insert("content-length", bytes.len().to_string());
    *request.body_mut() = SdkBody::from(bytes);
}

/// Returns the body of a response, and leaves it in the response.
pub async fn read_answer(answer: &mut HttpResponse) -> Result<Value, ConnectorError> {
    let bytes = ByteStream::new(answer.take_body()).collect().await;
    let bytes = bytes.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    let value = serde_json::from_slice(&bytes).unwrap_or_default();
    *answer.body_mut() = SdkBody::from(bytes);
    Ok(value)
}

/// Builds a response with this status and body.
pub fn answer_of(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut answer = HttpResponse::new(status, SdkBody::from(body.to_string()));
    answer.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    answer
}

/// Builds the rejection of a write by a conflict with a transaction. A transaction of `writes`
/// writes is cancelled, with the conflict as the reason of its first write; a single write, `None`,
/// gets an error of its own.
pub fn conflict(writes: Option<usize>) -> HttpResponse {
    let Some(writes) = writes else {
        return failure(json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "message": "Transaction is ongoing for the item",
        }));
    };
    let reason = |index| match index {
        0 => {
            json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"})
        }
        _ => json!({"Code": "None"}),
    };
    let reasons: Vec<_> = (0..writes).map(reason).collect();
    failure(json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": reasons,
    }))
}

/// Builds the rejection of a call by throttling.
pub fn throttle() -> HttpResponse {
    failure(json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "message": "Rate exceeded",
    }))
}

/// Builds the rejection of a call for which the policy has no permission.
pub fn denial() -> HttpResponse {
    failure(json!({
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "message": "is not authorized to perform this action",
    }))
}

/// Builds the failure of the service itself.
pub fn server_error() -> HttpResponse {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
        "message": "Internal server error",
    });
    answer_of(500, &body)
}

fn failure(body: Value) -> HttpResponse {
    answer_of(400, &body)
}
