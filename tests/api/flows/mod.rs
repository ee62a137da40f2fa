//! Through several routes at once: first sales, races, trouble with the database.

mod account;
mod first_sale;
mod lost_answers;
mod oversell;
mod trouble;
