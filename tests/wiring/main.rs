//! Every route is everywhere it has to be, and the house rules hold. A test that fails here says
//! what to add, and where.

mod events;
mod functions;
mod imports;
mod indexes;
mod router;
mod rules;
mod workspace;
