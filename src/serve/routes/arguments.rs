//! The arguments that VictoriaLogs' paths (`/insert/…`) have in common, as they stand in a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use utoipa::IntoParams;

use crate::serve::intake::{Arguments, IntakeError};

/// Where VictoriaLogs' paths begin.
const PREFIX: &str = "/insert/";

/// The arguments, for the API's description. Those of the query go before the headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub struct CommonArguments {
    /// Fields that may hold the message; the first that is there and not empty does (`VL-Msg-Field`)
    _msg_field: Option<String>,
    /// Fields that may hold the time (`VL-Time-Field`)
    _time_field: Option<String>,
    /// Taken, not needed (`VL-Stream-Fields`)
    _stream_fields: Option<String>,
    /// Fields that are not kept; prefix* for many (`VL-Ignore-Fields`)
    ignore_fields: Option<String>,
    /// Fields that colours are taken out of; prefix* for many (`VL-Decolorize-Fields`)
    decolorize_fields: Option<String>,
    /// name=value, added to every entry (`VL-Extra-Fields`)
    extra_fields: Option<String>,
    /// 1: read, but do not store (`VL-Debug`)
    debug: Option<String>,
}

/// What a request has of them; nothing on other paths. As an argument of a handler it never fails: who asks comes before
/// what is asked.
#[derive(Debug)]
pub struct Given(Result<Option<Arc<Arguments>>, IntakeError>);

impl Given {
    /// Returns them.
    ///
    /// # Errors
    /// When one is not as it should be.
    pub fn read(self) -> Result<Option<Arc<Arguments>>, IntakeError> {
        self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Given {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Given, Infallible> {
        if !has_arguments(parts.uri.path()) {
            return Ok(Given(Ok(None)));
        }
        let Ok(Query(query)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
            return Ok(Given(Err(IntakeError::Parameter("what stands after ? cannot be read".into()))));
        };
        let argument = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Given(Arguments::read(argument, header).map(|arguments| Some(Arc::new(arguments)))))
    }
}

/// Returns true for a path that has the arguments.
pub fn has_arguments(path: &str) -> bool {
    path.starts_with(PREFIX)
}
