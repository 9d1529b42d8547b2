//! Every obligation of a Plan, broken once on purpose.

use meed_compiler::plan::verify::Obligation;
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

/// An obligation and how it is broken.
type Damage = (Obligation, fn(&mut Plan));

const DAMAGES: &[Damage] = &[
    (Obligation::Named, |plan| plan.records[0].key[0] = FieldId(99)),
    (Obligation::Named, |plan| plan.states[0].key = KeyId(99)),
    (Obligation::Named, |plan| {
        *value(plan, "quarterly", |op| matches!(op, Op::Fold(_))) =
            Expr { op: Op::Fold(FoldId(99)), ty: Type::Money, optional: false, span: Default::default() }
    }),
    (Obligation::Keys, |plan| plan.records[0].key.clear()),
    (Obligation::Keys, |plan| field(plan, "partner", "id").optional = true),
    (Obligation::Keys, |plan| plan.records.iter_mut().for_each(|record| record.when = None)),
    (Obligation::Borne, |plan| plan.choices.extend([vec!["nowhere".to_owned()], vec!["nor here".to_owned()]])),
    (Obligation::Borne, |plan| plan.n_domains += 1),
    (Obligation::Used, |plan| field(plan, "deal", "amount").used = false),
    (Obligation::Used, |plan| plan.records.iter_mut().for_each(|record| record.used = false)),
    (Obligation::Types, |plan| field(plan, "deal", "amount").ty = Type::YesNo),
    (Obligation::Types, |plan| {
        value(plan, "plain", |op| matches!(op, Op::Call(Function::TimeBetween(_), _))).ty = Type::Money
    }),
    (Obligation::Types, |plan| plan.schedules[0].result = Type::Count),
    (Obligation::Missing, |plan| {
        emit(plan, "back").owner = Owner::Row;
        emit(plan, "back").worth = Expr { op: Op::Missing, ty: Type::Money, optional: false, span: Default::default() };
    }),
    (Obligation::Missing, |plan| {
        let mean = value(plan, "quarterly", |op| matches!(op, Op::IfUnknown(..)));
        if let Op::IfUnknown(value, _) = &mean.op {
            mean.op = Op::one(Function::Negate, (**value).clone());
        }
    }),
    (Obligation::Divisors, |plan| {
        let divides = |op: &Op| matches!(op, Op::Call(Function::Divide, _));
        if let Op::Call(_, operands) = &mut value(plan, "plain", divides).op {
            operands[1].op = Op::Number(Exact::ZERO);
        }
    }),
    (Obligation::Divisors, |plan| {
        for state in &mut plan.states {
            if let StateKind::Sums { denominators } = &mut state.kind {
                denominators[0] = Some(0);
            }
        }
    }),
    (Obligation::Divisors, |plan| {
        for group in &mut plan.folds {
            if let FoldFunction::Sum(_, den) = &mut group.function {
                *den = Some(-100);
            }
        }
    }),
    (Obligation::Locals, |plan| {
        let steps = &mut rule(plan, "running").nodes;
        let first = steps.iter().position(|step| matches!(step, Node::Let(..))).expect("a `let`");
        steps.swap(first, first + 2);
    }),
    (Obligation::Locals, |plan| rule(plan, "running").n_locals += 1),
    (Obligation::Levels, |plan| {
        rule(plan, "running").nodes.remove(0);
    }),
    (Obligation::Levels, |plan| {
        if let Op::Level { summand, .. } = &mut value(plan, "running", |op| matches!(op, Op::Level { .. })).op {
            *summand = 7;
        }
    }),
    (Obligation::Sides, |plan| {
        if let Op::Level { side, .. } = &mut value(plan, "running", |op| matches!(op, Op::Level { .. })).op {
            *side = Side::Current;
        }
    }),
    (Obligation::Sides, |plan| {
        let line = emit(plan, "back");
        let Owner::Total(state) = line.owner else { panic!("a line along a total") };
        line.worth = Expr { op: Op::Level { state, summand: 0, side: Side::After }, ..line.worth.clone() };
    }),
    (Obligation::Named, |plan| plan.rules[0].versions.clear()),
    (Obligation::Named, |plan| plan.versions[0].rule = RuleId(99)),
    (Obligation::States, |plan| {
        let plain = plan.rule_named("plain").expect("such a rule");
        plan.states.iter_mut().for_each(|state| state.rule = plain);
    }),
    (Obligation::States, |plan| {
        for state in &mut plan.states {
            if state.kind == StateKind::Seen {
                state.kind = StateKind::Paid;
            }
        }
    }),
    (Obligation::States, |plan| {
        let nodes = &mut rule(plan, "plain").nodes;
        let limit = nodes.iter().rposition(|node| matches!(node, Node::Limit(_))).expect("a limit");
        nodes.insert(limit, nodes[limit].clone());
    }),
    (Obligation::StateKeys, |plan| plan.keys[0].parts[0].op = Op::When),
    (Obligation::Folds, |plan| rule(plan, "quarterly").folds.clear()),
    (Obligation::Folds, |plan| plan.matches[0].period = Period::Month),
    (Obligation::Folds, |plan| plan.matches[0].key.op = Op::When),
    (Obligation::Nodes, |plan| rule(plan, "plain").nodes.reverse()),
    (Obligation::Nodes, |plan| rule(plan, "override").nodes.retain(|step| !matches!(step, Node::Pay(_)))),
    (Obligation::Nodes, |plan| rule(plan, "override").nodes.retain(|step| !matches!(step, Node::Active))),
    (Obligation::Nodes, |plan| rule(plan, "override").nodes.retain(|node| !matches!(node, Node::Emit(_)))),
    (Obligation::Named, |plan| plan.folds[0].over = MatchId(99)),
    (Obligation::Payments, |plan| emit(plan, "plain").payee.ty = Type::Money),
    (Obligation::Payments, |plan| {
        let payee = emit(plan, "quarterly").payee.clone();
        (emit(plan, "quarterly").worth, emit(plan, "quarterly").owner) = (payee, Owner::Row);
    }),
    (Obligation::Decisions, |plan| plan.decisions[0].ty = Type::Date),
    (Obligation::Decisions, |plan| {
        let stream = Stream::Lines(plan.rule_named("plain").expect("such a rule"));
        plan.decisions[0].stream = stream;
    }),
    (Obligation::Ranges, |plan| rule(plan, "plain").active.to += 1),
    (Obligation::Ranges, |plan| plan.versions.iter_mut().for_each(|rule| rule.number = 1)),
    (Obligation::Order, |plan| plan.order.reverse()),
    (Obligation::Order, |plan| {
        plan.order.pop();
    }),
    (Obligation::Schedules, |plan| pieces(plan, "volume_bands")[0].end = End::Point),
    (Obligation::Schedules, |plan| {
        let Some(Line::Priced { reach, .. }) = &mut pieces(plan, "volume_bands")[1].line else { panic!("a line") };
        *reach = if *reach == Reach::Above { Reach::Whole } else { Reach::Above };
    }),
    (Obligation::Schedules, |plan| {
        let zero = Expr { op: Op::Number(Exact::ZERO), ty: Type::Money, optional: false, span: Default::default() };
        let last = pieces(plan, "volume_bands").last_mut().expect("a piece");
        last.line = Some(Line::Between(zero.clone(), zero));
    }),
    (Obligation::Schedules, |plan| pieces(plan, "volume_bands").truncate(2)),
    (Obligation::Schedules, |plan| pieces(plan, "volume_bands").swap(0, 1)),
    (Obligation::Schedules, |plan| {
        let (End::To(bound) | End::Below(bound)) = &mut pieces(plan, "contract")[0].end else { panic!("an end") };
        bound.op = Op::PaymentAmount;
    }),
    (Obligation::Tables, |plan| plan.tables[0].rows[0].cells.truncate(1)),
    (Obligation::Tables, |plan| plan.tables[0].rows[0].results.clear()),
    (Obligation::Tables, |plan| plan.tables[0].policy = Policy::Highest(9)),
    (Obligation::Types, |plan| plan.tables[0].rows[0].cells[0] = CellTest::Texts { texts: Vec::new(), negated: false }),
    (Obligation::Types, |plan| plan.tables[0].results[0].ty = Type::Date),
];

#[test]
fn a_good_plan_breaks_nothing() {
    assert_eq!(good().verify(), []);
}

#[test]
fn every_obligation_is_looked_after() {
    for (idx, (obligation, damage)) in DAMAGES.iter().enumerate() {
        let mut plan = good();
        damage(&mut plan);
        let breaches = plan.verify();
        let met = breaches.iter().any(|breach| breach.obligation == *obligation);
        assert!(met, "damage {idx} should break {obligation:?}, and breaks {breaches:?}");
    }
}

#[test]
fn every_obligation_is_broken_by_some_damage() {
    for obligation in Obligation::ALL {
        let known = DAMAGES.iter().any(|(known, _)| *known == obligation);
        assert!(known, "no damage breaks {obligation:?}");
    }
}
