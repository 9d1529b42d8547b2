//! Running levels that are easily read otherwise: a schedule of one in what is paid, which pays each row the whole of it
//! again, and one that shares its `where` with other conditions.

use crate::plan::{Expr, Function, Op, ScheduleOutput, Side, StateId};
use crate::typed::{BandPays, Lets, Over, Shape};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::{Problem, Repair};
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree;
use rustc_hash::FxHashSet;

impl Typing<'_> {
    /// Warns of schedules in an amount that are taken of a running level.
    pub(super) fn whole_again(&mut self, amount: &Typed, scope: &Scope) {
        let mut found = Found { lets: &scope.lets, seen: FxHashSet::default(), schedules: Vec::new() };
        found.schedules(&amount.clone().into_expr());
        for schedule in found.schedules {
            let Some((id, _, arguments, value)) = schedule.op.as_schedule() else { continue };
            let definition = &self.program.schedules[id.index()];
            if !schedule.ty.is_money() || looks_up(&definition.shape) {
                continue;
            }
            let message = format!("every row is paid the whole of `{}` again", definition.name);
            let problem =
                Problem::warning("whole-again", schedule.span, message).label("a schedule of a running level");
            let problem = match self.adding_up(&definition.name, arguments, value, &scope.lets) {
                Some(adding) => problem
                    .help(format!("write `{adding}` to pay what each row adds"))
                    .choice(schedule.span, adding.clone()),
                None => {
                    problem.help(format!("write `{} as … adds up per …` to pay what each row adds", definition.name))
                }
            };
            self.problem(problem);
        }
    }

    /// Warns of a running level that shares its `where` with other conditions: it counts the rows that passed what is
    /// written above the clause, whatever is beside it.
    pub(super) fn level_beside(&mut self, condition: &Expr, clause: Span, written: Span, scope: &Scope) {
        let is_matched = |id: &&u32| matches!(self.totals[**id as usize].over, Over::Matched);
        let own: Vec<StateId> = scope.wanted.iter().filter(is_matched).map(|id| StateId(*id)).collect();
        let parts = match &condition.op {
            Op::And(parts) => parts,
            // `, unknown means no`
            Op::IfUnknown(inner, _) => match &inner.op {
                Op::And(parts) => parts,
                _ => return,
            },
            _ => return,
        };
        let has_level = |part: &Expr| {
            let mut found = None;
            part.walk(&mut |inner| {
                if matches!(&inner.op, Op::Level { state, .. } if own.contains(state)) {
                    found = found.or(Some(inner.span));
                }
            });
            found
        };
        let level = parts.iter().find_map(|part| Some((part, has_level(part)?)));
        let other = parts.iter().find(|part| has_level(part).is_none());
        let (Some((part, level)), Some(other)) = (level, other) else { return };
        let message = "this level also counts rows for which the rest of this `where` does not hold";
        let mut problem = Problem::warning("level-beside", level, message)
            .label("it counts the rows that passed what is written above")
            .other(other.span, "this is beside it, not above")
            .help("write the other condition in a `where` of its own above, or the level in a `let` above to count all rows");
        // Only the plain case of two is repaired: the rest keeps its brackets and its order.
        if let (Op::And(_), [_, _]) = (&condition.op, &parts[..]) {
            let (first, second) = (self.written(other.span).to_owned(), self.written(part.span).to_owned());
            problem = problem.repair(
                Repair::choice("count the rows for which the rest holds")
                    .edit(written, format!("{first}\n  where {second}")),
            );
            let free = !self.names_something(&tree::Name { text: "level".to_owned(), span: level }, scope);
            if free {
                let before = Span { start: clause.start, end: clause.start };
                let counted = format!("let level = {}\n  ", self.written(level));
                problem = problem.repair(Repair::choice("count all rows").edit(before, counted).edit(level, "level"));
            }
        }
        self.problem(problem);
    }

    /// The schedule as something adds up, where the level is plain.
    fn adding_up(&self, schedule: &str, arguments: &[Expr], value: &Expr, lets: &Lets) -> Option<String> {
        let level = plain_level(value, lets)?;
        let written = self.in_one_line(level.span);
        let written = written.strip_prefix("running ")?;
        let (quantity, per) = match written.strip_prefix("count ") {
            Some(per) => ("1", per.to_owned()),
            None => {
                let (quantity, per) = written.strip_prefix("sum of ")?.split_once(" per ")?;
                (quantity, format!("per {per}"))
            }
        };
        if quantity.contains(" in (") || !per.starts_with("per ") || per.ends_with("before this row") {
            return None;
        }
        let declared = &self.resolved.schedule(schedule)?.arguments;
        let given: Vec<String> = declared
            .iter()
            .zip(arguments)
            .map(|(argument, value)| format!("{} = {}", argument.name.text, self.in_one_line(value.span)))
            .collect();
        let brackets = if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) };
        Some(format!("{schedule}{brackets} as {quantity} adds up {per}"))
    }
}

/// The schedules of running levels in an amount, each place once.
struct Found<'l> {
    lets: &'l Lets,
    seen: FxHashSet<Span>,
    schedules: Vec<Expr>,
}

impl Found<'_> {
    fn schedules(&mut self, amount: &Expr) {
        steps::count(1);
        match &amount.op {
            Op::Local(local) => {
                let defined = self.lets[*local].value.clone();
                if self.seen.insert(defined.span) {
                    self.schedules(&defined);
                }
            }
            // The difference of two levels is written out by hand.
            Op::Call(Function::Subtract, sides) if sides.iter().all(|side| self.is_of_level(side)) => {}
            Op::Increment { .. } => {}
            Op::Call(Function::Schedule { output: ScheduleOutput::Amount, .. }, _) if self.is_of_level(amount) => {
                if self.seen.insert(amount.span) {
                    self.schedules.push(amount.clone());
                }
            }
            op => op.children().into_iter().for_each(|child| self.schedules(child)),
        }
    }

    /// Whether a value is a schedule of a running level, be it by the names of `let`s.
    fn is_of_level(&self, value: &Expr) -> bool {
        match &value.op {
            Op::Local(local) => self.is_of_level(&self.lets[*local].value),
            op => match op.as_schedule() {
                Some((_, ScheduleOutput::Amount, _, value)) => plain_level(value, self.lets).is_some(),
                _ => false,
            },
        }
    }
}

/// The running level that a value is, be it by the name of a `let`.
fn plain_level<'e>(value: &'e Expr, lets: &'e Lets) -> Option<&'e Expr> {
    match &value.op {
        Op::Local(local) => plain_level(&lets[*local].value, lets),
        Op::Level { side: Side::After | Side::Before, .. } => Some(value),
        _ => None,
    }
}

/// Whether a schedule only looks an amount up for each row: retroactive bands of amounts without rates.
fn looks_up(shape: &Shape) -> bool {
    match shape {
        Shape::Retroactive(bands) => {
            bands.iter().all(|band| matches!(band.pays, BandPays::None | BandPays::Amount { rate: None, .. }))
        }
        Shape::Graduated(_) | Shape::Curve { .. } | Shape::Every { .. } => false,
    }
}
