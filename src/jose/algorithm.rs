//! The allow-list of signature algorithms (RFC 7518, section 3.1; RFC 8037; RFC 9864).

use crate::jose::KeyKind;
use sha2::{Digest as _, Sha256};

/// Hash functions of the algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl Hash {
    /// The name that the Web Cryptography API knows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}

/// SHA-256, the one hash that the core needs itself.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Curves of ECDSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
}

impl Curve {
    /// `crv` in a JWK.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Octets of one coordinate, and of each half of a signature.
    pub fn octets(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// Signature algorithms that can be accepted: asymmetric ones only. `none` and `HS*` have no variant, so that no
/// setting can bring them in (RFC 8725, sections 2.1, 3.1 and 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5
    Rsa(Hash),
    /// RSASSA-PSS with a salt as long as the hash
    RsaPss(Hash),
    /// ECDSA
    Ecdsa(Curve),
    /// EdDSA on Ed25519, named `EdDSA` or `Ed25519`
    Ed25519,
}

impl Algorithm {
    /// What is accepted where nothing else was configured: one algorithm of each family.
    pub const DEFAULT_ALLOWED: [Self; 4] =
        [Self::Rsa(Hash::Sha256), Self::RsaPss(Hash::Sha256), Self::Ecdsa(Curve::P256), Self::Ed25519];

    /// The algorithm of that name; names are compared exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rsa(Hash::Sha256),
            "RS384" => Self::Rsa(Hash::Sha384),
            "RS512" => Self::Rsa(Hash::Sha512),
            "PS256" => Self::RsaPss(Hash::Sha256),
            "PS384" => Self::RsaPss(Hash::Sha384),
            "PS512" => Self::RsaPss(Hash::Sha512),
            "ES256" => Self::Ecdsa(Curve::P256),
            "ES384" => Self::Ecdsa(Curve::P384),
            "ES512" => Self::Ecdsa(Curve::P521),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }

    /// The usual name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa(Hash::Sha256) => "RS256",
            Self::Rsa(Hash::Sha384) => "RS384",
            Self::Rsa(Hash::Sha512) => "RS512",
            Self::RsaPss(Hash::Sha256) => "PS256",
            Self::RsaPss(Hash::Sha384) => "PS384",
            Self::RsaPss(Hash::Sha512) => "PS512",
            Self::Ecdsa(Curve::P256) => "ES256",
            Self::Ecdsa(Curve::P384) => "ES384",
            Self::Ecdsa(Curve::P521) => "ES512",
            Self::Ed25519 => "EdDSA",
        }
    }

    /// The hash function inside the algorithm, which `at_hash` uses too (OpenID Connect Core, section 3.1.3.6).
    pub fn hash(self) -> Hash {
        match self {
            Self::Rsa(hash) | Self::RsaPss(hash) => hash,
            Self::Ecdsa(Curve::P256) => Hash::Sha256,
            Self::Ecdsa(Curve::P384) => Hash::Sha384,
            Self::Ecdsa(Curve::P521) | Self::Ed25519 => Hash::Sha512,
        }
    }

    /// The kind of key it needs.
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::Rsa(_) | Self::RsaPss(_) => KeyKind::Rsa,
            Self::Ecdsa(curve) => KeyKind::Ec(curve),
            Self::Ed25519 => KeyKind::Ed25519,
        }
    }

    /// Length that a signature must have, where the algorithm fixes it (RFC 7518, section 3.4; RFC 8037, section 3.1).
    pub fn signature_octets(self) -> Option<usize> {
        match self {
            Self::Rsa(_) | Self::RsaPss(_) => None,
            Self::Ecdsa(curve) => curve.octets().checked_mul(2),
            Self::Ed25519 => Some(64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jo_01_jo_02_unsigned_and_symmetric_algorithms_have_no_name_here() {
        for name in
            ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "rs256", "RS256 ", "ES256K", "Ed448"]
        {
            assert_eq!(Algorithm::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn names_read_back_as_themselves() {
        for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] {
            assert_eq!(Algorithm::parse(name).map(Algorithm::as_str), Some(name));
        }
        assert_eq!(Algorithm::parse("Ed25519"), Algorithm::parse("EdDSA"));
    }
}
