//! Certificates, as far as a client needs them: to know its own by name (RFC 8705).

use crate::encoding::{base64url, base64url_decode};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::sha256;
use crate::text::cut;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// What follows the first `-` behind the content.
const END: &str = "----END CERTIFICATE-----";

/// `x5t#S256` of a certificate: base64url of the SHA-256 over its DER (RFC 8705, section 3.1). The text is PEM (RFC
/// 7468, section 5), of which the first certificate counts, or the base64 or base64url of the DER, as in `x5c` (RFC
/// 7517, section 4.7).
pub fn certificate_thumbprint(text: &str) -> Result<String> {
    let der = content(text).and_then(decode).filter(|der| is_certificate(der));
    let der = der.ok_or_else(|| Error::new(ErrorCode::InvalidArgument).with("option", "certificate"))?;
    Ok(base64url(&sha256(&der)))
}

/// What stands in the first PEM block; the whole text when there is none.
fn content(text: &str) -> Option<&str> {
    let Some(at) = text.as_bytes().windows(BEGIN.len()).position(|window| window == BEGIN) else { return Some(text) };
    let (content, end) = cut(text.get(at.saturating_add(BEGIN.len())..)?, b'-');
    end?.starts_with(END).then_some(content)
}

/// Decodes either alphabet, with or without padding and white space.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut digits = String::new();
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        digits.push(match byte {
            b'+' => '-',
            b'/' => '_',
            _ => char::from(byte),
        });
    }
    while digits.ends_with('=') {
        digits.pop();
    }
    base64url_decode(&digits)
}

/// Whether it is one SEQUENCE with a SEQUENCE first in it (RFC 5280, section 4.1) and nothing behind, its length in the
/// one form that DER has for it. That of a certificate never takes more than two octets.
fn is_certificate(der: &[u8]) -> bool {
    let (high, low, content) = match der {
        [0x30, 0x82, high @ 1..=0xff, low, content @ ..] => (*high, *low, content),
        [0x30, 0x81, low @ 0x80..=0xff, content @ ..] | [0x30, low @ 0..=0x7f, content @ ..] => (0, *low, content),
        _ => return false,
    };
    content.len() == usize::from(u16::from_be_bytes([high, low])) && content.first() == Some(&0x30)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8705, appendix A
    const RFC_8705: &str = "-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";
    const RFC_8705_THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    /// Made with `openssl req -x509 -newkey ed25519`; its thumbprint with `openssl dgst -sha256`.
    const OPENSSL: &str = "-----BEGIN CERTIFICATE-----
MIIBLDCB36ADAgECAhR25C3KmvIBkYtulbSZ+K+hAKlX3jAFBgMrZXAwDDEKMAgG
A1UEAwwBYzAeFw0yNjExMjExMTM4NTZaFw0zNjExMTgxMTM4NTZaMAwxCjAIBgNV
BAMMAWMwKjAFBgMrZXADIQCfACcu2IzA/jY9lYlyEDKFxPmoHl61em/+XmOS/gcZ
+KNTMFEwHQYDVR0OBBYEFMiLyHPSn2i9ZnXu0c+Q7HtwXNbLMB8GA1UdIwQYMBaA
FMiLyHPSn2i9ZnXu0c+Q7HtwXNbLMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA
rbVn7z35X9iO6rdajkmPBfCmKaS6O8p4m8GZMJuh05Va1ZM6diM8q75TdD/Wv4H6
TCwHJSV+t0+sXFsiwa8gCw==
-----END CERTIFICATE-----
";
    const OPENSSL_THUMBPRINT: &str = "KPgyCrvdraQF_b-Lak463iJ-N5OReWkIfU0FBYNWlK4";

    fn outcome(text: &str) -> String {
        certificate_thumbprint(text).unwrap_or_else(|error| {
            assert_eq!(error.detail("option"), "certificate");
            error.code().as_str().to_owned()
        })
    }

    /// The base64 of a PEM text as `x5c` has it.
    fn x5c(pem: &str) -> String {
        pem.lines().filter(|line| !line.starts_with('-')).collect()
    }

    #[test]
    fn rfc_8705_the_thumbprint_is_that_of_the_der_however_it_is_written() {
        for (pem, expected) in [(RFC_8705, RFC_8705_THUMBPRINT), (OPENSSL, OPENSSL_THUMBPRINT)] {
            let base64 = x5c(pem);
            for text in [
                pem.to_owned(),
                pem.trim_end().to_owned(),
                pem.replace('\n', "\r\n"),
                pem.replace('\n', "  \n\t"),
                pem.replace('\n', ""),
                format!("Bag Attributes\n    friendlyName: é - - -----\n{pem}"),
                format!("{pem}{OPENSSL}"),
                base64.clone(),
                base64.trim_end_matches('=').to_owned(),
                base64.replace('+', "-").replace('/', "_"),
                base64url(&decode(&base64).unwrap()),
                format!(" {base64}\n"),
            ] {
                assert_eq!(outcome(&text), expected, "{text}");
            }
        }
    }

    #[test]
    fn rfc_8705_what_is_no_whole_certificate_is_refused() {
        let base64 = x5c(RFC_8705);
        for bad in [
            String::new(),
            "=".into(),
            "é".into(),
            RFC_8705.replace("BEGIN", "begin"),
            RFC_8705.replace(" CERTIFICATE", " PUBLIC KEY"),
            RFC_8705.replace("-----END CERTIFICATE-----", ""),
            RFC_8705.replace("END CERTIFICATE", "END PUBLIC KEY"),
            RFC_8705.replace('+', "-"),
            RFC_8705.replace("MIIB", "MI=IB"),
            RFC_8705.replace("MIIB", "MI.IB"),
            "-----BEGIN CERTIFICATE-----".into(),
            "-----BEGIN CERTIFICATE----------END CERTIFICATE-----".into(),
            base64[..base64.len() - 4].into(),
            format!("{}AAAA", base64.trim_end_matches('=')),
            format!("{base64}{base64}"),
        ] {
            assert_eq!(outcome(&bad), "invalid_argument", "{bad:?}");
        }
    }

    #[test]
    fn rfc_5280_the_length_has_the_one_form_that_der_has_for_it() {
        let der = |header: &[u8], octets: usize| {
            let mut der = header.to_vec();
            der.extend(std::iter::repeat_n(0x30, octets));
            is_certificate(&der)
        };
        for (header, octets) in [
            (&[0x30, 1][..], 1),
            (&[0x30, 0x7f], 0x7f),
            (&[0x30, 0x81, 0x80], 0x80),
            (&[0x30, 0x81, 0xff], 0xff),
            (&[0x30, 0x82, 1, 0], 0x100),
            (&[0x30, 0x82, 0xff, 0xff], 0xffff),
        ] {
            assert!(der(header, octets), "{header:?}");
            assert!(!der(header, octets - 1), "{header:?} too short");
            assert!(!der(header, octets + 1), "{header:?} too long");
        }
        for (header, octets) in [
            (&[][..], 0),
            (&[0x30], 0),
            (&[0x30, 0], 0),
            (&[0x31, 2], 2),
            (&[0x30, 0x80], 4),
            (&[0x30, 0x81], 0),
            (&[0x30, 0x81, 0x7f], 0x7f),
            (&[0x30, 0x82, 1], 0),
            (&[0x30, 0x82, 0, 0xff], 0xff),
            (&[0x30, 0x83, 1, 0, 0], 0x1_0000),
            (&[0x30, 0xff], 2),
        ] {
            assert!(!der(header, octets), "{header:?}");
        }
        assert!(!is_certificate(&[0x30, 3, 2, 1, 0]), "a private key begins with its version");
    }
}
