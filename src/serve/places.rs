//! Places of each org for something that takes long and that few may do at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::ids::OrgId;

/// So many places for each org.
#[derive(Clone, Debug)]
pub struct Places {
    most: u32,
    taken: Arc<Mutex<HashMap<OrgId, u32>>>,
}

/// A place that is taken; free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    of: Places,
    org: OrgId,
}

impl Places {
    /// This many for each.
    pub fn new(most: u32) -> Places {
        Places { most, taken: Arc::default() }
    }

    /// Returns how many there are for each.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Takes a place, if there is one.
    pub fn take(&self, org: OrgId) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(org).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { of: self.clone(), org })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.org) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.org);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_has_its_places_and_gets_them_back() {
        let (places, one, other) = (Places::new(2), OrgId::generate(), OrgId::generate());
        let (first, second) = (places.take(one), places.take(one));
        assert!(first.is_some() && second.is_some() && places.take(one).is_none());
        assert!(places.take(other).is_some());
        drop(first);
        assert!(places.take(one).is_some(), "and that one was given back at once");
        drop(second);
        assert!(places.taken.lock().expect("a lock").is_empty());
    }
}
