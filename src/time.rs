//! Points in time as whole seconds. No clock is read here: `now` is always an argument.

/// Seconds since 1970-01-01T00:00:00Z, as `NumericDate` of RFC 7519 without its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This many seconds later (earlier when negative); stops at the ends of time instead of wrapping.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let end = Timestamp::from_seconds(i64::MAX);
        assert_eq!(end.plus(1), end);
        assert_eq!(Timestamp::from_seconds(i64::MIN).since(end), i64::MIN);
        assert_eq!(Timestamp::from_seconds(10).since(Timestamp::from_seconds(4)), 6);
    }
}
