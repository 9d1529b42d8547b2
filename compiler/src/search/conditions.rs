//! Conditions on both rows, where each compares a field of the row found with a value of the row that asks: the fields are kept as
//! whole numbers, and what is asked is worked out once for all rows.

use super::{Index, decimals_of, raw, whole_of};
use crate::data::{Data, Rows};
use crate::interpret::eval::{Row, Value};
use crate::plan::{Comparison, Expr, Function, Op, Plan};
use crate::value::Exact;
use dashu_int::IBig;
use std::ops::RangeInclusive;

/// A condition as comparisons that must all hold.
#[derive(Debug)]
pub(super) struct Conditions {
    fields: Vec<FieldCondition>,
    /// Conditions that are of the row that asks alone.
    once: Vec<Expr>,
}

/// One comparison of a field.
#[derive(Debug)]
struct FieldCondition {
    /// By place, the field as it is kept.
    column: Vec<Option<i64>>,
    den: i64,
    /// How the field is compared with what is asked; none where it must only be there.
    compared: Option<(Comparison, Expr)>,
    /// Whether a row without a value fits.
    missing_fits: bool,
}

/// The values of a field that fit: those between two, or all but one.
#[derive(Clone, Debug)]
enum Fits {
    Within(RangeInclusive<i64>),
    Not(i64),
}

impl Conditions {
    /// None where a condition is of another form.
    pub fn of(plan: &Plan, data: &Data, also: &Expr, index: &Index) -> Option<Self> {
        let mut conditions = Self { fields: Vec::new(), once: Vec::new() };
        conditions.take(plan, data, also, index).then_some(conditions)
    }

    fn take(&mut self, plan: &Plan, data: &Data, expr: &Expr, index: &Index) -> bool {
        if reads_nothing_of_the_row(expr) {
            self.once.push(expr.clone());
            return true;
        }
        match &expr.op {
            Op::And(parts) => parts.iter().all(|part| self.take(plan, data, part, index)),
            Op::IfUnknown(inner, default) if default.op == Op::YesNo(false) => self.take(plan, data, inner, index),
            Op::IfUnknown(inner, default) if default.op == Op::YesNo(true) => {
                self.compare(plan, data, inner, index, true)
            }
            // It is not there, or it fits.
            Op::Or(sides) => match &sides[..] {
                [Expr { op: Op::Call(Function::Not, known), .. }, compared] => {
                    let same = |asked: &Expr, other: &[Expr]| other.iter().any(|side| side.op == asked.op);
                    let is_open = match (&known[..], &compared.op) {
                        ([Expr { op: Op::Call(Function::Known, asked), .. }], Op::Call(_, operands)) => {
                            matches!(&asked[..], [one] if same(one, operands))
                        }
                        _ => false,
                    };
                    is_open && self.compare(plan, data, compared, index, true)
                }
                _ => false,
            },
            Op::Call(Function::Known, operands) => match &operands[..] {
                [field] => self.keep(plan, data, field, index, None, false),
                _ => false,
            },
            _ => self.compare(plan, data, expr, index, false),
        }
    }

    fn compare(&mut self, plan: &Plan, data: &Data, expr: &Expr, index: &Index, missing_fits: bool) -> bool {
        let Op::Call(Function::Compare(comparison), sides) = &expr.op else { return false };
        let [a, b] = &sides[..] else { return false };
        let (field, comparison, asked) = if reads_nothing_of_the_row(b) {
            (a, *comparison, b)
        } else if reads_nothing_of_the_row(a) {
            (b, turned(*comparison), a)
        } else {
            return false;
        };
        // Where what is asked is missing too, the unknown is not the field's alone.
        if missing_fits && asked.optional {
            return false;
        }
        self.keep(plan, data, field, index, Some((comparison, asked.clone())), missing_fits)
    }

    fn keep(
        &mut self,
        plan: &Plan,
        data: &Data,
        field: &Expr,
        index: &Index,
        compared: Option<(Comparison, Expr)>,
        missing_fits: bool,
    ) -> bool {
        let (Op::Field { record, path, .. }, Rows::Events { .. }) = (&field.op, &index.source) else { return false };
        let column = index.rows.iter().map(|row| raw(plan, data, *record, path, *row)).collect();
        let decimals = if field.ty.is_numeric() { decimals_of(plan, field) } else { 0 };
        let Some(den) = 10i64.checked_pow(decimals) else { return false };
        self.fields.push(FieldCondition { column, den, compared, missing_fits });
        true
    }

    /// Which places fit for these operands; none where what is asked meets a fault.
    pub fn fitting<'a>(
        &'a self,
        plan: &Plan,
        data: &Data,
        index: &Index,
        operands: &[Value],
    ) -> Option<impl Fn(usize) -> bool + use<'a>> {
        let mut reader = Row::new(plan, &index.source, 0, 0, false);
        reader.arguments = operands;
        let mut holds = true;
        for condition in &self.once {
            holds &= reader.eval(condition, data).ok()?.is_true();
        }
        let mut fits: Vec<(&FieldCondition, Option<Fits>)> = Vec::new();
        for field in &self.fields {
            let Some((comparison, asked)) = &field.compared else {
                fits.push((field, Some(Fits::Within(i64::MIN..=i64::MAX))));
                continue;
            };
            fits.push((field, fits_of(*comparison, &reader.eval(asked, data).ok()?, field.den)));
        }
        Some(move |place: usize| {
            holds
                && fits.iter().all(|(field, fits)| match (field.column[place], fits) {
                    (_, None) => false,
                    (None, Some(_)) => field.missing_fits,
                    (Some(value), Some(Fits::Within(range))) => range.contains(&value),
                    (Some(value), Some(Fits::Not(other))) => value != *other,
                })
        })
    }
}

/// The whole numbers of `1/den` that compare so with a value; none do with a missing one.
fn fits_of(comparison: Comparison, value: &Value, den: i64) -> Option<Fits> {
    let (floor, ceil) = match value {
        Value::Missing => return None,
        Value::Number(number) => {
            let scaled = number * Exact::from(den);
            (wide(scaled.floor()), wide(scaled.ceil()))
        }
        other => {
            let whole = i128::from(whole_of(other, 1)?);
            (whole, whole)
        }
    };
    let within = |from: i128, to: i128| {
        let ends = (i64::try_from(from.max(i64::MIN.into())), i64::try_from(to.min(i64::MAX.into())));
        match ends {
            (Ok(from), Ok(to)) => Fits::Within(from..=to),
            // They lie beyond all numbers that are kept.
            _ => Fits::Within(RangeInclusive::new(1, 0)),
        }
    };
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    Some(match comparison {
        Comparison::Less => within(least, ceil - 1),
        Comparison::LessOrEqual => within(least, floor),
        Comparison::Greater => within(floor + 1, most),
        Comparison::GreaterOrEqual => within(ceil, most),
        Comparison::Equal if floor == ceil => within(floor, floor),
        Comparison::Equal => Fits::Within(RangeInclusive::new(1, 0)),
        Comparison::NotEqual => match i64::try_from(floor) {
            Ok(other) if floor == ceil => Fits::Not(other),
            _ => within(least, most),
        },
    })
}

/// A whole number that is beyond all that are kept where it is too large.
fn wide(value: IBig) -> i128 {
    let limit = if value < IBig::ZERO { i128::MIN / 2 } else { i128::MAX / 2 };
    i128::try_from(value).unwrap_or(limit).clamp(i128::MIN / 2, i128::MAX / 2)
}

fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        Comparison::Equal | Comparison::NotEqual => comparison,
    }
}

/// Whether a value is of the row that asks alone.
fn reads_nothing_of_the_row(expr: &Expr) -> bool {
    let mut is_of_asker = true;
    expr.walk(&mut |expr| {
        is_of_asker &= matches!(
            expr.op,
            Op::Number(_)
                | Op::YesNo(_)
                | Op::Date(_)
                | Op::Choice(_)
                | Op::Argument(_)
                | Op::Call(..)
                | Op::If { .. }
                | Op::And(_)
                | Op::Or(_)
                | Op::IfUnknown(..)
                | Op::Missing
        );
    });
    is_of_asker
}
