//! How ids stand in the tables: their 16 bytes.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::serve::ids::{AlertId, ChannelId, InviteId, KeyId, OrgId, RuleId, SessionId, UserId};

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
