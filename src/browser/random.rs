//! `crypto.getRandomValues`, through the crate `getrandom`.

use crate::error::{Error, ErrorCode, Result};
use crate::platform::Random;

/// The browser's random source.
#[derive(Debug)]
pub struct SystemRandom;

impl SystemRandom {
    /// Fills as many octets as there are, up to 65,536.
    pub fn fill(&self, octets: &mut [u8]) -> Result<()> {
        getrandom::fill(octets)
            .map_err(|_| Error::new(ErrorCode::UnsupportedEnvironment).with("feature", "crypto.getRandomValues"))
    }
}

impl Random for SystemRandom {
    fn seed(&self) -> Result<[u8; 32]> {
        let mut seed = [0; 32];
        self.fill(&mut seed)?;
        Ok(seed)
    }
}
