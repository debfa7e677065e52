//! JSON of a request into our types, with errors in our own words that name the field.
//!
//! serde's texts speak of structs, maps and variants to people who sent JSON, and know no field. So the text becomes a
//! tree first, and the tree is the deserializer: it knows what was asked for and what stands there instead. Bodies that
//! are read so are small; those of logs are read by [`super::intake`], which asks here only for the words ([`explain`]).

use std::iter::Enumerate;
use std::{fmt, vec};

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::words::{instead, short};

/// Why JSON is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The way to the value: names, and `[2]` for the third of a list; the innermost first.
    path: Vec<String>,
    what: String,
}

/// Reads a value of JSON.
///
/// # Errors
/// When it is no JSON, or not what `T` is.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Wrong> {
    let tree: Node = serde_json::from_slice(json).map_err(|error| {
        if json.trim_ascii().is_empty() {
            return Wrong::new("nothing is there; JSON is expected");
        }
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.is_eof() {
            true => Wrong::new(format!("the JSON ends too early, at {place}")),
            false => Wrong::new(format!("this is not JSON: look at {place}")),
        }
    })?;
    T::deserialize(tree)
}

/// Returns in our words why a value of JSON is no `T`, which another reader refused.
pub fn explain<T: DeserializeOwned>(json: &[u8]) -> Wrong {
    read::<T>(json).err().unwrap_or_else(|| Wrong::new("the JSON cannot be read"))
}

impl Wrong {
    fn new(what: impl Into<String>) -> Wrong {
        Wrong { path: Vec::new(), what: what.into() }
    }

    /// The same, of a value within another.
    fn within(mut self, part: String) -> Wrong {
        self.path.push(part);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.path.iter().rev().enumerate() {
            let dot = if index == 0 || part.starts_with('[') { "" } else { "." };
            write!(f, "{dot}{part}")?;
        }
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{colon}{}", self.what)
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: fmt::Display>(what: T) -> Wrong {
        Wrong::new(what.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Wrong {
        let found = match found {
            Unexpected::Bool(_) => "true or false",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a text",
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Seq => "a list",
            Unexpected::Map => "an object",
            // What JSON does not have.
            Unexpected::NewtypeStruct
            | Unexpected::Enum
            | Unexpected::UnitVariant
            | Unexpected::NewtypeVariant
            | Unexpected::TupleVariant
            | Unexpected::StructVariant
            | Unexpected::Other(_) => "something else",
        };
        Wrong::new(format!("{expected} is expected, not {found}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Wrong {
        Wrong::new(format!("{expected} is expected"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Wrong {
        Wrong::new(format!("{} is none of the possible{}", short(variant), instead(variant, expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Wrong {
        Wrong::new(format!("there is no field {}{}", short(field), instead(field, expected)))
    }

    fn missing_field(field: &'static str) -> Wrong {
        Wrong::new(format!("the field {field} is missing"))
    }

    fn duplicate_field(field: &'static str) -> Wrong {
        Wrong::new(format!("the field {field} stands there more than once"))
    }
}

/// A value of JSON. The members of an object are in their order, and one may be there twice.
#[derive(Clone, Debug)]
enum Node {
    Null,
    Truth(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of JSON")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
                Ok(Node::Truth(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
                Ok(Node::Number(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
                Ok(Node::Number(number.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Node, E> {
                let number = serde_json::Number::from_f64(number);
                number.map(Node::Number).ok_or_else(|| E::custom("a finite number is expected"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Node, E> {
                Ok(Node::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Node::List(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Node::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Node {
    fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Truth(true) => "true",
            Node::Truth(false) => "false",
            Node::Number(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }

    fn is_not(&self, expected: &str) -> Wrong {
        Wrong::new(format!("{expected} is expected, not {}", self.kind()))
    }

    /// Returns a whole number as JSON Schema means it: 3.0 is one.
    fn whole(&self) -> Result<i128, Wrong> {
        let Node::Number(number) = self else { return Err(self.is_not("a whole number")) };
        let from_fraction = || {
            let number = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
            number.map(|number| number as i128)
        };
        let exact = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        exact.or_else(from_fraction).ok_or_else(|| Wrong::new(format!("a whole number is expected, not {number}")))
    }
}

/// The elements of a list that are still to be read. What is wrong with one knows its place.
struct Elements(Enumerate<vec::IntoIter<Node>>);

impl<'de> SeqAccess<'de> for Elements {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        let Some((index, element)) = self.0.next() else { return Ok(None) };
        seed.deserialize(element).map(Some).map_err(|wrong| wrong.within(format!("[{index}]")))
    }
}

/// The members of an object that are still to be read, likewise.
struct Members {
    left: vec::IntoIter<(String, Node)>,
    /// The name and the value of the member that is being read.
    name: String,
    value: Node,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Wrong;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        (self.name, self.value) = (name, value);
        seed.deserialize(StringDeserializer::new(self.name.clone())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let value = std::mem::replace(&mut self.value, Node::Null);
        seed.deserialize(value).map_err(|wrong| wrong.within(short(&self.name)))
    }
}

macro_rules! whole_numbers {
    ($($method:ident $type:ident $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let (least, most) = ($type::MIN, $type::MAX);
            match $type::try_from(self.whole()?) {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(Wrong::new(format!("a whole number from {least} to {most} is expected"))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Node {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Truth(truth) => visitor.visit_bool(truth),
            Node::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(Wrong::new("a finite number is expected")),
            },
            Node::Text(text) => visitor.visit_string(text),
            Node::List(elements) => visitor.visit_seq(Elements(elements.into_iter().enumerate())),
            Node::Object(members) => {
                visitor.visit_map(Members { left: members.into_iter(), name: String::new(), value: Node::Null })
            }
        }
    }

    whole_numbers! {
        deserialize_i8 i8 visit_i8; deserialize_i16 i16 visit_i16; deserialize_i32 i32 visit_i32;
        deserialize_i64 i64 visit_i64; deserialize_i128 i128 visit_i128;
        deserialize_u8 u8 visit_u8; deserialize_u16 u16 visit_u16; deserialize_u32 u32 visit_u32;
        deserialize_u64 u64 visit_u64; deserialize_u128 u128 visit_u128;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self {
            Node::Number(number) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            _ => Err(self.is_not("a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Node::Truth(truth) => visitor.visit_bool(truth),
            _ => Err(self.is_not("true or false")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Node::Text(text) => visitor.visit_string(text),
            _ => Err(self.is_not("a text")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Node::List(_) => self.deserialize_any(visitor),
            _ => Err(self.is_not("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Node::Object(_) => self.deserialize_any(visitor),
            _ => Err(self.is_not("an object")),
        }
    }

    /// A list would be taken for the fields in order: it is none.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    /// Our enums are words.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self {
            Node::Text(text) => visitor.visit_enum(StringDeserializer::new(text)),
            _ => Err(self.is_not("a text")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        #[serde(default)]
        parts: Vec<Inner>,
        bound: Option<f64>,
    }

    /// A text that is more than one.
    #[derive(Debug, PartialEq)]
    struct Even(String);

    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Even, D::Error> {
            let text = String::deserialize(deserializer)?;
            if text.len() % 2 == 0 { Ok(Even(text)) } else { Err(serde::de::Error::custom("not even")) }
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Threshold,
        Ratio,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        kind: Kind,
        #[serde(default)]
        count: u8,
        #[serde(default)]
        on: bool,
        #[serde(default)]
        evens: Vec<Even>,
    }

    #[test]
    fn what_is_right_is_read() {
        let read = read::<Outer>(br#"{"name":"a","parts":[{"kind":"ratio","count":3.0,"on":true}],"bound":1}"#);
        let parts = vec![Inner { kind: Kind::Ratio, count: 3, on: true, evens: vec![] }];
        assert_eq!(read, Ok(Outer { name: "a".into(), parts, bound: Some(1.0) }));
    }

    #[test]
    fn what_is_wrong_is_told_in_our_words_with_its_place() {
        for (json, expected) in [
            ("", "nothing is there; JSON is expected"),
            ("{", "the JSON ends too early, at line 1, column 1"),
            ("{\n\"name\":x}", "this is not JSON: look at line 2, column 8"),
            ("[]", "an object is expected, not a list"),
            ("null", "an object is expected, not null"),
            ("{}", "the field name is missing"),
            (r#"{"name":{}}"#, "name: a text is expected, not an object"),
            (r#"{"name":"a","name":"b"}"#, "the field name stands there more than once"),
            (r#"{"nme":"a"}"#, "there is no field nme; did you mean name?"),
            (r#"{"what":"a"}"#, "there is no field what; possible: name, parts, bound"),
            (r#"{"name":"a","bound":"x"}"#, "bound: a number is expected, not a text"),
            (r#"{"name":"a","parts":{}}"#, "parts: a list is expected, not an object"),
            (r#"{"name":"a","parts":[{"kind":"ratio"},{}]}"#, "parts[1]: the field kind is missing"),
            (
                r#"{"name":"a","parts":[{"kind":"ration"}]}"#,
                "parts[0].kind: ration is none of the possible; did you mean ratio?",
            ),
            (
                r#"{"name":"a","parts":[{"kind":"x"}]}"#,
                "parts[0].kind: x is none of the possible; possible: threshold, ratio",
            ),
            (r#"{"name":"a","parts":[{"kind":7}]}"#, "parts[0].kind: a text is expected, not a number"),
            (
                r#"{"name":"a","parts":[{"kind":"ratio","count":256}]}"#,
                "parts[0].count: a whole number from 0 to 255 is expected",
            ),
            (
                r#"{"name":"a","parts":[{"kind":"ratio","count":1.5}]}"#,
                "parts[0].count: a whole number is expected, not 1.5",
            ),
            (
                r#"{"name":"a","parts":[{"kind":"ratio","on":1}]}"#,
                "parts[0].on: true or false is expected, not a number",
            ),
            (r#"{"name":"a","parts":[{"kind":"ratio","evens":["aa","a"]}]}"#, "parts[0].evens[1]: not even"),
        ] {
            assert_eq!(read::<Outer>(json.as_bytes()).expect_err(json).to_string(), expected, "{json}");
        }
        let long = format!(r#"{{"{}":1}}"#, "x".repeat(1000));
        assert!(read::<Outer>(long.as_bytes()).expect_err("a long name").to_string().len() < 120);
    }
}
