//! Exact numbers in machine code: a word over a denominator, with the range in which the word lies.
//!
//! Denominators are constants wherever possible; then sums and comparisons scale by constants, and the range says
//! where no overflow can be. A denominator found while running is a word above zero.

use super::code::{Code, Fit, Known, Unfit};
use crate::plan::Comparison;
use crate::value::Exact;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};

/// A whole number of 64 bits and the range in which it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub value: Value,
    pub low: i64,
    pub high: i64,
    /// Whether it comes from data at a scale where numbers beyond [`USUAL`] are absurd, so that one guard pays.
    pub loaded: bool,
}

/// An exact number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Num {
    pub num: Word,
    pub den: Den,
}

/// What a number is divided by; above zero.
#[derive(Clone, Copy, Debug)]
pub(super) enum Den {
    Fixed(i64),
    Found(Word),
}

/// Numbers from data are guarded to this size, so that sums and products of them need no guards of their own.
pub(super) const USUAL: i64 = 1 << 53;

/// What two words become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum WordOp {
    Add,
    Subtract,
    Multiply,
}

impl Word {
    /// A word of any size.
    pub fn any(value: Value) -> Self {
        Self { value, low: i64::MIN, high: i64::MAX, loaded: false }
    }

    /// Its value, if it is a constant.
    pub fn constant(self) -> Option<i64> {
        (self.low == self.high).then_some(self.low)
    }
}

impl Num {
    /// A whole number.
    pub fn whole(num: Word) -> Self {
        Self { num, den: Den::Fixed(1) }
    }

    /// Numerator and denominator, if both are constants.
    pub fn constant(self) -> Option<(i64, i64)> {
        match (self.num.constant(), self.den) {
            (Some(num), Den::Fixed(den)) => Some((num, den)),
            _ => None,
        }
    }
}

/// The greatest common divisor; of 0 and n it is n.
pub(super) fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// Numerator and denominator of an exact number, if they fit.
pub(super) fn parts(value: &Exact) -> Fit<(i64, i64)> {
    let num = i64::try_from(value.numerator().clone()).map_err(|_| Unfit)?;
    let den = i64::try_from(value.denominator().clone()).map_err(|_| Unfit)?;
    Ok((num, den))
}

impl Code<'_> {
    /// A constant word.
    pub fn word(&mut self, value: i64) -> Word {
        Word { value: self.constant(value), low: value, high: value, loaded: false }
    }

    /// A constant number.
    pub fn number(&mut self, value: &Exact) -> Fit<Num> {
        let (num, den) = parts(value)?;
        Ok(Num { num: self.word(num), den: Den::Fixed(den) })
    }

    /// A word from data, after a guard of its size if it has none yet.
    pub fn usual(&mut self, word: Word) -> Word {
        if !word.loaded || (-USUAL <= word.low && word.high <= USUAL) {
            return word;
        }
        if self.guarded.insert(word.value) {
            let (half, whole) = (self.constant(USUAL), 2 * USUAL);
            let moved = self.at().ins().iadd(word.value, half);
            let beyond = self.compare_constant(IntCC::UnsignedGreaterThan, moved, whole);
            self.spoil_always(beyond);
        }
        Word { low: word.low.max(-USUAL), high: word.high.min(USUAL), ..word }
    }

    /// A sum, difference or product; the row cannot be done where it does not fit.
    pub fn words(&mut self, op: WordOp, a: Word, b: Word) -> Word {
        let (low, high) = range(op, a, b);
        if let Some(word) = self.folded(op, a, b, low, high) {
            return word;
        }
        let fits = |(low, high): (i128, i128)| i64::try_from(low).ok().zip(i64::try_from(high).ok());
        let (a, b) = if fits((low, high)).is_some() { (a, b) } else { (self.usual(a), self.usual(b)) };
        if let Some((low, high)) = fits(range(op, a, b)) {
            let value = match op {
                WordOp::Add => self.at().ins().iadd(a.value, b.value),
                WordOp::Subtract => self.at().ins().isub(a.value, b.value),
                WordOp::Multiply => self.at().ins().imul(a.value, b.value),
            };
            return Word { value, low, high, loaded: false };
        }
        let (value, overflow) = match op {
            WordOp::Add => self.at().ins().sadd_overflow(a.value, b.value),
            WordOp::Subtract => self.at().ins().ssub_overflow(a.value, b.value),
            WordOp::Multiply => self.at().ins().smul_overflow(a.value, b.value),
        };
        self.spoil(overflow);
        let (low, high) = range(op, a, b);
        let clamp = |bound: i128| bound.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Word { value, low: clamp(low), high: clamp(high), loaded: false }
    }

    fn folded(&mut self, op: WordOp, a: Word, b: Word, low: i128, high: i128) -> Option<Word> {
        match (op, a.constant(), b.constant()) {
            (WordOp::Add, Some(0), _) | (WordOp::Multiply, Some(1), _) => Some(b),
            (WordOp::Add | WordOp::Subtract, _, Some(0)) | (WordOp::Multiply, _, Some(1)) => Some(a),
            _ if low == high => i64::try_from(low).ok().map(|value| self.word(value)),
            _ => None,
        }
    }

    /// A word times a constant.
    pub fn scaled(&mut self, word: Word, factor: i64) -> Word {
        if factor == 1 {
            return word;
        }
        let factor = self.word(factor);
        self.words(WordOp::Multiply, word, factor)
    }

    /// The word with its sign turned.
    pub fn negated(&mut self, word: Word) -> Word {
        let zero = self.word(0);
        self.words(WordOp::Subtract, zero, word)
    }

    /// One of two words.
    pub fn chosen(&mut self, condition: Value, a: Word, b: Word) -> Word {
        let value = self.select(condition, a.value, b.value);
        Word { value, low: a.low.min(b.low), high: a.high.max(b.high), loaded: a.loaded && b.loaded }
    }

    /// The denominator as a word.
    pub fn den_word(&mut self, den: Den) -> Word {
        match den {
            Den::Fixed(den) => self.word(den),
            Den::Found(word) => word,
        }
    }

    /// A word as a denominator: above zero even where the row cannot be done.
    pub fn found(&mut self, word: Word) -> Den {
        if let Some(den) = word.constant().filter(|den| *den > 0) {
            return Den::Fixed(den);
        }
        if word.low > 0 {
            return Den::Found(word);
        }
        let one = self.constant(1);
        let positive = self.compare_constant(IntCC::SignedGreaterThan, word.value, 0);
        let value = self.select(positive, word.value, one);
        Den::Found(Word { value, low: 1, high: word.high.max(1), loaded: false })
    }

    fn den_product(&mut self, a: Den, b: Den) -> Fit<Den> {
        if let (Den::Fixed(a), Den::Fixed(b)) = (a, b) {
            return a.checked_mul(b).map(Den::Fixed).ok_or(Unfit);
        }
        let (a, b) = (self.den_word(a), self.den_word(b));
        let product = self.words(WordOp::Multiply, a, b);
        // A product that wrapped can have any sign.
        let product = if product.high == i64::MAX { Word { low: i64::MIN, ..product } } else { product };
        Ok(self.found(product))
    }

    /// Two numbers over one denominator.
    pub fn aligned(&mut self, a: Num, b: Num) -> Fit<(Word, Word, Den)> {
        if let (Den::Fixed(da), Den::Fixed(db)) = (a.den, b.den) {
            let common = i128::from(da) / gcd(da.into(), db.into()) * i128::from(db);
            let common = i64::try_from(common).map_err(|_| Unfit)?;
            return Ok((self.scaled(a.num, common / da), self.scaled(b.num, common / db), Den::Fixed(common)));
        }
        let (da, db) = (self.den_word(a.den), self.den_word(b.den));
        if da.value == db.value {
            return Ok((a.num, b.num, a.den));
        }
        let den = self.den_product(a.den, b.den)?;
        Ok((self.words(WordOp::Multiply, a.num, db), self.words(WordOp::Multiply, b.num, da), den))
    }

    /// `a + b` or `a - b`
    pub fn sum(&mut self, op: WordOp, a: Num, b: Num) -> Fit<Num> {
        let (a, b, den) = self.aligned(a, b)?;
        Ok(Num { num: self.words(op, a, b), den })
    }

    /// `a * b`
    pub fn product(&mut self, a: Num, b: Num) -> Fit<Num> {
        let (a, b) = if a.num.constant().is_some() { (b, a) } else { (a, b) };
        if let Some(factor) = b.num.constant() {
            return self.times(a, factor, b.den);
        }
        let den = self.den_product(a.den, b.den)?;
        Ok(Num { num: self.words(WordOp::Multiply, a.num, b.num), den })
    }

    fn times(&mut self, a: Num, factor: i64, over: Den) -> Fit<Num> {
        if let (Den::Fixed(da), Den::Fixed(db)) = (a.den, over) {
            let den = i128::from(da) * i128::from(db);
            let common = gcd(factor.into(), den);
            let den = i64::try_from(den / common).map_err(|_| Unfit)?;
            let factor = i64::try_from(i128::from(factor) / common).map_err(|_| Unfit)?;
            return Ok(Num { num: self.scaled(a.num, factor), den: Den::Fixed(den) });
        }
        let den = self.den_product(a.den, over)?;
        Ok(Num { num: self.scaled(a.num, factor), den })
    }

    /// `a / b`; where both are there and b is 0 the row cannot be done.
    pub fn quotient(&mut self, a: Num, b: Num, known: Known) -> Fit<Num> {
        if let Some((num, den)) = b.constant()
            && num != 0
            && num != i64::MIN
        {
            let reciprocal = Num { num: self.word(num.signum() * den), den: Den::Fixed(num.abs()) };
            return self.product(a, reciprocal);
        }
        let zero = self.compare_constant(IntCC::Equal, b.num.value, 0);
        self.masked(known, |code| {
            code.spoil(zero);
            Ok(())
        })?;
        let (mut over_a, mut over_b) = (a.den, b.den);
        if let (Den::Fixed(da), Den::Fixed(db)) = (a.den, b.den) {
            let common = gcd(da.into(), db.into()) as i64;
            (over_a, over_b) = (Den::Fixed(da / common), Den::Fixed(db / common));
        }
        let (divisor, negative) = self.absolute(b.num);
        let turned = self.negated(a.num);
        let num = self.chosen(negative, turned, a.num);
        let factor = self.den_word(over_b);
        let num = self.words(WordOp::Multiply, num, factor);
        let divisor = self.found(divisor);
        Ok(Num { num, den: self.den_product(divisor, over_a)? })
    }

    /// The word without its sign, and whether it was below zero.
    pub fn absolute(&mut self, word: Word) -> (Word, Value) {
        let negative = self.compare_constant(IntCC::SignedLessThan, word.value, 0);
        if word.low >= 0 {
            return (word, negative);
        }
        let turned = self.negated(word);
        let absolute = self.chosen(negative, turned, word);
        let largest = i128::from(word.low).abs().max(i128::from(word.high).abs());
        let high = i64::try_from(largest).unwrap_or(i64::MAX);
        // Where the sign of the smallest word cannot be turned the row is not done here.
        let low = if word.low == i64::MIN { i64::MIN } else { 0 };
        (Word { low, high, loaded: false, ..absolute }, negative)
    }

    /// One of two numbers.
    pub fn chosen_number(&mut self, condition: Value, a: Num, b: Num) -> Fit<Num> {
        if let (Den::Fixed(_), Den::Fixed(_)) = (a.den, b.den) {
            let (a, b, den) = self.aligned(a, b)?;
            return Ok(Num { num: self.chosen(condition, a, b), den });
        }
        let (da, db) = (self.den_word(a.den), self.den_word(b.den));
        let den = Den::Found(self.chosen(condition, da, db));
        Ok(Num { num: self.chosen(condition, a.num, b.num), den })
    }

    /// Compares two numbers exactly.
    pub fn compare(&mut self, comparison: Comparison, a: Num, b: Num) -> Fit<Value> {
        if a.num.constant().is_some() && b.num.constant().is_none() {
            return self.compare(mirrored(comparison), b, a);
        }
        match (a.den, b.den) {
            (Den::Fixed(da), Den::Fixed(db)) => match b.num.constant() {
                Some(num) => Ok(self.compare_ratio(comparison, a.num, i128::from(num) * i128::from(da), db.into())),
                None => {
                    let (a, b, _) = self.aligned(a, b)?;
                    Ok(self.compare_words(condition(comparison), a.value, b.value))
                }
            },
            _ => {
                let (da, db) = (self.den_word(a.den), self.den_word(b.den));
                Ok(self.compare_products(comparison, [a.num.value, db.value], [b.num.value, da.value]))
            }
        }
    }

    /// Compares a word with a constant fraction.
    pub fn compare_ratio(&mut self, comparison: Comparison, word: Word, num: i128, den: i128) -> Value {
        let (floor, whole) = (num.div_euclid(den), num.rem_euclid(den) == 0);
        let bound = match comparison {
            Comparison::Equal | Comparison::NotEqual if !whole => {
                return self.bit(comparison == Comparison::NotEqual);
            }
            Comparison::Less | Comparison::GreaterOrEqual if !whole => floor + 1,
            _ => floor,
        };
        let (low, high) = (i128::from(word.low), i128::from(word.high));
        let always = match comparison {
            Comparison::Equal => (low > bound || high < bound).then_some(false),
            Comparison::NotEqual => (low > bound || high < bound).then_some(true),
            Comparison::Less => decided(high < bound, low >= bound),
            Comparison::LessOrEqual => decided(high <= bound, low > bound),
            Comparison::Greater => decided(low > bound, high <= bound),
            Comparison::GreaterOrEqual => decided(low >= bound, high < bound),
        };
        match always {
            Some(holds) => self.bit(holds),
            // A bound beyond the word's range is always decided.
            None => self.compare_constant(condition(comparison), word.value, bound as i64),
        }
    }

    /// Compares two products of 128 bits.
    fn compare_products(&mut self, comparison: Comparison, a: [Value; 2], b: [Value; 2]) -> Value {
        let [(a_high, a_low), (b_high, b_low)] =
            [a, b].map(|[x, y]| (self.at().ins().smulhi(x, y), self.at().ins().imul(x, y)));
        self.compare_wide(comparison, (a_low, a_high), (b_low, b_high))
    }

    /// Compares two numbers of 128 bits, low words first.
    pub fn compare_wide(&mut self, comparison: Comparison, a: (Value, Value), b: (Value, Value)) -> Value {
        let same = self.compare_words(IntCC::Equal, a.1, b.1);
        let lows = self.compare_words(condition(comparison).unsigned(), a.0, b.0);
        match comparison {
            Comparison::Equal => self.and(same, lows),
            Comparison::NotEqual => {
                let highs = self.compare_words(IntCC::NotEqual, a.1, b.1);
                self.or(highs, lows)
            }
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual => {
                let highs = self.compare_words(condition(comparison).without_equal(), a.1, b.1);
                let lows = self.and(same, lows);
                self.or(highs, lows)
            }
        }
    }

    /// Guards that a number of 128 bits, low word first, fits a word, where it is there at all.
    pub fn narrowed(&mut self, (low, high): (Value, Value), den: i64, known: Known) -> Word {
        let sign = self.sign(low);
        let mut beyond = self.compare_words(IntCC::NotEqual, high, sign);
        let mut word = Word::any(low);
        if usual_scale(den) {
            const LEVEL: i64 = 8 * USUAL;
            let half = self.constant(LEVEL);
            let moved = self.at().ins().iadd(low, half);
            let large = self.compare_constant(IntCC::UnsignedGreaterThan, moved, 2 * LEVEL);
            beyond = self.or(beyond, large);
            word = Word { low: -LEVEL, high: LEVEL, ..word };
        }
        if let Known::If(known) = known {
            beyond = self.and(beyond, known);
            // Where it is not there the range must still hold.
            let zero = self.constant(0);
            word.value = self.select(known, low, zero);
        }
        self.spoil_always(beyond);
        word
    }

    /// A number of 128 bits from memory, low word first.
    pub fn load_wide(&mut self, address: Value) -> (Value, Value) {
        (self.load(I64, address, 0), self.load(I64, address, 8))
    }

    /// Writes a number of 128 bits.
    pub fn store_wide(&mut self, (low, high): (Value, Value), address: Value) {
        self.store(low, address, 0);
        self.store(high, address, 8);
    }

    /// A number of 128 bits plus a word; the row cannot be done where it does not fit.
    pub fn add_wide(&mut self, (low, high): (Value, Value), add: Value) -> (Value, Value) {
        let (sum, carry) = self.at().ins().uadd_overflow(low, add);
        let carry = self.at().ins().uextend(I64, carry);
        let sign = self.sign(add);
        // Adding a sign (0 or -1) and a carry (0 or 1) changes the high word by one at most.
        let change = self.at().ins().iadd(sign, carry);
        let (sum_high, overflow) = self.at().ins().sadd_overflow(high, change);
        self.spoil(overflow);
        (sum, sum_high)
    }
}

/// Whether numbers beyond [`USUAL`] are absurd at this scale.
pub(super) fn usual_scale(den: i64) -> bool {
    den <= 10_000
}

fn decided(always: bool, never: bool) -> Option<bool> {
    if always { Some(true) } else { never.then_some(false) }
}

fn range(op: WordOp, a: Word, b: Word) -> (i128, i128) {
    let [al, ah, bl, bh] = [a.low, a.high, b.low, b.high].map(i128::from);
    match op {
        WordOp::Add => (al + bl, ah + bh),
        WordOp::Subtract => (al - bh, ah - bl),
        WordOp::Multiply => {
            let corners = [al * bl, al * bh, ah * bl, ah * bh];
            corners.into_iter().fold((corners[0], corners[0]), |(low, high), x| (low.min(x), high.max(x)))
        }
    }
}

/// The condition of words.
pub(super) fn condition(comparison: Comparison) -> IntCC {
    match comparison {
        Comparison::Equal => IntCC::Equal,
        Comparison::NotEqual => IntCC::NotEqual,
        Comparison::Less => IntCC::SignedLessThan,
        Comparison::LessOrEqual => IntCC::SignedLessThanOrEqual,
        Comparison::Greater => IntCC::SignedGreaterThan,
        Comparison::GreaterOrEqual => IntCC::SignedGreaterThanOrEqual,
    }
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal | Comparison::NotEqual => comparison,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
    }
}
