//! Decisions of other rows: through references, and of earlier periods.

use crate::internal::broken;
use crate::plan::{
    Back, Edge, Expr, FindFunction, Function, Op, Period, Reading, RecordId, RecordKind, Root, Search, SearchOutput,
    Stream, Type,
};
use crate::resolve::Meaning;
use crate::typed::without_places;
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use crate::types::sets::window::{back, back_by, days_after, edge};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, WindowKind};

impl Typing<'_> {
    /// What a rule sets for a row that is reached by a reference: of an event its decision, of an entity that of the period which
    /// holds the day of this place, or of an earlier one.
    pub(super) fn decision_of(
        &mut self,
        row: Expr,
        record: RecordId,
        name: &tree::Name,
        window: Option<&tree::Window>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        if let Some(rule) = scope.rule_at_work()
            && self.resolved.sets(rule, &name.text)
        {
            let message = format!("this rule sets `{}` itself, and cannot read it of other rows", name.text);
            let help = "set it in a rule of its own, and read it here";
            self.problem(Problem::error("rule-cycle", span, message).help(help));
            return None;
        }
        let mut streams: Vec<Stream> =
            self.resolved.index.deciders_of(&name.text, record).map(|(_, stream)| stream.clone()).collect();
        streams.dedup();
        let [stream] = &streams[..] else {
            let message = format!("`{}` is set for rows of several kinds", name.text);
            self.problem(Problem::error("ambiguous-name", span, message).help("give the decisions two names"));
            return None;
        };
        // The rule that sets it may have failed, and said so.
        let decisions = self.decisions_read(name, stream)?;
        self.mark_used(record, &[]);
        // What is quoted is the decision, and not the row that it is of.
        let (mut operands, mut edges) = (vec![without_places(row)], (None, None));
        if let Stream::Periods(_, Period::OwnYear) = stream {
            if let Some(window) = window {
                let message = format!("`{}` is set for years of each party's own", name.text);
                self.problem(Problem::error("unknown-window", window.span, message).help("leave the period out"));
                return None;
            }
            let day = self.day_of_decision(name, span, scope)?;
            let first = self.own_year_from(&operands[0], day.clone(), 0);
            let next = self.own_year_from(&operands[0], day, 1);
            let (Some(first), Some(next)) = (first, next) else {
                broken(format!("`{}` of a party that no path leads to", name.text))
            };
            // Its row is of a day of that year, also where the party leaves before it is over.
            operands.extend([first, days_after(next, -1)]);
            edges = (Some(1), Some(2));
        } else if let Stream::Periods(_, period) = stream {
            let day = self.day_of_decision(name, span, scope)?;
            let (from, to) = self.period_of_decision(name, *period, window, day)?;
            operands.extend([from, to]);
            edges = (Some(1), Some(2));
        } else if let Some(window) = window {
            let message = format!("`{}` is set once for each row, and not by periods", name.text);
            self.problem(Problem::error("unknown-window", window.span, message).help("leave the period out"));
            return None;
        }
        let expr = |op, ty, optional| Expr { op, ty, optional, span: Span::default() };
        let own = Op::Field { root: Root::Row, record, path: Vec::new() };
        let is_there = decisions.iter().any(|id| self.everywhere.contains(id));
        let value = self.decided(&decisions, Root::Row, !is_there);
        let ty = value.ty;
        let search = Search {
            stream: stream.clone(),
            keys: vec![expr(own, Type::Ref(record), false)],
            ways: Vec::new(),
            from: edges.0,
            to: edges.1,
            before: None,
            only: None,
            also: None,
            operands: operands.iter().map(|operand| operand.ty).collect(),
            reading: Reading::Left,
            outputs: Vec::new(),
            span,
        };
        let optional = operands[0].optional || !is_there;
        let id = self.search_id(search);
        let (id, output) = self.output(id, SearchOutput { function: FindFunction::Only, value, den: None });
        let op = Op::Call(Function::Find { search: id, output }, operands);
        let known = scope.is_given(&op);
        Some(Typed::new(op, ty, optional && !known, span))
    }

    /// The day that tells of which period a decision is: the row's own, of a row of an entity that of the row that asks.
    fn day_of_decision(&mut self, name: &tree::Name, span: Span, scope: &mut Scope) -> Option<Expr> {
        let when = Expr { op: Op::When, ty: Type::Date, optional: false, span: Span::default() };
        match scope.rule.as_ref().map(|rule| rule.stream.clone()) {
            Some(Stream::Events(record)) if self.program.record(record).kind == RecordKind::Entity => {
                let Some(asking) = &mut scope.asking else { return self.no_day(name, span) };
                let known = asking.arguments.iter().position(|known| known.op == Op::When);
                if known.is_none() {
                    asking.arguments.push(when.clone());
                }
                let idx = known.unwrap_or(asking.arguments.len() - 1);
                Some(Expr { op: Op::Argument(idx as u32), ..when })
            }
            Some(_) => Some(when),
            None => self.no_day(name, span),
        }
    }

    fn no_day<T>(&mut self, name: &tree::Name, span: Span) -> Option<T> {
        let message = format!("`{}` is set by periods: of which period is it here?", name.text);
        self.problem(
            Problem::error("missing-moment", span, message).help("read it by a path from a row that has a day"),
        );
        None
    }

    /// The first and the last day of the period whose decision is read.
    fn period_of_decision(
        &mut self,
        name: &tree::Name,
        period: Period,
        window: Option<&tree::Window>,
        day: Expr,
    ) -> Option<(Expr, Expr)> {
        let Some(window) = window else {
            return Some((edge(period, Edge::First, day.clone()), edge(period, Edge::Last, day)));
        };
        let (WindowKind::Previous { period: word, .. } | WindowKind::SameLastYear(word)) = &window.kind else {
            return None;
        };
        if Period::from_word(&word.text) != Some(period) || period == Period::Program {
            let message = format!("`{}` is set per {}", name.text, period.word());
            let problem = Problem::error("unknown-window", word.span, message);
            self.problem(match period {
                Period::Program => problem.help("leave the period out"),
                _ => problem.choice(word.span, period.word()),
            });
            return None;
        }
        if matches!(window.kind, WindowKind::Previous { .. }) {
            let first = edge(period, Edge::First, day.clone());
            return Some((back(period, day, 1), days_after(first, -1)));
        }
        self.held(Period::Year, window.span)?;
        let from = back_by(period, Back::Year, day);
        Some((from.clone(), edge(period, Edge::Last, from)))
    }

    /// `partner.tier previous quarter`, `tier previous quarter`
    pub(super) fn earlier(
        &mut self,
        path: &tree::Path,
        window: &tree::Window,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (last, before) = path.parts.split_last()?;
        let (row, record) = if before.is_empty() {
            let record = match (self.meaning(&path.parts, scope), scope.rule.as_ref().map(|rule| &rule.stream)) {
                (Some(Meaning::Decision), Some(Stream::Periods(record, _))) => *record,
                (Some(Meaning::Decided(_, record)), _) => record,
                _ => return self.no_decision(last, span, scope),
            };
            let op = Op::Field { root: Root::Row, record, path: Vec::new() };
            (Expr { op, ty: Type::Ref(record), optional: false, span: Span::default() }, record)
        } else {
            let row = tree::Path { parts: before.to_vec(), span: before[0].span.to(before[before.len() - 1].span) };
            let row = self.path(&row, scope)?;
            match row.ty {
                Type::Ref(record) if self.resolved.index.deciders_of(&last.text, record).next().is_some() => {
                    (row.into_expr(), record)
                }
                _ => return self.no_decision(last, span, scope),
            }
        };
        self.decision_of(row, record, last, Some(window), span, scope)
    }

    fn no_decision<T>(&mut self, name: &tree::Name, span: Span, scope: &Scope) -> Option<T> {
        if self.damaged(&name.text) {
            return None;
        }
        let own = scope.rule_at_work().is_some_and(|rule| self.resolved.sets(rule, &name.text));
        let problem = if own {
            let message = format!("this rule sets `{}` itself, and cannot read it of another period", name.text);
            Problem::error("rule-cycle", span, message).help("set it in a rule of its own, and read it here")
        } else {
            let message = format!("no rule sets `{}` by periods for this row", name.text);
            Problem::error("unknown-window", span, message)
                .help("an earlier period is asked of what a rule per party and period sets; for rows write a set: sum of amount in (deal previous quarter)")
        };
        self.problem(problem);
        None
    }
}
