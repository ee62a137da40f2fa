//! The history of an order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OrderStatus;
use crate::domain::text::Note;
use crate::domain::time::Timestamp;

/// The most entries of a history. More than its changes of state, of which there are few.
const MAX_ENTRIES: usize = 100;

/// An entry of an order's history: a state that was reached, or a note in a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// The state.
    pub status: OrderStatus,
    /// When the order reached the state, or the note was written.
    pub at: Timestamp,
    /// What an admin said about it.
    pub note: Option<Note>,
}

/// Appends an entry. Where there is no room, the oldest note that came without a change of state goes.
pub(super) fn append(history: &mut Vec<HistoryEntry>, entry: HistoryEntry) {
    if history.len() >= MAX_ENTRIES {
        let states = history.iter().map(|entry| entry.status);
        let pairs = states.clone().zip(states.skip(1));
        if let Some(before) = pairs.into_iter().position(|(before, after)| before == after) {
            history.remove(before + 1);
        }
    }
    history.push(entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(status: OrderStatus, note: Option<usize>) -> HistoryEntry {
        let note = note.map(|number| Note::parse(number.to_string()).unwrap());
        HistoryEntry { status, at: Timestamp::from_unix_millis(0), note }
    }

    #[test]
    fn the_oldest_note_goes_and_no_change_of_state() {
        let mut history = vec![entry(OrderStatus::PendingPayment, None)];
        append(&mut history, entry(OrderStatus::Paid, Some(0)));
        for number in 1..150 {
            append(&mut history, entry(OrderStatus::Paid, Some(number)));
        }
        append(&mut history, entry(OrderStatus::Processing, None));
        assert_eq!(history.len(), MAX_ENTRIES);
        let notes: Vec<_> = history
            .iter()
            .filter_map(|entry| entry.note.as_ref()?.as_str().parse::<usize>().ok())
            .collect();
        assert_eq!((notes[0], notes[1], notes.last()), (0, 53, Some(&149)));
        assert_eq!(history[0].status, OrderStatus::PendingPayment);
        assert_eq!(history[99].status, OrderStatus::Processing);
    }
}
