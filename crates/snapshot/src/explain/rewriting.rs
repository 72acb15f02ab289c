//! What rewrites do with a request, pass by pass: the data plane's engine, told what it decides.

use rewrite::{Edits, RequestView as _, RewriteSet, Verdict};

use super::Question;
use super::asked::Asked;
use crate::{Hit, MAX_REROUTES, Router, Snapshot};

/// What rewrites do with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// Each rewrite set that was run.
    pub passes: Vec<Pass>,
    /// Request headers that are set or deleted.
    pub headers: Vec<HeaderChange>,
    /// The new path.
    pub path: Option<String>,
    /// The new query; an empty one drops it.
    pub query: Option<String>,
    /// What will be changed in the response, as far as that is known.
    pub answer: Vec<AnswerChange>,
}

/// One rewrite set, run once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Its name.
    pub set: String,
    /// Its rules in the order they run.
    pub rules: Vec<RuleFate>,
    /// Where the path map leads when it is looked at again.
    pub rerouted: Option<Rerouted>,
}

/// What became of a rewrite rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFate {
    /// Its name.
    pub rule: String,
    /// What became of it.
    pub fate: Fate,
}

/// Whether a rewrite rule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does.
    Fires,
    /// The response decides.
    Waits,
    /// It does not: this condition does not hold.
    Fails {
        /// What the condition looks at.
        variable: String,
        /// What it looks for.
        pattern: String,
        /// It holds where the pattern is not found.
        negate: bool,
        /// What it found.
        value: String,
    },
}

/// A path map, looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerouted {
    /// The path it was looked up with.
    pub path: String,
    /// The path rule that matched; `None`: the default.
    pub path_rule: Option<String>,
    /// The pattern that matched.
    pub pattern: Option<String>,
}

/// A request header that is set or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    /// Its name.
    pub name: String,
    /// What the client sent; several joined.
    pub before: Option<String>,
    /// What the server gets; `None`: nothing.
    pub after: Option<String>,
}

/// A response header that will be set or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerChange {
    /// The rewrite rule.
    pub rule: String,
    /// The header.
    pub name: String,
    /// Its value as configured; `None` deletes it.
    pub template: Option<String>,
    /// Its value, where the request alone decides it.
    pub value: Option<String>,
    /// Whether the response may still decide against it.
    pub depends: bool,
}

/// Runs the rewrites from a first hit on: what they did, and the last hit, or why there is none.
pub(super) fn follow<'s>(
    snapshot: &'s Snapshot,
    router: &'s Router,
    first: Hit<'s>,
    asked: &Asked<'_>,
) -> (Passes, Result<Hit<'s>, &'static str>) {
    let (mut edits, mut passes) = (Edits::default(), Vec::new());
    let mut ended = Err("the rewrites re-evaluate the path map in a loop");
    let mut hit = first;
    for _ in 0..=MAX_REROUTES {
        let route = &snapshot.routes[hit.route];
        let Some(set) = route.rewrites() else {
            ended = Ok(hit);
            break;
        };
        let mut pass = run(&snapshot.rewrites[set], asked, &mut edits);
        if edits.overflowed() {
            ended = Err("a rewrite forms a value that is too long");
            passes.push(pass);
            break;
        }
        if !edits.take_reroute() {
            ended = Ok(hit);
            passes.push(pass);
            break;
        }
        let path = edits.path().unwrap_or(asked.question.path.as_bytes());
        hit = router.hit(path);
        pass.rerouted = Some(Rerouted {
            path: text(path),
            path_rule: snapshot.routes[hit.route].path_rule.as_deref().map(str::to_owned),
            pattern: hit.pattern.map(|pattern| pattern.as_str().to_owned()),
        });
        passes.push(pass);
    }
    let (headers, answer) = (headers(&edits, asked), answer(&edits));
    (Passes { passes, headers, path: edits.path().map(text), query: edits.query().map(text), answer }, ended)
}

fn run(set: &RewriteSet, asked: &Asked<'_>, edits: &mut Edits) -> Pass {
    let mut rules = Vec::new();
    set.request_traced(asked, edits, |rule, verdict| {
        let fate = match verdict {
            Verdict::Fired => Fate::Fires,
            Verdict::Waits => Fate::Waits,
            Verdict::Failed { condition, value } => Fate::Fails {
                variable: condition.variable.to_string(),
                pattern: condition.pattern.as_str().to_owned(),
                negate: condition.negate,
                value: text(value),
            },
        };
        rules.push(RuleFate { rule: rule.to_owned(), fate });
    });
    Pass { set: set.name().to_owned(), rules, rerouted: None }
}

fn headers(edits: &Edits, asked: &Asked<'_>) -> Vec<HeaderChange> {
    let change = |(name, value): (&[u8], Option<&[u8]>)| {
        let name = text(name);
        let before = asked.header(&name.to_ascii_lowercase()).map(|value| text(&value));
        HeaderChange { name, before, after: value.map(text) }
    };
    edits.headers().map(change).collect()
}

fn answer(edits: &Edits) -> Vec<AnswerChange> {
    let change = |promise: rewrite::Promise<'_>| AnswerChange {
        rule: promise.rule.to_owned(),
        name: promise.name,
        template: promise.template.map(str::to_owned),
        value: promise.value.as_deref().map(text),
        depends: promise.depends,
    };
    edits.promises().into_iter().map(change).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Passes {
    /// The rules that fire whatever the response is, in order.
    pub fn fired(&self) -> impl Iterator<Item = &str> {
        let rules = self.passes.iter().flat_map(|pass| &pass.rules);
        rules.filter(|rule| rule.fate == Fate::Fires).map(|rule| rule.rule.as_str())
    }

    /// The path that the request goes on with, and its query.
    pub(super) fn target<'a>(&'a self, question: &'a Question<'_>) -> (&'a str, Option<&'a str>) {
        let query = match &self.query {
            Some(query) => Some(query.as_str()).filter(|query| !query.is_empty()),
            None => question.query,
        };
        (self.path.as_deref().unwrap_or(question.path), query)
    }

    /// The Host that the request goes on with.
    pub(super) fn host<'a>(&'a self, question: &'a Question<'_>) -> &'a str {
        let edited = self.headers.iter().find(|change| change.name.eq_ignore_ascii_case("host"));
        edited.and_then(|change| change.after.as_deref()).unwrap_or(question.host)
    }
}
