//! Cutting text at ASCII marks, joining it, and numbers in it.
//!
//! The standard library's way, with its patterns, searchers and formatting, is generic over much more than is needed
//! here, and every kilobyte of it would be in the user's download.

/// Several texts as one.
pub fn concat(parts: &[&str]) -> String {
    let mut out = String::new();
    parts.iter().for_each(|part| out.push_str(part));
    out
}

/// What stands before and after the first mark; all and nothing when there is none. `mark` is an ASCII character.
pub fn cut(text: &str, mark: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == mark).and_then(|at| text.split_at_checked(at)) {
        None => (text, None),
        Some((before, after)) => (before, after.get(1..)),
    }
}

/// What stands before and after the first occurrence of a text.
pub fn cut_at<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = (0..text.len()).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(mark)))?;
    Some((text.get(..at)?, text.get(at..)?.strip_prefix(mark)?))
}

/// The pieces between the marks; one where there is none. `mark` is an ASCII character.
pub fn pieces(text: &str, mark: u8) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), Some(text));
    while let Some(text) = rest {
        let (piece, after) = cut(text, mark);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The number that a text of digits means; `None` for anything else, and for what does not fit.
pub fn whole(digits: &str) -> Option<i64> {
    let mut value = 0_i64;
    for digit in digits.bytes() {
        value = value.checked_mul(10)?.checked_add(char::from(digit).to_digit(10)?.into())?;
    }
    (!digits.is_empty()).then_some(value)
}

/// A whole number in decimal.
pub fn decimal(value: i64) -> String {
    let (mut out, mut rest) = (String::new(), value.unsigned_abs());
    loop {
        let digit = usize::try_from(rest % 10).unwrap_or_default();
        out.insert(0, char::from(b"0123456789".get(digit).copied().unwrap_or(b'0')));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.insert(0, '-');
    }
    out
}

/// `snake_case` as `camelCase`: what a name on the wire is called in TypeScript.
pub fn camel(name: &str) -> String {
    let (mut out, mut upper) = (String::new(), false);
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            out.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_as_the_standard_library_cuts_it() {
        for text in ["", ".", "a", "a.b", ".a.", "..", "ü.é.", "a.b.c"] {
            assert_eq!(pieces(text, b'.'), text.split('.').collect::<Vec<_>>(), "{text:?}");
            let expected = text.split_once('.').map_or((text, None), |(before, after)| (before, Some(after)));
            assert_eq!(cut(text, b'.'), expected, "{text:?}");
        }
        assert_eq!(concat(&["a", "", "ü"]), "aü");
    }

    #[test]
    fn numbers_are_exact_or_absent() {
        for value in [0, 7, -7, 10, 1_800_000_000, i64::MAX, i64::MIN] {
            assert_eq!(decimal(value), value.to_string());
        }
        assert_eq!((whole("0042"), whole("9223372036854775807")), (Some(42), Some(i64::MAX)));
        for bad in ["", "-1", "+1", "1.0", "9223372036854775808", "x", "1 "] {
            assert_eq!(whole(bad), None, "{bad:?}");
        }
    }
}
