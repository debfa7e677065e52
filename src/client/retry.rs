//! Asking again: how long is waited between two attempts, and when it is enough.

use std::time::Duration;

use super::ClientError;

/// The first wait.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that is chosen here; a server may ask for a longer one.
const LONGEST: Duration = Duration::from_secs(30);

/// How long attempts are repeated.
pub struct Patience<'a> {
    /// All waits together are not longer.
    pub limit: Duration,
    /// Waits so long; false when it was interrupted.
    pub pause: &'a dyn Fn(Duration) -> bool,
    /// Is told of each wait before it begins.
    pub told: &'a dyn Fn(&ClientError, Duration),
}

impl Patience<'_> {
    /// Does it until it works, waiting in between: as long as the server says, else twice as long each time.
    ///
    /// # Errors
    /// What cannot be helped by waiting at once; [`ClientError::GaveUp`] when the patience ends.
    pub fn run<T>(&self, mut attempt: impl FnMut() -> Result<T, ClientError>) -> Result<T, ClientError> {
        let (mut waited, mut next) = (Duration::ZERO, FIRST);
        loop {
            let error = match attempt() {
                Err(error) if error.is_passing() => error,
                done => return done,
            };
            let wait = error.retry_after().unwrap_or(next).max(next.min(FIRST));
            if waited + wait > self.limit {
                return Err(match waited.is_zero() {
                    true => error,
                    false => ClientError::GaveUp { waited, source: Box::new(error) },
                });
            }
            (self.told)(&error, wait);
            if !(self.pause)(wait) {
                return Err(ClientError::Interrupted);
            }
            waited += wait;
            next = (next * 2).min(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::client::Refusal;

    fn refused(status: u16, retry_after: Option<u64>) -> ClientError {
        ClientError::Refused(Box::new(Refusal {
            url: "u".to_owned(),
            status,
            code: "c".to_owned(),
            message: "m".to_owned(),
            request_id: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
            caret: None,
            hint: None,
        }))
    }

    fn run(limit: u64, mut answers: Vec<Result<u8, ClientError>>) -> (Result<u8, ClientError>, Vec<u64>) {
        let waits = RefCell::new(Vec::new());
        let pause = |wait: Duration| {
            waits.borrow_mut().push(wait.as_millis() as u64);
            true
        };
        let patience = Patience { limit: Duration::from_secs(limit), pause: &pause, told: &|_, _| {} };
        let last = patience.run(|| if answers.is_empty() { Err(refused(503, None)) } else { answers.remove(0) });
        (last, waits.into_inner())
    }

    #[test]
    fn waits_grow_unless_the_server_says_how_long() {
        let (done, waits) =
            run(100, vec![Err(refused(503, None)), Err(refused(429, Some(7))), Err(refused(502, None)), Ok(1)]);
        assert_eq!((done.expect("it works in the end"), waits), (1, vec![500, 7000, 2000]));
    }

    #[test]
    fn patience_ends() {
        let (done, waits) = run(10, Vec::new());
        assert!(matches!(done, Err(ClientError::GaveUp { waited, .. }) if waited.as_millis() == 7500), "{done:?}");
        assert_eq!(waits, [500, 1000, 2000, 4000]);
        let (done, waits) = run(10, vec![Err(refused(429, Some(3600)))]);
        assert!(matches!(done, Err(ClientError::Refused(_))) && waits.is_empty(), "{done:?}");
    }

    #[test]
    fn what_waiting_does_not_help_is_told_at_once() {
        for status in [400, 401, 403, 404, 409, 413, 500] {
            let (done, waits) = run(100, vec![Err(refused(status, None))]);
            assert!(matches!(done, Err(ClientError::Refused(_))) && waits.is_empty(), "{status}");
        }
    }
}
