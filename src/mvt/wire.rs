//! Reading and writing of protobuf's wire format, as far as the layout of a vector tile needs it.
//!
//! Nothing is copied and nothing is reserved: a length is believed only as far as there are bytes.

/// Why bytes cannot be read as a message.
#[derive(Debug, PartialEq)]
pub struct Malformed(pub &'static str);

/// One field's value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// A 32 or 64 bit number, not looked into.
    Fixed,
}

/// A field with its number and the bytes it took, tag included.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub number: u32,
    pub value: Value<'a>,
    pub raw: &'a [u8],
}

/// The fields of a message in order.
pub struct Fields<'a> {
    rest: &'a [u8],
}

pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = read_field(self.rest);
        self.rest = match &field {
            Ok(field) => &self.rest[field.raw.len()..],
            Err(_) => &[],
        };
        Some(field)
    }
}

fn read_field(message: &[u8]) -> Result<Field<'_>, Malformed> {
    let mut rest = message;
    let tag = varint(&mut rest)?;
    let number = u32::try_from(tag >> 3).map_err(|_| Malformed("a field number is out of range"))?;
    if number == 0 {
        return Err(Malformed("a field has the number 0"));
    }
    let value = match tag & 7 {
        0 => Value::Varint(varint(&mut rest)?),
        1 => {
            take(&mut rest, 8)?;
            Value::Fixed
        }
        2 => {
            let length = varint(&mut rest)?;
            Value::Bytes(take(&mut rest, usize::try_from(length).unwrap_or(usize::MAX))?)
        }
        5 => {
            take(&mut rest, 4)?;
            Value::Fixed
        }
        _ => return Err(Malformed("a field has an unknown wire type")),
    };
    Ok(Field { number, value, raw: &message[..message.len() - rest.len()] })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Malformed("a field is cut off"))?;
    *rest = left;
    Ok(taken)
}

/// Takes one varint off the front of `rest`.
pub fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for (i, &byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *rest = &rest[i + 1..];
            return Ok(value);
        }
    }
    Err(Malformed("a varint is cut off or longer than 10 bytes"))
}

/// Takes one varint that must fit 32 bits.
pub fn varint32(rest: &mut &[u8]) -> Result<u32, Malformed> {
    u32::try_from(varint(rest)?).map_err(|_| Malformed("a number does not fit 32 bits"))
}

/// The zigzag encoding of signed numbers.
pub fn unzigzag(n: u32) -> i64 {
    i64::from((n >> 1) as i32 ^ -((n & 1) as i32))
}

pub fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub fn put_number(out: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(out, u64::from(number) << 3);
    put_varint(out, value);
}
