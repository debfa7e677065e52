//! Where values come from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A file, that of a secret included.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Variable(name) | Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// Everything settings are built from, each list from weak to strong.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Configuration files.
    pub files: Vec<SourceFile>,
    /// Variables of the environment; those whose name does not begin with `LOGAN_` are passed over.
    pub variables: Vec<(String, String)>,
    /// Variables that begin with `LOGAN_` and mean something else.
    pub other_variables: Vec<String>,
    /// Flags of the command line.
    pub flags: Vec<Flag>,
}

/// A configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// True when somebody asked for this very file: then it must be there.
    pub is_asked: bool,
}

/// A flag of the command line that sets a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name, with the dashes.
    pub name: &'static str,
    /// The key it sets.
    pub key: &'static str,
    /// The value.
    pub value: FlagValue,
}

/// The value of a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagValue {
    /// It was there.
    On,
    /// A text, read as from a variable.
    Text(String),
    /// Texts.
    List(Vec<String>),
}
