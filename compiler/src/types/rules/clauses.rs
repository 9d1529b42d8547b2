//! One clause after the other becomes steps.

use crate::plan::calendar::date_of;
use crate::plan::{Days, Expr, Local, LocalId, Op, Stream, Type};
use crate::resolve::Meaning;
use crate::typed::{self, Keys};
use crate::types::Typing;
use crate::types::rules::Work;
use crate::types::rules::payments::if_unknown;
use crate::types::scope::{Fact, Scope, Typed, facts};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind, ExprKind, UnknownMeans, UnknownMeansKind};

impl Typing<'_> {
    pub(super) fn clause(&mut self, clause: &Clause, scope: &mut Scope, work: &mut Work) {
        match &clause.kind {
            ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. } | ClauseKind::Returns(_) => {}
            ClauseKind::Hold { .. } => self.hold(clause, scope, work),
            ClauseKind::Due { day, unknown } => self.due(day, unknown.as_ref(), clause.span, scope, work),
            ClauseKind::InParts { number, number_span, period } => {
                self.in_parts(*number, *number_span, period, clause.span, work);
            }
            ClauseKind::Add { .. } => self.add_to(clause, scope, work),
            ClauseKind::RankedBy { .. } => self.ranked_by(clause, work.pays, scope, work),
            ClauseKind::KeepTop(most) => self.keep_top(clause, most, scope, work),
            ClauseKind::Active(range) => {
                if let Some(days) = self.range(range, Days { from: i32::MIN, to: i32::MAX }) {
                    let life = self.program.active;
                    if days.to < life.from || days.from > life.to {
                        self.outside(range.span);
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
                self.level_beside(&lowered, clause.span, condition.span, scope);
                self.flush(scope, work);
                work.filters = true;
                work.clauses.push(typed::Clause::Where(lowered));
            }
            ClauseKind::Let { name, value: tree::Expr { kind: ExprKind::Set(set), .. }, .. } => {
                self.name_set(name, set, scope);
            }
            ClauseKind::Let { name, value, unknown } | ClauseKind::Set { name, value, unknown }
                if Self::is_take(value) =>
            {
                self.taken_is_known(unknown.as_ref());
                match self.take_from(value, scope, work) {
                    Some(got) if matches!(clause.kind, ClauseKind::Set { .. }) => self.set(name, got, scope, work),
                    Some(got) => drop(self.local(name, got, scope, work)),
                    None => drop(scope.failed.insert(name.text.clone())),
                }
            }
            ClauseKind::Let { name, value, unknown } => match self.valued(value, unknown.as_ref(), None, scope) {
                Some(value) => {
                    self.flush(scope, work);
                    self.local(name, value, scope, work);
                }
                None => drop(scope.failed.insert(name.text.clone())),
            },
            ClauseKind::Set { name, value, unknown } => match self.valued(value, unknown.as_ref(), None, scope) {
                Some(value) => self.set(name, value, scope, work),
                None => drop(scope.failed.insert(name.text.clone())),
            },
            ClauseKind::FirstPer { most, per, ever } => {
                let Some(most) = self.first_most(most.as_ref()) else { return };
                let Some(keys) = self.keys(per, scope) else { return };
                if keys.parts.is_empty() {
                    self.problem(
                        Problem::error("bad-key", clause.span, "first of what?").help("write: first per customer"),
                    );
                    return;
                }
                let Some(rule) = &scope.rule else { return };
                if self.first_of_when(clause.span, &keys, *ever, &rule.stream).is_none() {
                    return;
                }
                work.filters = true;
                work.ever = *ever;
                work.clauses.push(typed::Clause::First(keys, most));
            }
            ClauseKind::Pay { payee, amount, unknown } => {
                self.pay(payee.as_ref(), amount, unknown.as_ref(), false, clause.span, scope, work)
            }
            ClauseKind::PaySplit { amount, parties, spare, unknown } => {
                self.split(amount, parties, *spare, unknown.as_ref(), clause.span, scope, work);
            }
            ClauseKind::PayEach { way, amount, unknown } => {
                self.pay_each(way, amount, unknown.as_ref(), clause.span, scope, work);
            }
            ClauseKind::TakeBack { payee, amount, unknown } => {
                self.pay(payee.as_ref(), amount, unknown.as_ref(), true, clause.span, scope, work)
            }
            ClauseKind::AtMost { .. } | ClauseKind::AtMostPayments { .. } | ClauseKind::AtLeast { .. }
                if let Some(budget) = work.budget =>
            {
                let message = "what is shared in proportion is what all other limits leave";
                let problem = Problem::error("clause-order", clause.span, message).label("move this up");
                self.problem(problem.other(budget, "the budget comes last"));
            }
            ClauseKind::AtMostPayments { most, per } => self.most_payments(most, per, clause.span, scope, work),
            // A budget acts on the lines of all rows together, as a limit over rules does.
            ClauseKind::AtMost { pro_rata: Some(_), .. } => work.budget = Some(clause.span),
            ClauseKind::AtMost { amount, per, .. } | ClauseKind::AtLeast { amount, per } => {
                let floor = matches!(clause.kind, ClauseKind::AtLeast { .. });
                self.limit(amount, per, floor, clause.span, scope, work);
            }
        }
    }

    /// How many are the first: one where none is said.
    fn first_most(&mut self, most: Option<&tree::Text>) -> Option<u8> {
        let Some(most) = most else { return Some(1) };
        let known = most.value.parse().ok().filter(|most| (1..=limits::FIRST).contains(most));
        if known.is_none() {
            let message = format!("the first are from 1 to {}", limits::FIRST);
            self.problem(
                Problem::error("over-limit", most.span, message)
                    .help("write a whole number: first 5 per customer per year"),
            );
        }
        known
    }

    /// A first is of a period, of the program or ever: `ever` looks at rows from before the rule's first day too.
    fn first_of_when(&mut self, clause: Span, keys: &Keys, ever: Option<Span>, stream: &Stream) -> Option<()> {
        if keys.own_year && ever.is_none() {
            return Some(());
        }
        let problem = match (keys.period, ever) {
            (None, None) => {
                let end = Span { start: clause.end, end: clause.end };
                let problem = Problem::error("first-without-period", clause, "first of which time?");
                match stream {
                    Stream::Events(_) => problem
                        .label("of the program, or ever, also against rows from before its first day?")
                        .help("write `per program` or `ever` after it, or a period: `per year`")
                        .choice(end, " per program")
                        .choice(end, " ever"),
                    Stream::Periods(..) | Stream::ByDate(..) | Stream::Lines(..) => problem
                        .help("write `per program` after it, or a period: `per year`")
                        .choice(end, " per program"),
                }
            }
            (Some(period), Some(ever)) => {
                let word = period.word();
                Problem::error("first-without-period", ever, format!("`per {word}` and `ever` say different things"))
                    .label("the first ever, or the first of each period?")
                    .help("remove one of them")
            }
            (None, Some(ever)) if !matches!(stream, Stream::Events(_)) => {
                Problem::error("first-without-period", ever, "nothing here is from before the program's first day")
                    .label("payments and periods begin with the program")
                    .help("write `per program`")
                    .sure(ever, "per program")
            }
            (Some(_), None) | (None, Some(_)) => return Some(()),
        };
        self.problem(problem);
        None
    }

    /// The days of a rule lie outside those of the program.
    fn outside(&mut self, span: Span) {
        let life = self.program.active;
        let (from, to) = (date_of(life.from), date_of(life.to));
        let mut problem = Problem::error("empty-range", span, "the rule's days are outside the program's")
            .help(format!("the program lives from {from} to {to}"));
        let clauses = self.resolved.program.iter().flat_map(|program| &program.clauses);
        let active = clauses.into_iter().find(|clause| matches!(clause.kind, tree::ProgramClauseKind::Active(_)));
        if let Some(clause) = active {
            problem = problem.other(clause.span, "the days of the program");
        }
        self.problem(problem);
    }

    /// `set NAME to VALUE`
    fn set(&mut self, name: &tree::Name, value: Expr, scope: &mut Scope, work: &mut Work) {
        self.flush(scope, work);
        let ty = value.ty;
        if self.of_one_unit(ty, value.span, "a decision is").is_none() {
            scope.failed.insert(name.text.clone());
            return;
        }
        let life = self.program.active;
        // A rule of a choice decides on those rows that it is chosen for.
        let is_chosen = scope.rule.as_ref().is_some_and(|rule| self.resolved.choice_of(&rule.name).is_some());
        let lives = work.active.from <= life.from && life.to <= work.active.to;
        let always = !value.optional && !work.filters && lives && !is_chosen;
        if let Some(local) = self.local(name, value, scope, work)
            && let Some(decision) = self.decide(name, ty, scope)
        {
            work.clauses.push(typed::Clause::Set(decision, local));
            if !self.shares.locals.contains(&local) {
                self.shares.not.insert(decision);
            }
            if always {
                work.everywhere.push(decision);
                let next = self.always_taken.len();
                self.always_taken.entry(decision).or_insert(next);
            }
        }
    }

    /// Puts the totals that expressions asked for before the clause that reads them.
    pub(super) fn flush(&mut self, scope: &mut Scope, work: &mut Work) {
        // What a limit asks for is summed before the line is made: no clause between them leaves a row out.
        let pay = work.clauses.iter().position(|clause| matches!(clause, typed::Clause::Pay(_)));
        let at = pay.unwrap_or(work.clauses.len());
        work.clauses.splice(at..at, scope.wanted.drain(..).map(typed::Clause::Total));
    }

    pub(super) fn valued(
        &mut self,
        value: &tree::Expr,
        unknown: Option<&UnknownMeans>,
        hint: Option<Type>,
        scope: &mut Scope,
    ) -> Option<Expr> {
        let typed = self.hinted(value, hint, scope)?;
        let typed = self.in_list_of_texts(vec![typed]).pop()?;
        match unknown {
            None => Some(typed.into_expr()),
            Some(unknown) => {
                let default = self.unknown_value(unknown, typed.ty)?;
                let (value, default) = self.unify(typed, default)?;
                let default = self.text_beside_data(default, Some(value.ty))?;
                Some(if_unknown(value.into_expr(), default.into_expr()))
            }
        }
    }

    fn unknown_condition(&mut self, unknown: &UnknownMeans) -> Option<bool> {
        match &unknown.kind {
            UnknownMeansKind::Yes => Some(true),
            UnknownMeansKind::No => Some(false),
            UnknownMeansKind::Nobody | UnknownMeansKind::Value(_) => {
                self.problem(
                    Problem::error("unknown-means", unknown.span, "an unknown condition means yes or no")
                        .help("write: unknown means no"),
                );
                None
            }
        }
    }

    pub(super) fn unknown_value(&mut self, unknown: &UnknownMeans, ty: Type) -> Option<Typed> {
        let yes = |value| Some(Typed::new(Op::YesNo(value), Type::YesNo, false, unknown.span));
        match &unknown.kind {
            UnknownMeansKind::Yes => yes(true),
            UnknownMeansKind::No => yes(false),
            UnknownMeansKind::Value(value) => self.hinted(value, Some(ty), &mut Scope::constant()),
            UnknownMeansKind::Nobody => {
                self.problem(
                    Problem::error("unknown-means", unknown.span, "`nobody` is for a `pay`")
                        .help("name a value, for example: unknown means 0"),
                );
                None
            }
        }
    }

    /// `let touches = (referral where …)`
    fn name_set(&mut self, name: &tree::Name, set: &tree::Set, scope: &mut Scope) {
        let is_known = self.meaning(std::slice::from_ref(name), scope).is_some() || scope.sets.contains_key(&name.text);
        if is_known || self.resolved.record_named(&name.text).is_some() {
            let message = format!("`{}` already has a meaning in this rule", name.text);
            self.problem(
                Problem::error("duplicate-name", name.span, message)
                    .help("give it another name: a `let` hides nothing"),
            );
        } else if self.is_set(set, scope) {
            scope.sets.insert(name.text.clone(), set.clone());
            return;
        }
        scope.failed.insert(name.text.clone());
    }

    fn local(&mut self, name: &tree::Name, value: Expr, scope: &mut Scope, work: &mut Work) -> Option<LocalId> {
        if work.ranks && name.text == "rank" {
            let message = "`rank` is the place in the contest here";
            self.problem(Problem::error("bad-contest", name.span, message).help("give this another name: place"));
            return None;
        }
        // What another rule decides by that name is hidden from here on; nothing else is.
        let known = self.meaning(std::slice::from_ref(name), scope);
        if known.is_some_and(|meaning| meaning != Meaning::Decision) {
            let message = format!("`{}` already has a meaning in this rule", name.text);
            self.problem(
                Problem::error("duplicate-name", name.span, message)
                    .help("give it another name: a `let` hides nothing"),
            );
            return None;
        }
        let local = LocalId(work.locals.len() as u32);
        work.locals.push(Local { name: name.text.clone(), ty: value.ty, optional: value.optional });
        if !value.optional {
            scope.learn(vec![Fact::Local(local)]);
        }
        if self.is_share(&Typed::from_expr(value.clone())) {
            self.shares.locals.insert(local);
        }
        scope.lets.define(&name.text, local, value.clone());
        work.clauses.push(typed::Clause::Let(local, value));
        Some(local)
    }
}
