//! Proof Key for Code Exchange, always with `S256` (RFC 7636).

use crate::encoding::base64url;
use crate::jose::sha256;
use crate::secret::Secret;

/// The only method used; `plain` has no name here (RFC 7636, section 4.2).
pub const METHOD: &str = "S256";

/// The secret that proves who began a sign-in.
#[derive(Clone, Debug)]
pub struct CodeVerifier(Secret);

impl CodeVerifier {
    /// 43 unreserved characters from 32 random bytes (RFC 7636, section 4.1).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Secret::new(base64url(&seed)))
    }

    /// A verifier that was kept across a redirect.
    pub fn from_stored(text: &str) -> Self {
        Self(Secret::new(text.to_owned()))
    }

    /// The text for the token request.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// `code_challenge` for the authorization request.
    pub fn challenge(&self) -> String {
        base64url(&sha256(self.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        let seed = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = CodeVerifier::from_seed(seed);
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn ar_03_a_verifier_is_43_unreserved_characters() {
        for byte in 0..=255 {
            let verifier = CodeVerifier::from_seed([byte; 32]);
            assert_eq!(verifier.expose().len(), 43);
            assert!(verifier.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        }
    }
}
