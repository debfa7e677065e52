//! What a block says of itself: its columns, where they lie and what can be known without them.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::bytes::{Fault, Reader, put_bytes, put_varint};
use super::layout::Layout;
use crate::query::ColumnStats;

/// The first byte of a block's description; another number is another encoding.
const VERSION: u8 = 3;
/// An encoding before: numbers in bytes alone, addresses as text. Its blocks are read as those of today.
const BYTES_ALONE: u8 = 2;
/// The encoding before that: each part in one piece as well.
const WHOLE_PARTS: u8 = 1;

/// What a column is of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// A field, with a name.
    Field = 0,
    /// The message.
    Message = 1,
    /// The timestamp in units of [`BlockMeta::time_unit`].
    Time = 2,
    /// The level as a number.
    Level = 3,
    /// [`crate::entry::TimeStyle`]s; a row that has none takes that of the row before.
    Style = 4,
    /// Byte offsets, counted from the block's base.
    Offset = 5,
    /// Line numbers, counted from the block's base.
    Line = 6,
    /// The lines that [`BlockMeta::layout`] cannot rebuild.
    Raw = 7,
    /// Names of formats; a row that has none takes that of the row before.
    Format = 8,
    /// Names of sources, likewise, where a block has more than its own.
    Source = 9,
}

impl Role {
    const ALL: [Role; 10] = [
        Role::Field,
        Role::Message,
        Role::Time,
        Role::Level,
        Role::Style,
        Role::Offset,
        Role::Line,
        Role::Raw,
        Role::Format,
        Role::Source,
    ];
}

/// Which parts of an entry a block holds; the others were not given when it was stored.
pub mod has {
    /// Timestamps.
    pub const TIME: u8 = 1;
    /// Levels.
    pub const LEVEL: u8 = 2;
    /// Raw lines.
    pub const RAW: u8 = 4;
    /// Positions.
    pub const POSITION: u8 = 8;
}

/// Where a column lies.
#[derive(Clone, Debug)]
pub struct ColumnMeta {
    /// What it is.
    pub role: Role,
    /// The field's name; empty for the other roles.
    pub name: Arc<str>,
    /// The part it lies in, by the number of its first piece.
    pub part: u32,
    /// First byte within the part.
    pub at: usize,
    /// Bytes of the directory.
    pub head_len: usize,
    /// Bytes of the whole.
    pub len: usize,
    /// What is known of its values.
    pub stats: ColumnStats,
}

/// What a block says of itself.
#[derive(Clone, Debug)]
pub struct BlockMeta {
    /// How many entries.
    pub rows: usize,
    /// Bits of [`has`].
    pub has: u8,
    /// Timestamps are multiples of this many nanoseconds.
    pub time_unit: i64,
    /// Bytes of each piece of a part but its last.
    pub piece: usize,
    /// How lines are rebuilt.
    pub layout: Option<Layout>,
    /// The columns, fields in the order of the batch.
    pub columns: Vec<ColumnMeta>,
}

impl BlockMeta {
    /// Writes the description, its hash at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION, self.has];
        put_varint(&mut out, self.rows as u64);
        put_varint(&mut out, self.time_unit as u64);
        put_varint(&mut out, self.piece as u64);
        out.extend(Layout::pack(self.layout));
        put_varint(&mut out, self.columns.len() as u64);
        for column in &self.columns {
            out.push(column.role as u8);
            put_bytes(&mut out, column.name.as_bytes());
            put_varint(&mut out, column.part as u64);
            put_varint(&mut out, column.at as u64);
            put_varint(&mut out, column.head_len as u64);
            put_varint(&mut out, column.len as u64);
            put_varint(&mut out, column.stats.present);
            out.push(u8::from(column.stats.only_numbers) | u8::from(column.stats.numbers.is_some()) << 1);
            if let Some((least, most)) = column.stats.numbers {
                out.extend(least.to_le_bytes());
                out.extend(most.to_le_bytes());
            }
        }
        let sum = xxh3_64(&out);
        out.extend(sum.to_le_bytes());
        out
    }

    /// Reads what [`BlockMeta::to_bytes`] wrote.
    pub fn parse(bytes: &[u8]) -> Result<BlockMeta, Fault> {
        let (bytes, sum) = bytes.split_last_chunk::<8>().ok_or(Fault::new("the description ends too early"))?;
        if xxh3_64(bytes).to_le_bytes() != *sum {
            return Err(Fault::new("the description does not have the hash it was stored with"));
        }
        let reader = &mut Reader::new(bytes);
        let version = reader.byte()?;
        if ![WHOLE_PARTS, BYTES_ALONE, VERSION].contains(&version) {
            return Err(Fault::new("the block is encoded in a way this logan does not know"));
        }
        let has = reader.byte()?;
        let rows = reader.count(u32::MAX as usize)?;
        let time_unit = reader.varint()? as i64;
        let piece = if version == WHOLE_PARTS { i32::MAX as usize } else { reader.count(i32::MAX as usize)? };
        if piece == 0 {
            return Err(Fault::new("the pieces of a block are empty"));
        }
        let layout = Layout::unpack(reader)?;
        let count = reader.count(reader.left())?;
        let mut columns = Vec::with_capacity(count);
        for _ in 0..count {
            columns.push(ColumnMeta::parse(reader)?);
        }
        Ok(BlockMeta { rows, has, time_unit, piece, layout, columns })
    }

    /// Finds a column that is not a field.
    pub fn role(&self, role: Role) -> Option<usize> {
        self.columns.iter().position(|column| column.role == role)
    }

    /// Finds the column of a field.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.role == Role::Field && &*column.name == name)
    }
}

impl ColumnMeta {
    /// Returns true for the column of a field.
    pub fn is_field(&self) -> bool {
        self.role == Role::Field
    }

    fn parse(reader: &mut Reader<'_>) -> Result<ColumnMeta, Fault> {
        let role = reader.byte()? as usize;
        let role = *Role::ALL.get(role).ok_or(Fault::new("a column has an unknown role"))?;
        let name = reader.text()?.into();
        let part = reader.count(u32::MAX as usize)? as u32;
        let at = reader.count(i32::MAX as usize)?;
        let head_len = reader.count(i32::MAX as usize)?;
        let len = reader.count(i32::MAX as usize)?;
        let present = reader.varint()?;
        let flags = reader.byte()?;
        let numbers = if flags & 2 == 2 { Some((reader.float()?, reader.float()?)) } else { None };
        let stats = ColumnStats { present, numbers, only_numbers: flags & 1 == 1 };
        if head_len > len {
            return Err(Fault::new("a directory is longer than its column"));
        }
        Ok(ColumnMeta { role, name, part, at, head_len, len, stats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_the_first_encoding_has_parts_of_one_piece() {
        let stats = ColumnStats { present: 7, numbers: Some((1.0, 2.0)), only_numbers: true };
        let column =
            ColumnMeta { role: Role::Field, name: "n".into(), part: 3, at: 5, head_len: 8, len: 900_000, stats };
        let meta = BlockMeta {
            rows: 100,
            has: has::TIME,
            time_unit: 1,
            piece: 77,
            layout: None,
            columns: vec![column.clone()],
        };
        let bytes = meta.to_bytes();
        assert_eq!(BlockMeta::parse(&bytes).map(|meta| meta.piece), Ok(77));
        // It had no size of pieces; the bytes before are the version, what it has, its rows and the unit of time.
        let mut old = [&[WHOLE_PARTS], &bytes[1..4], &bytes[5..bytes.len() - 8]].concat();
        assert_eq!((bytes[4], bytes[2], bytes[3]), (77, 100, 1));
        old.extend(xxh3_64(&old).to_le_bytes());
        let read = BlockMeta::parse(&old).expect("it can be read");
        assert!(read.piece > read.columns[0].at + read.columns[0].len);
        assert_eq!(
            (read.rows, read.columns[0].part, read.columns[0].len, read.columns[0].stats),
            (100, 3, 900_000, stats)
        );
        old[0] = VERSION + 1;
        let end = old.len() - 8;
        let sum = xxh3_64(&old[..end]).to_le_bytes();
        old[end..].copy_from_slice(&sum);
        assert!(BlockMeta::parse(&old).is_err_and(|fault| fault.0.contains("does not know")));
    }
}
