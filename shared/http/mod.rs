//! HTTP: converts requests to domain types, and values and errors to responses.

pub mod body;
pub mod caching;
pub mod contract;
pub mod cors;
pub mod etag;
pub mod event;
pub mod idempotency_key;
pub mod page;
pub mod paging;
pub mod percent;
pub mod problem;
mod query;
pub mod request;
pub mod response;
pub mod routes;
pub mod shipping_view;
mod target;
pub mod user_view;

pub use event::Event;
pub use request::Request;
pub use response::Response;
