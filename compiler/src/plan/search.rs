//! Sets that are found anew for each row that asks: by keys, by days and by conditions.

use super::{Expr, Plan, RecordId, SearchId, Stream, Type, Version};
use super::{FoldId, Function, Node, Op, PredicateId};
use crate::plan::Reading;
use meed_grammar::span::Span;

/// Which rows of a record, payments of a rule or rows per entity and period a row finds. What the row gives are operands of
/// [`Function::Find`]: first one for each key, the others as they are named here.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The rows; of a record that is an entity its rows, of which `Stream::Events` names the record too.
    pub stream: Stream,
    /// Fields of these rows, each equal to its operand; where either is missing nothing is found.
    pub keys: Vec<Expr>,
    /// What else may be equal to the first operand, in place of the first key: a row is found once, whichever of them are.
    pub ways: Vec<Expr>,
    /// The operand that is the first day, in.
    pub from: Option<u32>,
    /// The operand that is the last day, in.
    pub to: Option<u32>,
    /// The operand that is a row of the same record, before which the rows are.
    pub before: Option<u32>,
    /// What holds of these rows, whoever asks.
    pub only: Option<Expr>,
    /// What holds of these rows and who asks; operands are arguments in it.
    pub also: Option<Expr>,
    /// The types of the operands.
    pub operands: Vec<Type>,
    /// As what rows are read that others take back; in the paths of a Plan.
    pub reading: Reading,
    /// What is asked of the rows found.
    pub outputs: Vec<SearchOutput>,
    /// The set in the text.
    pub span: Span,
}

/// What is asked of the rows found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOutput {
    /// Of all of them, or of one.
    pub function: FindFunction,
    /// What is taken of a row; operands are arguments in it.
    pub value: Expr,
    /// The denominator of a number, if it is known while compiling.
    pub den: Option<i64>,
}

/// Aggregates over the rows found, and choices of one. Rows are in the order of `when`, then key; rows of an entity in that of
/// their keys.
#[derive(Clone, Debug, PartialEq)]
pub enum FindFunction {
    /// The sum; of no rows 0.
    Sum,
    /// How many.
    Count,
    /// How many different values.
    Distinct,
    /// The smallest value.
    Smallest,
    /// The largest value.
    Largest,
    /// The value of the first row.
    Earliest,
    /// The value of the last row.
    Latest,
    /// The value of the row in which this is highest, of equals the first.
    Highest(Expr),
    /// The value of the row in which this is lowest, of equals the first.
    Lowest(Expr),
    /// The value of the only row; more than one are a fault.
    Only,
    /// The value of every row, for a division among them.
    Each,
}

impl FindFunction {
    /// Its word in the Plan's text.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Smallest => "smallest",
            Self::Largest => "largest",
            Self::Earliest => "earliest",
            Self::Latest => "latest",
            Self::Highest(_) => "highest",
            Self::Lowest(_) => "lowest",
            Self::Only => "only",
            Self::Each => "each",
        }
    }

    /// Whether it has a value where no row is found.
    pub const fn is_total(&self) -> bool {
        matches!(self, Self::Sum | Self::Count | Self::Distinct)
    }
}

impl Search {
    /// What holds of the rows that it may have, whoever asks: that they have a key, and its own condition. None where it has no
    /// condition.
    pub fn filter(&self) -> Option<Expr> {
        let only = self.only.as_ref()?;
        let yes_no = |op, optional| Expr { op, ty: Type::YesNo, optional, span: only.span };
        let known = |key: &Expr| yes_no(Op::one(Function::Known, key.clone()), false);
        let mut conditions = Vec::new();
        if let [first, others @ ..] = &self.keys[..] {
            conditions.extend(others.iter().map(known));
            conditions.push(yes_no(Op::Or(std::iter::once(first).chain(&self.ways).map(known).collect()), false));
        }
        conditions.push(only.clone());
        Some(yes_no(Op::And(conditions), only.optional))
    }
}

impl SearchOutput {
    /// The type of what is given.
    pub fn ty(&self) -> Type {
        match self.function {
            FindFunction::Count | FindFunction::Distinct => Type::Count,
            _ => self.value.ty,
        }
    }

    /// Its expressions.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let by = match &self.function {
            FindFunction::Highest(by) | FindFunction::Lowest(by) => Some(by),
            _ => None,
        };
        std::iter::once(&self.value).chain(by)
    }

    /// The same, to be changed.
    pub fn exprs_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let by = match &mut self.function {
            FindFunction::Highest(by) | FindFunction::Lowest(by) => Some(by),
            _ => None,
        };
        std::iter::once(&mut self.value).chain(by)
    }
}

impl Search {
    /// The record whose rows it finds; none where they are payments, or rows per entity and period.
    pub fn record(&self) -> Option<RecordId> {
        if let Stream::Events(record) = self.stream { Some(record) } else { None }
    }

    /// Its expressions, all of a row found.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let outputs = self.outputs.iter().flat_map(SearchOutput::exprs);
        self.keys.iter().chain(&self.ways).chain(&self.only).chain(&self.also).chain(outputs)
    }

    /// The same, to be changed.
    pub fn exprs_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let outputs = self.outputs.iter_mut().flat_map(SearchOutput::exprs_mut);
        self.keys.iter_mut().chain(&mut self.ways).chain(&mut self.only).chain(&mut self.also).chain(outputs)
    }

    /// Whether the rows are the same, whatever is asked of them.
    pub fn finds_as(&self, other: &Self) -> bool {
        let rows = |one: &Self| (one.from, one.to, one.before);
        rows(self) == rows(other)
            && self.reading == other.reading
            && self.stream == other.stream
            && self.operands == other.operands
            && self.keys == other.keys
            && self.ways == other.ways
            && self.only == other.only
            && self.also == other.also
    }
}

impl Plan {
    /// The search of this id.
    pub fn search(&self, id: SearchId) -> &Search {
        &self.searches[id.index()]
    }

    /// The tests whose texts are values somewhere.
    pub fn texts_as_values(&self) -> Vec<PredicateId> {
        let mut found = Vec::new();
        let mut look = |expr: &Expr| {
            if let Op::Call(Function::Text(test), _) = &expr.op
                && !found.contains(test)
            {
                found.push(*test);
            }
        };
        self.versions
            .iter()
            .flat_map(|version| &version.nodes)
            .flat_map(Node::exprs)
            .for_each(|expr| expr.walk(&mut look));
        (0..self.folds.len() as u32).flat_map(|fold| self.exprs_of(FoldId(fold))).for_each(|expr| expr.walk(&mut look));
        self.searches.iter().flat_map(Search::exprs).for_each(|expr| expr.walk(&mut look));
        found
    }

    /// The sets that a version finds rows in, each once, and before it those that its rows ask.
    pub fn searches_of(&self, version: &Version) -> Vec<SearchId> {
        let mut found = Vec::new();
        let mut look = |expr: &Expr| {
            if let Op::Call(Function::Find { search, .. }, _) = &expr.op
                && !found.contains(search)
            {
                found.push(*search);
            }
        };
        version.nodes.iter().flat_map(Node::exprs).for_each(|expr| expr.walk(&mut look));
        version.folds.iter().flat_map(|fold| self.exprs_of(*fold)).for_each(|expr| expr.walk(&mut look));
        // Rows of a set may ask others, which come before it.
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            let mut look = |expr: &Expr| {
                if let Op::Call(Function::Find { search, .. }, _) = &expr.op
                    && !found.contains(search)
                {
                    found.push(*search);
                }
            };
            self.search(id).exprs().for_each(|expr| expr.walk(&mut look));
            next += 1;
        }
        found.sort_unstable();
        found
    }
}
