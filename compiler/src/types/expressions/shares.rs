//! Shares: percents, and quotients of two of a kind such as an attainment.

use crate::plan::{DecisionId, Expr, Function, LocalId, Op, Type};
use crate::typed::{Fold, FoldFunction};
use crate::types::Typing;
use crate::types::scope::Typed;
use crate::value::{Exact, exact_text};
use meed_grammar::problem::Problem;
use meed_grammar::steps;
use rustc_hash::FxHashSet;

/// What a share may be, by names that stand for a value.
#[derive(Default)]
pub(in crate::types) struct Shares {
    /// The `let`s and `set`s of the rule at work that are shares.
    pub locals: FxHashSet<LocalId>,
    /// Decisions that some rule sets to what is no share.
    pub not: FxHashSet<DecisionId>,
}

/// Whether a number is a share of something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Share,
    /// A plain number that the program writes down: beside a share it scales or bounds it.
    Constant,
    Other,
}

impl Typing<'_> {
    /// Whether a value is a share: a percent, or a quotient of two of a kind, scaled or bounded at most.
    pub(in crate::types) fn is_share(&self, value: &Typed) -> bool {
        self.share_kind(&value.op, value.ty) == Kind::Share
    }

    fn share_kind(&self, op: &Op, ty: Type) -> Kind {
        steps::count(1);
        let of = |value: &Expr| self.share_kind(&value.op, value.ty);
        let share = |is: bool| if is { Kind::Share } else { Kind::Other };
        match (op, ty) {
            (_, Type::Percent) => Kind::Share,
            (op, Type::Number | Type::Count) => match op {
                Op::Number(_) => Kind::Constant,
                Op::Local(local) => share(self.shares.locals.contains(local)),
                Op::Decision { decision, .. } => share(!self.shares.not.contains(decision)),
                Op::Fold(fold) => match &self.folds[fold.index()] {
                    Fold { function: FoldFunction::Distinct, .. } | Fold { value: None, .. } => Kind::Other,
                    Fold { value: Some(value), .. } => of(value),
                },
                Op::IfUnknown(a, b) => all([of(a), of(b)]),
                Op::Call(function, operands) => match (function, &operands[..]) {
                    (Function::Divide, [a, b]) => share(same_kind(a.ty, b.ty)),
                    (
                        Function::Negate
                        | Function::Round { .. }
                        | Function::Add
                        | Function::Subtract
                        | Function::Multiply
                        | Function::Smallest
                        | Function::Largest,
                        operands,
                    ) => all(operands.iter().map(of)),
                    _ => Kind::Other,
                },
                Op::If { branches, otherwise } => {
                    all(branches.iter().map(|(_, value)| value).chain([otherwise.as_ref()]).map(of))
                }
                _ => Kind::Other,
            },
            _ => Kind::Other,
        }
    }

    /// `of` behind something that is no share of anything.
    pub(super) fn not_a_share(&mut self, value: &Typed) {
        let words = self.type_words(value.ty);
        let message = format!("`of` takes a share on its left, not {words}");
        let mut problem = Problem::error("missing-percent", value.span, message);
        let declared = self.declared(&value.op);
        problem = match (&value.op, declared) {
            (_, Some(declared)) => {
                let help = "declare the field as a `percent`, or multiply with `*`";
                problem
                    .label("a share is a percent, or a quotient such as an attainment")
                    .other(declared, "declared here")
                    .help(help)
            }
            (Op::Number(number), None) => {
                let text = exact_text(number);
                // What is less than one is taken for the share itself, what is more for its percents.
                let small = -Exact::ONE < *number && *number < Exact::ONE;
                let percent = if small { exact_text(&(number * Exact::from(100))) } else { text.clone() };
                problem
                    .label(format!("this is {text}, not a percent"))
                    .help(format!("write its value as a percent, `{percent}%`, or multiply with `*`"))
            }
            _ => problem
                .label("a share is a percent, or a quotient such as an attainment")
                .help("let it be a percent, or multiply with `*`"),
        };
        self.problem(problem);
    }
}

/// All must be shares or constants, and one a share.
fn all(kinds: impl IntoIterator<Item = Kind>) -> Kind {
    kinds.into_iter().fold(Kind::Constant, |all, kind| match (all, kind) {
        (Kind::Other, _) | (_, Kind::Other) => Kind::Other,
        (Kind::Share, _) | (_, Kind::Share) => Kind::Share,
        (Kind::Constant, Kind::Constant) => Kind::Constant,
    })
}

/// Numbers and counts are one kind.
fn same_kind(a: Type, b: Type) -> bool {
    let plain = |ty| if ty == Type::Count { Type::Number } else { ty };
    plain(a) == plain(b)
}
