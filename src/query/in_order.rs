//! Puts results that were made in parallel back in order, with bounded memory.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, PoisonError};

/// Takes numbered results from many threads and hands them to one consumer in order.
///
/// The consumer runs on whichever thread brought the missing result, never on two at once. A thread
/// that is more than `window` results ahead waits: memory stays bounded however uneven the work is.
/// It cannot wait for ever as long as every number is brought by some thread, in rising order a thread.
#[derive(Debug)]
pub struct InOrder<T, C> {
    window: u64,
    state: Mutex<State<T, C>>,
    moved: Condvar,
}

#[derive(Debug)]
struct State<T, C> {
    next: u64,
    waiting: BTreeMap<u64, T>,
    /// Taken out while a thread consumes, so that others can queue meanwhile.
    consumer: Option<C>,
    stopped: bool,
}

impl<T, C> InOrder<T, C> {
    /// Makes the queue; `window` is how far ahead of the consumer a result may be.
    pub fn new(window: usize, consumer: C) -> InOrder<T, C> {
        InOrder {
            window: window.max(1) as u64,
            state: Mutex::new(State { next: 0, waiting: BTreeMap::new(), consumer: Some(consumer), stopped: false }),
            moved: Condvar::new(),
        }
    }

    /// Brings result number `sequence`; `consume` is called for it, and for those that waited for it, in order.
    /// Returns `Break` once the consumer has asked to stop or failed; the failure itself is returned once,
    /// to the thread it happened on.
    pub fn put<E>(
        &self,
        sequence: u64,
        result: T,
        mut consume: impl FnMut(&mut C, T) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.stopped && sequence >= state.next + self.window {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stopped {
            return Ok(ControlFlow::Break(()));
        }
        state.waiting.insert(sequence, result);
        // Whoever holds the consumer drains; the others have left their result and go on.
        let Some(mut consumer) = state.consumer.take() else { return Ok(ControlFlow::Continue(())) };
        let mut outcome = Ok(ControlFlow::Continue(()));
        while let Some(result) = {
            let next = state.next;
            state.waiting.remove(&next)
        } {
            drop(state);
            outcome = consume(&mut consumer, result);
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.next += 1;
            self.moved.notify_all();
            if !matches!(outcome, Ok(ControlFlow::Continue(()))) {
                state.stopped = true;
                state.waiting.clear();
                break;
            }
        }
        state.consumer = Some(consumer);
        outcome
    }

    /// Makes every waiting thread give up, after a failure elsewhere.
    pub fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.moved.notify_all();
    }

    /// Returns the consumer when all work is done. Results still waiting are those after a stop.
    pub fn into_consumer(self) -> C {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.consumer.expect("no thread consumes once the queue is owned")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_out_in_order_from_many_threads() {
        let queue = InOrder::new(3, Vec::new());
        let next = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if number >= 500 {
                            break;
                        }
                        let pushed = queue.put(number, number, |out, value| {
                            out.push(value);
                            Ok::<_, ()>(ControlFlow::Continue(()))
                        });
                        assert_eq!(pushed, Ok(ControlFlow::Continue(())));
                    }
                });
            }
        });
        assert_eq!(queue.into_consumer(), (0..500).collect::<Vec<u64>>());
    }

    #[test]
    fn a_stop_releases_the_rest() {
        let queue = InOrder::new(1, 0);
        let stop = |count: &mut i32, _| {
            *count += 1;
            Ok::<_, ()>(ControlFlow::Break(()))
        };
        assert_eq!(queue.put(0, (), stop), Ok(ControlFlow::Break(())));
        assert_eq!(queue.put(7, (), stop), Ok(ControlFlow::Break(())));
        assert_eq!(queue.into_consumer(), 1);
    }
}
