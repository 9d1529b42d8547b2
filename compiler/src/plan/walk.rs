//! The expressions of a Plan, one after another.

use super::{Expr, FoldId, Function, Node, Op, Plan, RecordId};

/// What has no operands.
macro_rules! leaf {
    () => {
        Self::Number(_)
            | Self::YesNo(_)
            | Self::Date(_)
            | Self::Choice(_)
            | Self::Missing
            | Self::Field { .. }
            | Self::PaymentAmount
            | Self::Credit(_)
            | Self::When
            | Self::Local(_)
            | Self::Decision { .. }
            | Self::Fold(_)
            | Self::Level { .. }
            | Self::Argument(_)
            | Self::Taken(_)
            | Self::Rank
    };
}

impl Expr {
    /// Visits the expression and everything in it, the whole before its parts.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        for child in self.op.children() {
            child.walk(visit);
        }
    }
}

impl Expr {
    /// Whether a level is read in it, which has one value before a row and another after it.
    pub fn has_level(&self) -> bool {
        let mut found = false;
        self.walk(&mut |expr| found |= matches!(expr.op, Op::Level { .. } | Op::Increment { .. }));
        found
    }
}

impl Plan {
    /// Whether a row of this record is a value somewhere, as a key or as what is counted: it is the same row wherever it is met,
    /// so that its place must not change while the rules run.
    pub fn has_as_value(&self, record: RecordId) -> bool {
        let mut found = false;
        let mut look = |expr: &Expr| {
            found |= matches!(&expr.op, Op::Field { record: own, path, .. } if *own == record && path.is_empty());
        };
        let nodes = self.versions.iter().flat_map(|rule| &rule.nodes).flat_map(Node::exprs);
        let folds = (0..self.folds.len() as u32).flat_map(|fold| self.exprs_of(FoldId(fold)));
        let keys = self.keys.iter().flat_map(|key| &key.parts);
        nodes.chain(folds).chain(keys).for_each(|expr| expr.walk(&mut look));
        found
    }
}

impl Op {
    /// The operands, in the order in which they are evaluated.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Self::Increment { body, .. } => vec![body],
            Self::IfUnknown(a, b) => vec![a, b],
            Self::Balance(account) => account.owner.as_deref().into_iter().collect(),
            Self::Call(_, values) | Self::And(values) | Self::Or(values) => values.iter().collect(),
            Self::If { branches, otherwise } => {
                branches.iter().flat_map(|(a, b)| [a, b]).chain([otherwise.as_ref()]).collect()
            }
            leaf!() => Vec::new(),
        }
    }

    /// The same, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Increment { body, .. } => vec![body],
            Self::IfUnknown(a, b) => vec![a, b],
            Self::Balance(account) => account.owner.as_deref_mut().into_iter().collect(),
            Self::Call(_, values) | Self::And(values) | Self::Or(values) => values.iter_mut().collect(),
            Self::If { branches, otherwise } => {
                branches.iter_mut().flat_map(|(a, b)| [a, b]).chain([otherwise.as_mut()]).collect()
            }
            leaf!() => Vec::new(),
        }
    }
}

impl Node {
    /// The expressions of the node.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::TotalOfAll { filter, summands, .. } => filter.iter().chain(summands).collect(),
            Self::Active | Self::Until | Self::First { .. } | Self::Set(..) | Self::Choose(_) => Vec::new(),
            Self::Pay(pay) => pay.due.iter().collect(),
            Self::Keep(value) | Self::Let(_, value) => vec![value],
            Self::Total { summands, .. } => summands.iter().collect(),
            Self::Emit(emit) => {
                emit.payee.iter().chain(&emit.somebody).chain(&emit.factor).chain([&emit.worth]).collect()
            }
            Self::Share(share) => share.exprs(),
            Self::Limit(limit) => vec![limit.bound()],
            Self::Rank(rank) => std::iter::once(&rank.measure).chain(&rank.completed).collect(),
            Self::Add(add) => add.account.owner.as_deref().into_iter().chain([&add.amount]).chain(&add.until).collect(),
            Self::TakeFrom(take) => {
                take.accounts.iter().filter_map(|account| account.owner.as_deref()).chain([&take.amount]).collect()
            }
        }
    }

    /// Whether a decision table or a set is asked in it.
    pub fn asks_tables(&self) -> bool {
        let mut asks = false;
        let mut look = |expr: &Expr| {
            asks |= matches!(expr.op, Op::Call(Function::Lookup { .. } | Function::Find { .. }, _));
        };
        self.exprs().into_iter().for_each(|expr| expr.walk(&mut look));
        asks
    }
}
