//! The listings of one turn: which were read, which led to which, and when each is due again. Owns
//! the tree of them; what an interval is made of is `schedule`'s.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::store::ListingDue;

use super::schedule::{self, Found};

/// A listing's place among those of its turn.
pub(super) type Place = usize;

/// The listings of a turn, in the order in which they were come to.
#[derive(Debug, Default)]
pub(super) struct Listings {
    seen: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    url: String,
    /// The index, or the page, that named it.
    parent: Option<Place>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not asked: it is due then.
    Waits(Timestamp),
    /// Asked.
    Read {
        at: Timestamp,
        before: Option<Duration>,
        found: Found,
    },
}

impl Listings {
    /// Notes one that is not due yet.
    pub(super) fn wait(&mut self, url: &str, parent: Option<Place>, due: Timestamp) {
        self.seen.push(Seen {
            url: url.to_owned(),
            parent,
            state: State::Waits(due),
        });
    }

    /// Notes one that was asked, with the time that was between its visits so far. Returns its place.
    pub(super) fn read(
        &mut self,
        url: &str,
        parent: Option<Place>,
        at: Timestamp,
        before: Option<Duration>,
        found: Found,
    ) -> Place {
        self.seen.push(Seen {
            url: url.to_owned(),
            parent,
            state: State::Read { at, before, found },
        });
        self.seen.len() - 1
    }

    /// When each listing that was asked is due again, and when the first of all is. What an index
    /// leads to counts for it, too, and it is due no later than that.
    pub(super) fn due(mut self, every: Duration) -> (Vec<ListingDue>, Option<Timestamp>) {
        let mut due: Vec<Timestamp> = vec![Timestamp::MAX; self.seen.len()];
        let mut listings = Vec::new();
        // Whoever names another stands before it.
        for place in (0..self.seen.len()).rev() {
            let (parent, found) = match &self.seen[place].state {
                State::Waits(at) => {
                    due[place] = *at;
                    (self.seen[place].parent, None)
                }
                State::Read { at, before, found } => {
                    let interval = schedule::next_interval(*before, every, *found);
                    due[place] = due[place].min(later(*at, interval));
                    listings.push(ListingDue {
                        url: self.seen[place].url.clone(),
                        every: interval,
                        next_visit_at: due[place],
                    });
                    (self.seen[place].parent, Some(*found))
                }
            };
            let Some(parent) = parent else { continue };
            due[parent] = due[parent].min(due[place]);
            if let Some(Found::Stories { listed: l, new: n }) = found
                && let State::Read {
                    found: Found::Stories { listed, new },
                    ..
                } = &mut self.seen[parent].state
            {
                *listed += l;
                *new += n;
            }
        }
        (listings, due.into_iter().min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(1_800);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn an_index_is_as_busy_as_what_it_leads_to_and_due_no_later() {
        let mut listings = Listings::default();
        let none = Found::Stories { listed: 0, new: 0 };
        let news = Found::Stories { listed: 9, new: 2 };
        let index = listings.read("index", None, at(0), Some(EVERY), none);
        listings.read("map", Some(index), at(1), Some(EVERY), news);
        listings.wait("old", Some(index), at(7));
        let (mut due, first) = listings.due(EVERY);
        due.reverse();
        assert_eq!(due[0].every, EVERY / 2, "its map had news");
        assert_eq!((due[0].next_visit_at, first), (at(7), Some(at(7))));
        assert_eq!(due[1].next_visit_at, at(16));
    }

    #[test]
    fn where_nothing_was_come_to_nothing_is_due() {
        assert_eq!(Listings::default().due(EVERY), (Vec::new(), None));
    }
}
