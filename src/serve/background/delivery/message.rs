//! A message for people: of Slack, of mail. What came out of a log is data in it: nothing in it is a template, a mention,
//! a link or a header.

use serde_json::{Value, json};

use super::SendError;

/// Longest text that is sent to people, in characters.
const MOST: usize = 3000;

/// What a message says to people.
pub struct Spoken {
    /// One line.
    pub subject: String,
    /// All of it.
    pub text: String,
}

/// Returns text on one line, without what moves a cursor or turns writing round.
fn plain(text: &str, most: usize) -> String {
    let turns =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |letter: char| if letter.is_control() || turns(letter) { ' ' } else { letter };
    let mut text: String = text.chars().map(shown).collect();
    if let Some((cut, _)) = text.char_indices().nth(most) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// Puts the message of the outbox into words.
pub fn spoken(payload: &str) -> Result<Spoken, SendError> {
    let message: Value = serde_json::from_str(payload)
        .map_err(|error| SendError::Setup(format!("the message cannot be read: {error}")))?;
    let text = |value: &Value, most| plain(value.as_str().unwrap_or_default(), most);
    let alert = &message["alert"];
    let what = if message["event"] == "alert.resolved" { "resolved" } else { "alert" };
    let (severity, name) = (text(&alert["severity"], 20), text(&alert["name"], 120));
    let subject = format!("[logan] {what}, {severity}: {name}");
    let mut lines = vec![text(&alert["explanation"], 1000)];
    lines.push(format!("from {} to {}", text(&alert["from"], 40), text(&alert["to"], 40)));
    for example in alert["examples"].as_array().into_iter().flatten() {
        lines.push(format!("    {}", text(example, 300)));
    }
    lines.push(format!("alert {} message {}", text(&alert["id"], 30), text(&message["id"], 30)));
    Ok(Spoken { subject, text: lines.join("\n") })
}

/// Returns the body of a post to Slack.
pub fn slack(payload: &str) -> Result<String, SendError> {
    let Spoken { subject, text } = spoken(payload)?;
    let all: String = format!("{subject}\n{text}").chars().take(MOST).collect();
    // As Slack asks: without these three nothing is a link, a mention or a channel.
    let escaped = all.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Ok(json!({ "text": escaped }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> String {
        json!({
            "id": "01JDB2QX3V8Z5N4M7K6H9G0F1E", "event": "alert.opened",
            "alert": {
                "id": "01JDB2QX3V8Z5N4M7K6H9G0F1E", "name": "5xx\r\nBcc: all@example.org", "severity": "warning",
                "explanation": "7 is above 5", "from": "a", "to": "b",
                "examples": ["<!channel> <https://evil.example|click> & \u{1b}[31m {{7*7}} ${jndi:x} \u{202e}abc"],
            },
        })
        .to_string()
    }

    #[test]
    fn log_text_is_no_mention_no_link_and_no_template() {
        let body: Value = serde_json::from_str(&slack(&payload()).expect("a message")).expect("JSON");
        let text = body["text"].as_str().expect("a text");
        assert!(!text.contains('<') && !text.contains('>') && !text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert!(text.contains("&lt;!channel&gt;") && text.contains("{{7*7}} ${jndi:x}"), "{text}");
    }

    #[test]
    fn a_subject_is_one_line() {
        let subject = spoken(&payload()).expect("a message").subject;
        assert_eq!(subject, "[logan] alert, warning: 5xx  Bcc: all@example.org");
    }
}
