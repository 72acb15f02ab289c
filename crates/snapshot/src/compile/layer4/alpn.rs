//! Names of protocols that are agreed on in TLS (ALPN).

use model::Problem;
use model::schema::List;

use crate::compile::codes;
use crate::compile::context::Context;

/// The longest name, in bytes (RFC 7301, 3.1).
const LONGEST: usize = 255;

/// The names of a list, in order; what is none is reported and left out.
pub(super) fn names(context: &mut Context<'_>, list: &List<String>) -> Vec<Box<[u8]>> {
    let mut names: Vec<Box<[u8]>> = Vec::new();
    for field in list {
        let name = field.value.as_bytes();
        let message = match name.len() {
            1..=LONGEST if names.iter().any(|other| **other == *name) => "this name of a protocol stands here already",
            1..=LONGEST => {
                names.push(name.into());
                continue;
            }
            _ => "this cannot be the name of a protocol in TLS",
        };
        let problem = Problem::error(codes::INVALID_ALPN_NAME, &field.at, message);
        let found = format!("{:?}", field.value.chars().take(40).collect::<String>());
        context.problems.push(problem.found(found).expected("a name of 1 to 255 bytes, such as \"postgresql\""));
    }
    names
}
