//! `let`s, what they stand for, and how much an expression is when they are written out.

use super::walk;
use crate::plan::{Expr, LocalId, Op};
use meed_grammar::limits;
use meed_grammar::steps;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Values and operators that an expression may have when its `let`s are written out.
pub const WRITTEN_OUT: u32 = 4_096;

/// The `let`s and `set`s of a rule so far. Sets and levels look at those of the rule around them: they share, not copy.
#[derive(Clone, Debug, Default)]
pub struct Lets {
    /// By name.
    pub names: Rc<FxHashMap<String, LocalId>>,
    defined: Rc<Vec<Defined>>,
}

/// What a `let` stands for.
#[derive(Clone, Debug)]
pub struct Defined {
    /// Its value.
    pub value: Expr,
    /// How much that is.
    pub extent: Extent,
}

impl std::ops::Index<LocalId> for Lets {
    type Output = Defined;

    fn index(&self, local: LocalId) -> &Defined {
        &self.defined[local.index()]
    }
}

impl Lets {
    /// Adds one, whose value uses none but those before it.
    pub fn define(&mut self, name: &str, local: LocalId, value: Expr) {
        let extent = extent(&value, self);
        Rc::make_mut(&mut self.names).insert(name.to_owned(), local);
        Rc::make_mut(&mut self.defined).push(Defined { value, extent });
    }
}

/// How much an expression is when every `let` in it is written out. `let b = a + a` doubles what `a` is, so that this is
/// worked out from the `let`s and not by writing them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Values and operators.
    size: u32,
    /// How deep they are nested.
    depth: u32,
    /// Whether something adds up in it.
    pub adds_up: bool,
}

impl Extent {
    /// Whether it may be written out.
    pub fn fits(self) -> bool {
        self.size <= WRITTEN_OUT && !self.is_deep()
    }

    /// Whether values are deeper in one another than in any expression that can be read at once.
    pub fn is_deep(self) -> bool {
        self.depth as usize > limits::VALUES
    }
}

/// The extent of an expression over `let`s.
pub fn extent(expr: &Expr, lets: &Lets) -> Extent {
    steps::count(1);
    if let Op::Local(local) = expr.op {
        return lets[local].extent;
    }
    let own = Extent { size: 1, depth: 0, adds_up: matches!(expr.op, Op::Increment { .. }) };
    let all = expr.op.children().into_iter().fold(own, |all, child| {
        let child = extent(child, lets);
        Extent {
            size: all.size.saturating_add(child.size),
            depth: all.depth.max(child.depth),
            adds_up: all.adds_up || child.adds_up,
        }
    });
    Extent { depth: all.depth.saturating_add(1), ..all }
}

/// The expression with every `let` replaced by what it stands for. Only what [`Extent::fits`].
pub fn inline(mut expr: Expr, lets: &Lets) -> Expr {
    walk(&mut expr, &mut |expr| {
        // What was taken is known by its `let` alone where a line is divided.
        if let Op::Local(local) = expr.op
            && !matches!(lets[local].value.op, Op::Taken(_))
        {
            *expr = Expr { span: expr.span, ..inline(lets[local].value.clone(), lets) };
        }
    });
    expr
}
