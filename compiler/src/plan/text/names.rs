//! Names of what the program gives no name: states and folds are counted within their rule, texts and lists go by the
//! first field that holds them.

use crate::plan::{
    ChoiceId, CreditPart, DecisionId, DomainId, FieldId, Fold, FoldId, Local, Op, Plan, RecordId, RuleId, State,
    StateId, StateKind, Stream, Type, VersionId,
};

/// Where an expression is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub plan: &'a Plan,
    /// The rule.
    pub rule: Option<RuleId>,
    /// The record of the row, where the rule reads an event or an entity.
    pub record: Option<RecordId>,
    /// The `let`s and `set`s so far.
    pub locals: &'a [Local],
    /// Types of the schedule's arguments.
    pub arguments: &'a [Type],
}

impl<'a> Place<'a> {
    /// A place with no row.
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, rule: None, record: None, locals: &[], arguments: &[] }
    }

    /// A row of a rule's stream.
    pub fn row(plan: &'a Plan, rule: RuleId, stream: &Stream) -> Self {
        Self { rule: Some(rule), ..Self::of(plan, stream) }
    }

    /// A row of a stream, in no rule.
    pub fn of(plan: &'a Plan, stream: &Stream) -> Self {
        let record = match stream {
            Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) => Some(*record),
            Stream::Lines(..) => None,
        };
        Self { record, ..Self::new(plan) }
    }

    /// The type a value has when nothing else is said.
    pub fn usual_type(&self, op: &Op) -> Type {
        match op {
            Op::Number(value) if value.is_whole() => Type::Count,
            Op::Number(_) | Op::Missing | Op::Level { .. } => Type::Number,
            Op::YesNo(_) | Op::And(_) | Op::Or(_) => Type::YesNo,
            Op::Date(_) | Op::When => Type::Date,
            Op::Choice(_) => Type::Number,
            Op::Field { record, path, .. } => self.field_type(*record, path),
            Op::PaymentAmount | Op::Credit(CreditPart::Base) => Type::MONEY,
            Op::Credit(CreditPart::Share) => Type::Percent,
            Op::Balance(account) => Type::Money(self.plan.balance(account.balance).unit),
            Op::Taken(_) => Type::MONEY,
            Op::Rank => Type::Count,
            Op::Local(local) => self.locals.get(local.index()).map_or(Type::Number, |local| local.ty),
            Op::Decision { decision, .. } => self.plan.decisions[decision.index()].ty,
            Op::Fold(group) => self.plan.folds[group.index()].function.value_type().unwrap_or(Type::Count),
            Op::Increment { body, .. } => body.ty,
            Op::IfUnknown(a, _) => a.ty,
            Op::Call(function, operands) => function.result(self.plan, operands),
            Op::Argument(idx) => self.arguments.get(*idx as usize).copied().unwrap_or(Type::Number),
            Op::If { branches, otherwise } => branches.first().map_or(otherwise.ty, |(_, value)| value.ty),
        }
    }

    fn field_type(&self, record: RecordId, path: &[FieldId]) -> Type {
        let mut ty = Type::Ref(record);
        for field in path {
            let Type::Ref(record) = ty else { return Type::Number };
            ty = self.plan.record(record).fields[field.index()].ty;
        }
        ty
    }
}

impl Plan {
    pub(super) fn state_name(&self, id: StateId) -> String {
        let state = &self.states[id.index()];
        let same = |other: &&State| other.rule == state.rule && kind_word(&other.kind) == kind_word(&state.kind);
        let before = self.states[..id.index()].iter().filter(same).count();
        format!("{}.{}", kind_word(&state.kind), before + 1)
    }

    pub(super) fn state_named(&self, rule: Option<RuleId>, name: &str) -> Option<StateId> {
        let (word, number) = name.split_once('.')?;
        let of = |state: &State| Some(state.rule) == rule && kind_word(&state.kind) == word;
        nth(&self.states, of, number).map(StateId)
    }

    pub(super) fn fold_name(&self, id: FoldId) -> String {
        let rule = self.matched(id).rule;
        let before = (0..id.0).filter(|other| self.matched(FoldId(*other)).rule == rule).count();
        format!("fold.{}", before + 1)
    }

    pub(super) fn fold_named(&self, rule: Option<RuleId>, name: &str) -> Option<FoldId> {
        let of = |fold: &Fold| Some(self.matches[fold.over.index()].rule) == rule;
        nth(&self.folds, of, name.strip_prefix("fold.")?).map(FoldId)
    }

    pub(super) fn decision_name(&self, id: DecisionId) -> String {
        let name = &self.decisions[id.index()].name;
        match self.decisions[..id.index()].iter().filter(|other| other.name == *name).count() {
            0 => format!("decision.{name}"),
            before => format!("decision.{name}.{}", before + 1),
        }
    }

    pub(super) fn decision_named(&self, name: &str) -> Option<DecisionId> {
        let name = name.strip_prefix("decision.")?;
        let (name, number) = name.split_once('.').unwrap_or((name, "1"));
        nth(&self.decisions, |decision| decision.name == name, number).map(DecisionId)
    }

    pub(super) fn version_named(&self, name: &str, number: u32) -> Option<VersionId> {
        self.versions_of(self.rule_named(name)?).find(|id| self.version(*id).number == number)
    }

    /// The first field of a type that passes, as `record.field`.
    pub(super) fn first_field(&self, of: impl Fn(Type) -> bool) -> String {
        let fields = self.records.iter().flat_map(|record| record.fields.iter().map(move |field| (record, field)));
        let found = fields.into_iter().find(|(_, field)| of(field.ty));
        found.map_or_else(String::new, |(record, field)| format!("{}.{}", record.name, field.name))
    }

    pub(super) fn field_of_domain(&self, domain: DomainId) -> String {
        self.first_field(|ty| ty == Type::Text(domain) || ty == Type::Id(domain))
    }

    pub(super) fn field_of_choice(&self, choice: ChoiceId) -> String {
        if self.texts() == Some(choice) {
            "texts".to_owned()
        } else {
            self.first_field(|ty| ty == Type::Choice(choice))
        }
    }

    /// The list that no field holds: the texts that rules decide.
    pub(super) fn texts(&self) -> Option<ChoiceId> {
        let lists = (0..self.choices.len()).map(|idx| ChoiceId(idx as u32));
        lists.into_iter().find(|choice| self.first_field(|ty| ty == Type::Choice(*choice)).is_empty())
    }

    /// The type of the field `record.field`, or of the texts that rules decide.
    pub(super) fn type_of_field(&self, name: &str) -> Option<Type> {
        if name == "texts" {
            return self.texts().map(Type::Choice);
        }
        let (record, field) = name.split_once('.')?;
        let record = self.record(self.record_named(record)?);
        Some(record.fields[record.field(field)?.index()].ty)
    }
}

/// The place of the `number`th that passes.
fn nth<T>(things: &[T], of: impl Fn(&T) -> bool, number: &str) -> Option<u32> {
    let number: usize = number.parse().ok()?;
    let places = things.iter().enumerate().filter(|(_, thing)| of(thing));
    places.map(|(idx, _)| idx as u32).nth(number.checked_sub(1)?)
}

pub(super) fn kind_word(kind: &StateKind) -> &'static str {
    match kind {
        StateKind::Seen => "seen",
        StateKind::Sums { .. } => "total",
        StateKind::Paid => "paid",
    }
}

/// The fields of a path; none where a record has no field of a name.
pub(super) fn path_named(plan: &Plan, record: RecordId, names: &str) -> Option<Vec<FieldId>> {
    let (mut at, mut path) = (record, Vec::new());
    for name in names.split('.').filter(|name| !name.is_empty()) {
        let field = plan.record(at).field(name)?;
        path.push(field);
        if let Type::Ref(next) = plan.record(at).fields[field.index()].ty {
            at = next;
        }
    }
    Some(path)
}
