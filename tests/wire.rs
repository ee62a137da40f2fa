//! Calls to DynamoDB and their answers, as they go over the network.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

/// Operation and body of a call.
pub fn read(request: &HttpRequest) -> (String, Value) {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let body = request.body().bytes().unwrap_or_default();
    (operation, serde_json::from_slice(body).unwrap_or_default())
}

/// Gives a call another body. Its signature is not the body's any more: neither emulator looks.
pub fn write(request: &mut HttpRequest, body: &Value) {
    let bytes = body.to_string();
    request.headers_mut().insert("content-length", bytes.len().to_string());
    *request.body_mut() = SdkBody::from(bytes);
}

/// The body of an answer, which stays in the answer.
pub async fn read_answer(answer: &mut HttpResponse) -> Result<Value, ConnectorError> {
    let bytes = ByteStream::new(answer.take_body()).collect().await;
    let bytes = bytes.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    let value = serde_json::from_slice(&bytes).unwrap_or_default();
    *answer.body_mut() = SdkBody::from(bytes);
    Ok(value)
}

/// An answer of this status and body.
pub fn answer_of(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut answer = HttpResponse::new(status, SdkBody::from(body.to_string()));
    answer.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    answer
}

/// The refusal of a write because of a transaction on its item. A transaction of so many writes is
/// cancelled by the reason of the first; a single write is just refused.
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

/// The refusal of a call because there are too many.
pub fn throttle() -> HttpResponse {
    failure(json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        "message": "Rate exceeded",
    }))
}

fn failure(body: Value) -> HttpResponse {
    answer_of(400, &body)
}
