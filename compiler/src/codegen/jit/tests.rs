//! Arithmetic of machine code at its limits, against exact fractions, at every optimization level of Cranelift.

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag};
use super::frame::{Frame, Reads};
use super::machine::{FunctionSlot, Machine, OptLevel};
use super::number::Number;
use crate::data::Width;
use crate::kernel::{Context, Input};
use crate::plan::Comparison;
use crate::value::{Exact, RoundingMode, fraction, round};
use cranelift_codegen::ir::condcodes::IntCC;

/// Numbers at which widths, halves and signs change.
const LIMITS: [i64; 24] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 62) - 1,
    -(1 << 62),
    -1_000_000_000_007,
    -(1 << 32),
    -10_001,
    -100,
    -51,
    -50,
    -2,
    -1,
    0,
    1,
    2,
    49,
    50,
    150,
    9_999,
    1 << 32,
    1_000_000_000_007,
    1 << 62,
    i64::MAX - 1,
    i64::MAX,
];

const OPT_LEVELS: [OptLevel; 3] = [OptLevel::Quick, OptLevel::Thorough, OptLevel::Speed];

const MODES: [RoundingMode; 10] = [
    RoundingMode::HalfEven,
    RoundingMode::HalfOdd,
    RoundingMode::HalfAwayFromZero,
    RoundingMode::HalfTowardZero,
    RoundingMode::HalfUpward,
    RoundingMode::HalfDownward,
    RoundingMode::AwayFromZero,
    RoundingMode::TowardZero,
    RoundingMode::Upward,
    RoundingMode::Downward,
];

/// What an operation makes of pairs of numbers; `None` if it raises the fault flag.
fn evaluate(
    opt_level: OptLevel,
    pairs: &[(i64, i64)],
    operation: impl FnOnce(&mut Emit<'_>, CheckedInt, CheckedInt) -> CheckedInt,
) -> Vec<Option<i64>> {
    let machine = Machine::here().expect("this machine is known");
    let object =
        machine.writer().function(opt_level, |function_slot| loop_over(function_slot, operation)).expect("a function");
    let (entries, module) = machine.link(std::iter::once(&object)).expect("a module");
    let mut a: Vec<i64> = pairs.iter().map(|(a, _)| *a).collect();
    let mut b: Vec<i64> = pairs.iter().map(|(_, b)| *b).collect();
    let mut results = vec![0i64; pairs.len()];
    let mut faults = vec![0u8; pairs.len()];
    let mut pointers: Vec<*mut u8> = object
        .reads
        .inputs
        .iter()
        .map(|input| match input {
            Input::PaymentAmount => a.as_mut_ptr().cast(),
            Input::PaymentSource => b.as_mut_ptr().cast(),
            Input::LineAmount => results.as_mut_ptr().cast(),
            Input::Status => faults.as_mut_ptr(),
            other => panic!("{other:?}"),
        })
        .collect();
    let mut context = Context { inputs: pointers.as_mut_ptr(), n_lines: 0, missed: 0 };
    #[expect(unsafe_code, reason = "the four arrays are as long as the rows asked for")]
    unsafe {
        entries[0](&raw mut context, 0, 0, pairs.len() as u32);
    }
    drop(module);
    results.into_iter().zip(faults).map(|(result, fault)| (fault == 0).then_some(result)).collect()
}

fn loop_over(
    function_slot: FunctionSlot<'_>,
    operation: impl FnOnce(&mut Emit<'_>, CheckedInt, CheckedInt) -> CheckedInt,
) -> Option<Reads> {
    let (mut emit, frame) = Frame::begin(function_slot.function, function_slot.context);
    let a = CheckedInt::any(emit.load(Input::PaymentAmount, frame.row, Width::I64));
    let b = CheckedInt::any(emit.load(Input::PaymentSource, frame.row, Width::I64));
    let result = operation(&mut emit, a, b);
    let fault = emit.take_fault();
    let fault = emit.flag_byte(fault);
    let address = emit.address(Input::LineAmount, frame.row, 3);
    emit.store(result.value, address, 0);
    frame.next(&mut emit, fault, frame.n_lines, frame.missed);
    frame.finish(emit, function_slot.config)
}

/// Numbers around multiples and halves of a divisor, and the limits.
fn around(divisor: i64) -> Vec<i64> {
    let mut numbers = LIMITS.to_vec();
    for times in [-1_000_003, -4, -3, -2, -1, 0, 1, 2, 3, 4, 999_983, i64::MAX / divisor, i64::MIN / divisor] {
        for base in [times.checked_mul(divisor), times.checked_mul(divisor).and_then(|n| n.checked_add(divisor / 2))] {
            let near = [-2, -1, 0, 1, 2].map(|step| base.and_then(|base| base.checked_add(step)));
            numbers.extend(near.into_iter().flatten());
        }
    }
    numbers
}

fn rounded(a: i64, divisor: i64, mode: RoundingMode) -> i64 {
    i64::try_from(round(&fraction(a.into(), divisor.into()), mode)).expect("a quotient fits")
}

#[test]
fn constants_divide_as_fractions_round() {
    let divisors = [1, 2, 3, 4, 5, 7, 10, 25, 50, 99, 100, 101, 127, 128, 640, 1_000, 10_000, 65_537, 1 << 31, 1 << 62];
    let large = [999_999_999_989, 1_000_000_000_000_000_000, (1 << 62) + 1, i64::MAX - 1, i64::MAX];
    for divisor in divisors.into_iter().chain(large) {
        let numbers = around(divisor);
        let pairs: Vec<(i64, i64)> = numbers.iter().map(|&a| (a, 0)).collect();
        for (turn, mode) in MODES.into_iter().enumerate() {
            let opt_level = OPT_LEVELS[turn % OPT_LEVELS.len()];
            let results = evaluate(opt_level, &pairs, |emit, a, _| {
                let divisor = emit.checked_int(divisor);
                emit.divide_rounded(a, divisor, mode)
            });
            for (&a, result) in numbers.iter().zip(results) {
                assert_eq!(result, Some(rounded(a, divisor, mode)), "{a} / {divisor} {mode:?}");
            }
        }
    }
}

#[test]
fn numbers_known_not_to_be_negative_divide_the_same() {
    for divisor in [3, 50, 640, i64::MAX] {
        let numbers: Vec<i64> = around(divisor).into_iter().filter(|&a| a >= 0).collect();
        let pairs: Vec<(i64, i64)> = numbers.iter().map(|&a| (a, 0)).collect();
        for mode in MODES {
            let results = evaluate(OptLevel::Quick, &pairs, |emit, a, _| {
                let divisor = emit.checked_int(divisor);
                emit.divide_rounded(CheckedInt::within(a.value, 0, i64::MAX), divisor, mode)
            });
            for (&a, result) in numbers.iter().zip(results) {
                assert_eq!(result, Some(rounded(a, divisor, mode)), "{a} / {divisor} {mode:?}");
            }
        }
    }
}

#[test]
fn values_divide_as_fractions_round() {
    let divisors = [1, 2, 3, 50, 101, 1 << 32, i64::MAX - 1, i64::MAX];
    let pairs: Vec<(i64, i64)> =
        divisors.into_iter().flat_map(|divisor| around(divisor).into_iter().map(move |a| (a, divisor))).collect();
    for opt_level in OPT_LEVELS {
        for mode in MODES {
            let results = evaluate(opt_level, &pairs, |emit, a, b| emit.divide_rounded(a, b, mode));
            for (&(a, divisor), result) in pairs.iter().zip(results) {
                assert_eq!(result, Some(rounded(a, divisor, mode)), "{a} / {divisor} {mode:?}");
            }
        }
    }
}

#[test]
fn a_spoiled_divisor_does_not_trap() {
    let pairs = [(i64::MIN, -1), (i64::MIN, 0), (5, 0), (i64::MAX, i64::MIN)];
    let results = evaluate(OptLevel::Quick, &pairs, |emit, a, b| emit.divide_rounded(a, b, RoundingMode::HalfEven));
    assert_eq!(results.len(), pairs.len());
}

/// All pairs of limits.
fn pairs() -> Vec<(i64, i64)> {
    LIMITS.into_iter().flat_map(|a| LIMITS.into_iter().map(move |b| (a, b))).collect()
}

#[test]
fn what_overflows_raises_the_flag() {
    type Operation = (fn(&mut Emit<'_>, CheckedInt, CheckedInt) -> CheckedInt, fn(i64, i64) -> Option<i64>);
    let operations: [Operation; 6] = [
        (|emit, a, b| emit.add(a, b), i64::checked_add),
        (|emit, a, b| emit.subtract(a, b), i64::checked_sub),
        (|emit, a, b| emit.multiply(a, b), i64::checked_mul),
        (|emit, a, _| emit.negate(a), |a, _| a.checked_neg()),
        (|emit, a, _| emit.absolute(a), |a, _| a.checked_abs()),
        (
            |emit, a, b| {
                let larger = emit.larger(a, b);
                let smaller = emit.smaller(a, b);
                emit.subtract(larger, smaller)
            },
            |a, b| a.max(b).checked_sub(a.min(b)),
        ),
    ];
    for opt_level in OPT_LEVELS {
        for (operation, expected) in operations {
            for (pair, result) in pairs().into_iter().zip(evaluate(opt_level, &pairs(), operation)) {
                assert_eq!(result, expected(pair.0, pair.1), "{pair:?}");
            }
        }
    }
}

#[test]
fn only_multiples_are_unscaled() {
    for factor in [1, 2, 3, 10, 1_000, 12_500, 1_000_000_000, 1 << 62, i64::MAX] {
        let numbers = around(factor);
        let pairs: Vec<(i64, i64)> = numbers.iter().map(|&a| (a, 0)).collect();
        for opt_level in OPT_LEVELS {
            let results = evaluate(opt_level, &pairs, |emit, a, _| emit.unscaled(a, factor));
            for (&a, result) in numbers.iter().zip(results) {
                assert_eq!(result, (a % factor == 0).then_some(a / factor), "{a} / {factor}");
            }
        }
    }
}

/// Numbers of two decimals and of three, as fractions.
fn exact(pair: (i64, i64)) -> (Exact, Exact) {
    (fraction(pair.0.into(), 100), fraction(pair.1.into(), 1_000))
}

#[test]
fn comparisons_are_those_of_fractions_where_they_have_room() {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let table: [(Comparison, &[std::cmp::Ordering]); 6] = [
        (Comparison::Equal, &[Equal]),
        (Comparison::NotEqual, &[Less, Greater]),
        (Comparison::Less, &[Less]),
        (Comparison::LessOrEqual, &[Less, Equal]),
        (Comparison::Greater, &[Greater]),
        (Comparison::GreaterOrEqual, &[Greater, Equal]),
    ];
    for (comparison, orderings) in table {
        let results = evaluate(OptLevel::Quick, &pairs(), |emit, a, b| {
            let flag = emit.compare_numbers(comparison, Number::new(a, 100), Number::new(b, 1_000));
            CheckedInt::within(emit.flag_int(flag), 0, 1)
        });
        for (pair, result) in pairs().into_iter().zip(results) {
            let (a, b) = exact(pair);
            let fits = pair.0.checked_mul(10).is_some();
            let expected = i64::from(orderings.contains(&a.cmp(&b)));
            assert_eq!(result, fits.then_some(expected), "{pair:?} {comparison:?}");
        }
        for bound in
            [fraction(0, 1), fraction(1, 3), fraction(-201, 100), fraction(i128::MAX, 7), fraction(i128::MIN, 3)]
        {
            let results = evaluate(OptLevel::Speed, &pairs(), |emit, a, _| {
                let flag = emit.compare_with(comparison, Number::new(a, 100), &bound);
                CheckedInt::within(emit.flag_int(flag), 0, 1)
            });
            for (pair, result) in pairs().into_iter().zip(results) {
                let expected = i64::from(orderings.contains(&exact(pair).0.cmp(&bound)));
                assert_eq!(result, Some(expected), "{pair:?} {comparison:?} {bound}");
            }
        }
    }
}

#[test]
fn quotients_by_a_value_are_exact_or_raise_the_flag() {
    let mut raised = 0;
    for mode in [RoundingMode::HalfEven, RoundingMode::Upward, RoundingMode::HalfDownward] {
        let cent = fraction(1, 100);
        let results = evaluate(OptLevel::Quick, &pairs(), |emit, a, b| {
            let quotient = emit.divide_numbers(Number::new(a, 100), Number::new(b, 1_000));
            emit.round_number(quotient, mode, &cent)
        });
        for (pair, result) in pairs().into_iter().zip(results) {
            let (a, b) = exact(pair);
            match result {
                Some(result) => assert_eq!(Exact::from(round(&(a / b / &cent), mode)), Exact::from(result), "{pair:?}"),
                None => raised += 1,
            }
            let small = pair.0.unsigned_abs() < 1 << 40 && pair.1 != 0 && pair.1.unsigned_abs() < 1 << 40;
            assert!(result.is_some() || !small, "{pair:?} has room");
        }
    }
    assert!(raised > 0);
}

#[test]
fn sums_of_unlike_numbers_are_exact_or_raise_the_flag() {
    let results = evaluate(OptLevel::Quick, &pairs(), |emit, a, b| {
        let three = emit.checked_int(3);
        let (a, b) = (Number::new(a, 100), Number { numerator: b, den: 1_000, over: Some(three) });
        let (sum, product) = (emit.add_numbers(a, b), emit.multiply_numbers(a, b));
        let difference = emit.subtract_numbers(sum, product);
        emit.round_number(difference, RoundingMode::HalfEven, &fraction(1, 7))
    });
    let mut held = 0;
    for (pair, result) in pairs().into_iter().zip(results) {
        let (a, b) = exact(pair);
        let b = b / Exact::from(3);
        let expected = round(&((&a + &b - a * b) * Exact::from(7)), RoundingMode::HalfEven);
        if let Some(result) = result {
            assert_eq!(dashu_int::IBig::from(result), expected, "{pair:?}");
            held += 1;
        }
    }
    assert!(held > 100, "{held}");
}

#[test]
fn a_choice_does_not_fail_for_what_is_not_chosen() {
    let results = evaluate(OptLevel::Quick, &pairs(), |emit, a, b| {
        let small = emit.is(IntCC::SignedLessThan, b, 1_000);
        let chosen = emit.choose_number(small, Number::new(b, 1), Number::new(a, 1_000));
        emit.over_den(chosen, 1_000)
    });
    for (pair, result) in pairs().into_iter().zip(results) {
        let expected = if pair.1 < 1_000 { pair.1.checked_mul(1_000) } else { Some(pair.0) };
        assert_eq!(result, expected, "{pair:?}");
    }
}

#[test]
fn fractions_are_reduced() {
    let reduced = |a: i64, b: i64| {
        let fraction = fraction(a.into(), b.into());
        (i64::try_from(fraction.numerator()), i64::try_from(fraction.denominator()))
    };
    let pairs: Vec<(i64, i64)> = pairs().into_iter().filter(|(_, b)| *b > 0).collect();
    for wanted in [0, 1] {
        let results = evaluate(OptLevel::Quick, &pairs, |emit, a, b| {
            let words = emit.reduced(Number { numerator: a, den: 1, over: Some(b) });
            CheckedInt::any([words.0, words.1][wanted])
        });
        for (pair, result) in pairs.iter().zip(results) {
            let (num, den) = reduced(pair.0, pair.1);
            assert_eq!(result, [num.ok(), den.ok()][wanted], "{pair:?}");
        }
    }
}

#[test]
fn flags_fold_as_they_compute() {
    let all = [Flag::No, Flag::Yes];
    let results = evaluate(OptLevel::Quick, &[(0, 0), (0, 1), (1, 0), (1, 1)], |emit, a, b| {
        let (a, b) = (emit.is(IntCC::Equal, a, 1), emit.is(IntCC::Equal, b, 1));
        let mut bits = emit.checked_int(0);
        for flag in all.into_iter().chain([a, b]) {
            for other in all.into_iter().chain([a, b]) {
                for flag in [emit.and(flag, other), emit.or(flag, other), emit.select_flag(a, flag, other)] {
                    let flag = emit.not(flag);
                    let bit = CheckedInt::within(emit.flag_int(flag), 0, 1);
                    bits = emit.scale(bits, 2);
                    bits = emit.add(bits, bit);
                }
            }
        }
        bits
    });
    for ((a, b), result) in [(false, false), (false, true), (true, false), (true, true)].into_iter().zip(results) {
        let mut bits = 0i64;
        for flag in [false, true, a, b] {
            for other in [false, true, a, b] {
                for flag in [flag && other, flag || other, if a { flag } else { other }] {
                    bits = bits * 2 + i64::from(!flag);
                }
            }
        }
        assert_eq!(result, Some(bits), "{a} {b}");
    }
}
