//! Rules: clauses in order become steps; versions share what they remember.

use super::expressions::unbracketed;
use super::scope::{Fact, RuleScope, Scope, Typed, Wanted, facts};
use super::sets::inline;
use super::{Lowering, suggest};
use crate::plan::{
    Amount, Ask, Days, Decision, DecisionId, Expr, GroupId, Limit, Local, LocalId, Op, Pay, Period, RecordId, Root,
    Rule, RuleId, StateKind, Step, Stream, Type,
};
use crate::resolve::not_supported;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind, ExprKind, RecordKind, UnknownMeans, UnknownMeansKind};

impl Lowering<'_> {
    pub(super) fn rules(&mut self) {
        let rules = &self.resolved.rules;
        let mut reads: Vec<Vec<usize>> = rules.iter().map(|rule| self.reads(rule)).collect();
        let mut done = vec![false; rules.len()];
        let mut lowered: Vec<(usize, Rule)> = Vec::new();
        while let Some(next) = (0..rules.len()).find(|&idx| !done[idx] && reads[idx].iter().all(|&read| done[read])) {
            done[next] = true;
            let rule = self.rule(&rules[next]);
            // A rule that failed still has its place, so that what reads it says nothing more about it.
            if let Some(rule) = rule {
                self.plan.rules.push(rule.clone());
                lowered.push((next, rule));
            }
        }
        if let Some(stuck) = done.iter().position(|done| !done) {
            self.cycle(stuck, &mut reads);
        }
        // Rules stand as written; the order of work has those that are read first, versions by their ranges.
        let work: Vec<usize> = lowered.iter().map(|(idx, _)| *idx).collect();
        lowered.sort_by_key(|(idx, _)| *idx);
        let written: Vec<usize> = lowered.iter().map(|(idx, _)| *idx).collect();
        self.plan.rules = lowered.into_iter().map(|(_, rule)| rule).collect();
        self.versions(&written);
        let place = |idx: &usize| RuleId(written.iter().position(|written| written == idx).unwrap_or(0) as u32);
        let mut order: Vec<RuleId> = Vec::new();
        for idx in &work {
            let name = &self.plan.rule(place(idx)).name;
            if order.iter().any(|id| self.plan.rule(*id).name == *name) {
                continue;
            }
            let mut versions: Vec<RuleId> = self.plan.versions(name).collect();
            versions.sort_by_key(|id| self.plan.rule(*id).active.from);
            order.extend(versions);
        }
        self.plan.order = order;
    }

    /// Rules that must be done before this one: those whose payments it reads, and those that set a name it uses.
    fn reads(&self, rule: &tree::Rule) -> Vec<usize> {
        let mut names = Vec::new();
        let mut sources = Vec::new();
        mentions(rule, &mut names, &mut sources);
        let rules = &self.resolved.rules;
        let sets = |other: &tree::Rule| {
            other
                .clauses
                .iter()
                .any(|clause| matches!(&clause.kind, ClauseKind::Set { name, .. } if names.contains(&name.text)))
        };
        let reads = |other: &tree::Rule| {
            other.name.text != rule.name.text && (sources.contains(&other.name.text) || sets(other))
        };
        let own_payments = sources.contains(&rule.name.text);
        (0..rules.len())
            .filter(|&idx| reads(&rules[idx]) || (own_payments && rules[idx].name.text == rule.name.text))
            .collect()
    }

    fn cycle(&mut self, stuck: usize, reads: &mut [Vec<usize>]) {
        let rules = &self.resolved.rules;
        let mut path = vec![stuck];
        let mut at = stuck;
        while let Some(&next) = reads[at].iter().find(|&&next| !reads[next].is_empty()) {
            let seen = path.iter().position(|&known| known == next);
            path.push(next);
            at = next;
            if let Some(start) = seen {
                path.drain(..start);
                break;
            }
        }
        let drawn: Vec<String> = path.iter().map(|&idx| format!("`{}`", rules[idx].name.text)).collect();
        let first = &rules[path[0]];
        let mut problem = Problem::error(
            "rule-cycle",
            first.name.span,
            format!("rules wait for one another: {}", drawn.join(" reads ")),
        )
        .help("let one of them read an event instead");
        for &idx in path.iter().skip(1).filter(|&&idx| idx != path[0]) {
            problem = problem.other(rules[idx].name.span, "also in the circle");
        }
        self.problem(problem);
    }

    /// Numbers versions by their ranges and looks for overlaps and gaps.
    fn versions(&mut self, written: &[usize]) {
        let names: Vec<String> = self.plan.rules.iter().map(|rule| rule.name.clone()).collect();
        for (idx, name) in names.iter().enumerate() {
            if names[..idx].contains(name) {
                continue;
            }
            let mut versions: Vec<usize> = (0..names.len()).filter(|&other| names[other] == *name).collect();
            versions.sort_by_key(|&idx| self.plan.rules[idx].active.from);
            for (number, &idx) in versions.iter().enumerate() {
                self.plan.rules[idx].version = number as u32 + 1;
            }
            for pair in versions.windows(2) {
                let (a, b) = (self.plan.rules[pair[0]].active, self.plan.rules[pair[1]].active);
                let spans = [pair[0], pair[1]].map(|idx| self.resolved.rules[written[idx]].name.span);
                if b.from <= a.to {
                    let message = format!("two versions of rule `{name}` hold on the same days");
                    self.problem(
                        Problem::error("overlapping-versions", spans[1], message)
                            .other(spans[0], "the other version")
                            .help("give each its own range: active 2026-01-01 to 2026-06-30"),
                    );
                } else if b.from > a.to + 1 {
                    let message = format!("between two versions of rule `{name}` there are days on which none holds");
                    self.problem(
                        Problem::warning("version-gap", spans[1], message).other(spans[0], "the version before"),
                    );
                }
                if self.plan.rules[pair[0]].stream != self.plan.rules[pair[1]].stream {
                    let message = format!("the versions of rule `{name}` read different things");
                    self.problem(
                        Problem::error("version-stream", spans[1], message).other(spans[0], "the other version"),
                    );
                }
            }
        }
    }

    fn rule(&mut self, rule: &tree::Rule) -> Option<Rule> {
        let before = self.problems.iter().filter(|problem| problem.is_error()).count();
        self.clause_order(rule);
        let for_each = rule
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. }));
        let Some(for_each) = for_each else {
            let message = format!("rule `{}` does not say for what", rule.name.text);
            self.problem(
                Problem::error("missing-clause", rule.name.span, message)
                    .help("begin it with: for each deal, or for each partner per quarter"),
            );
            return None;
        };
        let mut scope = Scope::constant();
        let stream = self.stream(rule, for_each, &mut scope)?;
        scope.rule = Some(RuleScope { name: rule.name.text.clone(), stream: stream.clone(), matched: false });
        let mut work = Work {
            steps: vec![Step::Active],
            locals: Vec::new(),
            all: Vec::new(),
            active: self.plan.active,
            take_back: None,
        };
        let n_groups = self.plan.groups.len();
        let last_filter = rule
            .clauses
            .iter()
            .rposition(|clause| matches!(clause.kind, ClauseKind::Where { .. } | ClauseKind::FirstPer { .. }));
        for (idx, clause) in rule.clauses.iter().enumerate() {
            if let Some(rule) = &mut scope.rule {
                rule.matched = last_filter.is_none_or(|last| idx > last);
            }
            self.clause(clause, &mut scope, &mut work);
        }
        let pays = work.steps.iter().any(|step| matches!(step, Step::Pay(_)));
        let sets = work.steps.iter().any(|step| matches!(step, Step::Set(..)));
        let clean = self.problems.iter().filter(|problem| problem.is_error()).count() == before;
        if !pays && !sets && clean {
            let message = format!("rule `{}` neither pays nor sets anything", rule.name.text);
            self.problem(
                Problem::error("missing-clause", rule.name.span, message).help("end it with: pay partner 2% of amount"),
            );
            return None;
        }
        if !clean {
            return None;
        }
        let mut steps = work.all;
        steps.append(&mut work.steps);
        Some(Rule {
            name: rule.name.text.clone(),
            title: rule.title.as_ref().map_or(&rule.name.text, |title| &title.value).clone(),
            version: 1,
            active: work.active,
            stream,
            n_locals: work.locals.len() as u32,
            locals: work.locals,
            steps,
            groups: (n_groups..self.plan.groups.len()).map(|idx| GroupId(idx as u32)).collect(),
            span: rule.span,
        })
    }

    /// Each clause has its place: `for each`, `active`, `where` and `let`, `first per`, one `pay`, limits.
    fn clause_order(&mut self, rule: &tree::Rule) {
        let rank = |clause: &Clause| match clause.kind {
            ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. } => Some((0, "for each")),
            ClauseKind::Active(_) => Some((1, "active")),
            ClauseKind::Where { .. } => Some((2, "where")),
            ClauseKind::FirstPer { .. } => Some((3, "first per")),
            ClauseKind::Pay { .. } => Some((4, "pay")),
            ClauseKind::TakeBack { .. } => Some((4, "take back")),
            ClauseKind::AtMost { .. } => Some((5, "at most")),
            ClauseKind::AtLeast { .. } => Some((5, "at least")),
            ClauseKind::Let { .. } | ClauseKind::Set { .. } | ClauseKind::Unsupported(_) => None,
        };
        let mut last: Option<(i32, &str, Span)> = None;
        for clause in &rule.clauses {
            let paid = last.is_some_and(|(rank, ..)| rank >= 4);
            if let (true, ClauseKind::Let { .. } | ClauseKind::Set { .. }) = (paid, &clause.kind) {
                let span = last.map_or(clause.span, |(_, _, span)| span);
                self.problem(
                    Problem::error("clause-order", clause.span, "values are set before `pay`")
                        .other(span, "this comes last, but for limits"),
                );
            }
            let Some((place, word)) = rank(clause) else { continue };
            if let Some((before, other, span)) = last {
                if place < before {
                    let message = format!("`{word}` comes before `{other}`");
                    self.problem(
                        Problem::error("clause-order", clause.span, message)
                            .label("move this up")
                            .other(span, format!("`{other}` stands here")),
                    );
                } else if place == before && matches!(place, 0 | 1 | 3 | 4) {
                    let message =
                        if place == 4 { "a rule pays once".to_owned() } else { format!("a rule has one `{word}`") };
                    let mut problem =
                        Problem::error("duplicate-clause", clause.span, message).other(span, "the first one");
                    if place == 4 {
                        problem = problem.help("two payments are two rules");
                    }
                    self.problem(problem);
                }
            }
            last = Some((last.map_or(place, |(before, ..)| before.max(place)), word, clause.span));
        }
        let limit = rule
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::AtMost { .. } | ClauseKind::AtLeast { .. }));
        let pays = rule
            .clauses
            .iter()
            .any(|clause| matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::TakeBack { .. }));
        if let (Some(limit), false) = (limit, pays) {
            self.problem(Problem::error("clause-order", limit.span, "a limit follows a `pay`"));
        }
    }

    fn stream(&mut self, rule: &tree::Rule, clause: &Clause, scope: &mut Scope) -> Option<Stream> {
        match &clause.kind {
            ClauseKind::ForEachPayment { rule: source } => {
                if source.text == rule.name.text {
                    self.problem(Problem::error(
                        "rule-cycle",
                        source.span,
                        format!("rule `{}` reads its own payments", source.text),
                    ));
                    return None;
                }
                let Some(id) =
                    self.plan.rules.iter().position(|rule| rule.name == source.text).map(|idx| RuleId(idx as u32))
                else {
                    self.unknown_rule(source);
                    return None;
                };
                let Some(payee) = self.plan.payee_record(id) else {
                    self.problem(Problem::error(
                        "no-payments",
                        source.span,
                        format!("rule `{}` pays nobody", source.text),
                    ));
                    return None;
                };
                scope.payment = true;
                scope.roots.push(("payment.payee".to_owned(), Root::Payee, payee));
                let origin = match self.plan.rule(id).stream {
                    Stream::Events(record) | Stream::Grid(record, _) => Some(record),
                    Stream::Payments(ref first) => self.origin(first.clone()),
                };
                if let Some(record) = origin {
                    scope.roots.push((self.plan.record(record).name.clone(), Root::Source, record));
                }
                Some(Stream::Payments(source.text.clone()))
            }
            ClauseKind::ForEach { subject, per, by } => {
                if let Some(by) = by {
                    self.problem(Problem::error(
                        "not-supported",
                        by.span,
                        "`for each … by` another date is not supported yet",
                    ));
                    return None;
                }
                let Some(&record) = self.records.get(&subject.text) else {
                    if !self.damaged(&subject.text) {
                        let known: Vec<String> = self.records.keys().cloned().collect();
                        let problem = Problem::error(
                            "unknown-record",
                            subject.span,
                            format!("there is no event or entity `{}`", subject.text),
                        );
                        self.problem(suggest(problem, subject, known.iter().map(String::as_str)));
                    }
                    return None;
                };
                self.mark_used(record, &[]);
                scope.roots.push((subject.text.clone(), Root::Row, record));
                scope.bare = Some((Root::Row, record));
                match (self.plan.record(record).kind, per) {
                    (RecordKind::Event, None) => Some(Stream::Events(record)),
                    (RecordKind::Entity, Some(per)) => match Period::from_word(&per.text) {
                        Some(period) => Some(Stream::Grid(record, period)),
                        None => {
                            let problem =
                                Problem::error("unknown-period", per.span, format!("`{}` is no period", per.text));
                            self.problem(suggest(problem, per, ["month", "quarter", "half", "year", "program"]));
                            None
                        }
                    },
                    (RecordKind::Event, Some(per)) => {
                        let message = format!("`{}` is an event: a rule over it runs once per row", subject.text);
                        self.problem(
                            Problem::error("event-per-period", per.span, message)
                                .help("take the `per …` out, or name an entity: for each partner per quarter"),
                        );
                        None
                    }
                    (RecordKind::Entity, None) => {
                        let message = format!("`{}` is an entity: once per which period?", subject.text);
                        let end = Span { start: subject.span.end, end: subject.span.end };
                        self.problem(
                            Problem::error("missing-period", subject.span, message)
                                .help("write: for each partner per quarter")
                                .edit(end, " per quarter"),
                        );
                        None
                    }
                }
            }
            _ => None,
        }
    }

    fn origin(&self, mut rule: String) -> Option<RecordId> {
        loop {
            match &self.plan.rules.iter().find(|known| known.name == rule)?.stream {
                Stream::Events(record) | Stream::Grid(record, _) => return Some(*record),
                Stream::Payments(source) => rule = source.clone(),
            }
        }
    }

    fn clause(&mut self, clause: &Clause, scope: &mut Scope, work: &mut Work) {
        match &clause.kind {
            ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. } => {}
            ClauseKind::Active(range) => {
                if let Some(days) = self.range(range, Days { from: i32::MIN, to: i32::MAX }) {
                    let life = self.plan.active;
                    if days.to < life.from || days.from > life.to {
                        self.problem(Problem::error(
                            "empty-range",
                            range.span,
                            "the rule's days lie outside the program's",
                        ));
                    }
                    work.active = Days { from: days.from.max(life.from), to: days.to.min(life.to) };
                }
            }
            ClauseKind::Where { condition, unknown } => {
                let Some(mut lowered) = self.condition(condition, scope) else { return };
                if let Some(unknown) = unknown {
                    let Some(default) = self.unknown_condition(unknown) else { return };
                    lowered = if_unknown(
                        lowered,
                        Expr { op: Op::YesNo(default), ty: Type::YesNo, optional: false, span: unknown.span },
                    );
                } else if lowered.optional {
                    self.unknown_not_handled(&lowered, "this condition");
                    return;
                }
                scope.learn(facts(&lowered.op, true));
                self.flush(scope, work);
                work.steps.push(Step::Filter(lowered));
            }
            ClauseKind::Let { name, value, unknown } => {
                let hint = None;
                if let Some(value) = self.valued(value, unknown.as_ref(), hint, scope) {
                    self.flush(scope, work);
                    self.local(name, value, scope, work);
                }
            }
            ClauseKind::Set { name, value, unknown } => {
                if let Some(value) = self.valued(value, unknown.as_ref(), None, scope) {
                    self.flush(scope, work);
                    let ty = value.ty;
                    if matches!(ty, Type::Text(_) | Type::Id(_) | Type::Choice(_) | Type::Ref(_)) {
                        let message = format!("a decision that is {} is not supported yet", self.type_words(ty));
                        self.problem(
                            Problem::error("not-supported", value.span, message)
                                .help("set a number, an amount, a percent, a date or a yes or no"),
                        );
                        return;
                    }
                    if let Some(local) = self.local(name, value, scope, work)
                        && let Some(decision) = self.decide(name, ty, scope)
                    {
                        work.steps.push(Step::Set(decision, local));
                    }
                }
            }
            ClauseKind::FirstPer { per } => {
                let Some(keys) = self.keys(per, scope) else { return };
                if keys.parts.is_empty() {
                    self.problem(
                        Problem::error("bad-key", clause.span, "first of what?").help("write: first per customer"),
                    );
                    return;
                }
                let Some(rule) = scope.rule.clone() else { return };
                let state = self.state(&rule, keys, StateKind::Seen, true, 0);
                work.steps.push(Step::First(state));
            }
            ClauseKind::Pay { payee, amount, unknown } => {
                self.pay(payee.as_ref(), amount, unknown.as_ref(), false, clause.span, scope, work)
            }
            ClauseKind::TakeBack { payee, amount, unknown } => {
                self.pay(payee.as_ref(), amount, unknown.as_ref(), true, clause.span, scope, work)
            }
            ClauseKind::AtMost { amount, per } | ClauseKind::AtLeast { amount, per } => {
                let floor = matches!(clause.kind, ClauseKind::AtLeast { .. });
                self.limit(amount, per, floor, clause.span, scope, work);
            }
            ClauseKind::Unsupported(unsupported) => self.problem(not_supported(unsupported)),
        }
    }

    /// Puts the accumulation steps that expressions asked for where they belong.
    fn flush(&mut self, scope: &mut Scope, work: &mut Work) {
        for wanted in scope.wanted.drain(..) {
            match wanted {
                Wanted::All { state, filter, atoms } => work.all.push(Step::AccumulateAll { state, filter, atoms }),
                Wanted::Matched { state, atoms } => work.steps.push(Step::Accumulate { state, atoms }),
            }
        }
    }

    fn valued(
        &mut self,
        value: &tree::Expr,
        unknown: Option<&UnknownMeans>,
        hint: Option<Type>,
        scope: &mut Scope,
    ) -> Option<Expr> {
        let typed = self.hinted(value, hint, scope)?;
        if typed.text.is_some() {
            self.problem(Problem::error("misplaced-text", typed.span, "a text can only be compared"));
            return None;
        }
        match unknown {
            None => Some(typed.into_expr()),
            Some(unknown) => {
                let default = self.unknown_value(unknown, typed.ty)?;
                let (value, default) = self.unify(typed, default)?;
                Some(if_unknown(value.into_expr(), default.into_expr()))
            }
        }
    }

    fn unknown_condition(&mut self, unknown: &UnknownMeans) -> Option<bool> {
        match &unknown.kind {
            UnknownMeansKind::Yes => Some(true),
            UnknownMeansKind::No => Some(false),
            UnknownMeansKind::Nobody | UnknownMeansKind::Value(_) => {
                self.problem(Problem::error("unknown-means", unknown.span, "an unknown condition means yes or no"));
                None
            }
        }
    }

    fn unknown_value(&mut self, unknown: &UnknownMeans, ty: Type) -> Option<Typed> {
        let yes = |value| Some(Typed::new(Op::YesNo(value), Type::YesNo, false, unknown.span));
        match &unknown.kind {
            UnknownMeansKind::Yes => yes(true),
            UnknownMeansKind::No => yes(false),
            UnknownMeansKind::Value(value) => self.hinted(value, Some(ty), &mut Scope::constant()),
            UnknownMeansKind::Nobody => {
                self.problem(Problem::error("unknown-means", unknown.span, "`nobody` is for a `pay`"));
                None
            }
        }
    }

    fn local(&mut self, name: &tree::Name, value: Expr, scope: &mut Scope, work: &mut Work) -> Option<LocalId> {
        if scope.locals.contains_key(&name.text) || self.names_something(name, scope) && !self.decides(name) {
            let message = format!("`{}` already has a meaning in this rule", name.text);
            self.problem(
                Problem::error("duplicate-name", name.span, message)
                    .help("give it another name: a `let` hides nothing"),
            );
            return None;
        }
        let local = LocalId(work.locals.len() as u32);
        work.locals.push(Local { name: name.text.clone(), ty: value.ty, optional: value.optional });
        scope.locals.insert(name.text.clone(), local);
        if !value.optional {
            scope.learn(vec![Fact::Local(local)]);
        }
        scope.definitions.push(value.clone());
        work.steps.push(Step::Let(local, value));
        Some(local)
    }

    fn decides(&self, name: &tree::Name) -> bool {
        self.plan.decisions.iter().any(|decision| decision.name == name.text)
    }

    fn decide(&mut self, name: &tree::Name, ty: Type, scope: &Scope) -> Option<DecisionId> {
        let rule = scope.rule.as_ref()?;
        let setter = |other: &tree::Rule| {
            other.name.text != rule.name
                && other.clauses.iter().any(
                    |clause| matches!(&clause.kind, ClauseKind::Set { name: other, .. } if other.text == name.text),
                )
        };
        let known = self
            .plan
            .decisions
            .iter()
            .position(|decision| decision.name == name.text && decision.stream == rule.stream);
        match known {
            Some(idx) => {
                if let Some(other) = self.resolved.rules.iter().find(|other| setter(other)) {
                    let message = format!("two rules set `{}`", name.text);
                    self.problem(
                        Problem::error("decided-twice", name.span, message)
                            .other(other.name.span, "this rule sets it too")
                            .help("give the decisions two names, or make the rules versions of one"),
                    );
                    return None;
                }
                if self.plan.decisions[idx].ty != ty {
                    let (old, new) = (self.type_words(self.plan.decisions[idx].ty), self.type_words(ty));
                    self.problem(Problem::error(
                        "type-mismatch",
                        name.span,
                        format!("`{}` is {old} in another version and {new} here", name.text),
                    ));
                    return None;
                }
                Some(DecisionId(idx as u32))
            }
            None => {
                self.plan.decisions.push(Decision { name: name.text.clone(), stream: rule.stream.clone(), ty });
                Some(DecisionId(self.plan.decisions.len() as u32 - 1))
            }
        }
    }

    /// The decision a bare name means here.
    pub(super) fn decision_named(&self, name: &str, scope: &Scope) -> Option<(DecisionId, Root)> {
        let stream = &scope.rule.as_ref()?.stream;
        let own = scope.rule.as_ref().is_some_and(|rule| {
            self.resolved.rules.iter().any(|other| {
                other.name.text == rule.name
                    && other
                        .clauses
                        .iter()
                        .any(|clause| matches!(&clause.kind, ClauseKind::Set { name: set, .. } if set.text == name))
            })
        });
        if own {
            return None;
        }
        let idx =
            self.plan.decisions.iter().position(|decision| decision.name == name && decision.stream == *stream)?;
        Some((DecisionId(idx as u32), Root::Row))
    }

    /// The decision that is a field of a row.
    pub(super) fn decision_of(
        &self,
        name: &tree::Name,
        root: Root,
        record: RecordId,
        scope: &Scope,
    ) -> Option<DecisionId> {
        if self.plan.record(record).field(&name.text).is_some() {
            return None;
        }
        let stream = match (root, &scope.rule.as_ref()?.stream) {
            (Root::Row, stream) => stream.clone(),
            (Root::Source, _) if self.plan.record(record).kind == RecordKind::Event => Stream::Events(record),
            (Root::Source | Root::Payee, _) => return None,
        };
        let idx =
            self.plan.decisions.iter().position(|decision| decision.name == name.text && decision.stream == stream)?;
        Some(DecisionId(idx as u32))
    }

    pub(super) fn read_decision(&mut self, decision: DecisionId, root: Root, span: Span, scope: &Scope) -> Typed {
        let ty = self.plan.decisions[decision.index()].ty;
        let optional = !scope.knows(&Fact::Decision(decision, root));
        Typed::new(Op::Decision { decision, root }, ty, optional, span)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of the clause, and where it stands")]
    fn pay(
        &mut self,
        payee: Option<&tree::Expr>,
        amount: &tree::Expr,
        unknown: Option<&UnknownMeans>,
        take_back: bool,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(payee) = payee else {
            let message = "no payee: who is paid?";
            self.problem(
                Problem::error("missing-payee", amount.span, message)
                    .help("name the party before the amount: pay partner 2% of amount"),
            );
            return;
        };
        let schedule = match &unbracketed(payee).kind {
            ExprKind::Path(path) if path.parts.len() == 1 && !self.names_something(&path.parts[0], scope) => {
                self.schedules.contains_key(&path.parts[0].text)
            }
            ExprKind::Call { .. } => true,
            _ => false,
        };
        if schedule {
            let message = "no payee: who is paid?";
            self.problem(
                Problem::error("missing-payee", payee.span, message)
                    .label("this is a schedule")
                    .help("name the party before the amount: pay partner volume_bands(volume)"),
            );
            return;
        }
        let to = self.expression(payee, scope);
        let value = self.numeric(amount, scope);
        let (Some(to), Some(value)) = (to, value) else { return };
        let Type::Ref(record) = to.ty else {
            let message = format!("{} cannot be paid", self.type_words(to.ty));
            self.problem(
                Problem::error("not-a-payee", to.span, message)
                    .help("a payee is a party: declare it as an entity and the field as a reference to it"),
            );
            return;
        };
        if self.plan.record(record).kind == RecordKind::Event {
            let message = format!("an event cannot be paid: `{}` is one", self.plan.record(record).name);
            self.problem(Problem::error("not-a-payee", to.span, message));
            return;
        }
        self.mark_used(record, &[]);
        let zero = value.literal && matches!(&value.op, Op::Number(number) if *number == crate::value::Exact::ZERO);
        if value.ty != Type::Money && !zero {
            let message = format!("what is paid must be an amount of money, not {}", self.type_words(value.ty));
            let help = match value.ty {
                Type::Percent => "a percent of what? write: 2% of amount",
                _ => "multiply it with a price: $25 * quantity",
            };
            self.problem(Problem::error("not-money", value.span, message).help(help));
            return;
        }
        let (to, mut value) = (to.into_expr(), value.into_expr());
        match unknown.map(|unknown| &unknown.kind) {
            Some(UnknownMeansKind::Nobody) => {}
            Some(UnknownMeansKind::Value(_)) if !to.optional => {
                let Some(default) = unknown.and_then(|unknown| self.unknown_value(unknown, Type::Money)) else {
                    return;
                };
                let Some((known, default)) = self.unify(Typed::from_expr(value), default) else { return };
                value = if_unknown(known.into_expr(), default.into_expr());
            }
            Some(_) => {
                let span = unknown.map_or(span, |unknown| unknown.span);
                self.problem(
                    Problem::error("unknown-means", span, "an unknown payee means nobody, an unknown amount 0")
                        .help("write: unknown means nobody"),
                );
                return;
            }
            None if to.optional => return self.unknown_not_handled(&to, "who is paid"),
            None if unhandled(&value) => return self.unknown_not_handled(&value, "the amount"),
            None => {}
        }
        self.flush(scope, work);
        let amount = along_total(&value, &scope.definitions).unwrap_or(Amount::Plain(value));
        work.take_back = Some(take_back);
        work.steps.push(Step::Pay(Pay { payee: to, amount, take_back, span }));
    }

    fn limit(
        &mut self,
        amount: &tree::Expr,
        per: &[tree::Path],
        floor: bool,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(value) = self.numeric(amount, scope) else { return };
        if value.ty != Type::Money {
            let message = format!("a limit is an amount of money, not {}", self.type_words(value.ty));
            self.problem(Problem::error("not-money", value.span, message));
            return;
        }
        let value = value.into_expr();
        if value.optional {
            return self.unknown_not_handled(&value, "this limit");
        }
        if matches!(&value.op, Op::Number(number) if *number < crate::value::Exact::ZERO) {
            self.problem(Problem::error("negative-limit", value.span, "a limit is not below zero"));
            return;
        }
        self.flush(scope, work);
        let Some(rule) = scope.rule.clone() else { return };
        let Some(keys) = self.keys(per, scope) else { return };
        let nth = work
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Limit(Limit::AtMost { .. } | Limit::AtLeast { .. })))
            .count();
        let step = match (floor, keys.parts.is_empty() && keys.period.is_none()) {
            (false, true) => Limit::PerPayment(value),
            (false, false) => Limit::AtMost { amount: value, state: self.limit_state(&rule, keys, nth) },
            (true, _) => {
                let Stream::Grid(entity, own) = rule.stream else {
                    self.problem(
                        Problem::error(
                            "guarantee-per-event",
                            span,
                            "a guarantee belongs to a rule per entity and period",
                        )
                        .help("write the rule as: for each partner per quarter"),
                    );
                    return;
                };
                let Some(period) = keys.period else {
                    self.problem(
                        Problem::error("missing-period", span, "a guarantee is for a period")
                            .help("write: at least $1,000 per partner per quarter"),
                    );
                    return;
                };
                let row = |part: &Expr| matches!(&part.op, Op::Field { root: Root::Row, path, .. } if path.is_empty());
                if keys.parts.len() != 1 || !keys.parts.iter().all(row) {
                    let name = self.plan.record(entity).name.clone();
                    self.problem(
                        Problem::error("bad-key", span, format!("the guarantee of this rule is per {name}"))
                            .help(format!("write: at least $1,000 per {name} per {}", period.word())),
                    );
                    return;
                }
                if period < own {
                    let message =
                        format!("the rule runs per {}, its guarantee cannot be per {}", own.word(), period.word());
                    self.problem(Problem::error("unknown-period", span, message));
                    return;
                }
                Limit::AtLeast { amount: value, state: self.limit_state(&rule, keys, nth), period }
            }
        };
        work.steps.push(Step::Limit(step));
    }

    /// Limits of one kind and key in one rule are told apart by their place.
    fn limit_state(&mut self, rule: &RuleScope, keys: super::sets::Keys, nth: usize) -> crate::plan::StateId {
        self.state(rule, keys, StateKind::Paid, true, nth)
    }
}

/// A rule in the making.
struct Work {
    steps: Vec<Step>,
    locals: Vec<Local>,
    all: Vec<Step>,
    active: Days,
    take_back: Option<bool>,
}

fn if_unknown(value: Expr, default: Expr) -> Expr {
    let (ty, optional, span) = (value.ty, default.optional, value.span);
    Expr { op: Op::IfUnknown(Box::new(value), Box::new(default)), ty, optional, span }
}

/// Whether an amount can be missing for another reason than a band that pays `none`.
fn unhandled(value: &Expr) -> bool {
    match &value.op {
        Op::Schedule { arguments, value, ask: Ask::Amount, .. } => arguments.iter().any(unhandled) || unhandled(value),
        Op::Telescoped { body, .. } => unhandled(body),
        Op::Negate(x) | Op::Round { value: x, .. } => unhandled(x),
        Op::Add(a, b) | Op::Subtract(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) => unhandled(a) || unhandled(b),
        _ => value.optional,
    }
}

/// The amount as `k * F(what adds up)`, where it is just that.
fn along_total(value: &Expr, definitions: &[Expr]) -> Option<Amount> {
    let value = inline(value.clone(), definitions);
    let (factor, telescoped) = scaled(&value)?;
    let Op::Telescoped { state, body } = telescoped.op else { return None };
    Some(Amount::AlongTotal { factor, state, body: *body })
}

fn scaled(value: &Expr) -> Option<(Option<Expr>, Expr)> {
    let one = || Expr { op: Op::Number(crate::value::Exact::ONE), ty: Type::Number, optional: false, span: value.span };
    let with = |inner: &Expr, apply: &dyn Fn(Expr) -> Op, optional: bool| {
        let (factor, telescoped) = scaled(inner)?;
        let op = apply(factor.unwrap_or_else(one));
        Some((Some(Expr { op, ty: Type::Number, optional, span: value.span }), telescoped))
    };
    match &value.op {
        Op::Telescoped { .. } => Some((None, value.clone())),
        Op::Multiply(a, b) if !telescopes(a) => with(b, &|k| Op::Multiply(a.clone(), Box::new(k)), a.optional),
        Op::Multiply(a, b) if !telescopes(b) => with(a, &|k| Op::Multiply(Box::new(k), b.clone()), b.optional),
        Op::Divide(a, b) if !telescopes(b) => with(a, &|k| Op::Divide(Box::new(k), b.clone()), b.optional),
        Op::Negate(x) => with(x, &|k| Op::Negate(Box::new(k)), false),
        _ => None,
    }
}

fn telescopes(value: &Expr) -> bool {
    let mut found = false;
    super::sets::walk(&mut value.clone(), &mut |expr| found |= matches!(expr.op, Op::Telescoped { .. }));
    found
}

/// The names a rule mentions, and the rules whose payments it reads.
fn mentions(rule: &tree::Rule, names: &mut Vec<String>, sources: &mut Vec<String>) {
    for clause in &rule.clauses {
        if let ClauseKind::ForEachPayment { rule } = &clause.kind {
            sources.push(rule.text.clone());
        }
        super::mention::clause(clause, names, sources);
    }
}
