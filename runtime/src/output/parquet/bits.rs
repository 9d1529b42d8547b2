//! Small numbers as few bits: runs, packed values, and whole numbers in sevens of bits.
//!
//! "Parquet encoding definitions": RLE / Bit-Packing Hybrid, and the LEB128 numbers of its headers.

/// Runs of values below `2^n_bits`: those of eight and more as such, what is between them packed in eights.
pub(super) fn hybrid(runs: &[(u32, u32)], n_bits: u32, target: &mut Vec<u8>) {
    let mut between: Vec<u64> = Vec::new();
    for &(value, n) in runs {
        let mut left = n;
        // What is packed is whole eights before a run begins.
        while left > 0 && (left < 8 || !between.len().is_multiple_of(8)) {
            between.push(value.into());
            left -= 1;
        }
        if left == 0 {
            continue;
        }
        groups(&mut between, n_bits, target);
        varint(u64::from(left) << 1, target);
        target.extend_from_slice(value.to_le_bytes().get(..n_bits.div_ceil(8) as usize).unwrap_or_default());
    }
    groups(&mut between, n_bits, target);
}

/// Values in eights, with how many eights; zeros fill the last one.
fn groups(values: &mut Vec<u64>, n_bits: u32, target: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let n_groups = values.len().div_ceil(8);
    values.resize(n_groups * 8, 0);
    varint((n_groups as u64) << 1 | 1, target);
    pack(values, n_bits, target);
    values.clear();
}

/// A multiple of eight values below `2^n_bits`, packed one behind the other, from the lowest bit on.
#[inline]
pub(super) fn pack(values: &[u64], n_bits: u32, target: &mut Vec<u8>) {
    if n_bits == 0 {
        return;
    }
    let mut bits = 0u128;
    let mut n_held = 0;
    for &value in values {
        bits |= u128::from(value) << n_held;
        n_held += n_bits;
        while n_held >= 64 {
            let [a, b, c, d, e, f, g, h, ..] = bits.to_le_bytes();
            target.extend_from_slice(&[a, b, c, d, e, f, g, h]);
            bits >>= 64;
            n_held -= 64;
        }
    }
    // Eight values of any width fill whole bytes.
    let bytes = bits.to_le_bytes();
    target.extend_from_slice(bytes.get(..n_held.div_ceil(8) as usize).unwrap_or_default());
}

/// A whole number in sevens of bits, the lowest first.
pub(super) fn varint(mut value: u64, target: &mut Vec<u8>) {
    while value >= 0x80 {
        let [byte, ..] = value.to_le_bytes();
        target.push(byte | 0x80);
        value >>= 7;
    }
    let [byte, ..] = value.to_le_bytes();
    target.push(byte);
}

/// A whole number whose sign is its lowest bit, in sevens of bits.
pub(super) fn signed(value: i64, target: &mut Vec<u8>) {
    varint(((value << 1) ^ (value >> 63)).cast_unsigned(), target);
}
