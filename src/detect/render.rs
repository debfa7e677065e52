//! Findings as text for a terminal or a mail.

use std::fmt::Write;

use super::finding::{Finding, time_text};

/// Appends findings as text. `clean` makes log text safe for where it is shown: it is handed each line of
/// the examples, and appends what may be shown.
pub fn render(findings: &[Finding], clean: &dyn Fn(&str, &mut String), out: &mut String) {
    for (index, finding) in findings.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let (severity, kind, series) = (finding.severity.name(), finding.kind.name(), finding.series);
        let (from, to) = (time_text(finding.from), time_text(finding.to));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{from} to {to}  {severity}: {kind} of {series} (score {:.1})", finding.score);
        let _ = writeln!(out, "  {}", finding.explanation);
        if !finding.also.is_empty() {
            let also: Vec<String> = finding
                .also
                .iter()
                .map(|also| format!("{} of {} (score {:.1})", also.kind.name(), also.series, also.score))
                .collect();
            let _ = writeln!(out, "  also: {}", also.join(", "));
        }
        for example in &finding.examples {
            let mut lines = example.lines();
            out.push_str("  | ");
            clean(lines.next().unwrap_or_default(), out);
            let more = lines.count();
            if more > 0 {
                let _ = write!(out, " (and {more} more lines)");
            }
            out.push('\n');
        }
    }
}
