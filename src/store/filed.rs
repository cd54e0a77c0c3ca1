//! How a shard files its clients by where they are, once somebody has asked who is near.

use core::ops::RangeInclusive;
#[cfg(test)]
use std::collections::BTreeMap;

use super::account::Account;
use super::cursor::Cursor;
use super::filing::{Filing, TooMany};
use super::record;
use super::shard::Shard;
use super::slab::Slot;
use crate::report::Record;
use crate::spatial::{Cell, Cover};

impl Shard {
    /// Has a slot, in which that record was just written, filed where it belongs.
    pub(super) fn file(&mut self, slot: Slot, record: &Record<'_>) {
        let Some(filing) = &mut self.filing else { return };
        let Some(position) = record.position_and_rest() else {
            filing.unfile(slot);
            return;
        };
        let cell = Cell::of_valid(position);
        if !cell.is_close_to(filing.cell(slot)) {
            filing.file(slot, cell, self.slab.layout(slot));
        }
    }

    /// Counts what filing takes among the bytes of all shards.
    pub(super) fn count_filing(&mut self, account: &Account) {
        if let Some(filing) = &mut self.filing {
            let (before, after) = filing.count();
            account.count_bytes(before, after);
        }
    }

    /// Files the clients that come next, about so many, and all those from now on that come or change; whether all are
    /// filed.
    pub(super) fn file_next(&mut self, number: usize, most: usize, account: &Account) -> bool {
        let filing = self.filing.get_or_insert_with(|| Box::new(Filing::new(Cursor::at(number * Self::RANGES))));
        let Some(mut cursor) = filing.building().take() else { return true };
        let mut met = 0;
        while met < most && cursor.range().is_some_and(|range| range >> Self::BITS == number) {
            for (_, slot) in self.step(&mut cursor, most) {
                let record = record::read(self.slab.get(slot));
                let cell = record.position_and_rest().map(Cell::of_valid);
                if let (Some(cell), Some(filing)) = (cell, &mut self.filing)
                    && filing.cell(slot) == Cell::NONE
                {
                    filing.file(slot, cell, self.slab.layout(slot));
                }
                met += 1;
            }
        }
        let is_complete = cursor.range().is_none_or(|range| range >> Self::BITS != number);
        if let (false, Some(filing)) = (is_complete, &mut self.filing) {
            *filing.building() = Some(cursor);
        }
        self.count_filing(account);
        is_complete
    }

    /// Whether all of its clients are filed.
    pub(super) fn is_filed(&self) -> bool {
        self.filing.as_ref().is_some_and(|filing| filing.is_complete())
    }

    /// Adds those to `found` whose clients may be in a circle, as [`Filing::within`] does.
    ///
    /// # Errors
    /// Besides, where not all clients are filed.
    pub(super) fn within(
        &self,
        area: (&Cover, &[RangeInclusive<u32>]),
        most: usize,
        found: &mut Vec<Slot>,
    ) -> Result<usize, TooMany> {
        let filing = self.filing.as_ref().filter(|filing| filing.is_complete()).ok_or(TooMany)?;
        filing.within(area, most, found)
    }

    /// Looks whether what is filed is right, and all that should be is: every report in or beside the cell that its client
    /// is in, if all are filed, and nothing else.
    #[cfg(test)]
    pub(super) fn check_filing(&self, number: usize) {
        let Some(filing) = &self.filing else { return };
        let filed: BTreeMap<Slot, Cell> = filing.all().collect();
        let (mut cursor, mut met) = (Cursor::at(number * Self::RANGES), 0);
        while cursor.range().is_some_and(|range| range >> Self::BITS == number) {
            for (_, slot) in self.step(&mut cursor, 1000) {
                let cell = record::read(self.slab.get(slot)).position_and_rest().map(Cell::of_valid);
                match (filed.get(&slot), cell) {
                    (Some(&filed), Some(cell)) => assert!(cell.is_close_to(filed), "{cell:?} is filed as {filed:?}"),
                    (None, Some(_)) => assert!(!filing.is_complete(), "all are filed"),
                    (None, None) => {}
                    (Some(_), None) => panic!("who has departed is filed"),
                }
                met += usize::from(filed.contains_key(&slot));
            }
        }
        assert_eq!((met, filing.filed()), (filed.len(), filed.len()), "no other slot is filed");
    }
}
