//! base64url, form encoding, query strings and comparison of secrets.

use crate::text::{cut, pieces};
use subtle::ConstantTimeEq as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding (RFC 7515, section 2). Six lines here are four kilobytes less than any crate in wasm; the
/// crate `base64` checks them in the tests.
pub fn base64url(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(4).div_ceil(3));
    for group in bytes.chunks(3) {
        let mut buffer = [0; 4];
        buffer.iter_mut().skip(1).zip(group).for_each(|(to, from)| *to = *from);
        let mut bits = u32::from_be_bytes(buffer) << 8;
        for _ in 0..=group.len() {
            out.push(ALPHABET.get((bits >> 26) as usize).copied().unwrap_or(b'A'));
            bits <<= 6;
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// base64 with padding (RFC 4648, section 4), as Basic authentication wants it.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for c in base64url(bytes).chars() {
        out.push(match c {
            '-' => '+',
            '_' => '/',
            other => other,
        });
    }
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

/// Decodes base64url strictly: no padding, no white space, no superfluous character, unused bits zero. `None` for
/// anything else.
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(digit);
        bits = bits.saturating_add(6);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            out.push(u8::try_from(buffer >> bits & 255).ok()?);
        }
    }
    let unused = buffer & (1_u32 << bits).wrapping_sub(1);
    (bits < 6 && unused == 0).then_some(out)
}

/// Compares without telling by its time where two texts differ.
pub fn constant_time_eq(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Percent-encodes everything but the unreserved characters (RFC 3986, section 2.3); `space` is what a space becomes:
/// `+` in forms (RFC 6749, appendix B), `%20` in URLs, where every reader understands it.
pub fn percent_encode(out: &mut String, text: &str, space: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push_str(space),
            _ => {
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    out.push(char::from(*HEX.get(usize::from(nibble)).unwrap_or(&b'0')));
                }
            }
        }
    }
}

/// Decodes one form-encoded text; `None` when a `%` is not followed by two hex digits or the bytes are not UTF-8.
pub fn form_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high << 4 | low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The pairs of a query or fragment, still encoded: `(name, value)`, in order, empty pieces left out.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = pieces(query, b'&').into_iter().filter(|piece| !piece.is_empty());
    pairs.map(|piece| cut(piece, b'=')).map(|(name, value)| (name, value.unwrap_or_default()))
}

/// Whether a query has a parameter of that name.
pub fn query_has(query: &str, wanted: &str) -> bool {
    query_pairs(query).any(|(name, _)| form_decode(name).as_deref() == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jo_11_base64url_is_strict_and_canonical() {
        assert_eq!(base64url_decode("AA"), Some(vec![0]));
        for bad in ["AB", "AA==", "A A", "AA\n", "A", "AA+/", "AA=", "é"] {
            assert_eq!(base64url_decode(bad), None, "{bad:?}");
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn base64url_agrees_with_the_crate_base64() {
        use base64::Engine as _;
        let theirs = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let bytes: Vec<u8> = (0..=255).rev().chain(0..=255).collect();
        for start in 0..8 {
            for length in 0..100 {
                let slice = &bytes[start * 7..start * 7 + length];
                let text = theirs.encode(slice);
                assert_eq!(base64url(slice), text);
                assert_eq!(base64url_decode(&text).as_deref(), Some(slice));
            }
        }
        // Every text of up to three characters of a small alphabet that has each kind of trouble in it.
        let alphabet = ["A", "B", "Q", "w", "_", "-", "=", " ", "+", "/", "\n", "é"];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts =
                texts.iter().flat_map(|t| alphabet.iter().map(move |c| format!("{t}{c}")).chain([t.clone()])).collect();
        }
        for text in texts {
            assert_eq!(base64url_decode(&text), theirs.decode(&text).ok(), "{text:?}");
        }
    }

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        let encode = |text, space| {
            let mut out = String::new();
            percent_encode(&mut out, text, space);
            out
        };
        assert_eq!(encode("a bü&=+*-._~/!'()", "+"), "a+b%C3%BC%26%3D%2B%2A-._~%2F%21%27%28%29");
        assert_eq!(encode("a b", "%20"), "a%20b");
        assert_eq!(form_decode("a+b%C3%BC%26").as_deref(), Some("a bü&"));
        for bad in ["%", "%4", "%zz", "%ff", "%+1"] {
            assert_eq!(form_decode(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn query_pairs_keep_order_and_repetition() {
        let pairs: Vec<_> = query_pairs("a=1&&b&a=2=3").collect();
        assert_eq!(pairs, [("a", "1"), ("b", ""), ("a", "2=3")]);
    }

    #[test]
    fn comparison_needs_equal_length_and_content() {
        assert!(constant_time_eq("abc", "abc"));
        assert!(!constant_time_eq("abc", "abd"));
        assert!(!constant_time_eq("abc", "abcd"));
        assert!(constant_time_eq("", ""));
    }
}
