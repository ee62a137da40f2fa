//! HTTP responses.

use lambda_http::http::header::{CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::etag;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::StoredResult;

/// `Retry-After` of a 503, in seconds.
pub(super) const RETRY_AFTER_SECONDS: &str = "2";

/// Who may keep a 200 of a route that is cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Any cache, for as long as the route's line says.
    AsRoute,
    /// Any cache, for this many seconds.
    For(u32),
    /// No cache.
    Never,
}

/// A response. `http::caching` adds its `Cache-Control`.
#[derive(Debug)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, if any.
    pub body: Option<String>,
    pub(super) keep: Keep,
}

impl Response {
    /// Creates a 200 with a JSON view.
    pub fn ok(view: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::OK, view)
    }

    /// Creates a 201 with a JSON view of the new resource; `location` is its path in the API.
    pub fn created(location: &str, view: &impl Serialize) -> Result<Self> {
        Ok(Self::json(StatusCode::CREATED, view)?.header(LOCATION.as_str(), location))
    }

    /// Creates a 202 with a JSON view.
    pub fn accepted(view: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::ACCEPTED, view)
    }

    /// Creates a 503 with a JSON view and `Retry-After`.
    pub fn unavailable(view: &impl Serialize) -> Result<Self> {
        let response = Self::json(StatusCode::SERVICE_UNAVAILABLE, view)?;
        Ok(response.header(RETRY_AFTER.as_str(), RETRY_AFTER_SECONDS))
    }

    /// Creates a 204.
    pub fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// Creates a 200 with a text of this media type.
    pub fn of_type(media_type: &str, text: impl Into<String>) -> Self {
        let response = Self { body: Some(text.into()), ..Self::empty(StatusCode::OK) };
        response.header(CONTENT_TYPE.as_str(), media_type)
    }

    /// Creates a response with this status and a JSON view.
    pub fn json(status: StatusCode, view: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(view).map_err(Error::internal)?;
        let response = Self { body: Some(body), ..Self::empty(status) };
        Ok(response.header(CONTENT_TYPE.as_str(), "application/json"))
    }

    /// Creates a response with this status and no body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: None, keep: Keep::AsRoute }
    }

    /// Sets the `ETag`, from the resource's version and the body. Call it after the body is set.
    #[must_use]
    pub fn version(self, version: u64) -> Self {
        let tag = etag::of(version, self.body.as_deref().unwrap_or_default());
        self.header(ETAG.as_str(), &tag)
    }

    /// If `remembered` is the stored result of an earlier equal request, sets its status and the
    /// header `Idempotent-Replayed`.
    #[must_use]
    pub fn replay_of(self, remembered: Option<&StoredResult>) -> Self {
        let Some(remembered) = remembered else { return self };
        let status = StatusCode::from_u16(remembered.status).unwrap_or(self.status);
        Self { status, ..self }.header("idempotent-replayed", "true")
    }

    /// Adds the prefix of the stage or the base path mapping to `Location`, so that it is valid for
    /// this caller.
    #[must_use]
    pub fn with_location_prefix(self, prefix: &str) -> Self {
        let location = self.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        match location.map(|location| format!("{prefix}{location}")) {
            Some(location) => self.header(LOCATION.as_str(), &location),
            None => self,
        }
    }

    /// Says that only this caller may see the response, so that no cache keeps it even if the
    /// route is cached.
    #[must_use]
    pub fn private(self) -> Self {
        Self { keep: Keep::Never, ..self }
    }

    /// Lets caches keep the response for this many seconds, instead of those on the line of its
    /// cached route.
    #[must_use]
    pub fn keep_for(self, seconds: u32) -> Self {
        Self { keep: Keep::For(seconds), ..self }
    }

    /// Sets a header. Does nothing if the name or the value is not valid.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }
}
