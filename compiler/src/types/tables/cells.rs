//! Cells: what a cell asks of a value of its column's type, and what a result cell gives.

use super::rows::bare;
use crate::plan::{CellTest, ChoiceId, Constant, Op, Range, RangeEnd, Type};
use crate::types::Typing;
use crate::types::expressions::fold;
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::tree::{self, CellKind, CellRange, ExprKind, TableCell, TableRows};

impl Typing<'_> {
    /// Types of arguments that nobody told, by what stands in their cells.
    pub(super) fn types_by_cells(&mut self, idx: usize) {
        let declared = self.open_tables[idx].declared;
        let TableRows::Written(rows) = &declared.rows else {
            // Nobody asks, and cells of a sheet have no type of their own.
            for place in 0..declared.arguments.len() {
                if self.open_tables[idx].types[place].is_none() {
                    self.open_tables[idx].types[place] = Some(Type::Text(self.new_domain()));
                }
            }
            return;
        };
        for place in 0..declared.arguments.len() {
            if self.open_tables[idx].types[place].is_none() {
                let name = &declared.arguments[place].name.text;
                let cells = rows.iter().filter_map(|row| row.cells.get(place));
                let cells = cells.filter(|cell| bare(cell).is_none_or(|bare| bare.text != *name));
                let ty = self.type_of_cells(&cells.collect::<Vec<_>>());
                self.open_tables[idx].types[place] = Some(ty);
            }
        }
    }

    fn type_of_cells(&mut self, cells: &[&TableCell]) -> Type {
        let values: Vec<&tree::Expr> = cells.iter().flat_map(|cell| values(cell)).collect();
        let names: Vec<&str> = values
            .iter()
            .filter_map(|value| match &value.kind {
                ExprKind::Path(path) => path.parts.first().map(|name| name.text.as_str()),
                _ => None,
            })
            .filter(|name| !self.parameters.contains_key(*name))
            .collect();
        let mut lists = self.program.choices.iter().enumerate();
        let listed = lists.find(|(_, list)| names.iter().all(|name| list.iter().any(|value| value == name)));
        if let (false, Some((idx, _))) = (names.is_empty(), listed) {
            return Type::Choice(ChoiceId(idx as u32));
        }
        let has = |kind: fn(&ExprKind) -> bool| values.iter().any(|value| kind(&value.kind));
        if has(|kind| matches!(kind, ExprKind::Text(_))) {
            return Type::Text(self.new_domain());
        }
        let unit = values.iter().find_map(|value| match &value.kind {
            ExprKind::Money { currency, .. } => Some(currency),
            _ => None,
        });
        if let Some(unit) = unit {
            self.units.get(unit).map_or(Type::MONEY, |unit| Type::Money(*unit))
        } else if has(|kind| matches!(kind, ExprKind::Percent(_))) {
            Type::Percent
        } else if has(|kind| matches!(kind, ExprKind::Date(_))) {
            Type::Date
        } else if has(|kind| matches!(kind, ExprKind::YesNo(_))) {
            Type::YesNo
        } else {
            Type::Number
        }
    }

    /// What a cell asks.
    pub(super) fn asked_cell(&mut self, cell: &TableCell, ty: Type) -> Option<CellTest> {
        let (negated, ranges) = match &cell.kind {
            CellKind::Any => return Some(CellTest::Any),
            CellKind::Known => return Some(CellTest::Known),
            CellKind::Unknown => return Some(CellTest::Unknown),
            CellKind::None => {
                let message =
                    "`none` is a result; a cell that asks nothing is `any`, one that asks for no value `unknown`";
                self.problem(
                    Problem::error("table-cell", cell.span, message)
                        .choice(cell.span, "any")
                        .choice(cell.span, "unknown"),
                );
                return None;
            }
            CellKind::Otherwise => {
                let message = "`otherwise` is in place of all cells before the results";
                self.problem(Problem::error("table-cell", cell.span, message).help("write: otherwise | 0%"));
                return None;
            }
            CellKind::Is { negated, ranges } => (negated.is_some(), ranges),
        };
        if matches!(ty, Type::Text(_) | Type::Id(_)) {
            let texts: Option<Vec<String>> = ranges.iter().map(|range| self.cell_text(range)).collect();
            return Some(CellTest::Texts { texts: texts?, negated });
        }
        let mut found = Vec::new();
        for range in ranges {
            found.push(self.cell_range(range, ty)?);
        }
        Some(CellTest::Ranges(if negated { complement(found) } else { found }))
    }

    fn cell_text(&mut self, range: &CellRange) -> Option<String> {
        let CellRange::Value(value) = range else {
            self.problem(
                Problem::error("type-mismatch", span_of(range), "a text has no order")
                    .help("name the texts, with commas between them"),
            );
            return None;
        };
        let typed = self.hinted(value, Some(Type::Text(crate::plan::DomainId(0))), &mut Scope::constant())?;
        if typed.text.is_none() {
            let message = format!("here a text is wanted, not {}", self.type_words(typed.ty));
            self.problem(Problem::error("type-mismatch", value.span, message).help("a text is written in quotes"));
        }
        typed.text
    }

    fn cell_range(&mut self, range: &CellRange, ty: Type) -> Option<Range> {
        let end = |value: Constant, included: bool| Some(RangeEnd { at: value.number(), included });
        let is_value = matches!(range, CellRange::Value(_));
        let unordered = ty == Type::YesNo || self.is_list_of_texts(ty);
        if unordered && !is_value {
            let message = format!("{} has no order", self.type_words(ty));
            self.problem(Problem::error("type-mismatch", span_of(range), message));
            return None;
        }
        Some(match range {
            CellRange::Value(value) => Range::only(self.cell_value(value, ty)?.number()),
            CellRange::Below(to) | CellRange::Before(to) => {
                Range { from: None, to: end(self.cell_value(to, ty)?, false) }
            }
            CellRange::To(to) => Range { from: None, to: end(self.cell_value(to, ty)?, true) },
            CellRange::Over(from) | CellRange::After(from) => {
                Range { from: end(self.cell_value(from, ty)?, false), to: None }
            }
            CellRange::OrMore(from) => Range { from: end(self.cell_value(from, ty)?, true), to: None },
            CellRange::Through(from, to) | CellRange::UpTo(from, to) => {
                let included = matches!(range, CellRange::Through(..));
                let (low, high) = (self.cell_value(from, ty), self.cell_value(to, ty));
                let (low, high) = (low?, high?);
                let empty = if included { low.number() > high.number() } else { low.number() >= high.number() };
                if empty {
                    let message = "nothing lies between these two";
                    self.problem(
                        Problem::error("empty-range", from.span.to(to.span), message)
                            .help("the smaller one comes first"),
                    );
                    return None;
                }
                Range { from: end(low, true), to: end(high, included) }
            }
        })
    }

    /// A value that is known while compiling, of this type.
    fn cell_value(&mut self, value: &tree::Expr, ty: Type) -> Option<Constant> {
        let typed = fold(self.hinted(value, Some(ty), &mut Scope::constant())?);
        let typed = match (&typed.text, self.is_list_of_texts(ty)) {
            (Some(text), true) => self.listed_text(&text.clone(), typed.span),
            _ => typed,
        };
        let fits = typed.text.is_none() && self.cell_fits(&typed, ty);
        match typed.op {
            Op::Number(number) if fits && (ty != Type::Count || number.is_whole()) => Some(Constant::Number(number)),
            Op::Date(day) if fits => Some(Constant::Date(day)),
            Op::Choice(place) if fits => Some(Constant::Choice(place)),
            Op::YesNo(value) if fits => Some(Constant::YesNo(value)),
            _ => {
                let found = if typed.text.is_some() { "a text".to_owned() } else { self.type_words(typed.ty) };
                let message = format!("here {} is wanted, not {found}", self.type_words(ty));
                self.problem(Problem::error("type-mismatch", value.span, message));
                None
            }
        }
    }

    fn cell_fits(&self, value: &Typed, ty: Type) -> bool {
        let zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        value.ty == ty
            || (value.literal && zero)
            || matches!((value.ty, ty), (Type::Count | Type::Percent, Type::Number) | (Type::Number, Type::Count))
    }

    /// What a result cell gives; `Some(None)` is `none`.
    pub(super) fn result_cell(&mut self, cell: &TableCell, ty: Type) -> Option<Option<Constant>> {
        match &cell.kind {
            CellKind::None => Some(None),
            CellKind::Is { negated: None, ranges } if let [CellRange::Value(value)] = &ranges[..] => {
                self.cell_value(value, ty).map(Some)
            }
            _ => {
                let message = "a result is one value, or `none`";
                self.problem(Problem::error("table-cell", cell.span, message));
                None
            }
        }
    }
}

/// The values in a cell.
fn values(cell: &TableCell) -> Vec<&tree::Expr> {
    let CellKind::Is { ranges, .. } = &cell.kind else { return Vec::new() };
    ranges
        .iter()
        .flat_map(|range| match range {
            CellRange::Value(one)
            | CellRange::Below(one)
            | CellRange::Over(one)
            | CellRange::To(one)
            | CellRange::OrMore(one)
            | CellRange::Before(one)
            | CellRange::After(one) => vec![one],
            CellRange::Through(one, other) | CellRange::UpTo(one, other) => vec![one, other],
        })
        .collect()
}

fn span_of(range: &CellRange) -> meed_grammar::span::Span {
    match range {
        CellRange::Value(one)
        | CellRange::Below(one)
        | CellRange::Over(one)
        | CellRange::To(one)
        | CellRange::OrMore(one)
        | CellRange::Before(one)
        | CellRange::After(one) => one.span,
        CellRange::Through(one, other) | CellRange::UpTo(one, other) => one.span.to(other.span),
    }
}

/// What lies in none of these.
fn complement(ranges: Vec<Range>) -> Vec<Range> {
    let everything = vec![Range { from: None, to: None }];
    ranges.into_iter().fold(everything, |left, range| {
        let below = range.from.map(|end| Range { from: None, to: Some(turned(end)) });
        let above = range.to.map(|end| Range { from: Some(turned(end)), to: None });
        let outside: Vec<Range> = below.into_iter().chain(above).collect();
        left.iter().flat_map(|left| outside.iter().filter_map(move |outside| both(left, outside))).collect()
    })
}

fn turned(end: RangeEnd) -> RangeEnd {
    RangeEnd { included: !end.included, ..end }
}

/// What lies in both, if anything does.
fn both(a: &Range, b: &Range) -> Option<Range> {
    let tighter = |a: &Option<RangeEnd>, b: &Option<RangeEnd>, lower: bool| match (a, b) {
        (None, end) | (end, None) => end.clone(),
        (Some(a), Some(b)) if a.at == b.at => Some(RangeEnd { at: a.at.clone(), included: a.included && b.included }),
        (Some(a), Some(b)) => Some(if (a.at > b.at) == lower { a.clone() } else { b.clone() }),
    };
    let (from, to) = (tighter(&a.from, &b.from, true), tighter(&a.to, &b.to, false));
    let empty = match (&from, &to) {
        (Some(from), Some(to)) => from.at > to.at || (from.at == to.at && !(from.included && to.included)),
        _ => false,
    };
    (!empty).then_some(Range { from, to })
}
