//! `crypto.getRandomValues`, through the crate `getrandom`.

use crate::error::{Error, ErrorCode, Result};
use crate::platform::Random;

/// The browser's random source.
#[derive(Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn seed(&self) -> Result<[u8; 32]> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|_| Error::new(ErrorCode::UnsupportedEnvironment).with("feature", "crypto.getRandomValues"))?;
        Ok(seed)
    }
}
