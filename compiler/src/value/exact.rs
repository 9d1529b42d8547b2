//! An exact fraction: of machine words while it fits them, of any size beyond.
//!
//! Nearly every amount, rate and share of a program fits a machine word. Such fractions are added and multiplied without
//! memory of their own, and brought to lowest terms only where words would not hold them otherwise, or where somebody asks: to look for a
//! common divisor costs more than all else. A fraction whose lowest terms are no words is one of any size, and comes back once it fits again.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use num_integer::gcd;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// An exact fraction of any size.
///
/// ```
/// use meed_compiler::value::Exact;
/// let third = Exact::ONE / Exact::from(3);
/// assert_eq!(&third + &third + third, Exact::ONE);
/// ```
#[derive(Clone)]
pub struct Exact(Size);

/// `Large` is for what does not fit `Small` in lowest terms.
#[derive(Clone)]
enum Size {
    Small(Small),
    Large(Box<RBig>),
}

/// INVARIANT: the denominator is above zero, and the numerator is not the least word, of which there is no negative.
#[derive(Clone, Copy)]
struct Small {
    numerator: i64,
    denominator: i64,
}

impl Small {
    const fn whole(numerator: i64) -> Self {
        Self { numerator, denominator: 1 }
    }

    /// Of a denominator above zero, where it fits as it is or in lowest terms.
    fn of(numerator: i128, denominator: i128) -> Option<Self> {
        Self::as_is(numerator, denominator).or_else(|| {
            let divisor = gcd(numerator, denominator);
            Self::as_is(numerator / divisor, denominator / divisor)
        })
    }

    fn as_is(numerator: i128, denominator: i128) -> Option<Self> {
        let numerator = i64::try_from(numerator).ok().filter(|numerator| *numerator != i64::MIN)?;
        Some(Self { numerator, denominator: i64::try_from(denominator).ok()? })
    }

    fn lowest(self) -> Self {
        if self.denominator == 1 {
            return self;
        }
        let divisor = gcd(self.numerator, self.denominator);
        Self { numerator: self.numerator / divisor, denominator: self.denominator / divisor }
    }

    /// The sum; where one denominator is a multiple of the other, over that.
    fn plus(self, other: Self) -> Option<Self> {
        let (a, b) = (i128::from(self.numerator), i128::from(other.numerator));
        let (in_a, in_b) = (self.denominator, other.denominator);
        if in_a == in_b {
            return Self::of(a + b, in_a.into());
        }
        let (wide_a, wide_b) = (i128::from(in_a), i128::from(in_b));
        if in_a % in_b == 0 {
            return Self::of(a + b * (wide_a / wide_b), wide_a);
        }
        if in_b % in_a == 0 {
            return Self::of(a * (wide_b / wide_a) + b, wide_b);
        }
        Self::of(a * wide_b + b * wide_a, wide_a * wide_b)
    }

    fn negative(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }

    fn times(self, other: Self) -> Option<Self> {
        let product = |a: i64, b: i64| i128::from(a) * i128::from(b);
        Self::of(product(self.numerator, other.numerator), product(self.denominator, other.denominator))
    }

    /// None where it is divided by zero.
    fn in_parts_of(self, other: Self) -> Option<Self> {
        let (number, parts) = match (other.numerator.signum(), self.denominator == other.denominator) {
            (0, _) => return None,
            (_, true) => (Self::whole(self.numerator), other.numerator),
            (..) => (self.times(Self::whole(other.denominator))?, other.numerator),
        };
        let denominator = i128::from(number.denominator) * i128::from(parts.unsigned_abs());
        Self::of(i128::from(number.numerator) * i128::from(parts.signum()), denominator)
    }
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self(Size::Small(Small::whole(0)));
    /// One.
    pub const ONE: Self = Self(Size::Small(Small::whole(1)));

    /// The fraction of two whole numbers.
    ///
    /// # Panics
    /// Where `denominator` is zero.
    pub fn from_parts(numerator: IBig, denominator: UBig) -> Self {
        match (i128::try_from(&numerator), i128::try_from(&denominator)) {
            (Ok(numerator), Ok(denominator)) if denominator > 0 => Self::of_words(numerator, denominator),
            _ => Self::of(RBig::from_parts(numerator, denominator)),
        }
    }

    /// The fraction of two whole numbers, the second above zero.
    pub(super) fn of_words(numerator: i128, denominator: i128) -> Self {
        match Small::of(numerator, denominator) {
            Some(value) => Self(Size::Small(value)),
            None => Self::of(RBig::from_parts(IBig::from(numerator), UBig::from(denominator.unsigned_abs()))),
        }
    }

    /// The number above the line, in lowest terms.
    pub fn numerator(&self) -> IBig {
        match &self.0 {
            Size::Small(value) => IBig::from(value.lowest().numerator),
            Size::Large(value) => value.numerator().clone(),
        }
    }

    /// The number below the line, above zero and in lowest terms.
    pub fn denominator(&self) -> UBig {
        match &self.0 {
            Size::Small(value) => UBig::from(value.lowest().denominator.unsigned_abs()),
            Size::Large(value) => value.denominator().clone(),
        }
    }

    /// Numerator and denominator, not always in lowest terms, where those are machine words.
    pub(crate) fn words(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Size::Small(value) => Some((value.numerator, value.denominator)),
            Size::Large(_) => None,
        }
    }

    /// Whether it is a whole number.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Size::Small(value) => value.numerator % value.denominator == 0,
            Size::Large(value) => value.is_int(),
        }
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        if self < Self::ZERO { -self } else { self }
    }

    fn of(value: RBig) -> Self {
        let words = i128::try_from(value.numerator()).ok().zip(i128::try_from(value.denominator()).ok());
        match words.and_then(|(numerator, denominator)| Small::as_is(numerator, denominator)) {
            Some(value) => Self(Size::Small(value)),
            None => Self(Size::Large(Box::new(value))),
        }
    }

    fn large(&self) -> RBig {
        match &self.0 {
            Size::Small(value) => {
                RBig::from_parts(IBig::from(value.numerator), UBig::from(value.denominator.unsigned_abs()))
            }
            Size::Large(value) => RBig::clone(value),
        }
    }
}

/// A calculation of two fractions: of machine words where they and what comes out fit, of any size elsewhere.
fn reckon(
    a: &Exact,
    b: &Exact,
    small: impl FnOnce(Small, Small) -> Option<Small>,
    large: impl FnOnce(RBig, RBig) -> RBig,
) -> Exact {
    if let (Size::Small(a), Size::Small(b)) = (&a.0, &b.0)
        && let Some(value) = small(*a, *b)
    {
        return Exact(Size::Small(value));
    }
    Exact::of(large(a.large(), b.large()))
}

fn add(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, Small::plus, |a, b| a + b)
}

fn sub(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, |a, b| a.plus(b.negative()), |a, b| a - b)
}

fn mul(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, Small::times, |a, b| a * b)
}

fn div(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, Small::in_parts_of, |a, b| a / b)
}

macro_rules! operator {
    ($trait:ident, $method:ident, $function:ident) => {
        impl $trait for &Exact {
            type Output = Exact;
            fn $method(self, other: Self) -> Exact {
                $function(self, other)
            }
        }
        impl $trait for Exact {
            type Output = Exact;
            fn $method(self, other: Self) -> Exact {
                $function(&self, &other)
            }
        }
        impl $trait<Exact> for &Exact {
            type Output = Exact;
            fn $method(self, other: Exact) -> Exact {
                $function(self, &other)
            }
        }
        impl $trait<&Exact> for Exact {
            type Output = Exact;
            fn $method(self, other: &Exact) -> Exact {
                $function(&self, other)
            }
        }
    };
}

operator!(Add, add, add);
operator!(Sub, sub, sub);
operator!(Mul, mul, mul);
operator!(Div, div, div);

impl AddAssign<&Self> for Exact {
    fn add_assign(&mut self, other: &Self) {
        *self = add(self, other);
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        *self = add(self, &other);
    }
}

impl SubAssign<&Self> for Exact {
    fn sub_assign(&mut self, other: &Self) {
        *self = sub(self, other);
    }
}

impl SubAssign for Exact {
    fn sub_assign(&mut self, other: Self) {
        *self = sub(self, &other);
    }
}

impl Neg for &Exact {
    type Output = Exact;
    fn neg(self) -> Exact {
        sub(&Exact::ZERO, self)
    }
}

impl Neg for Exact {
    type Output = Self;
    fn neg(self) -> Self {
        -&self
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::ZERO
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl Hash for Exact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Size::Small(value) => {
                let Small { numerator, denominator } = value.lowest();
                (numerator, denominator).hash(state);
            }
            Size::Large(value) => value.hash(state),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Size::Small(a), Size::Small(b)) if a.denominator == b.denominator => a.numerator.cmp(&b.numerator),
            (Size::Small(a), Size::Small(b)) => {
                let side = |a: i64, b: i64| i128::from(a) * i128::from(b);
                side(a.numerator, b.denominator).cmp(&side(b.numerator, a.denominator))
            }
            _ => self.large().cmp(&other.large()),
        }
    }
}

impl From<IBig> for Exact {
    fn from(value: IBig) -> Self {
        Self::from_parts(value, UBig::ONE)
    }
}

impl From<UBig> for Exact {
    fn from(value: UBig) -> Self {
        Self::from(IBig::from(value))
    }
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for Exact {
            fn from(value: $number) -> Self {
                match i64::try_from(value) {
                    Ok(value) if value != i64::MIN => Self(Size::Small(Small::whole(value))),
                    _ => Self::of(RBig::from(value)),
                }
            }
        }
    )*};
}

from_number!(u8, i32, u32, i64, u64, i128, u128, usize);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.large().fmt(f)
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whole numbers near those at which a machine word ends, and near zero.
    fn number() -> impl Strategy<Value = i128> {
        let near = |center: i128| (center - 3)..=(center + 3);
        prop_oneof![
            near(0),
            near(i64::MAX.into()),
            near(i64::MIN.into()),
            near(1 << 32),
            -1_000_000i128..1_000_000,
            any::<i64>().prop_map(i128::from),
        ]
    }

    fn parts() -> impl Strategy<Value = (i128, i128)> {
        (number(), number().prop_map(|number| number.abs().max(1)))
    }

    fn hash_of(value: &Exact) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    fn both((numerator, denominator): (i128, i128)) -> (Exact, RBig) {
        let (numerator, denominator) = (IBig::from(numerator), UBig::from(denominator.unsigned_abs()));
        (Exact::from_parts(numerator.clone(), denominator.clone()), RBig::from_parts(numerator, denominator))
    }

    #[test]
    fn the_least_word_has_no_negative_that_is_one() {
        let least = IBig::from(i64::MIN);
        for denominator in [1, 2, 3, u64::from(u32::MAX), i64::MAX as u64, u64::MAX] {
            let value = Exact::from_parts(least.clone(), UBig::from(denominator));
            assert_eq!(-(-value.clone()), value);
            assert_eq!(&Exact::ZERO - &value, -&value);
            assert_eq!(&value / &value, Exact::ONE);
            assert_eq!(&value + -&value, Exact::ZERO);
            assert_eq!(value.clone().abs(), -value);
        }
        assert_eq!(Exact::from(i64::MIN) + Exact::from(0), Exact::from(i64::MIN));
        assert_eq!(-Exact::from(i64::MAX) - Exact::ONE, Exact::from(i64::MIN));
    }

    proptest! {
        /// What comes out is what fractions of any size give, and equal values are equal, however they came about.
        #[test]
        fn it_reckons_as_fractions_of_any_size_do(a in parts(), b in parts()) {
            let ((a, large_a), (b, large_b)) = (both(a), both(b));
            let same = |value: Exact, large: RBig| {
                let again = Exact::from_parts(large.numerator().clone(), large.denominator().clone());
                prop_assert_eq!(&value, &again);
                prop_assert_eq!(value.large(), large.clone());
                prop_assert_eq!(value.is_whole(), large.is_int());
                prop_assert_eq!(value.to_string(), large.to_string());
                Ok(())
            };
            same(a.clone(), large_a.clone())?;
            prop_assert_eq!(hash_of(&a), hash_of(&(&a * &b + &a - &b * &a)));
            same(&a + &b, &large_a + &large_b)?;
            same(&a - &b, &large_a - &large_b)?;
            same(&a * &b, &large_a * &large_b)?;
            same(-&a, -large_a.clone())?;
            if b != Exact::ZERO {
                same(&a / &b, &large_a / &large_b)?;
            }
            prop_assert_eq!(a.cmp(&b), large_a.cmp(&large_b));
            prop_assert_eq!(a == b, large_a == large_b);
        }
    }
}
