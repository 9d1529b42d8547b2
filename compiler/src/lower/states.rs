//! What a version remembers: keys, states, and which of them versions of a rule share.

use super::Lowering;
use super::denominators::den;
use super::versions::since;
use crate::plan::{
    Expr, FieldId, Function, Key, KeyId, Node, Op, Period, RecordId, Root, State, StateId, StateKind, Stream,
};
use crate::typed::{Keys, Over, Purpose};
use rustc_hash::FxHashMap;

/// States that are made already.
#[derive(Default)]
pub(super) struct States {
    keys: FxHashMap<KeyOfKey, KeyId>,
    /// States that the versions of a rule share, those that are alike together.
    shared: FxHashMap<(Purpose, State), Vec<StateId>>,
    /// Of these, how many alike the version at work has.
    kept: FxHashMap<(Purpose, State), u32>,
}

/// What tells one key from another.
type KeyOfKey = (Stream, bool, Option<Period>, Vec<(Root, RecordId, Vec<FieldId>, bool)>);

impl States {
    pub fn begin_version(&mut self) {
        self.kept.clear();
    }
}

impl Lowering<'_> {
    /// A state that the versions of a rule share. Of those that are alike and of one purpose, the first of one version is
    /// the first of every other, and so on.
    pub(super) fn shared(&mut self, keys: &Keys, kind: StateKind, purpose: Purpose) -> StateId {
        let state = self.state(keys, kind);
        let key = (purpose, state.clone());
        let kept = self.states.kept.entry(key.clone()).or_insert(0);
        let nth = *kept;
        *kept += 1;
        if let Some(&id) = self.states.shared.get(&key).and_then(|alike| alike.get(nth as usize)) {
            return id;
        }
        let id = self.keep(state);
        self.states.shared.entry(key).or_default().push(id);
        id
    }

    fn state(&mut self, keys: &Keys, kind: StateKind) -> State {
        let key = self.key(keys);
        State { rule: self.rule, key, kind }
    }

    fn keep(&mut self, state: State) -> StateId {
        self.plan.states.push(state);
        StateId(self.plan.states.len() as u32 - 1)
    }

    /// The key of these parts, made once.
    fn key(&mut self, keys: &Keys) -> KeyId {
        let parts: Vec<Expr> = keys.parts.iter().map(|part| self.expr(part)).collect();
        let part = |part: &Expr| match &part.op {
            Op::Field { root, record, path } => (*root, *record, path.clone(), false),
            // A party's own year by the date from which it is counted.
            Op::Call(Function::OwnYear, operands)
                if let Some(Expr { op: Op::Field { root, record, path }, .. }) = operands.first() =>
            {
                (*root, *record, path.clone(), true)
            }
            op => crate::internal::broken(format!("a key that is no field: {op:?}")),
        };
        let next = KeyId(self.plan.keys.len() as u32);
        let key = (self.stream().clone(), keys.payee, keys.period, parts.iter().map(part).collect());
        let id = *self.states.keys.entry(key).or_insert(next);
        if id == next {
            let stream = self.stream().clone();
            self.plan.keys.push(Key { stream, of_payee: keys.payee, parts, period: keys.period });
        }
        id
    }

    /// A total takes rows in from here on, or, over a set or all rows, before everything else.
    pub(super) fn total(&mut self, idx: u32) {
        let version = self.version;
        let total = &version.totals[idx as usize];
        let summands: Vec<Expr> = total.summands.iter().map(|summand| self.expr(summand)).collect();
        let mut denominators: Vec<Option<i64>> = summands.iter().map(|summand| den(self.plan, summand, &[])).collect();
        if total.highest {
            denominators.extend_from_within(..1);
        }
        let kind = StateKind::Sums { denominators, highest: total.highest };
        let state = match &total.over {
            Over::Matched => self.shared(&total.keys, kind, total.purpose),
            // A set has rows of its own, which are no other version's.
            Over::Set(_) | Over::All(_) => {
                let state = self.state(&total.keys, kind);
                self.keep(state)
            }
        };
        self.totals[idx as usize] = Some(state);
        match &total.over {
            Over::Matched => self.nodes.push(Node::Total { state, summands }),
            Over::Set(filter) => {
                let filter = filter.as_ref().map(|filter| self.expr(filter));
                let filter = self.left_and(&version.stream, filter);
                self.all.push(Node::TotalOfAll { state, filter, summands });
            }
            Over::All(span) => {
                let filter = Some(since(self.plan.active.from, *span));
                let filter = self.left_and(&version.stream, filter);
                self.all.push(Node::TotalOfAll { state, filter, summands });
            }
        }
    }
}
