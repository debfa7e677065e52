//! The value of a field.

use serde::{Deserialize, Serialize};

/// The type of a value; its number is what blocks store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Text: bytes that are usually, not always, UTF-8.
    Text = 0,
    /// A signed 64-bit integer.
    Int = 1,
    /// A 64-bit floating point number.
    Float = 2,
    /// True or false.
    Bool = 3,
    /// A JSON array or an empty JSON object, kept as its compact source text.
    Json = 4,
}

impl Kind {
    /// Returns the kind with this number, or `None` for a number no kind has.
    pub fn from_u8(number: u8) -> Option<Kind> {
        [Kind::Text, Kind::Int, Kind::Float, Kind::Bool, Kind::Json].get(number as usize).copied()
    }

    /// Returns true when values of this kind are bytes in a text buffer.
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Json)
    }
}

/// A value that borrows its text from the batch it stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// Text as it stood in the log, escapes undone; may hold invalid UTF-8.
    Text(&'a [u8]),
    /// A signed 64-bit integer.
    Int(i64),
    /// A 64-bit floating point number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// The source text of a JSON array or of an empty object.
    Json(&'a [u8]),
}

impl ValueRef<'_> {
    /// Returns the kind of this value.
    pub fn kind(&self) -> Kind {
        match self {
            ValueRef::Text(_) => Kind::Text,
            ValueRef::Int(_) => Kind::Int,
            ValueRef::Float(_) => Kind::Float,
            ValueRef::Bool(_) => Kind::Bool,
            ValueRef::Json(_) => Kind::Json,
        }
    }

    /// Returns the value as one that owns its text.
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Text(text) => Value::Text(text.to_vec().into()),
            ValueRef::Int(number) => Value::Int(number),
            ValueRef::Float(number) => Value::Float(number),
            ValueRef::Bool(truth) => Value::Bool(truth),
            ValueRef::Json(text) => Value::Json(text.to_vec().into()),
        }
    }

    /// Returns the number of an integer or float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            ValueRef::Int(number) => Some(*number as f64),
            ValueRef::Float(number) => Some(*number),
            _ => None,
        }
    }
}

/// A value that owns its text. Text is bytes: a log may hold any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// See [`ValueRef::Text`].
    Text(Box<[u8]>),
    /// See [`ValueRef::Int`].
    Int(i64),
    /// See [`ValueRef::Float`].
    Float(f64),
    /// See [`ValueRef::Bool`].
    Bool(bool),
    /// See [`ValueRef::Json`].
    Json(Box<[u8]>),
}

impl Value {
    /// Borrows the value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Text(text) => ValueRef::Text(text),
            Value::Int(number) => ValueRef::Int(*number),
            Value::Float(number) => ValueRef::Float(*number),
            Value::Bool(truth) => ValueRef::Bool(*truth),
            Value::Json(text) => ValueRef::Json(text),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.as_bytes().into())
    }
}
