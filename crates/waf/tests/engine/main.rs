//! The engine by its public face: rules as text and a request in, a verdict out.

mod bodies;
mod effects;
mod explanation;
mod faults;
mod flow;
mod language;
mod policy;
mod request;
mod robustness;
mod targets;
