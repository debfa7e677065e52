//! Why a whole request is not taken.

use axum::http::StatusCode;

use crate::serve::error::ApiError;

/// Why a whole request is not taken; nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// It is not what it says it is (400).
    #[error("{0}")]
    Wrong(String),
    /// A parameter, or the header in its place, is not as it should be (400).
    #[error("{0}")]
    Parameter(String),
    /// It is larger than a request may be (413).
    #[error("{0}")]
    TooLarge(String),
    /// It is of a kind that is not read (415).
    #[error("{0}")]
    Unsupported(String),
}

impl IntakeError {
    /// The request is not what it says it is.
    pub fn wrong(what: impl Into<String>) -> IntakeError {
        IntakeError::Wrong(what.into())
    }

    /// Returns the HTTP status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            IntakeError::Wrong(_) | IntakeError::Parameter(_) => StatusCode::BAD_REQUEST,
            IntakeError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            IntakeError::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> ApiError {
        let code = match &error {
            IntakeError::Wrong(_) => "invalid_body",
            IntakeError::Parameter(_) => "invalid_parameter",
            IntakeError::TooLarge(_) => "too_large",
            IntakeError::Unsupported(_) => "unsupported_media_type",
        };
        ApiError::new(error.status(), code, error.to_string())
    }
}
