//! The expressions of a Plan, one after another.

use super::{Amount, Expr, Group, GroupFunction, Limit, Op, Step};

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
            | Self::When
            | Self::Local(_)
            | Self::Decision { .. }
            | Self::Group(_)
            | Self::Level { .. }
            | Self::Argument(_)
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

impl Op {
    /// The operands, in the order in which they are evaluated.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Self::Telescoped { body, .. } => vec![body],
            Self::IfUnknown(a, b) => vec![a, b],
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
            Self::Telescoped { body, .. } => vec![body],
            Self::IfUnknown(a, b) => vec![a, b],
            Self::Call(_, values) | Self::And(values) | Self::Or(values) => values.iter_mut().collect(),
            Self::If { branches, otherwise } => {
                branches.iter_mut().flat_map(|(a, b)| [a, b]).chain([otherwise.as_mut()]).collect()
            }
            leaf!() => Vec::new(),
        }
    }
}

impl Step {
    /// The expressions of the step.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::AccumulateAll { filter, atoms, .. } => filter.iter().chain(atoms).collect(),
            Self::Active | Self::Until | Self::First(_) | Self::Set(..) => Vec::new(),
            Self::Filter(value) | Self::Let(_, value) => vec![value],
            Self::Accumulate { atoms, .. } => atoms.iter().collect(),
            Self::Pay(pay) => match &pay.amount {
                Amount::Plain(value) => vec![&pay.payee, value],
                Amount::AlongTotal { factor, body, .. } => {
                    std::iter::once(&pay.payee).chain(factor).chain([body]).collect()
                }
            },
            Self::Limit(Limit::PerPayment(amount) | Limit::AtMost { amount, .. } | Limit::AtLeast { amount, .. }) => {
                vec![amount]
            }
        }
    }
}

impl Group {
    /// The expressions of the group.
    pub fn exprs(&self) -> Vec<&Expr> {
        let value = match &self.function {
            GroupFunction::Sum(value, _)
            | GroupFunction::Smallest(value, _)
            | GroupFunction::Largest(value, _)
            | GroupFunction::Distinct(value) => Some(value),
            GroupFunction::Count => None,
        };
        std::iter::once(&self.join).chain(&self.filter).chain(value).collect()
    }
}
