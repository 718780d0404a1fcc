//! The system's clock.

use crate::platform::Clock;
use crate::time::Timestamp;

/// `Date.now()`.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        seconds(js_sys::Date::now())
    }

    fn parse_http_date(&self, text: &str) -> Option<Timestamp> {
        Some(js_sys::Date::parse(text)).filter(|milliseconds| !milliseconds.is_nan()).map(seconds)
    }
}

fn seconds(milliseconds: f64) -> Timestamp {
    // A float to integer cast saturates.
    Timestamp::from_seconds((milliseconds / 1000.0) as i64)
}
