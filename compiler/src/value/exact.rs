//! An exact fraction: of machine words while it fits them, of any size beyond.
//!
//! Nearly every amount, rate and share of a program fits a machine word. Such fractions are added and multiplied without
//! memory of their own; one whose numerator or denominator grows beyond is one of any size, and comes back once it fits again.

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub};
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// An exact fraction of any size, always reduced.
///
/// ```
/// use meed_compiler::value::Exact;
/// let third = Exact::ONE / Exact::from(3);
/// assert_eq!(&third + &third + third, Exact::ONE);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Exact(Size);

/// One value has one form: `Large` is for what does not fit `Small`. INVARIANT: no numerator of `Small` is the least word, of which there
/// is no negative.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Size {
    /// Numerator and denominator in lowest terms, the denominator above zero.
    Small(Ratio<i64>),
    Large(Box<RBig>),
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self(Size::Small(Ratio::new_raw(0, 1)));
    /// One.
    pub const ONE: Self = Self(Size::Small(Ratio::new_raw(1, 1)));

    /// The fraction of two whole numbers, in lowest terms.
    ///
    /// # Panics
    /// Where `denominator` is zero.
    pub fn from_parts(numerator: IBig, denominator: UBig) -> Self {
        match (i64::try_from(&numerator), i64::try_from(&denominator)) {
            (Ok(numerator), Ok(denominator)) if numerator != i64::MIN => {
                Self(Size::Small(Ratio::new(numerator, denominator)))
            }
            _ => Self::of(RBig::from_parts(numerator, denominator)),
        }
    }

    /// The number above the line.
    pub fn numerator(&self) -> IBig {
        match &self.0 {
            Size::Small(value) => IBig::from(*value.numer()),
            Size::Large(value) => value.numerator().clone(),
        }
    }

    /// The number below the line, above zero.
    pub fn denominator(&self) -> UBig {
        match &self.0 {
            Size::Small(value) => UBig::from(value.denom().unsigned_abs()),
            Size::Large(value) => value.denominator().clone(),
        }
    }

    /// Numerator and denominator, where they are machine words.
    pub fn words(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Size::Small(value) => Some((*value.numer(), *value.denom())),
            Size::Large(_) => None,
        }
    }

    /// Whether it is a whole number.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Size::Small(value) => value.is_integer(),
            Size::Large(value) => value.is_int(),
        }
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        if self < Self::ZERO { -self } else { self }
    }

    fn of(value: RBig) -> Self {
        match (i64::try_from(value.numerator()), i64::try_from(value.denominator())) {
            (Ok(numerator), Ok(denominator)) if numerator != i64::MIN => {
                Self(Size::Small(Ratio::new_raw(numerator, denominator)))
            }
            _ => Self(Size::Large(Box::new(value))),
        }
    }

    fn large(&self) -> RBig {
        match &self.0 {
            Size::Small(value) => {
                RBig::from_parts(IBig::from(*value.numer()), UBig::from(value.denom().unsigned_abs()))
            }
            Size::Large(value) => RBig::clone(value),
        }
    }
}

/// A calculation of two fractions: of machine words where they and what comes out fit, of any size elsewhere.
fn reckon(
    a: &Exact,
    b: &Exact,
    small: impl FnOnce(&Ratio<i64>, &Ratio<i64>) -> Option<Ratio<i64>>,
    large: impl FnOnce(RBig, RBig) -> RBig,
) -> Exact {
    if let (Size::Small(a), Size::Small(b)) = (&a.0, &b.0)
        && let Some(value) = small(a, b).filter(|value| *value.numer() != i64::MIN)
    {
        return Exact(Size::Small(value));
    }
    Exact::of(large(a.large(), b.large()))
}

/// A sum or a difference of fractions with one denominator needs no common one to be sought.
fn added(
    a: &Ratio<i64>,
    b: &Ratio<i64>,
    whole: impl FnOnce(i64, i64) -> Option<i64>,
    other: impl FnOnce(&Ratio<i64>, &Ratio<i64>) -> Option<Ratio<i64>>,
) -> Option<Ratio<i64>> {
    match (*a.denom(), *b.denom()) {
        (1, 1) => whole(*a.numer(), *b.numer()).map(Ratio::from_integer),
        _ => other(a, b),
    }
}

fn add(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, |a, b| added(a, b, i64::checked_add, CheckedAdd::checked_add), |a, b| a + b)
}

fn sub(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, |a, b| added(a, b, i64::checked_sub, CheckedSub::checked_sub), |a, b| a - b)
}

fn mul(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, |a, b| added(a, b, i64::checked_mul, CheckedMul::checked_mul), |a, b| a * b)
}

fn div(a: &Exact, b: &Exact) -> Exact {
    reckon(a, b, CheckedDiv::checked_div, |a, b| a / b)
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

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Size::Small(a), Size::Small(b)) => {
                let side = |a: i64, b: i64| i128::from(a) * i128::from(b);
                side(*a.numer(), *b.denom()).cmp(&side(*b.numer(), *a.denom()))
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
                    Ok(value) if value != i64::MIN => Self(Size::Small(Ratio::from_integer(value))),
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
        /// What comes out is what fractions of any size give, and one value has one form.
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
