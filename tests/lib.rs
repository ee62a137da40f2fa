//! Test support: the whole API in one process ([`app`]), the users who call it ([`persona`]), and
//! the gate between every route and the database ([`gate`]).

pub mod answer;
pub mod app;
pub mod bad_day;
pub mod built;
pub mod contract;
pub mod crash;
pub mod database;
pub mod delivery;
pub mod demo;
pub mod gate;
pub mod guards;
pub mod jwt;
pub mod log;
pub mod mailbox;
pub mod mailed;
pub mod model;
pub mod parameters;
pub mod persona;
pub mod policy;
pub mod proxy;
pub mod random;
pub mod replica;
pub mod samples;
pub mod served;
pub mod stale_reads;
pub mod stream;
pub mod wire;
