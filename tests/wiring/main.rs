//! Every route is in all the places it must be in, and the project's own rules hold. A failing test
//! says what to add, and where.

mod deploying;
mod events;
mod functions;
mod generated;
mod imports;
mod indexes;
mod new_route;
mod operator;
mod parameters;
mod router;
mod rules;
mod sam_local;
mod workspace;
