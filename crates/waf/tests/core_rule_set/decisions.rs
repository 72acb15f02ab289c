//! Decisions in prevention mode: what ordinary clients send passes, attacks do not.
