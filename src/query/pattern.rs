//! Regular expressions, made ready within limits.
//!
//! They run in linear time whatever they are; but what stands in a few letters (`(\\w{90}){90}`) can become megabytes
//! that take a second to be made ready. Who asks their own machine may have that; who shares a server may not.

use regex::bytes::{Regex, RegexBuilder};

/// What the regular expressions of one query may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternLimits {
    /// Bytes of one, as it is written.
    pub length: usize,
    /// Bytes of one, made ready.
    pub compiled: usize,
    /// How deep parentheses and brackets may nest in one.
    pub nesting: u32,
    /// How many there may be.
    pub count: usize,
}

/// Why one is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// What is wrong.
    pub reason: String,
    /// What to write instead; may be empty.
    pub hint: &'static str,
}

impl PatternLimits {
    /// Of who asks with their own processor: no more than keeps a slip of the keyboard from filling the memory.
    pub const OWN: PatternLimits = PatternLimits { length: 64 << 10, compiled: 10 << 20, nesting: 250, count: 1000 };

    /// Of who shares a server: at most 32 MiB a query, made ready in tenths of a second.
    pub const SHARED: PatternLimits = PatternLimits { length: 1 << 10, compiled: 1 << 20, nesting: 50, count: 32 };

    /// Makes a regular expression ready: the only place that does.
    pub(super) fn compile(self, pattern: &str) -> Result<Regex, Refused> {
        if pattern.len() > self.length {
            let reason = format!("a regular expression of {} bytes; at most {} are taken", pattern.len(), self.length);
            return Err(Refused { reason, hint: "look for a part of it, or list values: `field in (a, b)`" });
        }
        let mut builder = RegexBuilder::new(pattern);
        builder.size_limit(self.compiled).dfa_size_limit(self.compiled.min(2 << 20)).nest_limit(self.nesting);
        builder.build().map_err(|error| match error {
            regex::Error::CompiledTooBig(most) => Refused {
                reason: format!("this regular expression takes more than {} KiB when it is made ready", most >> 10),
                hint: "repeat less, or letters of one kind: `[0-9A-Za-z]{20}` is smaller than `\\w{20}`",
            },
            error => {
                let text = error.to_string();
                let reason = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or(&text);
                Refused { reason: format!("not a regular expression: {reason}"), hint: "" }
            }
        })
    }
}
