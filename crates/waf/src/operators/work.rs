//! What has been done, in units that do not depend on the machine.

/// Work, counted. A unit is a byte that a linear-time pattern looks at: one to two nanoseconds on machines of today.
/// What is slower by the byte counts for as many units as it takes longer, roughly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    units: u64,
    room: u64,
    refused: bool,
}

impl Default for Work {
    /// Without a bound.
    fn default() -> Self {
        Self::within(u64::MAX)
    }
}

impl Work {
    /// Work of which so much may be done.
    pub(crate) fn within(room: u64) -> Self {
        Self { units: 0, room, refused: false }
    }

    /// Counts what is done, however much room there is: little, or too late to ask.
    pub(crate) fn add(&mut self, units: u64) {
        self.units = self.units.saturating_add(units);
    }

    /// Asks whether something costly may be done, and counts it. What may not is noted and left undone.
    pub(crate) fn afford(&mut self, units: u64) -> bool {
        let fits = self.units.saturating_add(units) <= self.room;
        if fits {
            self.add(units);
        }
        self.refused |= !fits;
        fits
    }

    pub(crate) fn units(&self) -> u64 {
        self.units
    }

    /// Whether something was left undone.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_left_undone() {
        let mut work = Work::within(100);
        work.add(60);
        assert!(work.afford(40) && !work.refused());
        assert!(!work.afford(1) && work.refused());
        assert_eq!(work.units(), 100);
        assert!(Work::default().afford(u64::MAX));
    }
}
