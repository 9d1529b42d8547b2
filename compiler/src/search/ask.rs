//! What is asked of a set.

use super::kept::KeptValues;
use super::{Index, Key, MOST_KEYS, NO_PART, Place, as_kept, whole_of};
use crate::data::Data;
use crate::internal::broken;
use crate::interpret::eval::{Row, Value, compare};
use crate::interpret::{Fault, FaultKind};
use crate::lookup::{Answer, Asked};
use crate::plan::{FindFunction, Plan, Search, SearchId, SearchOutput, Type};
use crate::value::{Exact, fraction, is_moderate};
use dashu_int::IBig;
use rustc_hash::FxHashSet;
use std::cmp::Ordering;
use std::ops::Range;

impl Index {
    /// What an output gives for these operands.
    ///
    /// # Errors
    /// A fault of a condition or value at one of the rows found, and several rows where there may be one.
    pub fn ask(
        &self,
        plan: &Plan,
        data: &Data,
        search: &Search,
        output: usize,
        operands: &[Value],
    ) -> Result<Value, FaultKind> {
        let asked = &search.outputs[output];
        let places = self.places(search, operands);
        if search.also.is_none()
            && let Some(value) = self.at_once(plan, data, search, output, &places, operands)?
        {
            self.found.range(&places);
            return Ok(value);
        }
        let mut walk = Walk { asked, best: None, sum: Exact::ZERO, met: FxHashSet::default(), n_rows: 0 };
        for place in places {
            let mut reader = Row::new(plan, &self.source, self.rows[place], 0, false);
            reader.arguments = operands;
            if let Some(also) = &search.also
                && !reader.eval(also, data).map_err(|fault| fault.kind)?.is_true()
            {
                continue;
            }
            self.found.row(place);
            walk.row(&reader, data, search)?;
        }
        Ok(walk.finish())
    }

    /// Visits the rows found for these operands, in their order.
    ///
    /// # Errors
    /// A fault of a condition at one of them, and what the visit meets.
    pub fn each(
        &self,
        plan: &Plan,
        data: &Data,
        search: &Search,
        operands: &[Value],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        for place in self.places(search, operands) {
            let mut reader = Row::new(plan, &self.source, self.rows[place], 0, false);
            reader.arguments = operands;
            if let Some(also) = &search.also
                && !reader.eval(also, data)?.is_true()
            {
                continue;
            }
            self.found.row(place);
            visit(&reader)?;
        }
        Ok(())
    }

    /// The places of the rows of the key and the days that these operands are.
    fn places(&self, search: &Search, operands: &[Value]) -> Range<usize> {
        self.places_by(
            search,
            |idx| as_kept(&operands[idx], self.decimals[idx]),
            |idx| operands[idx as usize].clone().date(),
            |idx| operands[idx as usize].clone().code(),
        )
    }

    /// The places of the rows of a key and days; none where one of them is missing.
    fn places_by(
        &self,
        search: &Search,
        part: impl Fn(usize) -> Option<i64>,
        day: impl Fn(u32) -> Option<i32>,
        row: impl Fn(u32) -> Option<u32>,
    ) -> Range<usize> {
        let nothing = 0..0;
        let mut key: Key = [NO_PART; MOST_KEYS];
        for (idx, place) in key.iter_mut().take(search.keys.len()).enumerate() {
            let Some(value) = part(idx) else { return nothing };
            *place = value;
        }
        // Where a bound is asked for and missing there are no rows.
        let bound = |wanted: Option<u32>, found: Option<i32>| wanted.is_some() && found.is_none();
        let (first, last) = (search.from.and_then(&day), search.to.and_then(&day));
        let before = search.before.and_then(&row);
        if bound(search.from, first) || bound(search.to, last) || search.before.is_some() && before.is_none() {
            return nothing;
        }
        let asked = Place { key, from: first, to: last, before };
        if let Some((known, (from, to))) = self.last.get()
            && known == asked
        {
            return from..to;
        }
        let Some(group) = self.groups.get(&key) else { return nothing };
        let Range { start: mut from, end: mut to } = group.places;
        if let Some(day) = first {
            from = group.end_of(from..to, |place| self.days[place] < day);
        }
        if let Some(day) = last {
            to = group.end_of(from..to, |place| self.days[place] <= day);
        }
        if let Some(row) = before {
            to = group.end_of(from..to, |place| self.rows[place] < row);
        }
        self.last.set(Some((asked, (from, to))));
        from..to
    }

    /// An answer to machine code in whole numbers alone, where that is all there is to it: counts, sums that are kept, and a
    /// field of one row. None is for everything else, and for what does not fit.
    fn ask_narrow(&self, plan: &Plan, data: &Data, wanted: (&Search, usize), operands: &[Asked]) -> Option<Answer> {
        let (search, output) = wanted;
        if search.also.is_some() {
            return self.ask_where(plan, data, wanted, operands);
        }
        let places = self.places_narrow(search, operands);
        self.answer(search, output, places, operands)
    }

    /// The places of the rows of the key and days that these operands are.
    fn places_narrow(&self, search: &Search, operands: &[Asked]) -> Range<usize> {
        let part = |idx: usize| {
            let Asked { num, den } = *known(operands, idx as u32)?;
            let scaled = i128::from(num) * 10i128.checked_pow(self.decimals[idx])?;
            (scaled % i128::from(den) == 0).then(|| i64::try_from(scaled / i128::from(den)).ok())?
        };
        self.places_by(
            search,
            part,
            |idx| known(operands, idx).map(|asked| asked.num as i32),
            |idx| known(operands, idx).map(|asked| asked.num as u32),
        )
    }

    /// The answer of the rows at these places, which have no conditions of their own.
    fn answer(&self, search: &Search, output: usize, places: Range<usize>, operands: &[Asked]) -> Option<Answer> {
        let function = &search.outputs[output].function;
        let is_end = matches!(function, FindFunction::Earliest | FindFunction::Latest | FindFunction::Only);
        if self.ends[output].is_some() && !is_end {
            return None;
        }
        let place = match function {
            FindFunction::Count => {
                let value = places.len() as i64;
                self.found.range(&places);
                return Some(Answer { value, known: 1, den: 1 });
            }
            FindFunction::Sum => {
                let sums = self.sums[output].as_ref()?;
                let value = sums[places.end].checked_sub(sums[places.start])?;
                self.found.range(&places);
                return Some(Answer { value, known: 1, den: 1 });
            }
            FindFunction::Only if places.len() > 1 => return None,
            FindFunction::Each => return None,
            FindFunction::Distinct => {
                let fields = self.fields[output].as_ref()?;
                let met: FxHashSet<i64> = fields.values()[places.clone()].iter().copied().collect();
                self.found.range(&places);
                return Some(Answer { value: met.len() as i64, known: 1, den: 1 });
            }
            FindFunction::Smallest => self.extreme(output, places.clone(), Ordering::Less)?,
            FindFunction::Largest => self.extreme(output, places.clone(), Ordering::Greater)?,
            FindFunction::Lowest(_) => self.chosen(output, places.clone(), Ordering::Less)?,
            FindFunction::Highest(_) => self.chosen(output, places.clone(), Ordering::Greater)?,
            function => at_an_end(function, &places)?,
        };
        let fields = self.fields[output].as_ref()?;
        let place = match &self.ends[output] {
            Some((idx, ends)) => {
                let day = known(operands, *idx)?.num;
                place.filter(|place| i64::from(ends[*place]) >= day)
            }
            None => place,
        };
        self.found.range(&places);
        let den = |place: usize| self.dens[output].as_ref().map_or(1, |dens| dens[place]);
        Some(match place.and_then(|place| Some((fields.get(place)?, den(place)))) {
            Some((value, den)) => Answer { value, known: 1, den },
            None => Answer::default(),
        })
    }

    /// The place of the smallest or largest value, the first of equals; none of missing ones. The outer none is for values that are
    /// not kept as whole numbers.
    fn extreme(&self, output: usize, places: Range<usize>, wanted: Ordering) -> Option<Option<usize>> {
        let fields = self.fields[output].as_ref()?;
        Some(match &self.dens[output] {
            None => best(fields, places, |a, b| fields.get(a).cmp(&fields.get(b)) == wanted),
            Some(dens) => best(fields, places, |a, b| {
                let scaled =
                    |place: usize, other: usize| i128::from(fields.get(place).unwrap_or(0)) * i128::from(dens[other]);
                scaled(a, b).cmp(&scaled(b, a)) == wanted
            }),
        })
    }

    /// The place of the row that is lowest or highest by something, the first of equals.
    fn chosen(&self, output: usize, places: Range<usize>, wanted: Ordering) -> Option<Option<usize>> {
        let by = self.chosen_by[output].as_ref()?;
        Some(best(by, places, |a, b| by.get(a).cmp(&by.get(b)) == wanted))
    }

    /// The same under conditions on both rows, where these are comparisons of fields.
    fn ask_where(&self, plan: &Plan, data: &Data, wanted: (&Search, usize), operands: &[Asked]) -> Option<Answer> {
        let (search, output) = wanted;
        let conditions = self.conditions.as_ref()?;
        let function = &search.outputs[output].function;
        let fields = match function {
            FindFunction::Count => None,
            _ => Some(self.fields[output].as_ref()?),
        };
        if self.ends[output].is_some() {
            return None;
        }
        let places = self.places_narrow(search, operands);
        if places.is_empty() {
            let nothing = Answer { value: 0, known: 1, den: 1 };
            let adds = matches!(function, FindFunction::Count | FindFunction::Sum | FindFunction::Distinct);
            return Some(if adds { nothing } else { Answer::default() });
        }
        let fits = conditions.fitting(plan, data, (self, search), operands)?;
        // Where the answer is the interpreter's after all, it finds these rows too.
        let found = places.filter(fits).inspect(|place| self.found.row(*place));
        let field = |place: usize| fields.and_then(|fields| fields.get(place));
        let whole = |value: i64| Some(Answer { value, known: 1, den: 1 });
        let by_fields = |wanted: Ordering| move |a: usize, b: usize| field(a).cmp(&field(b)) == wanted;
        let chosen_by = self.chosen_by[output].as_ref();
        let by =
            |wanted: Ordering| move |a: usize, b: usize| chosen_by.map(|by| by.get(a).cmp(&by.get(b))) == Some(wanted);
        let place = match function {
            FindFunction::Count => return whole(found.count() as i64),
            _ if self.dens[output].is_some() => return None,
            FindFunction::Sum => {
                let sum: i128 = found.map(|place| i128::from(field(place).unwrap_or(0))).sum();
                return whole(i64::try_from(sum).ok()?);
            }
            FindFunction::Distinct => {
                let met: FxHashSet<Option<i64>> = found.map(field).collect();
                return whole(met.len() as i64);
            }
            FindFunction::Each => return None,
            FindFunction::Only => {
                let mut found = found;
                let first = found.next();
                if found.next().is_some() {
                    return None;
                }
                first
            }
            FindFunction::Earliest => found.fold(None, |first, place| first.or(Some(place))),
            FindFunction::Latest => found.last(),
            FindFunction::Smallest => best(fields?, found, by_fields(Ordering::Less)),
            FindFunction::Largest => best(fields?, found, by_fields(Ordering::Greater)),
            FindFunction::Lowest(_) => best(chosen_by?, found, by(Ordering::Less)),
            FindFunction::Highest(_) => best(chosen_by?, found, by(Ordering::Greater)),
        };
        Some(place.and_then(field).map_or(Answer::default(), |value| Answer { value, known: 1, den: 1 }))
    }

    /// What needs no look at every row; none where it does.
    fn at_once(
        &self,
        plan: &Plan,
        data: &Data,
        search: &Search,
        output: usize,
        places: &Range<usize>,
        operands: &[Value],
    ) -> Result<Option<Value>, FaultKind> {
        let asked = &search.outputs[output];
        let place = match &asked.function {
            FindFunction::Count => return Ok(Some(Value::Number(Exact::from(places.len() as u64)))),
            FindFunction::Sum => {
                let (Some(sums), Some(den)) = (&self.sums[output], asked.den) else { return Ok(None) };
                let sum = i128::from(sums[places.end]) - i128::from(sums[places.start]);
                return moderate(fraction(sum, i128::from(den))).map(Some);
            }
            FindFunction::Only if places.len() > 1 => {
                return Err(FaultKind::SeveralRows {
                    stream: search.stream.clone(),
                    rows: [self.rows[places.start], self.rows[places.start + 1]],
                });
            }
            function => match at_an_end(function, places) {
                Some(place) => place,
                None => return Ok(None),
            },
        };
        let Some(place) = place else { return Ok(Some(Value::Missing)) };
        let mut reader = Row::new(plan, &self.source, self.rows[place], 0, false);
        reader.arguments = operands;
        reader.eval(&asked.value, data).map(Some).map_err(|fault| fault.kind)
    }
}

/// An operand that is there.
pub(super) fn known(operands: &[Asked], idx: u32) -> Option<&Asked> {
    operands.get(idx as usize).filter(|asked| asked.den != 0)
}

/// The place among known values which no other is better than, the first of equals.
fn best(
    known: &KeptValues,
    places: impl Iterator<Item = usize>,
    is_better: impl Fn(usize, usize) -> bool,
) -> Option<usize> {
    let mut places = places.filter(|place| known.get(*place).is_some());
    let first = places.next()?;
    Some(places.fold(first, |best, place| if is_better(place, best) { place } else { best }))
}

/// The first or last of the places, where that is the row that counts; none for what must look at every row.
fn at_an_end(function: &FindFunction, places: &Range<usize>) -> Option<Option<usize>> {
    match function {
        FindFunction::Earliest | FindFunction::Only => Some(places.clone().next()),
        FindFunction::Latest => Some(places.clone().next_back()),
        FindFunction::Sum
        | FindFunction::Count
        | FindFunction::Distinct
        | FindFunction::Each
        | FindFunction::Smallest
        | FindFunction::Largest
        | FindFunction::Highest(_)
        | FindFunction::Lowest(_) => None,
    }
}

const TOO_LARGE: FaultKind = FaultKind::Overflow("an aggregate");

fn moderate(value: Exact) -> Result<Value, FaultKind> {
    if is_moderate(&value) { Ok(Value::Number(value)) } else { Err(TOO_LARGE) }
}

/// Rows looked at one after the other.
struct Walk<'a> {
    asked: &'a SearchOutput,
    /// The row that counts so far: what it is chosen by, its value, and itself.
    best: Option<(Value, Value, u32)>,
    sum: Exact,
    met: FxHashSet<String>,
    n_rows: u64,
}

impl Walk<'_> {
    fn row(&mut self, reader: &Row<'_>, data: &Data, search: &Search) -> Result<(), FaultKind> {
        self.n_rows += 1;
        let of = |expr| reader.eval(expr, data).map_err(|fault| fault.kind);
        let value = match self.asked.function {
            FindFunction::Count => return Ok(()),
            _ => of(&self.asked.value)?,
        };
        match &self.asked.function {
            FindFunction::Count => {}
            FindFunction::Sum => match moderate(&self.sum + value.number().unwrap_or(Exact::ZERO))? {
                Value::Number(sum) => self.sum = sum,
                other => broken(format!("{other:?} in place of a sum")),
            },
            FindFunction::Distinct => {
                self.met.insert(format!("{value:?}"));
            }
            FindFunction::Each => broken("a set that is divided among, asked for one value"),
            FindFunction::Only => {
                if let Some((_, _, first)) = self.best {
                    return Err(FaultKind::SeveralRows { stream: search.stream.clone(), rows: [first, reader.row] });
                }
                self.best = Some((Value::Missing, value, reader.row));
            }
            FindFunction::Earliest => {
                self.best.get_or_insert((Value::Missing, value, reader.row));
            }
            FindFunction::Latest => self.best = Some((Value::Missing, value, reader.row)),
            FindFunction::Smallest => self.keep(value.clone(), value, reader.row, Ordering::Less),
            FindFunction::Largest => self.keep(value.clone(), value, reader.row, Ordering::Greater),
            FindFunction::Highest(by) => self.keep(of(by)?, value, reader.row, Ordering::Greater),
            FindFunction::Lowest(by) => self.keep(of(by)?, value, reader.row, Ordering::Less),
        }
        Ok(())
    }

    /// Keeps a row that is better than the one before; a row that has nothing to be chosen by is none.
    fn keep(&mut self, by: Value, value: Value, row: u32, wanted: Ordering) {
        if by == Value::Missing {
            return;
        }
        if self.best.as_ref().is_none_or(|(best, ..)| compare(&by, best) == wanted) {
            self.best = Some((by, value, row));
        }
    }

    fn finish(self) -> Value {
        match self.asked.function {
            FindFunction::Count => Value::Number(Exact::from(self.n_rows)),
            FindFunction::Distinct => Value::Number(Exact::from(self.met.len() as u64)),
            FindFunction::Sum => Value::Number(self.sum),
            _ => self.best.map_or(Value::Missing, |(_, value, _)| value),
        }
    }
}

/// Asks for machine code: an operand is a number as [`Asked`], everything else its day, place, code or row over 1. It gives 1 where
/// the row is the interpreter's, as the answer does not fit or there is a fault. What is computed ahead for a branch that is not taken
/// (`live` is 0) is not asked at all.
///
/// # Safety
/// `plan` and `data` are those that the code was made for and is run over, `operands` are as many as the search has, and `answer`
/// is room for one.
#[expect(unsafe_code, reason = "machine code calls this with the pointers that `Source` has put into its table")]
unsafe extern "C" fn ask(
    plan: *const Plan,
    data: *const Data,
    wanted: u64,
    operands: *const Asked,
    answer: *mut Answer,
    live: u64,
) -> u64 {
    if live == 0 {
        #[expect(unsafe_code, reason = "as above")]
        unsafe {
            answer.write(Answer::default());
        }
        return 0;
    }
    let (id, output) = (SearchId((wanted >> 32) as u32), wanted as u32 as usize);
    #[expect(unsafe_code, reason = "as above")]
    let (plan, data) = unsafe { (&*plan, &*data) };
    let search = plan.search(id);
    #[expect(unsafe_code, reason = "as above")]
    let operands = unsafe { std::slice::from_raw_parts(operands, search.operands.len()) };
    let Some(index) = &data.searches[id.index()] else { return 1 };
    if let Some(found) = index.ask_narrow(plan, data, (search, output), operands) {
        #[expect(unsafe_code, reason = "as above")]
        unsafe {
            answer.write(found);
        }
        return 0;
    }
    let values = values(search, operands);
    let asked = &search.outputs[output];
    let value = index.ask(plan, data, search, output, &values).ok();
    let Some(found) = value.and_then(|value| narrow(&value, asked.den)) else { return 1 };
    #[expect(unsafe_code, reason = "as above")]
    unsafe {
        answer.write(found);
    }
    0
}

/// Operands as the interpreter has them.
pub(super) fn values(search: &Search, operands: &[Asked]) -> Vec<Value> {
    search.operands.iter().zip(operands).map(|(ty, asked)| value(*ty, *asked)).collect()
}

fn value(ty: Type, asked: Asked) -> Value {
    if asked.den == 0 {
        return Value::Missing;
    }
    match ty {
        Type::Number | Type::Count | Type::Percent | Type::Money(_) => {
            Value::Number(fraction(asked.num.into(), asked.den.into()))
        }
        Type::YesNo => Value::YesNo(asked.num == 1),
        Type::Date | Type::Period(_) => Value::Date(asked.num as i32),
        Type::Choice(_) | Type::Text(_) | Type::Id(_) | Type::Ref(_) => Value::Code(asked.num as u32),
    }
}

/// A value for machine code, if it fits.
fn narrow(value: &Value, den: Option<i64>) -> Option<Answer> {
    let (value, den) = match (value, den) {
        (Value::Missing, _) => return Some(Answer::default()),
        (Value::Number(number), None) => {
            let den = i64::try_from(IBig::from(number.denominator())).ok()?;
            (i64::try_from(number.numerator()).ok()?, den)
        }
        (value, _) => (whole_of(value, den.unwrap_or(1))?, 1),
    };
    Some(Answer { value, known: 1, den })
}

/// Where the function is that machine code asks.
#[expect(clippy::fn_to_numeric_cast_any, reason = "machine code calls a function by its address")]
pub fn address_of_ask() -> usize {
    ask as *const () as usize
}
