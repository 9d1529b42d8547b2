//! From the typed tree to the Plan: every version becomes a straight line of steps, and what it remembers gets its key.
//!
//! Comes in: a [`Program`] without problems in what is left of it. Goes out: a [`Plan`]. No message is made here, and
//! nothing can fail: what a program must be like was asked in `types`, and what a Plan owes is looked at by its verifier.

mod amounts;
mod denominators;
mod renumber;
mod returned;
mod schedules;
mod states;
mod versions;

use crate::plan::{
    Account, Add, FoldId, Node, Pay, Plan, Rank, Rule, RuleId, StackingId, StateKind, Stream, TakeFrom, Version,
    VersionId,
};
use crate::typed::{self, Clause, Lets, Limit, Program, Purpose, When};
use states::States;

/// Lowers a program.
pub fn lower(program: &Program) -> Plan {
    let mut plan = Plan {
        name: program.name.clone(),
        title: program.title.clone(),
        units: program.units.clone(),
        calendar: program.calendar.clone(),
        active: program.active,
        records: program.records.clone(),
        choices: program.choices.clone(),
        n_domains: program.n_domains,
        schedules: program.schedules.iter().map(schedules::schedule).collect(),
        tables: program.tables.clone(),
        predicates: program.predicates.clone(),
        stackings: program.stackings.clone(),
        balances: program.balances.clone(),
        shared_limits: program.shared_limits.clone(),
        set_reversals: program.set_reversals.clone(),
        decisions: program.decisions.clone(),
        parameters: program.parameters.clone(),
        ..Plan::empty()
    };
    let search = |search| returned::of_search(&plan, denominators::of_search(&plan, search));
    plan.searches = program.searches.iter().map(search).collect();
    let mut states = States::default();
    let mut all: Vec<(usize, Version)> = Vec::new();
    for (idx, rule) in program.rules.iter().enumerate() {
        plan.rules.push(Rule { name: rule.name.clone(), versions: Vec::new() });
        let id = RuleId(idx as u32);
        let lowered =
            rule.versions.iter().zip(1..).map(|(version, number)| {
                (version.written, Lowering::version(&mut plan, &mut states, id, version, number))
            });
        let mut lowered: Vec<(usize, Version)> = lowered.collect();
        if let Some(chosen) = program.stackings.iter().position(|stacking| stacking.rules.contains(&id)) {
            lowered.iter_mut().for_each(|(_, version)| chosen_in(&plan, version, StackingId(chosen as u32)));
        }
        versions::look_back(rule, &mut lowered);
        all.append(&mut lowered);
    }
    all.sort_by_key(|(written, _)| *written);
    let id = |written: usize| VersionId(all.partition_point(|(known, _)| *known < written) as u32);
    let in_order = program.order.iter().flat_map(|&idx| &program.rules[idx].versions);
    plan.order = in_order.map(|version| id(version.written)).collect();
    for (idx, (_, version)) in all.iter().enumerate() {
        plan.rules[version.rule.index()].versions.push(VersionId(idx as u32));
    }
    plan.versions = all.into_iter().map(|(_, version)| version).collect();
    plan
}

/// Makes a version one of a choice: it is chosen after its limits by keys of the row, before its line is divided and limited per
/// whoever gets it.
fn chosen_in(plan: &Plan, version: &mut Version, stacking: StackingId) {
    let of_payee = |node: &Node| match node {
        Node::Share(_) | Node::Pay(_) => true,
        Node::Limit(limit) => limit.state().is_some_and(|state| plan.key_of(state).of_payee),
        _ => false,
    };
    let is_whole = version.share().is_none_or(|share| !share.divides());
    let mut at = version.nodes.iter().position(of_payee).unwrap_or(version.nodes.len());
    // A limit by the row that is written behind one per whoever is paid comes before it.
    let mut behind = version.nodes.split_off(at);
    let is_before = |node: &Node| matches!(node, Node::Limit(_)) && !of_payee(node);
    if is_whole {
        let (before, after): (Vec<Node>, Vec<Node>) = behind.into_iter().partition(is_before);
        version.nodes.extend(before);
        behind = after;
        at = version.nodes.len();
    }
    version.nodes.insert(at, Node::Choose(stacking));
    version.nodes.append(&mut behind);
}

/// A version in the making.
struct Lowering<'a> {
    plan: &'a mut Plan,
    states: &'a mut States,
    rule: RuleId,
    version: &'a typed::Version,
    /// The states of its totals.
    totals: Vec<Option<crate::plan::StateId>>,
    /// The number of its first fold in the Plan.
    first_fold: u32,
    lets: Lets,
    /// Totals over all rows, which come before everything else.
    all: Vec<Node>,
    nodes: Vec<Node>,
}

impl<'a> Lowering<'a> {
    fn version(
        plan: &'a mut Plan,
        states: &'a mut States,
        rule: RuleId,
        version: &'a typed::Version,
        number: u32,
    ) -> Version {
        states.begin_version();
        let first_fold = plan.folds.len() as u32;
        let left = returned::is_left(plan, &version.stream, version.reading).map(Node::Keep);
        let mut lowering = Self {
            plan,
            states,
            rule,
            version,
            totals: vec![None; version.totals.len()],
            first_fold,
            lets: Lets::default(),
            all: Vec::new(),
            nodes: std::iter::once(Node::Active).chain(left).collect(),
        };
        lowering.folds();
        version.clauses.iter().for_each(|clause| lowering.clause(clause));
        lowering.add_first();
        lowering.divide();
        let pay = version.pay().map(|pay| lowering.pay(pay));
        let mut nodes = lowering.all;
        nodes.append(&mut lowering.nodes);
        nodes.extend(pay.map(Node::Pay));
        let folds = (first_fold..lowering.plan.folds.len() as u32).map(FoldId).collect();
        Version {
            rule,
            name: version.name.clone(),
            title: version.title.clone(),
            number,
            active: version.active,
            stream: version.stream.clone(),
            nodes,
            n_locals: version.locals.len() as u32,
            locals: version.locals.clone(),
            folds,
            reading: version.reading,
            takes_back: version.takes_back,
            adds_again: version.adds_again,
            as_it_stood: version.as_it_stood,
            hold: version.hold.as_ref().map(|(hold, _)| hold.clone()),
            span: version.span,
        }
    }

    fn clause(&mut self, clause: &Clause) {
        let node = match clause {
            Clause::Total(total) => return self.total(*total),
            Clause::Where(condition) => Node::Keep(self.expr(condition)),
            Clause::Let(local, value) => {
                let value = self.expr(value);
                self.lets.define(&self.version.locals[local.index()].name, *local, value.clone());
                Node::Let(*local, value)
            }
            Clause::Set(decision, local) => Node::Set(*decision, *local),
            Clause::First(keys, most) => {
                Node::First { state: self.shared(keys, StateKind::Seen, Purpose::First), most: *most }
            }
            Clause::Rank(rank) => Node::Rank(Rank {
                measure: self.expr(&rank.measure),
                ties: rank.ties,
                completed: rank.completed.iter().map(|last| self.expr(last)).collect(),
                span: rank.span,
            }),
            Clause::TakeFrom(take) => Node::TakeFrom(TakeFrom {
                accounts: take.accounts.iter().map(|account| self.account(account)).collect(),
                amount: self.expr(&take.amount),
                span: take.span,
            }),
            Clause::Add(add) => Node::Add(Add {
                account: self.account(&add.account),
                amount: self.expr(&add.amount),
                at_start: add.at_start,
                until: add.until.as_ref().map(|until| self.expr(until)),
                span: add.span,
            }),
            Clause::Pay(pay) => Node::Emit(self.emit(pay)),
            Clause::Limit(limit) => Node::Limit(match limit {
                Limit::Each(amount) => crate::plan::Limit::PerPayment(self.expr(amount)),
                Limit::AtMost(amount, keys) => crate::plan::Limit::AtMost {
                    amount: self.expr(amount),
                    state: self.shared(keys, StateKind::Paid, Purpose::Limit),
                },
                Limit::Payments(most, keys) => crate::plan::Limit::Payments {
                    most: self.expr(most),
                    state: self.shared(keys, StateKind::Paid, Purpose::Limit),
                },
                Limit::AtLeast(amount, keys, period) => crate::plan::Limit::AtLeast {
                    amount: self.expr(amount),
                    state: self.shared(keys, StateKind::Paid, Purpose::Limit),
                    period: *period,
                },
            }),
        };
        self.nodes.push(node);
    }

    /// The end of a line.
    fn pay(&mut self, pay: &typed::Pay) -> Pay {
        let (due, installments) = match &pay.when {
            When::Unsaid => (None, None),
            When::Due(day, _) => (Some(self.expr(day)), None),
            When::InParts(installments, _) => (None, Some(*installments)),
        };
        Pay { negative: pay.take_back, due, installments }
    }

    fn account(&mut self, account: &Account) -> Account {
        Account { balance: account.balance, owner: account.owner.as_ref().map(|owner| Box::new(self.expr(owner))) }
    }

    /// What is added comes before what is done with the line, wherever it is written behind the payment.
    fn add_first(&mut self) {
        let Some(emit) = self.nodes.iter().position(|node| matches!(node, Node::Emit(_))) else { return };
        let behind = self.nodes.split_off(emit + 1);
        let (adds, others): (Vec<Node>, Vec<Node>) = behind.into_iter().partition(|node| matches!(node, Node::Add(_)));
        self.nodes.extend(adds);
        self.nodes.extend(others);
    }

    /// Divides the line: limits by keys of the row come before, those of who gets it and of each payment after. Where it goes to one of
    /// several kinds as a whole, only a limit per who gets it must know who that is.
    fn divide(&mut self) {
        let Some(share) = self.version.pay().and_then(|pay| pay.share.as_ref()) else { return };
        let share = self.share(share);
        let of_payee = |limit: &crate::plan::Limit| limit.state().is_some_and(|state| self.plan.key_of(state).of_payee);
        if !share.divides() {
            // Of a chain each line is limited by itself, whatever the key.
            let of_each = share.is_chain();
            let whose =
                self.nodes.iter().position(|node| matches!(node, Node::Limit(limit) if of_each || of_payee(limit)));
            let at = whose.unwrap_or(self.nodes.len());
            return self.nodes.insert(at, Node::Share(share));
        }
        let emit = self.nodes.iter().position(|node| matches!(node, Node::Emit(_)));
        let limits = self.nodes.split_off(emit.map_or(self.nodes.len(), |emit| emit + 1));
        let of_row = |node: &Node| match node {
            Node::Limit(limit) => limit.state().is_some() && !of_payee(limit),
            _ => true,
        };
        let (of_row, of_lines): (Vec<Node>, Vec<Node>) = limits.into_iter().partition(of_row);
        self.nodes.extend(of_row);
        self.nodes.push(Node::Share(share));
        self.nodes.extend(of_lines);
    }

    /// A condition with that something is left of the row, where the version does not read rows as they were reported.
    fn left_and(&self, stream: &Stream, condition: Option<crate::plan::Expr>) -> Option<crate::plan::Expr> {
        returned::left_and(self.plan, stream, self.version.reading, condition)
    }

    /// Whether the rows are those of a rule's stream as the Plan has it.
    fn stream(&self) -> &'a Stream {
        &self.version.stream
    }
}
