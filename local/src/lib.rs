//! The cloud on your machine: what stands in for AWS while you work on the shop.
//!
//! `cargo dev` ([`dev`]) puts the parts together; the tests use them one by one.
//!
//! | module | stands for |
//! |---|---|
//! | [`database`] | DynamoDB |
//! | [`parameters`] | SSM's parameter store |
//! | [`template`] | CloudFormation: the table as `template.yaml` defines it |
//! | [`demo`] | a shop that has been open for a while |

pub mod database;
pub mod demo;
pub mod dev;
pub mod failure;
pub mod parameters;
pub mod serve;
pub mod template;
