//! A share of a core: who worked rests until its work is that share of the time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest rest after one piece of work, so that one slow org does not stop the others for long.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// Keeps the background to its share.
#[derive(Debug)]
pub struct Pace {
    percent: u32,
    /// When the next piece of work may begin.
    next: Mutex<Option<Instant>>,
}

/// Returns how long to rest after so much work.
fn rest(worked: Duration, percent: u32) -> Duration {
    let percent = percent.clamp(1, 100);
    (worked * (100 - percent) / percent).min(LONGEST_REST)
}

impl Pace {
    /// At most so many percent of a core.
    pub fn new(percent: u32) -> Pace {
        Pace { percent, next: Mutex::new(None) }
    }

    /// Pays for work that was done.
    pub fn pay(&self, worked: Duration) {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let from = next.map_or(now, |next| next.max(now));
        *next = Some((from + rest(worked, self.percent)).min(now + LONGEST_REST));
    }

    /// Waits until what was done is paid for.
    pub async fn wait(&self) {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = next {
            tokio::time::sleep_until(next.into()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_makes_work_its_share() {
        let second = Duration::from_secs(1);
        assert_eq!(rest(second, 50), second);
        assert_eq!(rest(second, 20), second * 4);
        assert_eq!(rest(second, 100), Duration::ZERO);
        assert_eq!(rest(second * 100, 1), LONGEST_REST);
    }
}
