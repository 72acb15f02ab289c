//! Working out values: strings that are expressions, and the calls inside them.

use std::ops::Range;

use crate::node::{At, Entry, Node, Number, Object, Value};
use crate::problem::{Problem, Problems, codes, nearest};
use crate::source::{Sources, Span};

use super::budget::{Budget, weight};
use super::expression::{self, Expression, Kind, Meaning};
use super::functions;
use super::scope::{Instance, Scope, Turn};

/// The marker of a value that cannot be worked out; a problem says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

/// A value, or nothing with a problem.
pub(super) type Outcome = Result<Node, Failed>;

/// Works out one deployment with all templates nested in it.
pub(super) struct Evaluator<'a> {
    pub(super) sources: &'a Sources,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) resources: Vec<Instance<'a>>,
    pub(super) budget: Budget,
    /// While above zero, problems are dropped: what fails then is reported where it is used.
    pub(super) muted: usize,
    pub(super) problems: Problems,
    pub(super) secrets: Vec<Span>,
}

/// What an expression can see beside its scope.
#[derive(Clone, Default)]
pub(super) struct Frame {
    pub(super) scope: usize,
    pub(super) loops: Vec<Turn>,
    /// Arguments of lambdas and of user-defined functions.
    pub(super) locals: Vec<(String, Node)>,
    /// True inside a user-defined function, which sees no parameters but its own.
    pub(super) in_function: bool,
}

/// An expression with the string it stands in, for places inside it.
#[derive(Clone, Copy)]
pub(super) struct Written<'e> {
    pub(super) expression: &'e Expression,
    pub(super) at: &'e At,
}

impl<'e> Written<'e> {
    fn part(self, expression: &'e Expression) -> Self {
        Self { expression, ..self }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            scopes: Vec::new(),
            resources: Vec::new(),
            budget: Budget::default(),
            muted: 0,
            problems: Problems::new(),
            secrets: Vec::new(),
        }
    }

    pub(super) fn add_scope(&mut self, scope: Scope<'a>) -> usize {
        self.scopes.push(scope);
        self.scopes.len() - 1
    }

    pub(super) fn finish(self) -> (Problems, Vec<Span>) {
        (self.problems, self.secrets)
    }

    /// Works a tree out. What fails inside becomes an absent value marked as failed.
    pub(super) fn node(&mut self, node: &Node, frame: &Frame) -> Node {
        if !self.budget.enter() {
            self.too_complex(&node.at);
            return failed(&node.at);
        }
        let out = match &node.value {
            Value::String(text) => self.string(text, node, frame).unwrap_or_else(|Failed| failed(&node.at)),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.node(item, frame)).collect();
                Node::new(Value::Array(items), node.at.clone())
            }
            Value::Object(object) => self.object(object, node, frame),
            _ => node.clone(),
        };
        self.budget.leave();
        if !self.budget.spend(1) {
            self.too_complex(&node.at);
            return failed(&node.at);
        }
        out
    }

    fn object(&mut self, object: &Object, node: &Node, frame: &Frame) -> Node {
        let mut out = Object::default();
        for entry in &object.entries {
            if entry.key.eq_ignore_ascii_case("copy") && super::copy::is_property_loop(&entry.node) {
                let loops = self.property_loops(&entry.node, frame);
                out.entries.extend(loops);
                continue;
            }
            let key = match expression::meaning(&entry.key) {
                Meaning::Literal(key) => key.to_owned(),
                Meaning::Expression(_) => {
                    let key = Node::string(entry.key.clone(), entry.node.at.with_span(entry.key_span));
                    match self.node(&key, frame) {
                        Node { value: Value::String(key), .. } => key,
                        _ => continue,
                    }
                }
            };
            out.entries.push(Entry { key, key_span: entry.key_span, node: self.node(&entry.node, frame) });
        }
        Node::new(Value::Object(out), node.at.clone())
    }

    /// Works a string out, when it is an expression.
    fn string(&mut self, text: &str, node: &Node, frame: &Frame) -> Outcome {
        let inner = match expression::meaning(text) {
            Meaning::Literal(literal) => return Ok(Node::string(literal, node.at.clone())),
            Meaning::Expression(inner) => inner,
        };
        match expression::parse(inner, 1) {
            Ok(expression) => {
                let mut value = self.expression(Written { expression: &expression, at: &node.at }, frame)?;
                settle(&mut value, &node.at);
                if self.budget.spend(weight(&value)) { Ok(value) } else { Err(self.too_complex(&node.at)) }
            }
            Err(malformed) => {
                let at = self.place(&node.at, &malformed.range);
                Err(self.report(Problem::error(codes::EXPRESSION_SYNTAX, &at, malformed.message)))
            }
        }
    }

    /// Works an expression out.
    pub(super) fn expression(&mut self, written: Written<'_>, frame: &Frame) -> Outcome {
        if !self.budget.enter() {
            return Err(self.too_complex(written.at));
        }
        let out = match &written.expression.kind {
            Kind::Text(text) => Ok(Node::string(text.clone(), unplaced())),
            Kind::Number(number) => Ok(Node::new(Value::Number(Number::from(*number)), unplaced())),
            Kind::Member { of, key } => self.member(written, of, key, frame),
            Kind::Call { namespace: Some(namespace), name, arguments, .. } => {
                self.user_function(written, namespace, name, arguments, frame)
            }
            Kind::Call { name, arguments, .. } => self.call(written, name, arguments, frame),
        };
        self.budget.leave();
        out
    }

    fn call(&mut self, written: Written<'_>, name: &str, arguments: &[Expression], frame: &Frame) -> Outcome {
        if let Some(outcome) = self.special(written, name, arguments, frame) {
            return outcome;
        }
        let Some(function) = functions::find(name) else {
            return Err(self.unknown_function(written, name));
        };
        if !(function.least..=function.most).contains(&arguments.len()) {
            return Err(self.wrong_count(written, function.name, function.least, function.most));
        }
        let values = self.arguments(written, arguments, frame)?;
        let size: usize = values.iter().map(weight).sum();
        let compares = ["union", "intersection"].contains(&function.name);
        if !self.budget.spend(if compares { size.saturating_add(size.saturating_mul(size) / 64) } else { size }) {
            return Err(self.too_complex(written.at));
        }
        match (function.run)(&values) {
            Ok(value) => {
                let secret = values.iter().any(has_secret);
                let value = Node::new(value, At { secret, ..unplaced() });
                if self.budget.spend(weight(&value)) { Ok(value) } else { Err(self.too_complex(written.at)) }
            }
            Err(refusal) => {
                let part = refusal.argument.and_then(|at| arguments.get(at));
                let at =
                    self.place(written.at, &part.map_or(written.expression.range.clone(), |part| part.range.clone()));
                let message = format!("{}: {}", function.name, refusal.message);
                let found = refusal.argument.and_then(|at| values.get(at)).map(Node::kind);
                let problem = Problem::error(codes::FUNCTION_ARGUMENTS, &at, message);
                Err(self.report(Problem { found: found.map(str::to_owned), ..problem }))
            }
        }
    }

    /// Works the arguments of a call out; all of them, so that every mistake shows at once.
    pub(super) fn arguments(
        &mut self,
        written: Written<'_>,
        list: &[Expression],
        frame: &Frame,
    ) -> Result<Vec<Node>, Failed> {
        let outcomes: Vec<Outcome> = list.iter().map(|part| self.expression(written.part(part), frame)).collect();
        let values = outcomes.into_iter().collect::<Result<Vec<Node>, Failed>>()?;
        match values.iter().zip(list).find(|(value, _)| value.at.failed) {
            Some((_, part)) => Err(self.not_known(written.part(part), "this value")),
            None => Ok(values),
        }
    }

    fn member(&mut self, written: Written<'_>, of: &Expression, key: &Expression, frame: &Frame) -> Outcome {
        let whole = self.expression(written.part(of), frame)?;
        let key_value = self.expression(written.part(key), frame)?;
        if whole.at.failed {
            return Err(self.not_known(written, "this value"));
        }
        let found = match (&whole.value, &key_value.value) {
            (Value::Object(object), Value::String(name)) => object.get(name),
            (Value::Array(items), Value::Number(number)) => {
                number.as_i64().and_then(|at| usize::try_from(at).ok()).and_then(|at| items.get(at))
            }
            _ => None,
        };
        match found {
            Some(found) if found.at.failed => Err(self.not_known(written, "this value")),
            Some(found) => {
                let mut value = found.clone();
                value.at.secret |= whole.at.secret;
                Ok(value)
            }
            None if is_reference(of) => Err(self.not_known(written.part(key), &named("the property", &key_value))),
            None => Err(self.no_member(written.part(key), &whole, &key_value)),
        }
    }

    fn no_member(&mut self, key: Written<'_>, whole: &Node, key_value: &Node) -> Failed {
        let at = self.place(key.at, &key.expression.range);
        let problem = match (&whole.value, &key_value.value) {
            (Value::Object(object), Value::String(name)) => {
                let names = object.entries.iter().map(|entry| entry.key.as_str());
                let problem =
                    Problem::error(codes::PROPERTY_NOT_FOUND, &at, format!("there is no property {name:?} here"));
                problem.suggest(nearest(name, names))
            }
            (Value::Array(items), Value::Number(number)) => {
                let message = format!("there is no item {number} in a list of {}", items.len());
                Problem::error(codes::PROPERTY_NOT_FOUND, &at, message)
            }
            (Value::Object(_), _) => {
                Problem::error(codes::PROPERTY_NOT_FOUND, &at, "the name of a property is a string")
            }
            (Value::Array(_), _) => {
                Problem::error(codes::PROPERTY_NOT_FOUND, &at, "the number of an item is a whole number")
            }
            _ => {
                let message = format!("{} has no properties", whole.kind());
                Problem::error(codes::PROPERTY_NOT_FOUND, &at, message)
            }
        };
        self.report(problem)
    }

    fn unknown_function(&mut self, written: Written<'_>, name: &str) -> Failed {
        let range = match &written.expression.kind {
            Kind::Call { name_range, .. } => name_range.clone(),
            _ => written.expression.range.clone(),
        };
        let at = self.place(written.at, &range);
        if super::values::ONLY_AZURE.iter().any(|known| known.eq_ignore_ascii_case(name)) || name.starts_with("list") {
            let message = format!("what {name:?} gives is known only in Azure, at deployment");
            let problem = Problem::error(codes::NOT_KNOWN_BEFORE_DEPLOYMENT, &at, message);
            return self.report(problem.help("write the value itself, or make it a parameter"));
        }
        let names = functions::all().map(|function| function.name).chain(super::values::SPECIAL.iter().copied());
        let problem = Problem::error(codes::UNKNOWN_FUNCTION, &at, format!("there is no template function {name:?}"));
        self.report(problem.suggest(nearest(name, names)))
    }

    pub(super) fn wrong_count(&mut self, written: Written<'_>, name: &str, least: usize, most: usize) -> Failed {
        let at = self.place(written.at, &written.expression.range);
        let expected = match most {
            usize::MAX => format!("{least} or more"),
            _ if least == most => least.to_string(),
            _ => format!("{least} to {most}"),
        };
        let problem =
            Problem::error(codes::FUNCTION_ARGUMENTS, &at, format!("{name} takes another number of arguments"));
        self.report(problem.expected(format!("{expected} arguments")))
    }

    pub(super) fn not_known(&mut self, written: Written<'_>, what: &str) -> Failed {
        let at = self.place(written.at, &written.expression.range);
        let message = format!("{what} is known only in Azure, at deployment");
        let problem = Problem::error(codes::NOT_KNOWN_BEFORE_DEPLOYMENT, &at, message);
        self.report(problem.help("write the value itself, or make it a parameter"))
    }

    pub(super) fn too_complex(&mut self, at: &At) -> Failed {
        if self.budget.first_report() {
            let message = "working this template out takes more steps or levels than allowed";
            self.problems.push(Problem::error(codes::TEMPLATE_TOO_COMPLEX, at, message));
        }
        Failed
    }

    pub(super) fn report(&mut self, problem: Problem) -> Failed {
        if self.muted == 0 {
            self.problems.push(problem);
        }
        Failed
    }

    /// The place of a part of an expression: the string's place, narrowed to the part.
    pub(super) fn place(&self, at: &At, range: &Range<usize>) -> At {
        let Some(span) = at.span else { return at.clone() };
        let written = self.sources.text(span);
        let (Some(start), Some(end)) = (written_offset(written, range.start), written_offset(written, range.end))
        else {
            return at.clone();
        };
        let from = span.start as usize;
        At { span: Some(Span::new(span.source, from + start..from + end)), ..at.clone() }
    }
}

/// The offset in the text as written of an offset in the unescaped string; `None` where they do not correspond.
fn written_offset(written: &str, offset: usize) -> Option<usize> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut at = usize::from(quote.is_some());
    let mut unescaped = 0;
    while unescaped < offset {
        let rest = written.get(at..)?;
        let c = rest.chars().next()?;
        let (taken, given) = match (quote, c) {
            (Some('"'), '\\') if rest[1..].starts_with('u') => return None,
            (Some('"'), '\\') => (1 + rest[1..].chars().next()?.len_utf8(), 1),
            (Some('\''), '\'') => (2, 1),
            (_, '\n') => return None,
            (_, c) => (c.len_utf8(), c.len_utf8()),
        };
        at += taken;
        unescaped += given;
    }
    (at <= written.len()).then_some(at)
}

/// A value that could not be worked out.
pub(super) fn failed(at: &At) -> Node {
    Node::new(Value::Null, At { failed: true, ..at.clone() })
}

/// The place of a value made by a call: given by [`settle`] once the whole expression is done.
fn unplaced() -> At {
    At::default()
}

/// Gives values made by calls the place of their expression; values from elsewhere in the text keep theirs.
fn settle(node: &mut Node, at: &At) {
    if node.at.span.is_none() {
        node.at = At { secret: node.at.secret, failed: node.at.failed, ..at.clone() };
    }
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, at)),
        Value::Object(object) => object.entries.iter_mut().for_each(|entry| settle(&mut entry.node, at)),
        _ => {}
    }
}

fn has_secret(node: &Node) -> bool {
    node.at.secret || node.as_array().is_some_and(|items| items.iter().any(has_secret))
}

fn is_reference(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Call { name, .. } => name.eq_ignore_ascii_case("reference"),
        Kind::Member { of, .. } => is_reference(of),
        _ => false,
    }
}

fn named(what: &str, key: &Node) -> String {
    match &key.value {
        Value::String(name) => format!("{what} {name:?}"),
        _ => what.to_owned(),
    }
}
