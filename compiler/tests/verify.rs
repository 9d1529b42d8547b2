//! Every invariant of a Plan, broken once on purpose.

use meed_compiler::plan::verify::Invariant;
use meed_compiler::plan::*;
use meed_compiler::value::Exact;

fn good() -> Plan {
    let compiled = meed_compiler::compile(include_str!("plan/everything.meed"), &[]);
    compiled.plan.expect("the program has no errors")
}

fn rule<'a>(plan: &'a mut Plan, name: &str) -> &'a mut Version {
    plan.versions.iter_mut().find(|rule| rule.name == name).expect("a rule of the program")
}

fn field<'a>(plan: &'a mut Plan, record: &str, name: &str) -> &'a mut Field {
    let record = plan.records.iter_mut().find(|known| known.name == record).expect("a record of the program");
    record.fields.iter_mut().find(|field| field.name == name).expect("a field of the record")
}

/// The value of the rule's first `let` that is of this kind.
fn value<'a>(plan: &'a mut Plan, name: &str, of: impl Fn(&Op) -> bool) -> &'a mut Expr {
    let steps = rule(plan, name).nodes.iter_mut();
    let mut values = steps.filter_map(|step| if let Node::Let(_, value) = step { Some(value) } else { None });
    values.find(|value| of(&value.op)).expect("such a value")
}

fn emit<'a>(plan: &'a mut Plan, name: &str) -> &'a mut Emit {
    let steps = rule(plan, name).nodes.iter_mut();
    steps.filter_map(|node| if let Node::Emit(emit) = node { Some(emit) } else { None }).next().expect("a line")
}

fn pieces<'a>(plan: &'a mut Plan, name: &str) -> &'a mut Vec<Piece> {
    let schedule = plan.schedules.iter_mut().find(|schedule| schedule.name == name).expect("a schedule");
    match &mut schedule.pieces {
        Pieces::Lines { pieces, .. } => pieces,
        Pieces::Steps { .. } => panic!("`{name}` has no lines"),
    }
}

/// An invariant and how it is broken.
type Damage = (Invariant, fn(&mut Plan));

const DAMAGES: &[Damage] = &[
    (Invariant::Named, |plan| plan.records[0].key[0] = FieldId(99)),
    (Invariant::Named, |plan| plan.states[0].key = KeyId(99)),
    (Invariant::Named, |plan| {
        *value(plan, "quarterly", |op| matches!(op, Op::Fold(_))) =
            Expr { op: Op::Fold(FoldId(99)), ty: Type::MONEY, optional: false, span: Default::default() }
    }),
    (Invariant::Keys, |plan| plan.records[0].key.clear()),
    (Invariant::Keys, |plan| field(plan, "partner", "id").optional = true),
    (Invariant::Keys, |plan| plan.records.iter_mut().for_each(|record| record.when = None)),
    (Invariant::Lists, |plan| plan.choices.extend([vec!["nowhere".to_owned()], vec!["nor here".to_owned()]])),
    (Invariant::Lists, |plan| plan.n_domains += 1),
    (Invariant::Used, |plan| field(plan, "deal", "amount").used = false),
    (Invariant::Used, |plan| plan.records.iter_mut().for_each(|record| record.used = false)),
    (Invariant::Types, |plan| field(plan, "deal", "amount").ty = Type::YesNo),
    (Invariant::Types, |plan| {
        value(plan, "plain", |op| matches!(op, Op::Call(Function::TimeBetween(_), _))).ty = Type::MONEY
    }),
    (Invariant::Types, |plan| plan.schedules[0].result = Type::Count),
    (Invariant::Missing, |plan| {
        emit(plan, "back").owner = Owner::Row;
        emit(plan, "back").worth = Expr { op: Op::Missing, ty: Type::MONEY, optional: false, span: Default::default() };
    }),
    (Invariant::Missing, |plan| {
        let mean = value(plan, "quarterly", |op| matches!(op, Op::IfUnknown(..)));
        if let Op::IfUnknown(value, _) = &mean.op {
            mean.op = Op::one(Function::Negate, (**value).clone());
        }
    }),
    (Invariant::Divisors, |plan| {
        let divides = |op: &Op| matches!(op, Op::Call(Function::Divide, _));
        if let Op::Call(_, operands) = &mut value(plan, "plain", divides).op {
            operands[1].op = Op::Number(Exact::ZERO);
        }
    }),
    (Invariant::Divisors, |plan| {
        for state in &mut plan.states {
            if let StateKind::Sums { denominators, .. } = &mut state.kind {
                denominators[0] = Some(0);
            }
        }
    }),
    (Invariant::Divisors, |plan| {
        for group in &mut plan.folds {
            if let FoldFunction::Sum(_, den) = &mut group.function {
                *den = Some(-100);
            }
        }
    }),
    (Invariant::Locals, |plan| {
        let steps = &mut rule(plan, "running").nodes;
        let first = steps.iter().position(|step| matches!(step, Node::Let(..))).expect("a `let`");
        steps.swap(first, first + 2);
    }),
    (Invariant::Locals, |plan| rule(plan, "running").n_locals += 1),
    (Invariant::Levels, |plan| {
        rule(plan, "running").nodes.remove(0);
    }),
    (Invariant::Levels, |plan| {
        if let Op::Level { summand, .. } = &mut value(plan, "running", |op| matches!(op, Op::Level { .. })).op {
            *summand = 7;
        }
    }),
    (Invariant::Sides, |plan| {
        if let Op::Level { side, .. } = &mut value(plan, "running", |op| matches!(op, Op::Level { .. })).op {
            *side = Side::Current;
        }
    }),
    (Invariant::Sides, |plan| {
        let line = emit(plan, "back");
        let Owner::Total(state) = line.owner else { panic!("a line along a total") };
        line.worth = Expr { op: Op::Level { state, summand: 0, side: Side::After }, ..line.worth.clone() };
    }),
    (Invariant::Named, |plan| plan.rules[0].versions.clear()),
    (Invariant::Named, |plan| plan.versions[0].rule = RuleId(99)),
    (Invariant::States, |plan| {
        let plain = plan.rule_named("plain").expect("such a rule");
        plan.states.iter_mut().for_each(|state| state.rule = plain);
    }),
    (Invariant::States, |plan| {
        for state in &mut plan.states {
            if state.kind == StateKind::Seen {
                state.kind = StateKind::Paid;
            }
        }
    }),
    (Invariant::States, |plan| {
        let nodes = &mut rule(plan, "plain").nodes;
        let limit = nodes.iter().rposition(|node| matches!(node, Node::Limit(_))).expect("a limit");
        nodes.insert(limit, nodes[limit].clone());
    }),
    (Invariant::StateKeys, |plan| plan.keys[0].parts[0].op = Op::When),
    (Invariant::Folds, |plan| rule(plan, "quarterly").folds.clear()),
    (Invariant::Folds, |plan| plan.matches[0].period = Period::Month),
    (Invariant::Folds, |plan| plan.matches[0].key.op = Op::When),
    (Invariant::Nodes, |plan| rule(plan, "plain").nodes.reverse()),
    (Invariant::Nodes, |plan| rule(plan, "override").nodes.retain(|step| !matches!(step, Node::Pay(_)))),
    (Invariant::Nodes, |plan| rule(plan, "override").nodes.retain(|step| !matches!(step, Node::Active))),
    (Invariant::Nodes, |plan| rule(plan, "override").nodes.retain(|node| !matches!(node, Node::Emit(_)))),
    (Invariant::Named, |plan| plan.folds[0].over = MatchId(99)),
    (Invariant::Payments, |plan| emit(plan, "plain").payee.as_mut().expect("a payee").ty = Type::MONEY),
    (Invariant::Payments, |plan| {
        let payee = emit(plan, "quarterly").payee.clone().expect("a payee");
        (emit(plan, "quarterly").worth, emit(plan, "quarterly").owner) = (payee, Owner::Row);
    }),
    (Invariant::Decisions, |plan| plan.decisions[0].ty = Type::Date),
    (Invariant::Decisions, |plan| {
        let stream = Stream::Lines(plan.rule_named("plain").expect("such a rule"), LineKind::Payment);
        plan.decisions[0].stream = stream;
    }),
    (Invariant::Ranges, |plan| rule(plan, "plain").active.to += 1),
    (Invariant::Ranges, |plan| plan.versions.iter_mut().for_each(|rule| rule.number = 1)),
    (Invariant::Order, |plan| plan.order.reverse()),
    (Invariant::Order, |plan| {
        plan.order.pop();
    }),
    (Invariant::Schedules, |plan| pieces(plan, "volume_bands")[0].end = End::Point),
    (Invariant::Schedules, |plan| {
        let Some(Line::Priced { reach, .. }) = &mut pieces(plan, "volume_bands")[1].line else { panic!("a line") };
        *reach = if *reach == Reach::Above { Reach::Whole } else { Reach::Above };
    }),
    (Invariant::Schedules, |plan| {
        let zero = Expr { op: Op::Number(Exact::ZERO), ty: Type::MONEY, optional: false, span: Default::default() };
        let last = pieces(plan, "volume_bands").last_mut().expect("a piece");
        last.line = Some(Line::Between(zero.clone(), zero));
    }),
    (Invariant::Schedules, |plan| pieces(plan, "volume_bands").truncate(2)),
    (Invariant::Schedules, |plan| pieces(plan, "volume_bands").swap(0, 1)),
    (Invariant::Schedules, |plan| {
        let (End::To(bound) | End::Below(bound)) = &mut pieces(plan, "contract")[0].end else { panic!("an end") };
        bound.op = Op::PaymentAmount;
    }),
    (Invariant::Tables, |plan| plan.tables[0].rows[0].cells.truncate(1)),
    (Invariant::Tables, |plan| plan.tables[0].rows[0].results.clear()),
    (Invariant::Tables, |plan| plan.tables[0].policy = Policy::Highest(9)),
    (Invariant::Types, |plan| plan.tables[0].rows[0].cells[0] = CellTest::Texts { texts: Vec::new(), negated: false }),
    (Invariant::Types, |plan| plan.tables[0].results[0].ty = Type::Date),
];

#[test]
fn a_good_plan_breaks_nothing() {
    assert_eq!(good().verify(), []);
}

#[test]
fn every_invariant_is_looked_after() {
    for (idx, (invariant, damage)) in DAMAGES.iter().enumerate() {
        let mut plan = good();
        damage(&mut plan);
        let violations = plan.verify();
        let met = violations.iter().any(|violation| violation.invariant == *invariant);
        assert!(met, "damage {idx} should break {invariant:?}, and breaks {violations:?}");
    }
}

#[test]
fn every_invariant_is_broken_by_some_damage() {
    for invariant in Invariant::ALL {
        let known = DAMAGES.iter().any(|(known, _)| *known == invariant);
        assert!(known, "no damage breaks {invariant:?}");
    }
}
