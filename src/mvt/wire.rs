//! Reading of protobuf's wire format, as far as a vector tile needs it.
//!
//! Nothing is copied and nothing is reserved: a length is believed only as far as there are bytes.

/// Why bytes cannot be read as a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Malformed(pub &'static str);

/// One field's value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
}

/// The largest number that a field can have.
const FIELD_NUMBER: u64 = (1 << 29) - 1;

/// The fields of a message in order, each with its number.
pub struct Fields<'a> {
    rest: &'a [u8],
}

pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = read_field(&mut self.rest);
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[inline(always)]
fn read_field<'a>(rest: &mut &'a [u8]) -> Result<(u32, Value<'a>), Malformed> {
    let tag = varint(rest)?;
    let number = match tag >> 3 {
        0 => return Err(Malformed("a field has the number 0")),
        number @ 1..=FIELD_NUMBER => number as u32,
        _ => return Err(Malformed("a field number is out of range")),
    };
    let value = match tag & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(fixed(rest)?),
        2 => {
            let length = varint(rest)?;
            Value::Bytes(take(rest, usize::try_from(length).unwrap_or(usize::MAX))?)
        }
        5 => Value::Fixed32(fixed(rest)?),
        _ => return Err(Malformed("a field has an unknown wire type")),
    };
    Ok((number, value))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(length).ok_or(CUT_OFF)?;
    *rest = left;
    Ok(taken)
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (taken, left) = rest.split_first_chunk().ok_or(CUT_OFF)?;
    *rest = left;
    Ok(*taken)
}

const CUT_OFF: Malformed = Malformed("a field is cut off");

/// Takes one varint off the front of `rest`.
#[inline]
pub fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    // Most numbers of a tile have one byte or two.
    match **rest {
        [a, ref left @ ..] if a < 0x80 => {
            *rest = left;
            Ok(a.into())
        }
        [a, b, ref left @ ..] if b < 0x80 => {
            *rest = left;
            Ok(u64::from(a & 0x7f) | u64::from(b) << 7)
        }
        _ => long_varint(rest),
    }
}

#[inline(never)]
fn long_varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for (i, &byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            // The tenth byte has the last of 64 bits.
            if i == 9 && byte > 1 {
                return Err(Malformed("a varint does not fit 64 bits"));
            }
            *rest = &rest[i + 1..];
            return Ok(value);
        }
    }
    Err(Malformed("a varint is cut off or longer than 10 bytes"))
}

/// Takes one varint that must fit 32 bits.
#[inline]
pub fn varint32(rest: &mut &[u8]) -> Result<u32, Malformed> {
    u32::try_from(varint(rest)?).map_err(|_| Malformed("a number does not fit 32 bits"))
}

/// Takes two such one after the other.
#[inline(always)]
pub fn pair32(rest: &mut &[u8]) -> Result<[u32; 2], Malformed> {
    match short_pair(rest) {
        Some(pair) => Ok(pair),
        None => Ok([varint32(rest)?, varint32(rest)?]),
    }
}

/// Takes two varints at once where they are as most of a tile are: of one byte each, of one and two, or of two each.
#[inline(always)]
pub fn short_pair(rest: &mut &[u8]) -> Option<[u32; 2]> {
    let word = u32::from_le_bytes(*rest.first_chunk()?);
    let two = |word: u32| (word & 0x7f) | (word >> 1 & 0x3f80);
    if word & 0x8080 == 0 {
        *rest = &rest[2..];
        return Some([word & 0x7f, word >> 8 & 0x7f]);
    }
    if word & 0x80_8080 == 0x8000 {
        *rest = &rest[3..];
        return Some([word & 0x7f, two(word >> 8)]);
    }
    if word & 0x8080_8080 == 0x80_0080 {
        *rest = &rest[4..];
        return Some([two(word), two(word >> 16)]);
    }
    None
}

/// The zigzag encoding of signed numbers.
#[inline]
pub fn unzigzag(n: u32) -> i32 {
    (n >> 1) as i32 ^ -((n & 1) as i32)
}

pub fn unzigzag64(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}
