//! Whole numbers as their differences from one to the next, in as few bits as these take.
//!
//! "Parquet encoding definitions", DELTA_BINARY_PACKED: blocks of 128 values in four parts, each with a width of its own.

use crate::output::parquet::bits::{pack, signed, varint};

const BLOCK: usize = 128;
const PART: usize = 32;

/// Writes values of `WIDTH` bits, 32 or 64.
pub(super) fn delta<const WIDTH: u32>(values: &[i64], target: &mut Vec<u8>) {
    varint(BLOCK as u64, target);
    varint((BLOCK / PART) as u64, target);
    varint(values.len() as u64, target);
    let Some((&first, rest)) = values.split_first() else {
        return signed(0, target);
    };
    signed(first, target);
    let mut differences = [0i64; BLOCK];
    // Those before are all but the last.
    for (block, before) in rest.chunks(BLOCK).zip(values.chunks(BLOCK)) {
        let mut least = i64::MAX;
        for ((difference, value), before) in differences.iter_mut().zip(block).zip(before) {
            *difference = wrapped::<WIDTH>(value.wrapping_sub(*before));
            least = least.min(*difference);
        }
        signed(least, target);
        let widths = target.len();
        target.extend_from_slice(&[0; BLOCK / PART]);
        let differences = differences.get(..block.len()).unwrap_or_default();
        for (part, differences) in differences.chunks(PART).enumerate() {
            let mut above = [0u64; PART];
            let mut all = 0;
            for (above, difference) in above.iter_mut().zip(differences) {
                *above = difference.wrapping_sub(least).cast_unsigned();
                all |= *above;
            }
            let n_bits = u64::BITS - all.leading_zeros();
            if let Some(width) = target.get_mut(widths + part) {
                let [byte, ..] = n_bits.to_le_bytes();
                *width = byte;
            }
            pack(&above, n_bits, target);
        }
    }
}

/// A difference in so many bits, as the format reckons.
#[inline]
fn wrapped<const WIDTH: u32>(difference: i64) -> i64 {
    let unused = 64 - WIDTH;
    difference << unused >> unused
}
