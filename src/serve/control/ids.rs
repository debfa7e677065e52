//! How ids and times stand in the tables: 16 bytes, and nanoseconds since 1970.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::entry::Timestamp;
use crate::serve::ids::{AlertId, ChannelId, InviteId, KeyId, OrgId, RuleId, SessionId, UserId};
use crate::serve::time::Time;

macro_rules! stored_as_bytes {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.to_bytes().to_vec()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$name> {
                <[u8; 16]>::column_result(value).map($name::from_bytes)
            }
        }
    )*};
}

stored_as_bytes!(AlertId, ChannelId, InviteId, KeyId, OrgId, RuleId, SessionId, UserId);

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Time> {
        let nanos = i64::column_result(value)?;
        Timestamp::from_nanos(nanos).map(Time).ok_or(FromSqlError::OutOfRange(nanos))
    }
}
