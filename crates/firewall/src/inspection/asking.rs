//! Asks the rules of a policy in their order.

use std::sync::Arc;

use waf::transaction::{Progress, Transaction};

use super::{Answer, Decision, Inspection, Stage, Step};
use crate::challenge::{self, Kind};
use crate::custom::{self, Ending, Surroundings};
use crate::events::{Action, Event};
use crate::managed::bots::Sighting;
use crate::managed::{Findings, Surrounded};
use crate::policy::Mode;

impl Inspection<'_> {
    /// All rules that are left; the first slice of them. `ended`: so has the body.
    pub(super) fn evaluate(&mut self, ended: bool, work: u64) -> Step {
        let body = std::mem::take(&mut self.body);
        if self.custom.is_none() {
            return self.ask_managed(body, ended, work);
        }
        let content_type = self.request.header("content-type").next().unwrap_or_default();
        let arguments = waf::body::arguments(content_type, &body);
        self.stage = Stage::Asking { body, arguments, ended };
        self.run(work)
    }

    /// Lets rules work.
    pub(super) fn run(&mut self, work: u64) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Passing) {
            Stage::Asking { body, arguments, ended } => self.ask_of_body(body, arguments, ended, work),
            Stage::Running { mut transaction, ended } => match transaction.request_body_step(work) {
                Progress::Done => self.judge(*transaction, ended),
                Progress::More => {
                    self.stage = Stage::Running { transaction, ended };
                    Step::Working
                }
            },
            Stage::New | Stage::Holding | Stage::Passing | Stage::Over(_) => self.through(true),
        }
    }

    /// Asks custom rules about the body, a slice or all.
    fn ask_of_body(&mut self, body: Vec<u8>, arguments: Vec<(Vec<u8>, Vec<u8>)>, ended: bool, work: u64) -> Step {
        while self.custom.is_some() {
            if let Some(ending) = self.ask_custom(Some(custom::Body { bytes: &body, arguments: &arguments })) {
                return self.end_by_rule(ending);
            }
            if self.custom.is_some() && work < u64::MAX {
                self.stage = Stage::Asking { body, arguments, ended };
                return Step::Working;
            }
        }
        self.ask_managed(body, ended, work)
    }

    /// Asks bots' rules, and lets rule sets begin.
    fn ask_managed(&mut self, body: Vec<u8>, ended: bool, work: u64) -> Step {
        if let Some(done) = self.ask_bots(body.len()) {
            return done;
        }
        let policy = Arc::clone(&self.policy);
        let Some(core) = &policy.managed.core else { return self.through(ended) };
        let around = Surrounded { now: self.services.now, server: self.server, target: self.line_target };
        let transaction = core.begin(&self.request, &around, &body, self.cut);
        // The engine has its own copy now.
        drop(body);
        let left = work.saturating_sub(transaction.work());
        self.stage = Stage::Running { transaction: Box::new(transaction), ended };
        self.run(left)
    }

    fn judge(&mut self, mut transaction: Transaction, ended: bool) -> Step {
        let policy = Arc::clone(&self.policy);
        let Some(core) = &policy.managed.core else { return self.through(ended) };
        let prevents = policy.mode == Mode::Prevention;
        let so_far = transaction.verdict();
        let goes_on = transaction.stopped().is_none() && (so_far.exhausted.is_none() || !prevents);
        let found = if core.looks_at_answers() && goes_on {
            let found = core.judge(&transaction.told(), policy.mode);
            self.answer = Some(Box::new(Answer::new(&policy, transaction)));
            found
        } else {
            core.judge(&transaction.finish(0), policy.mode)
        };
        let Findings { events, explanation, refuses } = found;
        self.events.extend(events);
        self.explanation = explanation;
        if refuses && prevents { self.block() } else { self.through(ended) }
    }

    /// Asks custom rules as far as they can be asked; how they end it, if they do.
    pub(super) fn ask_custom(&mut self, body: Option<custom::Body<'_>>) -> Option<Ending> {
        let from = self.custom?;
        let surroundings = Surroundings {
            counters: self.services.counters,
            countries: self.services.countries,
            clearances: self.services.clearances,
            point: &self.point,
            mode: self.policy.mode,
            now: self.services.now,
        };
        let mut told = Vec::new();
        let step = self.policy.custom.step(from, &self.request, body, &surroundings, &mut told);
        self.events.extend(told.iter().map(Event::of_custom));
        let (left, ending) = match step {
            custom::Step::Through => (None, None),
            custom::Step::WantsBody(place) | custom::Step::Paused(place) => (Some(place), None),
            custom::Step::Ended(ending) => (None, Some(ending)),
        };
        self.custom = left;
        ending
    }

    /// `body`: the length of what was read of it.
    fn ask_bots(&mut self, body: usize) -> Option<Step> {
        use crate::managed::Action as Does;
        let policy = Arc::clone(&self.policy);
        let bots = policy.managed.bots.as_ref()?;
        let Sighting { id, message, data } =
            bots.identify(&self.request, self.services.reputation, &policy.scrubbing)?;
        let rule = bots.choice.rules.get(&id)?;
        let (action, decision) = match (rule.action, policy.mode) {
            (Does::Block, Mode::Prevention) => (Action::Blocked, Some(Decision::Block(policy.block.clone()))),
            (Does::Block, Mode::Detection) => (Action::Detected, None),
            (Does::Allow, _) => (Action::Allowed, Some(Decision::Forward)),
            (Does::JsChallenge | Does::Captcha, _) => self.challenge_bot(body),
            (Does::Log | Does::AnomalyScoring, _) => (Action::Log, None),
        };
        self.events.push(Event::of_bot(action, bots.choice.set, id, rule.group.into(), message, data));
        decision.map(|decision| {
            let verb = match decision {
                Decision::Forward => "forwarded",
                Decision::Block(_) => "refused",
                Decision::Challenge(_) => "challenged",
            };
            self.explanation.decision = format!("{verb}: rule {id} on bots");
            self.done(decision)
        })
    }

    /// A client that has proven that it runs scripts goes on to the rule sets, as it does in detection.
    fn challenge_bot(&self, body: usize) -> (Action, Option<Decision>) {
        let kind = Kind::Script;
        let asked = self.services.clearances.decide(kind, &self.request, Some(body), self.services.now);
        let (outcome, decision) = match asked {
            challenge::Decision::Valid => (custom::Outcome::ChallengeValid(kind), None),
            _ if self.policy.mode == Mode::Detection => (custom::Outcome::Detected, None),
            challenge::Decision::Issue => (custom::Outcome::ChallengeIssued(kind), Some(Decision::Challenge(kind))),
            challenge::Decision::Refuse => {
                (custom::Outcome::ChallengeBlocked(kind), Some(Decision::Block(self.policy.block.clone())))
            }
        };
        (Action::Custom(outcome.name()), decision)
    }

    pub(super) fn end_by_rule(&mut self, ending: Ending) -> Step {
        let name = self.events.last().map(|event| event.rule_id.clone()).unwrap_or_default();
        let (verb, decision) = match ending {
            Ending::Allow => ("forwarded", Decision::Forward),
            Ending::Block if self.policy.mode == Mode::Detection => {
                ("forwarded, as the policy only detects", Decision::Forward)
            }
            Ending::Block => ("refused", Decision::Block(self.policy.block.clone())),
            Ending::Challenge(kind) => ("challenged", Decision::Challenge(kind)),
        };
        self.explanation.decision = format!("{verb}: custom rule {name}");
        self.done(decision)
    }
}
