//! The system's clock.

use crate::platform::Clock;
use crate::time::Timestamp;

/// `Date.now()`.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A float to integer cast saturates.
        Timestamp::from_seconds((js_sys::Date::now() / 1000.0) as i64)
    }
}
