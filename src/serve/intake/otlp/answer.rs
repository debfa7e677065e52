//! Answers, in the content type of the request.

use prost::Message;
use serde_json::json;

use super::messages::{ExportLogsPartialSuccess, ExportLogsServiceResponse, Status};
use crate::entry::Reject;
use crate::serve::intake::IntakeError;

/// How request and answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Content {
    /// Reads the header `Content-Type`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_header(header: Option<&str>) -> Result<Content, IntakeError> {
        let name = header.unwrap_or("").split(';').next().unwrap_or("").trim();
        match name.to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" => Ok(Content::Protobuf),
            "application/json" => Ok(Content::Json),
            _ => {
                let what =
                    format!("Content-Type {name:?} is not read; send application/x-protobuf or application/json");
                Err(IntakeError::Unsupported(what))
            }
        }
    }

    /// Returns the value of the header `Content-Type`.
    pub fn header(self) -> &'static str {
        match self {
            Content::Protobuf => "application/x-protobuf",
            Content::Json => "application/json",
        }
    }
}

/// Returns the body that answers a request that was taken, but for the records in `rejects`.
pub fn success(content: Content, rejects: &[Reject]) -> Vec<u8> {
    let message = rejects.first().map(|first| format!("record {}: {}", first.line, first.reason));
    match content {
        Content::Protobuf => {
            let partial_success = message.map(|error_message| {
                let rejected_log_records = i64::try_from(rejects.len()).unwrap_or(i64::MAX);
                ExportLogsPartialSuccess { rejected_log_records, error_message }
            });
            ExportLogsServiceResponse { partial_success }.encode_to_vec()
        }
        Content::Json => match message {
            None => b"{}".to_vec(),
            Some(message) => {
                let partial = json!({ "rejectedLogRecords": rejects.len().to_string(), "errorMessage": message });
                json!({ "partialSuccess": partial }).to_string().into_bytes()
            }
        },
    }
}

/// Returns the body that answers a request that failed with this HTTP status.
pub fn status(content: Content, http: u16, message: &str) -> Vec<u8> {
    let code = match http {
        400..=400 | 415 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        408 => 4,
        413 | 429 | 507 => 8,
        503 => 14,
        400..=499 => 9,
        _ => 13,
    };
    match content {
        Content::Protobuf => Status { code, message: message.to_owned() }.encode_to_vec(),
        Content::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    }
}
