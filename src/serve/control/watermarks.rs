//! Up to when an org's entries were judged, and what came of it: one transaction, so that a crash in between neither
//! loses an alert nor tells it twice.

use rusqlite::{OptionalExtension, Transaction};

use super::alerts::{self, Firing};
use super::{ControlError, ControlStore};
use crate::entry::Timestamp;
use crate::serve::auth::OrgScope;
use crate::serve::ids::RuleId;

/// What was judged, and how far before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A rule, by this version of it.
    Rule {
        /// Which.
        rule: RuleId,
        /// Its version.
        version: i64,
        /// Up to when it had been judged before.
        from: Timestamp,
    },
    /// All entries, by the detection.
    Detection {
        /// Up to when they had been before; `None` for the first time.
        from: Option<Timestamp>,
    },
}

/// What came of a judgement.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// A condition holds.
    Fires(Box<Firing>),
    /// A condition is over.
    Over {
        /// Which.
        condition: String,
        /// Since when.
        at: Timestamp,
    },
}

impl ControlStore {
    /// Returns up to when the detection judged the org's entries; `None` before the first time.
    pub fn detected(&self, scope: &OrgScope) -> Result<Option<Timestamp>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT detected FROM watermarks WHERE org = ?1")?;
            let nanos = statement.query_row([scope.org()], |row| row.get(0)).optional()?;
            Ok(nanos.and_then(Timestamp::from_nanos))
        })
    }

    /// Writes down that everything up to `until` was judged, with what came of it in order: alerts and what is to be
    /// sent. Returns false, and does nothing, when somebody else judged it, changed the rule or deleted it meanwhile.
    pub fn judge(
        &self,
        scope: &OrgScope,
        judged: Judged,
        until: Timestamp,
        verdicts: &[Verdict],
        now: Timestamp,
    ) -> Result<bool, ControlError> {
        let (is_done, raised) = self.write(|transaction| {
            let mut raised = Vec::new();
            if !advance(transaction, scope, judged, until)? {
                return Ok((false, raised));
            }
            for verdict in verdicts {
                match verdict {
                    Verdict::Fires(firing) => raised.extend(alerts::fire(transaction, scope, firing, now)?),
                    Verdict::Over { condition, at } => alerts::end(transaction, scope, condition, *at, now)?,
                }
            }
            Ok((true, raised))
        })?;
        for severity in raised {
            metrics::counter!("logan_alerts_total", "severity" => severity.name()).increment(1);
        }
        Ok(is_done)
    }
}

fn advance(
    transaction: &Transaction<'_>,
    scope: &OrgScope,
    judged: Judged,
    until: Timestamp,
) -> Result<bool, ControlError> {
    let (org, until) = (scope.org(), until.nanos());
    let changed = match judged {
        Judged::Rule { rule, version, from } => transaction.execute(
            "UPDATE rules SET judged = ?1, problem = NULL
             WHERE id = ?2 AND org = ?3 AND version = ?4 AND judged = ?5 AND enabled",
            (until, rule, org, version, from.nanos()),
        )?,
        Judged::Detection { from: Some(from) } => transaction.execute(
            "UPDATE watermarks SET detected = ?1 WHERE org = ?2 AND detected = ?3",
            (until, org, from.nanos()),
        )?,
        Judged::Detection { from: None } => transaction
            .execute("INSERT INTO watermarks (org, detected) VALUES (?1, ?2) ON CONFLICT DO NOTHING", (org, until))?,
    };
    Ok(changed > 0)
}
