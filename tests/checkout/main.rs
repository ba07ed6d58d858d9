//! The durable checkout, as a shop sees it: whole flows against a scripted gateway, on SQLite and on PostgreSQL.

mod asking;
mod black_hole;
mod creating;
mod failing;
mod gateway;
mod handing_over;
mod lasting;
mod leases;
mod planning;
mod pooler;
mod postgres;
mod processes;
mod racing;
mod random;
mod receiving;
mod reconciling;
mod shop;
mod system_calls;
mod waking;
