//! Signing with a key in our own memory, where WebCrypto cannot: pages without TLS, keys that an application brings.
//!
//! What keeps a key from script in the page is WebCrypto; this one is only as safe as the memory of the page.

use crate::encoding::{base64url, base64url_decode};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Algorithm, Curve};
use crate::json::{Json, Object};
use crate::secret::{Secret, redacted};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use p256::elliptic_curve::point::AffineCoordinates as _;
use zeroize::Zeroizing;

type Octets = [u8; 32];

/// A private key on P-256 that signs as ES256 (RFC 7518, section 3.4). Its memory is overwritten when it is dropped, and
/// nothing gives it back.
pub struct Es256Key {
    secret: SigningKey,
    x: Octets,
    y: Octets,
}

redacted!(Es256Key);

impl Es256Key {
    /// The key that these random octets are (FIPS 186-5, appendix A.2.2). One time in four thousand million they are none:
    /// then take others.
    pub fn from_random(octets: &Octets) -> Option<Self> {
        let secret = SigningKey::from_slice(octets).ok()?;
        let public = secret.verifying_key().as_affine();
        let (x, y) = (public.x().into(), public.y().into());
        Some(Self { secret, x, y })
    }

    /// Takes a private key in JWK form (RFC 7518, section 6.2), if it is one for signatures by ES256, whole, and its private
    /// half belongs to its public one.
    pub fn import(mut jwk: Object) -> Result<Self> {
        let Some(Json::String(d)) = jwk.remove("d") else { return Err(refused("not a private key that may sign")) };
        let d = Secret::new(d);
        let fits = jwk.str("kty") == Some("EC")
            && jwk.str("crv") == Some(Curve::P256.as_str())
            && ["alg", "use", "key_ops"].iter().all(|name| match (*name, jwk.get(name)) {
                (_, None) => true,
                ("alg", Some(value)) => value.as_text() == Some(Algorithm::Ecdsa(Curve::P256).as_str()),
                ("use", Some(value)) => value.as_text() == Some("sig"),
                _ => jwk.lists("key_ops", "sign"),
            });
        if !fits {
            return Err(refused("not a private key that may sign"));
        }
        let octets = |text: &str| base64url_decode(text).map(Zeroizing::new);
        let key = octets(d.expose()).and_then(|d| Self::from_random(d.as_slice().try_into().ok()?));
        let key = key.ok_or_else(|| refused("not a private key that may sign"))?;
        let is = |name: &str, expected: &Octets| octets(jwk.str_or_empty(name)).is_some_and(|it| *it == expected);
        if is("x", &key.x) && is("y", &key.y) { Ok(key) } else { Err(refused("not a pair of keys")) }
    }

    /// The public half, with the members that make it and no others.
    pub fn public_jwk(&self) -> Object {
        let mut members = Object::default();
        for (name, value) in
            [("crv", Curve::P256.as_str()), ("kty", "EC"), ("x", &base64url(&self.x)), ("y", &base64url(&self.y))]
        {
            members.set_text(name, value);
        }
        members
    }

    /// The signature of a message: R and S (RFC 7518, section 3.4), with the one `k` that key and message make (RFC 6979,
    /// section 3.2), so that no weak random number can give the key away.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.secret.sign(message);
        signature.to_bytes().into()
    }
}

fn refused(reason: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument).with("option", "jwk").with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Verifier as _;

    /// RFC 7515, appendix A.3.1
    const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn key(text: &str) -> Es256Key {
        Es256Key::from_random(hex(text).as_slice().try_into().unwrap()).unwrap()
    }

    fn jwk() -> Object {
        Json::parse_object(JWK.as_bytes()).unwrap()
    }

    #[test]
    fn dp_06_rfc_6979_appendix_a_2_5() {
        let key = key("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
        let public = (
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        );
        assert_eq!((key.x.to_vec(), key.y.to_vec()), (hex(public.0), hex(public.1)));
        for (message, r, s) in [
            (
                "sample",
                "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
                "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
            ),
            (
                "test",
                "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
                "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
            ),
        ] {
            assert_eq!(key.sign(message.as_bytes()).to_vec(), [hex(r), hex(s)].concat(), "{message}");
        }
    }

    #[test]
    fn dp_06_rfc_7515_appendix_a_3() {
        let key = Es256Key::import(jwk()).unwrap();
        let input = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let public = Json::from(key.public_jwk()).to_text();
        let expected = r#"{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        assert_eq!(public, expected);
        let point = [&[4], key.x.as_slice(), &key.y].concat();
        let verifier = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
        // The signature of the appendix was made with a random number; ours is another that is as good.
        for signature in [
            base64url_decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
                .unwrap(),
            key.sign(input.as_bytes()).to_vec(),
        ] {
            verifier.verify(input.as_bytes(), &p256::ecdsa::Signature::from_slice(&signature).unwrap()).unwrap();
        }
    }

    #[test]
    fn dp_06_only_numbers_below_the_order_are_keys() {
        let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
        let is_key = |text: &str| Es256Key::from_random(hex(text).as_slice().try_into().unwrap()).is_some();
        assert!(!is_key(order) && !is_key(&"00".repeat(32)) && !is_key(&"FF".repeat(32)));
        assert!(is_key(&order.replace("2551", "2550")) && is_key(&format!("{}01", "00".repeat(31))));
        // The ends: the generator itself, and its mirror image.
        let (one, last) = (key(&format!("{}01", "00".repeat(31))), key(&order.replace("2551", "2550")));
        assert_eq!(one.x, last.x);
        assert_eq!(one.x.to_vec(), hex("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"));
    }

    #[test]
    fn dp_06_a_jwk_is_imported_strictly() {
        let with = |name: &str, value: Json| {
            let mut jwk = jwk();
            jwk.set(name, value);
            Es256Key::import(jwk)
        };
        for (name, value) in [
            ("alg", "ES256".into()),
            ("use", "sig".into()),
            ("key_ops", vec!["sign", "verify"].into()),
            ("kid", "k".into()),
            ("ext", true.into()),
        ] {
            assert!(with(name, value).is_ok(), "{name}");
        }
        let other = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
        let bad: [(&str, Json); 20] = [
            ("alg", "ES384".into()),
            ("alg", Json::Null),
            ("use", "enc".into()),
            ("use", 1.into()),
            ("key_ops", vec!["verify"].into()),
            ("key_ops", "sign".into()),
            ("kty", "OKP".into()),
            ("kty", Json::Null),
            ("crv", "P-384".into()),
            ("crv", "P-256K".into()),
            ("d", Json::Null),
            ("d", 1.into()),
            ("d", "".into()),
            ("d", "AA".into()),
            ("d", base64url(&[0; 32]).into()),
            ("d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI=".into()),
            ("d", other.into()),
            ("x", other.into()),
            ("y", other.into()),
            ("y", "".into()),
        ];
        for (name, value) in bad {
            let error = with(name, value.clone()).unwrap_err();
            assert_eq!((error.code(), error.detail("option")), (ErrorCode::InvalidArgument, "jwk"), "{name} {value:?}");
        }
        for name in ["kty", "crv", "x", "y", "d"] {
            let mut jwk = jwk();
            jwk.remove(name);
            assert!(Es256Key::import(jwk).is_err(), "{name}");
        }
    }

    #[test]
    fn dp_06_lg_01_debug_shows_nothing() {
        assert_eq!(format!("{:?}", Es256Key::import(jwk()).unwrap()), "Es256Key(..)");
    }
}
