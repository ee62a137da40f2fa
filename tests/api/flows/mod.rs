//! Through several routes at once: first sales, races, trouble with the database.

mod account;
mod first_sale;
mod oversell;
mod trouble;
