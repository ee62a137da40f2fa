//! The cloud on your machine: what stands in for AWS while you work on the shop.
//!
//! `cargo dev` ([`dev`]) puts the parts together; the tests use them one by one. `cargo new-route`
//! ([`new_route`]) makes the places of a new route.
//!
//! | module | stands for |
//! |---|---|
//! | [`database`] | DynamoDB |
//! | [`parameters`] | SSM's parameter store |
//! | [`mailbox`] | SES |
//! | [`pump`] | Lambda's event source mapping: the table's stream to its functions |
//! | [`schedules`] | EventBridge |
//! | [`template`] | CloudFormation: the table as `template.yaml` defines it |
//! | [`demo`] | a shop that has been open for a while |

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
