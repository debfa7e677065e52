//! Numbers as text.

/// Appends an integer.
#[inline]
pub fn write_int(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends an unsigned integer.
#[inline]
pub fn write_unsigned(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a float, as short as it can be and still be read back as the same number. A whole number
/// keeps its `.0`: the type shows. What is not a number is written as `NaN`, `inf` or `-inf`.
#[inline]
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(zmij::Buffer::new().format(number).as_bytes());
}

/// Appends `true` or `false`.
#[inline]
pub fn write_bool(truth: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_back_as_themselves() {
        for (number, expected) in
            [(69.253, "69.253"), (1.0, "1.0"), (-0.5, "-0.5"), (0.1 + 0.2, "0.30000000000000004"), (f64::NAN, "NaN")]
        {
            let mut out = Vec::new();
            write_float(number, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
