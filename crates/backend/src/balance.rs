//! Which of a target's servers gets the next request. One file for each algorithm; lists and counters come from
//! outside.

pub mod round_robin;
