//! AWS: the network, the credentials, and the clients of DynamoDB and SSM.
//!
//! SES's client stays with `deliver-mail`, the one function that uses it: no other links its SDK.

pub mod credentials;
pub mod dynamodb;
pub mod network;
pub mod ssm;
