//! Names of the service's things: ULIDs in types of their own, so that one cannot be taken for another.
//!
//! A path or a file name is only ever built from such a value, never from the text of a request.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use ulid::Ulid;

/// A text that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 26 characters of Crockford's base 32 are expected")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, example = "01JDB2QX3V8Z5N4M7K6H9G0F1E", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
        pub struct $name(Ulid);

        impl $name {
            /// The one of zeros, which names nothing.
            pub const NIL: $name = $name(Ulid::nil());

            /// Makes a new one: greater than those made in earlier milliseconds.
            pub fn generate() -> $name {
                $name(Ulid::generate())
            }

            /// Takes an id that was read elsewhere, such as in the configuration.
            pub fn of_ulid(id: Ulid) -> $name {
                $name(id)
            }

            /// Returns the id's 16 bytes, as they are stored.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// Takes an id from its 16 bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> $name {
                $name(Ulid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<$name, NotAnId> {
                // The one spelling that is printed: else one thing would have several names.
                let id = Ulid::from_string(text).map_err(|_| NotAnId)?;
                if id.to_string() == text { Ok($name(id)) } else { Err(NotAnId) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A tenant.
    OrgId
);
id!(
    /// Somebody with a password.
    UserId
);
id!(
    /// A login that has not ended.
    SessionId
);
id!(
    /// An API key.
    KeyId
);
id!(
    /// An invitation to an org.
    InviteId
);
id!(
    /// A rule of an org.
    RuleId
);
id!(
    /// An alert of an org.
    AlertId
);
id!(
    /// Where an org's alerts are sent.
    ChannelId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = OrgId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_lowercase().parse::<OrgId>(), Err(NotAnId));
        assert_eq!("../../etc/passwd".parse::<OrgId>(), Err(NotAnId));
        assert_eq!(OrgId::from_bytes(id.to_bytes()), id);
    }
}
