//! The local cloud: emulates the parts of AWS that the shop uses, for development and tests.
//!
//! `cargo dev` ([`dev`]) starts all parts together; the tests use them one by one.
//! `cargo new-route` ([`new_route`]) generates the files of a new route.
//!
//! | module | emulates |
//! |---|---|
//! | [`database`] | DynamoDB |
//! | [`parameters`] | SSM's parameter store |
//! | [`mailbox`] | SES |
//! | [`pump`] | Lambda's event source mapping: passes the table's stream to functions |
//! | [`schedules`] | EventBridge's schedules |
//! | [`template`] | CloudFormation: reads the table and the events from `template.yaml` |
//!
//! [`demo`] is the demo data.

mod clock;
pub mod database;
pub mod demo;
pub mod dev;
pub mod failure;
mod forward;
mod guard;
mod http;
pub mod mailbox;
pub mod new_route;
pub mod parameters;
pub mod pump;
pub mod schedules;
pub mod serve;
pub mod template;
