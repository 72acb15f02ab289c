//! The rule language as text: lines, words and directives, each with the place it stands at.
//!
//! What is read here is what the operator wrote; what runs is made of it by [`crate::program`]. Faults are collected,
//! so that one reading tells all that is wrong.

mod action_list;
mod directive;
mod document;
mod fault;
mod glob;
mod lexer;
mod place;
mod rule;
mod settings;
mod target_list;
mod updates;

pub use document::{Document, Reader};
pub use fault::Fault;
pub use place::Place;

pub(crate) use action_list::actions;
pub(crate) use directive::Directive;
pub(crate) use fault::Faults;
pub(crate) use lexer::Word;
pub(crate) use rule::{OperatorText, Rule};
pub use settings::EngineMode;
pub(crate) use settings::{Setting, switch};
pub(crate) use target_list::{TargetItem, target, targets};
pub(crate) use updates::{RuleChoice, RuleNumbers, Update};
