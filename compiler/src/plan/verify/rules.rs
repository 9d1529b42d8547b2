//! Rules, their steps and their order.

use super::expression::Place;
use super::{Index, Invariant, Report};
use crate::plan::{
    Account, Days, DecisionId, Emit, Expr, FieldId, FindFunction, Function, Hold, Limit, LocalId, Most, Node, Op,
    Owner, Part, Parties, Pay, Plan, Reading, RecordId, RecordKind, Root, RuleId, SetReversal, Share, StackingId,
    StackingPolicy, StateId, StateKind, Stream, Take, To, Type, Version, VersionId, Whose,
};
use crate::value::Exact;
use meed_grammar::steps;
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) fn verify(plan: &Plan, index: &Index, id: VersionId, report: &mut Report) {
    let rule = plan.version(id);
    report.at(format!("rule `{}`, version {}", rule.name, rule.number));
    ranges(plan, id, report);
    folds(plan, rule, report);
    nodes_in_order(rule, report);
    lines_in_order(plan, rule, report);
    let n_lets = rule.nodes.iter().filter(|step| matches!(step, Node::Let(..))).count();
    let counted = rule.n_locals as usize == rule.locals.len() && n_lets == rule.locals.len();
    report.demand(counted, Invariant::Locals, "as many as are defined");
    let mut walk = Walk { plan, index, rule, place: Place { rule: Some(rule), ..Place::row(plan, &rule.stream) } };
    if let Stream::ByDate(record, path) = &rule.stream {
        let op = Op::Field { root: Root::Row, record: *record, path: path.clone() };
        let optional = plan.path_can_miss(*record, path);
        walk.place.check(&Expr { op, ty: Type::Date, optional, span: rule.span }, report);
    }
    rule.nodes.iter().for_each(|step| walk.step(step, report));
    if let Some(hold) = &rule.hold {
        self::hold(plan, id, hold, report);
    }
}

/// What is held is paid to somebody, in one unit, and those who have one account say the same of it.
fn hold(plan: &Plan, id: VersionId, hold: &Hold, report: &mut Report) {
    let unit = plan.version(id).emit().and_then(|emit| plan.units.get(emit.unit.index()));
    let one_unit = unit.is_some_and(|unit| unit.by_row.is_none());
    report.demand(hold.until > 0 && one_unit, Invariant::Payments, "an amount above zero, of one unit");
    let alike = |other: VersionId| {
        let said = plan.version(other).hold.as_ref();
        said.is_none_or(|said| hold.is_alike(said) || !plan.share_account(id, other))
    };
    let versions = (0..plan.versions.len() as u32).map(VersionId);
    report.demand(versions.into_iter().all(alike), Invariant::Payments, "one account in one way");
    if let Some((record, path)) = &hold.per {
        party_path(plan, *record, path, report);
    }
}

/// A path of references from a payee.
fn party_path(plan: &Plan, record: RecordId, path: &[FieldId], report: &mut Report) {
    let mut at = Some(record);
    for field in path {
        let field = at.and_then(|at| plan.records.get(at.index())?.fields.get(field.index()));
        report.demand(field.is_some_and(|field| field.used), Invariant::Used, "the party of an account");
        at = field.and_then(|field| if let Type::Ref(next) = field.ty { Some(next) } else { None });
    }
    report.demand(at.is_some(), Invariant::Types, "an account is of a party");
}

fn ranges(plan: &Plan, id: VersionId, report: &mut Report) {
    let rule = plan.version(id);
    let inside = plan.active.from <= rule.active.from && rule.active.to <= plan.active.to;
    let inside =
        inside || rule.active == Days::ALL && rule.emit().is_none() && !matches!(rule.stream, Stream::Lines(..));
    report.demand(inside, Invariant::Ranges, "outside of the program's days");
    // All versions are looked at with the first of them: in the order of their days each ends before the next begins,
    // and their numbers rise.
    let versions = &plan.rule(rule.rule).versions;
    if versions.first() != Some(&id) {
        return;
    }
    let mut by_days: Vec<&Version> = versions.iter().map(|id| plan.version(*id)).collect();
    by_days.sort_by_key(|version| version.active.from);
    for pair in by_days.windows(2) {
        steps::count(1);
        let apart = pair[0].active.to < pair[1].active.from;
        let own = pair[0].number != pair[1].number && pair[0].stream == pair[1].stream;
        report.demand(apart && own, Invariant::Ranges, format!("beside version {}", pair[0].number));
    }
    let mut numbers: Vec<u32> = by_days.iter().map(|version| version.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    report.demand(numbers.len() == by_days.len(), Invariant::Ranges, "a number of its own");
}

fn folds(plan: &Plan, rule: &Version, report: &mut Report) {
    for id in &rule.folds {
        let over = plan.folds.get(id.index()).and_then(|fold| plan.matches.get(fold.over.index()));
        let Some(rows) = over else {
            report.demand(false, Invariant::Named, "an aggregate");
            continue;
        };
        let fits = rows.rule == rule.rule && rule.stream == Stream::Periods(rows.entity, rows.period);
        report.demand(fits, Invariant::Folds, "rows for its entity and period");
    }
}

/// Totals of every row, the range, what keeps and computes, one line, its limits, and its end. Where rows before the range are looked at
/// for a first, it is directly behind that first.
fn nodes_in_order(rule: &Version, report: &mut Report) {
    let looks_back = rule.nodes.iter().any(|step| matches!(step, Node::Until));
    let rank = |node: &Node| match node {
        Node::TotalOfAll { .. } => 0,
        Node::Until => 1,
        Node::Active => {
            if looks_back {
                2
            } else {
                1
            }
        }
        Node::Keep(_) | Node::Let(..) | Node::First { .. } | Node::Total { .. } | Node::Set(..) | Node::TakeFrom(_) => {
            2
        }
        Node::Rank(_) => 2,
        Node::Emit(_) => 3,
        Node::Add(_) => 4,
        Node::Limit(_) | Node::Choose(_) | Node::Share(_) => 5,
        Node::Pay(_) => 6,
    };
    let ranks: Vec<u8> = rule.nodes.iter().map(rank).collect();
    let once = |wanted: u8| ranks.iter().filter(|rank| **rank == wanted).count();
    report.demand(ranks.is_sorted(), Invariant::Nodes, "their order");
    report.demand(once(1) == 1 && once(3) <= 1, Invariant::Nodes, "one range, one line");
    report.demand(once(6) == once(3), Invariant::Nodes, "a line has an end");
    let ranges: Vec<usize> = (0..rule.nodes.len()).filter(|&idx| matches!(rule.nodes[idx], Node::Active)).collect();
    let placed = |idx: usize| matches!(rule.nodes[..idx].last(), Some(Node::First { .. }));
    let placed = ranges.len() == 1 && (!looks_back || ranges.iter().all(|&idx| placed(idx)));
    let events = !looks_back || rule.stream.event().is_some();
    report.demand(placed && events, Invariant::Nodes, "the range behind a first that looks back");
    let decides = rule.nodes.iter().any(|step| matches!(step, Node::Set(..)));
    let decides = decides || once(4) > 0;
    report.demand(once(3) == 1 || (decides && once(5) == 0), Invariant::Nodes, "it pays, decides or adds");
    let taken = rule.nodes.iter().position(|node| matches!(node, Node::TakeFrom(_)));
    let filters = |node: &Node| matches!(node, Node::Keep(_) | Node::First { .. } | Node::Limit(_));
    let is_last = taken.is_none_or(|taken| !rule.nodes[taken..].iter().any(filters));
    report.demand(is_last, Invariant::Balances, "nothing leaves out what was taken");
}

/// Between a line and its end it is chosen, then divided, each once at most. Limits by keys of the row are before both, those of
/// who gets it behind; where the whole goes to somebody, those of the row may come behind too.
fn lines_in_order(plan: &Plan, rule: &Version, report: &mut Report) {
    let places = |wanted: fn(&Node) -> bool| -> Vec<usize> {
        (0..rule.nodes.len()).filter(|&idx| wanted(&rule.nodes[idx])).collect()
    };
    let chosen = places(|node| matches!(node, Node::Choose(_)));
    let divided = places(|node| matches!(node, Node::Share(_)));
    let is_once = chosen.len() <= 1 && divided.len() <= 1;
    let is_chosen_first = chosen.iter().all(|choose| divided.iter().all(|share| choose < share));
    report.demand(is_once && is_chosen_first, Invariant::Nodes, "it is chosen and divided once");
    let Some(cut) = chosen.iter().chain(&divided).min() else { return };
    let is_whole = chosen.is_empty() && rule.share().is_some_and(|share| !share.divides());
    for (idx, node) in rule.nodes.iter().enumerate() {
        if let Node::Limit(limit) = node
            && let Some(key) = limit.state().and_then(|state| plan.states.get(state.index())).map(|state| state.key)
        {
            let of_payee = plan.keys.get(key.index()).is_some_and(|key| key.of_payee);
            let fits = of_payee == (idx > *cut) || is_whole && !of_payee;
            report.demand(fits, Invariant::Nodes, "limits of the row, then of who gets it");
        }
    }
}

/// The way through a rule's steps.
struct Walk<'a> {
    plan: &'a Plan,
    index: &'a Index,
    rule: &'a Version,
    place: Place<'a>,
}

impl Walk<'_> {
    fn step(&mut self, node: &Node, report: &mut Report) {
        match node {
            Node::TotalOfAll { state, filter, summands } => {
                if let Some(filter) = filter {
                    self.condition(filter, report);
                }
                self.sums(*state, summands, report);
            }
            Node::Choose(id) => self.choose(*id, report),
            Node::Pay(pay) => self.pay(pay, report),
            Node::Active | Node::Until => {}
            Node::Keep(condition) => self.condition(condition, report),
            Node::Let(local, value) => self.define(*local, value, report),
            Node::First { state, most } => {
                report.demand(*most > 0, Invariant::Nodes, "a first of some");
                self.keeps(*state, &StateKind::Seen, report);
            }
            Node::Total { state, summands } => self.sums(*state, summands, report),
            Node::Set(decision, local) => self.set(*decision, *local, report),
            Node::Emit(emit) => self.emit(emit, report),
            Node::Share(share) => self.share(share, report),
            Node::Limit(limit) => self.limit(limit, report),
            Node::Rank(rank) => {
                self.place.check(&rank.measure, report);
                rank.completed.iter().for_each(|last| self.place.check(last, report));
                let is_measure = rank.measure.ty.is_numeric() && !rank.measure.optional;
                let is_row = |last: &Expr| matches!(last.ty, Type::Ref(_)) && matches!(last.op, Op::Fold(_));
                let is_period = matches!(self.rule.stream, Stream::Periods(..));
                let is_alone = self.rule.stacking().is_none() && !self.rule.acts_on_balances() && !self.place.is_ranked;
                let fits = is_measure && is_period && is_alone && rank.completed.iter().all(is_row);
                report.demand(fits, Invariant::Nodes, "one ranking of parties in periods");
                self.place.is_ranked = true;
            }
            Node::TakeFrom(take) => {
                self.on_balance(&take.accounts, &take.amount, report);
                self.place.n_taken += 1;
            }
            Node::Add(add) => {
                self.on_balance(std::slice::from_ref(&add.account), &add.amount, report);
                if let Some(until) = &add.until {
                    self.place.check(until, report);
                    report.demand(until.ty == Type::Date && !until.optional, Invariant::Types, "the last day of a lot");
                }
                let is_period = matches!(self.rule.stream, Stream::Periods(..));
                report.demand(!add.at_start || is_period, Invariant::Balances, "the first day of a period");
                let all = self.rule.nodes.iter().all(|node| match node {
                    Node::Add(other) => other.at_start == add.at_start,
                    Node::TakeFrom(_) => !add.at_start,
                    _ => true,
                });
                report.demand(all, Invariant::Balances, "at one moment");
            }
        }
    }

    /// Balances are of one unit with the amount, kept per whom they are named for, none twice; nothing of it can be missing.
    fn on_balance(&self, accounts: &[Account], amount: &Expr, report: &mut Report) {
        self.place.check(amount, report);
        report.demand(!amount.optional, Invariant::Missing, "an amount of a balance");
        for (idx, account) in accounts.iter().enumerate() {
            account.owner.iter().for_each(|owner| self.place.check(owner, report));
            report.demand(
                self.place.account_fits(account, amount.ty),
                Invariant::Balances,
                "whose it is, and its unit",
            );
            let twice = accounts[..idx].iter().any(|other| other.balance == account.balance);
            report.demand(!twice, Invariant::Balances, "one of each");
        }
        report.demand(self.rule.stacking().is_none(), Invariant::Balances, "in a choice");
    }

    fn condition(&self, condition: &Expr, report: &mut Report) {
        self.place.check(condition, report);
        report.demand(condition.ty == Type::YesNo, Invariant::Types, "a condition is a yes or no");
    }

    fn define(&mut self, local: LocalId, value: &Expr, report: &mut Report) {
        self.place.check(value, report);
        report.demand(local.index() == self.place.n_locals, Invariant::Locals, "numbered in order, defined once");
        let known = self.rule.locals.get(local.index());
        let same = known.is_some_and(|known| known.ty == value.ty && known.optional == value.optional);
        report.demand(same, Invariant::Types, "a `let` and its value");
        self.place.n_locals += 1;
    }

    /// A state of this rule, of the kind its step wants, touched once.
    fn keeps(&mut self, state: StateId, kind: &StateKind, report: &mut Report) {
        let Some(known) = self.plan.states.get(state.index()) else {
            return report.demand(false, Invariant::Named, "a state");
        };
        let fits = known.rule == self.rule.rule && std::mem::discriminant(&known.kind) == std::mem::discriminant(kind);
        report.demand(fits, Invariant::States, "its rule and kind");
        report.demand(self.place.states.insert(state), Invariant::States, "one step keeps it");
    }

    fn sums(&mut self, state: StateId, summands: &[Expr], report: &mut Report) {
        for summand in summands {
            self.place.check(summand, report);
            report.demand(summand.ty.is_numeric(), Invariant::Types, "what adds up is a number");
        }
        self.keeps(state, &StateKind::Sums { denominators: Vec::new(), highest: false }, report);
        if let Some(StateKind::Sums { denominators, highest }) =
            self.plan.states.get(state.index()).map(|state| &state.kind)
        {
            report.demand(
                denominators.len() == summands.len() + usize::from(*highest),
                Invariant::States,
                "as many sums as summands",
            );
        }
    }

    fn set(&self, decision: DecisionId, local: LocalId, report: &mut Report) {
        let Some(known) = self.plan.decisions.get(decision.index()) else {
            return report.demand(false, Invariant::Named, "a decision");
        };
        report.demand(local.index() < self.place.n_locals, Invariant::Locals, "the value of a decision");
        let value = self.rule.locals.get(local.index());
        let fits = value.is_some_and(|value| value.ty == known.ty) && known.stream == self.rule.stream.rows();
        report.demand(fits, Invariant::Decisions, format!("`{}`", known.name));
        // Whoever sets it, one of them is the first.
        let first = self.index.setters(decision).first().map(|id| self.plan.version(*id));
        let alone = first.is_none_or(|first| first.rule == self.rule.rule);
        report.demand(alone, Invariant::Decisions, format!("another rule sets `{}`", known.name));
    }

    fn emit(&mut self, emit: &Emit, report: &mut Report) {
        if let Some(payee) = &emit.payee {
            self.place.check(payee, report);
            self.party(payee, report);
        }
        let is_divided = self.rule.nodes.iter().any(|node| matches!(node, Node::Share(_)));
        report.demand(emit.payee.is_none() == is_divided, Invariant::Payments, "a payee, or a division among several");
        if let Some(somebody) = &emit.somebody {
            self.place.check(somebody, report);
            let fits = somebody.ty == Type::YesNo && emit.payee.is_none();
            report.demand(fits, Invariant::Payments, "whether there is a payee of several kinds");
        }
        if let Some(factor) = &emit.factor {
            self.place.check(factor, report);
            report.demand(factor.ty.is_numeric(), Invariant::Types, "the factor is a number");
        }
        let worth = &emit.worth;
        match emit.owner {
            Owner::Row => {
                self.place.check(worth, report);
                let zero = worth.op.as_number().is_some_and(|number| *number == Exact::ZERO);
                let factored = emit.factor.is_some() && worth.ty.is_numeric();
                let amount = worth.ty == Type::Money(emit.unit);
                report.demand(amount || zero || factored, Invariant::Payments, "the amount");
            }
            Owner::Total(state) => {
                report.demand(worth.ty.is_numeric(), Invariant::Types, "what is paid along a total is a number");
                self.place.check_sides(state, worth, report);
            }
        }
    }

    /// A version is part of the choice that names its rule, and of no other.
    fn choose(&self, id: StackingId, report: &mut Report) {
        let Some(stacking) = self.plan.stackings.get(id.index()) else {
            return report.demand(false, Invariant::Named, "a choice");
        };
        report.demand(stacking.rules.contains(&self.rule.rule), Invariant::Named, "a choice between others");
        let once = self.rule.nodes.iter().filter(|node| matches!(node, Node::Choose(_))).count() == 1;
        report.demand(once, Invariant::Nodes, "chosen once");
        let unit = |version: &Version| version.emit().map(|emit| emit.unit);
        for other in self.plan.versions.iter().filter(|version| stacking.rules.contains(&version.rule)) {
            let is_in = other.nodes.iter().any(|node| matches!(node, Node::Choose(own) if *own == id));
            let is_alike = other.stream == self.rule.stream && unit(other) == unit(self.rule);
            report.demand(is_in && is_alike, Invariant::Nodes, "all versions of a choice, of one stream and unit");
        }
        if let StackingPolicy::AllUpTo(most) = &stacking.policy {
            self.place.check(most, report);
        }
    }

    /// A payee is the row of an entity.
    fn party(&self, payee: &Expr, report: &mut Report) {
        let entity = match payee.ty {
            Type::Ref(record) => self.plan.records.get(record.index()).is_some_and(|to| to.kind == RecordKind::Entity),
            _ => false,
        };
        report.demand(entity, Invariant::Payments, "the payee");
    }

    fn share(&self, share: &Share, report: &mut Report) {
        share.exprs().into_iter().for_each(|value| self.place.check(value, report));
        share.payees().into_iter().for_each(|payee| self.party(payee, report));
        match &share.parties {
            Parties::Listed(parts) => self.parts(parts, report),
            Parties::OneOf(one) => {
                report.demand(!one.branches.is_empty(), Invariant::Payments, "a party of several kinds")
            }
            Parties::Levels(levels) => {
                let unit = self.rule.emit().map(|emit| Type::Money(emit.unit));
                let fits = levels.iter().all(|level| Some(level.amount.ty) == unit);
                report.demand(fits && !levels.is_empty(), Invariant::Payments, "a chain of parties, paid in one unit");
            }
            Parties::Found { payee, by } => {
                let each = |value: &Expr| match &value.op {
                    Op::Call(Function::Find { search, output }, operands) => {
                        let outputs = self.plan.searches.get(search.index()).map(|search| &search.outputs);
                        let asked = outputs.and_then(|outputs| outputs.get(*output as usize));
                        asked.filter(|asked| asked.function == FindFunction::Each).map(|_| (*search, operands.clone()))
                    }
                    _ => None,
                };
                let rows = each(payee);
                report.demand(rows.is_some(), Invariant::Payments, "rows among which a line is divided");
                let of_row = by.exprs().into_iter().filter(|value| !matches!(value.op, Op::Number(_)));
                let same = of_row.into_iter().all(|value| each(value) == rows);
                report.demand(same, Invariant::Payments, "what rows share by is of the same rows");
                report.demand(share.base.is_some(), Invariant::Payments, "what credits are of");
            }
        }
    }

    /// Parts leave no gap.
    fn parts(&self, parts: &[Part], report: &mut Report) {
        let rest = parts.iter().position(|part| part.take == Take::Rest);
        let percents = parts.iter().map(|part| match &part.take {
            Take::Percent(Expr { op: Op::Number(share), .. }) => Some(share.clone()),
            _ => None,
        });
        let sum = percents.into_iter().try_fold(Exact::ZERO, |sum, share| Some(sum + share?));
        let whole = sum == Some(Exact::ONE);
        let closed = rest.map_or(whole, |rest| rest + 1 == parts.len());
        report.demand(closed && !parts.is_empty(), Invariant::Payments, "parts that are the whole");
        for part in parts {
            if let To::Split(parts) = &part.to {
                self.parts(parts, report);
            }
        }
    }

    fn pay(&mut self, pay: &Pay, report: &mut Report) {
        if let Some(day) = &pay.due {
            self.place.check(day, report);
            report.demand(day.ty == Type::Date && !day.optional, Invariant::Payments, "due on a date that is known");
        }
        let said = [pay.due.is_some(), pay.installments.is_some(), self.rule.hold.is_some()];
        report.demand(said.iter().filter(|said| **said).count() <= 1, Invariant::Payments, "due in one way");
        let fits = pay.installments.is_none_or(|parts| parts.number > 0 && self.plan.calendar.has(parts.period));
        report.demand(fits, Invariant::Payments, "parts in periods of the calendar");
    }

    fn limit(&mut self, limit: &Limit, report: &mut Report) {
        if let Limit::AtLeast { .. } = limit {
            let periods = matches!(self.rule.stream, Stream::Periods(..));
            report.demand(periods, Invariant::Payments, "a guarantee per entity and period");
        }
        let bound = limit.bound();
        self.place.check(bound, report);
        let unit = self.rule.emit().map(|emit| Type::Money(emit.unit));
        let fits = match limit {
            Limit::Payments { .. } => matches!(bound.op, Op::Number(_)),
            Limit::PerPayment(_) | Limit::AtMost { .. } | Limit::AtLeast { .. } => unit == Some(bound.ty),
        };
        report.demand(fits, Invariant::Payments, "a limit is an amount of what is paid, or a number of payments");
        if let Some(state) = limit.state() {
            self.keeps(state, &StateKind::Paid, report);
        }
    }
}

/// The order of work.
pub(super) fn order(plan: &Plan, index: &Index, report: &mut Report) {
    report.at("the order of work");
    let mut seen = plan.order.clone();
    seen.sort();
    let all: Vec<VersionId> = (0..plan.versions.len() as u32).map(VersionId).collect();
    report.demand(seen == all, Invariant::Order, "every rule once");
    if seen != all {
        return;
    }
    let mut places = vec![0; plan.versions.len()];
    plan.order.iter().enumerate().for_each(|(place, id)| places[id.index()] = place);
    for id in &all {
        let rule = plan.version(*id);
        let late = reads(plan, index, rule).into_iter().find(|read| places[read.index()] >= places[id.index()]);
        if let Some(late) = late {
            let detail = format!("`{}` reads `{}`", rule.name, plan.version(late).name);
            report.demand(false, Invariant::Order, detail);
        }
    }
    shared_limits(plan, &places, report);
    let of_rule = plan.together();
    let of = |id: &VersionId| of_rule[plan.version(*id).rule.index()];
    let mut done: FxHashSet<RuleId> = FxHashSet::default();
    for together in plan.order.chunk_by(|a, b| of(a).is_some() && of(a) == of(b)) {
        let Some(first) = of(&together[0]) else { continue };
        report.demand(done.insert(first), Invariant::Balances, "done together");
        let mut read = together.iter().flat_map(|id| reads(plan, index, plan.version(*id)));
        report.demand(!read.any(|id| of(&id) == Some(first)), Invariant::Balances, "none reads another");
    }
}

/// Rows that take back what they find find rows of one other event, by fields alone.
pub(super) fn set_reversals(plan: &Plan, report: &mut Report) {
    report.at("what rows take back that they find");
    for SetReversal { taker, target, rows, .. } in &plan.set_reversals {
        Place::row(plan, &Stream::Events(*taker)).check(rows, report);
        let search = match rows.op {
            Op::Call(Function::Find { search, output }, _) => {
                plan.searches.get(search.index()).map(|search| (search, search.outputs.get(output as usize)))
            }
            _ => None,
        };
        let found = search.is_some_and(|(search, output)| {
            let each = output.is_some_and(|output| output.function == FindFunction::Each);
            each && search.stream == Stream::Events(*target)
        });
        report.demand(found && taker != target, Invariant::Searches, "rows of another event, each of them");
        let returned = plan.records.get(target.index()).and_then(|target| target.returned(Reading::Left));
        report.demand(returned.is_some(), Invariant::Searches, "an event of which nothing may be left");
    }
}

/// A limit is over rules that pay in its unit, and whoever reads what one of them pays comes after all that are limited with it.
fn shared_limits(plan: &Plan, places: &[usize], report: &mut Report) {
    let of_rule = plan.limited_together();
    for limit in &plan.shared_limits {
        let versions = || limit.rules.iter().flat_map(|rule| plan.versions_of(*rule));
        let one_unit = versions().all(|id| plan.version(id).emit().is_some_and(|emit| emit.unit == limit.unit));
        let amount =
            matches!(limit.most, Most::Amount(most) | Most::InProportion(most) | Most::Payments(most) if most >= 0);
        report.demand(
            one_unit && amount && !limit.rules.is_empty(),
            Invariant::Payments,
            "a limit over rules of one unit",
        );
        if let Whose::Party(record, path) = &limit.per {
            party_path(plan, *record, path, report);
        }
    }
    if plan.shared_limits.is_empty() {
        return;
    }
    let mut last: FxHashMap<RuleId, usize> = FxHashMap::default();
    for (rule, place) in plan.versions.iter().zip(places) {
        if let Some(group) = of_rule[rule.rule.index()] {
            let known = last.entry(group).or_default();
            *known = (*known).max(*place);
        }
    }
    for (rule, place) in plan.versions.iter().zip(places) {
        let own = of_rule[rule.rule.index()];
        let read = paid_to(plan, rule).into_iter().filter_map(|read| *of_rule.get(read.index())?);
        let fits = read.filter(|group| own != Some(*group)).all(|group| last[&group] < *place);
        report.demand(fits, Invariant::Order, "what is limited together comes before whoever reads it");
    }
}

/// The rules whose payments a rule reads as its rows or in aggregates.
fn paid_to(plan: &Plan, rule: &Version) -> Vec<RuleId> {
    let folds = rule.folds.iter().filter(|id| id.index() < plan.folds.len());
    let streams = std::iter::once(&rule.stream).chain(folds.map(|id| &plan.matched(*id).stream));
    let paid = streams.filter_map(|stream| if let Stream::Lines(rule, _) = stream { Some(*rule) } else { None });
    paid.collect()
}

/// The rules whose payments or decisions a rule reads.
fn reads(plan: &Plan, index: &Index, rule: &Version) -> Vec<VersionId> {
    let mut rules = paid_to(plan, rule);
    let folds = || rule.folds.iter().filter(|id| id.index() < plan.folds.len());
    let mut decisions: Vec<DecisionId> = Vec::new();
    let mut visit = |expr: &Expr| {
        if let Op::Decision { decision, .. } = expr.op {
            decisions.push(decision);
        }
    };
    rule.nodes.iter().flat_map(Node::exprs).for_each(|expr| expr.walk(&mut visit));
    folds().flat_map(|id| plan.exprs_of(*id)).for_each(|expr| expr.walk(&mut visit));
    let searches = plan.searches_of(rule).into_iter().filter(|id| id.index() < plan.searches.len());
    searches.flat_map(|id| plan.search(id).exprs()).for_each(|expr| expr.walk(&mut visit));
    rules.sort_unstable();
    rules.dedup();
    decisions.sort_unstable();
    decisions.dedup();
    let paid = rules.iter().filter_map(|rule| plan.rules.get(rule.index())).flat_map(|rule| &rule.versions);
    let set = decisions.iter().flat_map(|decision| index.setters(*decision));
    let set = set.filter(|other| plan.version(**other).rule != rule.rule);
    let mut reads: Vec<VersionId> = paid.chain(set).copied().collect();
    reads.sort_unstable();
    reads.dedup();
    steps::count(reads.len());
    reads
}
