//! Answers.

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::etag;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::StoredResult;

/// When to try again after a 503.
pub(super) const RETRY_AFTER_SECONDS: &str = "2";

/// An answer. Unless it says otherwise, it is for its caller alone and not to be stored.
#[derive(Debug)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; `None` for none.
    pub body: Option<String>,
}

impl Response {
    /// 200 with a view.
    pub fn ok(view: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::OK, view)
    }

    /// 201 with a view of what is at `location`, a path of the API, now.
    pub fn created(location: &str, view: &impl Serialize) -> Result<Self> {
        Ok(Self::json(StatusCode::CREATED, view)?.header(LOCATION.as_str(), location))
    }

    /// 202 with a view.
    pub fn accepted(view: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::ACCEPTED, view)
    }

    /// 503 with a view.
    pub fn unavailable(view: &impl Serialize) -> Result<Self> {
        let answer = Self::json(StatusCode::SERVICE_UNAVAILABLE, view)?;
        Ok(answer.header(RETRY_AFTER.as_str(), RETRY_AFTER_SECONDS))
    }

    /// 204.
    pub fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// Any status with a view.
    pub fn json(status: StatusCode, view: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(view).map_err(Error::internal)?;
        let answer = Self { body: Some(body), ..Self::empty(status) };
        Ok(answer.header(CONTENT_TYPE.as_str(), "application/json"))
    }

    /// Any status without a body.
    pub fn empty(status: StatusCode) -> Self {
        let answer = Self { status, headers: HeaderMap::new(), body: None };
        answer.header(CACHE_CONTROL.as_str(), "private, no-store")
    }

    /// Tags the answer as this version of its resource.
    #[must_use]
    pub fn version(self, version: u64) -> Self {
        let tag = etag::of(version, self.body.as_deref().unwrap_or_default());
        self.header(ETAG.as_str(), &tag)
    }

    /// Makes it the answer to a request that was carried out before, where it was: with the status
    /// of the first answer, and marked.
    #[must_use]
    pub fn replay_of(self, remembered: Option<&StoredResult>) -> Self {
        let Some(remembered) = remembered else { return self };
        let status = StatusCode::from_u16(remembered.status).unwrap_or(self.status);
        Self { status, ..self }.header("idempotent-replayed", "true")
    }

    /// Makes a `Location` lead to where the caller came from: behind the same stage or mapping.
    #[must_use]
    pub fn behind(self, prefix: &str) -> Self {
        let location = self.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        match location.map(|location| format!("{prefix}{location}")) {
            Some(location) => self.header(LOCATION.as_str(), &location),
            None => self,
        }
    }

    /// Lets anybody keep the answer for so many seconds.
    #[must_use]
    pub fn public(self, max_age: u32) -> Self {
        let value = format!("public, max-age={max_age}, stale-while-revalidate={max_age}");
        self.header(CACHE_CONTROL.as_str(), &value)
    }

    /// Sets a header; a value that can't stand in one is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }
}
