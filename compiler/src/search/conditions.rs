//! Conditions on both rows, where each compares a field of the row found with a value of the row that asks: the fields are kept as
//! whole numbers, and what is asked is worked out once for all rows.

use super::ask::{known, values};
use super::kept::KeptValues;
use super::{Index, decimals_of, raw, whole_of};
use crate::data::{Data, Rows};
use crate::interpret::eval::{Row, Value, holds};
use crate::lookup::Asked;
use crate::plan::{Comparison, Expr, Function, Op, Plan, Search};
use crate::value::{Exact, RoundingMode, round};
use dashu_int::IBig;
use std::cmp::Ordering;

/// A condition as comparisons that must all hold.
#[derive(Debug)]
pub(super) struct Conditions {
    fields: Vec<FieldCondition>,
    /// Conditions that are of the row that asks alone.
    once: Vec<Once>,
}

/// A condition that is of the row that asks alone.
#[derive(Debug)]
enum Once {
    /// Two operands of one type.
    Compared(Comparison, u32, u32),
    Other(Expr),
}

/// One comparison of a field.
#[derive(Debug)]
struct FieldCondition {
    /// By place, the field as it is kept.
    column: KeptValues,
    den: i64,
    /// How the field is compared with what is asked; none where it must only be there.
    compared: Option<(Comparison, Wanted)>,
    /// Whether a row without a value fits.
    missing_fits: bool,
}

/// What a field is compared with.
#[derive(Debug)]
enum Wanted {
    /// An operand, times `num/den`.
    Operand {
        idx: u32,
        num: i128,
        den: i128,
    },
    Other(Expr),
}

/// The values of a field that fit.
#[derive(Clone, Copy, Debug)]
enum Fits {
    /// From one to another; none where the first is the larger.
    Within(i64, i64),
    /// All but one.
    Not(i64),
    /// Not even a missing one.
    Nothing,
}

/// More conditions than that are looked at row by row.
const MOST_CONDITIONS: usize = 8;

impl Conditions {
    /// None where a condition is of another form.
    pub fn of(plan: &Plan, data: &Data, also: &Expr, index: &Index) -> Option<Self> {
        let mut conditions = Self { fields: Vec::new(), once: Vec::new() };
        (conditions.take(plan, data, also, index) && conditions.fields.len() <= MOST_CONDITIONS).then_some(conditions)
    }

    fn take(&mut self, plan: &Plan, data: &Data, expr: &Expr, index: &Index) -> bool {
        if reads_nothing_of_the_row(expr) {
            self.once.push(once(expr));
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
        self.keep(plan, data, field, index, Some((comparison, wanted(asked))), missing_fits)
    }

    fn keep(
        &mut self,
        plan: &Plan,
        data: &Data,
        field: &Expr,
        index: &Index,
        compared: Option<(Comparison, Wanted)>,
        missing_fits: bool,
    ) -> bool {
        let (Op::Field { record, path, .. }, Rows::Events { .. }) = (&field.op, &index.source) else { return false };
        let column = KeptValues::of(index.rows.iter().map(|row| raw(plan, data, *record, path, *row)));
        let decimals = if field.ty.is_numeric() { decimals_of(plan, field) } else { 0 };
        let Some((column, den)) = column.zip(10i64.checked_pow(decimals)) else { return false };
        self.fields.push(FieldCondition { column, den, compared, missing_fits });
        true
    }

    /// Which places fit for these operands; none where what is asked meets a fault.
    pub fn fitting<'a>(
        &'a self,
        plan: &Plan,
        data: &Data,
        (index, search): (&Index, &Search),
        operands: &[Asked],
    ) -> Option<impl Fn(&usize) -> bool + use<'a>> {
        let values: Vec<Value> = if self.reads_values() { values(search, operands) } else { Vec::new() };
        let mut reader = Row::new(plan, &index.source, 0, 0, false);
        reader.arguments = &values;
        let mut all_hold = true;
        for condition in &self.once {
            all_hold &= match condition {
                Once::Compared(comparison, a, b) => {
                    let sides = (known(operands, *a), known(operands, *b));
                    sides.0.zip(sides.1).is_some_and(|(a, b)| holds(*comparison, order(a, b)))
                }
                Once::Other(condition) => reader.eval(condition, data).ok()?.is_true(),
            };
        }
        let mut fits = [Fits::Nothing; MOST_CONDITIONS];
        for (fits, field) in fits.iter_mut().zip(&self.fields) {
            *fits = match &field.compared {
                None => Fits::Within(i64::MIN, i64::MAX),
                Some((comparison, Wanted::Operand { idx, num, den })) => match known(operands, *idx) {
                    None => Fits::Nothing,
                    Some(asked) => {
                        // What is asked for, times what it is compared as.
                        let scaled = i128::from(asked.num).checked_mul(num.checked_mul(i128::from(field.den))?)?;
                        let den = den.checked_mul(i128::from(asked.den))?;
                        let floor = scaled.div_euclid(den);
                        let is_whole = scaled.rem_euclid(den) == 0;
                        fits_of(*comparison, floor, floor + i128::from(!is_whole))
                    }
                },
                Some((comparison, Wanted::Other(asked))) => match reader.eval(asked, data).ok()? {
                    Value::Missing => Fits::Nothing,
                    Value::Number(number) => {
                        let scaled = number * Exact::from(field.den);
                        let next = |mode| wide(round(&scaled, mode));
                        fits_of(*comparison, next(RoundingMode::Downward), next(RoundingMode::Upward))
                    }
                    other => {
                        let whole = i128::from(whole_of(&other, 1)?);
                        fits_of(*comparison, whole, whole)
                    }
                },
            };
        }
        Some(move |place: &usize| {
            all_hold
                && self.fields.iter().zip(&fits).all(|(field, fits)| match (field.column.get(*place), fits) {
                    (_, Fits::Nothing) => false,
                    (None, _) => field.missing_fits,
                    (Some(value), Fits::Within(from, to)) => (*from..=*to).contains(&value),
                    (Some(value), Fits::Not(other)) => value != *other,
                })
        })
    }

    /// Whether it is more than comparisons with operands as they are.
    fn reads_values(&self) -> bool {
        let is_operand = |(_, asked): &(Comparison, Wanted)| matches!(asked, Wanted::Operand { .. });
        self.once.iter().any(|once| matches!(once, Once::Other(_)))
            || self.fields.iter().any(|field| !field.compared.as_ref().is_none_or(is_operand))
    }
}

/// What is asked for, as a multiple of an operand where it is one.
fn wanted(asked: &Expr) -> Wanted {
    let factor = |value: &Expr| {
        let number = value.op.as_number()?;
        let den = i128::try_from(IBig::from(number.denominator())).ok()?;
        Some((i128::try_from(number.numerator()).ok()?, den))
    };
    let operand = |value: &Expr| if let Op::Argument(idx) = value.op { Some(idx) } else { None };
    let multiple = match &asked.op {
        Op::Argument(idx) => Some((*idx, (1, 1))),
        Op::Call(Function::Multiply, sides) => match &sides[..] {
            [a, b] => operand(a).zip(factor(b)).or_else(|| operand(b).zip(factor(a))),
            _ => None,
        },
        Op::Call(Function::Divide, sides) => match &sides[..] {
            [a, b] => operand(a).zip(factor(b).filter(|(num, _)| *num > 0).map(|(num, den)| (den, num))),
            _ => None,
        },
        _ => None,
    };
    match multiple {
        Some((idx, (num, den))) => Wanted::Operand { idx, num, den },
        None => Wanted::Other(asked.clone()),
    }
}

/// A condition of the row that asks, as a comparison of operands where it is one.
fn once(expr: &Expr) -> Once {
    if let Op::Call(Function::Compare(comparison), sides) = &expr.op
        && let [Expr { op: Op::Argument(a), .. }, Expr { op: Op::Argument(b), .. }] = sides[..]
    {
        return Once::Compared(*comparison, a, b);
    }
    Once::Other(expr.clone())
}

/// How two operands compare.
fn order(a: &Asked, b: &Asked) -> Ordering {
    let side = |a: &Asked, b: &Asked| i128::from(a.num) * i128::from(b.den);
    side(a, b).cmp(&side(b, a))
}

/// The whole numbers that compare so with a value between two others, or with that value itself.
fn fits_of(comparison: Comparison, floor: i128, ceil: i128) -> Fits {
    let within = |from: i128, to: i128| {
        let ends = (i64::try_from(from.max(i64::MIN.into())), i64::try_from(to.min(i64::MAX.into())));
        match ends {
            (Ok(from), Ok(to)) => Fits::Within(from, to),
            // They lie beyond all numbers that are kept.
            _ => Fits::Within(1, 0),
        }
    };
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    match comparison {
        Comparison::Less => within(least, ceil - 1),
        Comparison::LessOrEqual => within(least, floor),
        Comparison::Greater => within(floor + 1, most),
        Comparison::GreaterOrEqual => within(ceil, most),
        Comparison::Equal if floor == ceil => within(floor, floor),
        Comparison::Equal => Fits::Within(1, 0),
        Comparison::NotEqual => match i64::try_from(floor) {
            Ok(other) if floor == ceil => Fits::Not(other),
            _ => within(least, most),
        },
    }
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
