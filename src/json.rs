//! Strict JSON: the one parser for everything that comes from a provider or out of storage.
//!
//! `JSON.parse` and most parsers keep the last of two members with one name, so two readers of one signed text can see
//! two things. This one refuses duplicates, lone surrogates, bytes that are not UTF-8, and input deeper or longer than
//! any honest message (RFC 8725, section 3.7; RFC 7515, section 5.2; RFC 8259).

use crate::error::{Error, ErrorCode, Result};
use crate::text;

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 32;
/// What records of our own may add around values that were accepted before.
const RECORD_DEPTH: usize = 8;
/// Most members of one object and elements of one array.
const MAX_ELEMENTS: usize = 1000;
/// Longest text of one string, in bytes.
const MAX_STRING: usize = 64 * 1024;
/// Largest whole number that every JSON reader agrees on (RFC 8259, section 6).
const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// Members in the order they came; no name twice.
    Object(Object),
}

/// A JSON number, kept as it was written: reading fractions costs kilobytes that no rule here needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// The number as JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its whole part, where that is exact and the number has no exponent: enough for seconds and lengths.
    pub fn whole(&self) -> Option<i64> {
        let (whole, fraction) = text::cut(&self.0, b'.');
        if fraction.is_some_and(|fraction| !fraction.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let (negative, digits) = whole.strip_prefix('-').map_or((false, whole), |digits| (true, digits));
        let value = text::whole(digits)?;
        (value <= MAX_SAFE_INTEGER).then_some(if negative { value.saturating_neg() } else { value })
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(text::decimal(value))
    }
}

/// A table of members, as text: their names with a space between, each behind a mark of what it must be. No mark: a
/// text. `#`: a number with an exact whole part. `?`: `true` or `false`. `[`: a list of texts. `*`: a list. `{`: an
/// object. `~`: anything. `!` before all of that: it must be there, a text not empty. As arrays, the tables of this crate
/// would be kilobytes more in every download.
pub type Table = &'static str;

/// The entries of a table: whether it must be there, its mark (0 for none), its name.
pub fn entries(table: Table) -> Vec<(bool, u8, &'static str)> {
    let mut entries = Vec::new();
    for entry in text::pieces(table, b' ') {
        let (required, rest) = entry.strip_prefix('!').map_or((false, entry), |rest| (true, rest));
        let mark = rest.bytes().next().filter(|mark| b"#?[*{~+".contains(mark));
        let name = if mark.is_some() { rest.get(1..).unwrap_or_default() } else { rest };
        if !name.is_empty() {
            entries.push((required, mark.unwrap_or_default(), name));
        }
    }
    entries
}

/// Whether a table has a member of that name.
pub fn has_entry(table: Table, name: &str) -> bool {
    entries(table).iter().any(|(_, _, known)| *known == name)
}

/// The members of a JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// The member of that name. A member that is `null` counts as present.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Whether there is a member of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a member, or replaces the one of that name.
    pub fn set(&mut self, name: &str, value: Json) {
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds a member that is text.
    pub fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, text.into());
    }

    /// Removes a member and gives it.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.remove(at).1)
    }

    /// All members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Checks that every member of the table that is present is what it must be and that required ones are there; `Err`
    /// with the name of the first that does not. Afterwards the accessors below say what is there.
    pub fn check(&self, table: Table) -> std::result::Result<(), &'static str> {
        for (required, mark, name) in entries(table) {
            let fits = match (mark, self.get(name)) {
                (_, None) => !required,
                (b'~', _)
                | (b'?', Some(Json::Bool(_)))
                | (b'*', Some(Json::Array(_)))
                | (b'{', Some(Json::Object(_))) => true,
                (0, Some(Json::String(text))) => !(required && text.is_empty()),
                (b'#', Some(Json::Number(number))) => number.whole().is_some(),
                (b'[', Some(Json::Array(items))) => items.iter().all(|item| item.as_text().is_some()),
                _ => false,
            };
            if !fits {
                return Err(name);
            }
        }
        Ok(())
    }

    /// The member as text; `None` when it is absent or something else.
    #[inline(always)]
    pub fn str(&self, name: &str) -> Option<&str> {
        self.string(name).map(String::as_str)
    }

    /// The member as text; empty when it is absent or something else.
    #[inline(always)]
    pub fn str_or_empty(&self, name: &str) -> &str {
        self.string_or_empty(name)
    }

    /// A reference to a `String` comes back in a register. One to its text would be written to memory and read again at
    /// each of the many places that ask for it.
    fn string(&self, name: &str) -> Option<&String> {
        self.get(name)?.as_string()
    }

    fn string_or_empty(&self, name: &str) -> &String {
        static EMPTY: String = String::new();
        self.string(name).unwrap_or(&EMPTY)
    }

    /// The member as a whole number, a fraction cut off; `None` when it is absent or something else.
    pub fn number(&self, name: &str) -> Option<i64> {
        if let Json::Number(number) = self.get(name)? { number.whole() } else { None }
    }

    /// Whether the member is `true`.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Json::Bool(true)))
    }

    /// The elements of a list; none when the member is absent or something else.
    pub fn list(&self, name: &str) -> &[Json] {
        if let Some(Json::Array(items)) = self.get(name) { items } else { &[] }
    }

    /// The member as an object; `None` when it is absent or something else.
    pub fn object(&self, name: &str) -> Option<&Object> {
        self.get(name)?.as_object()
    }

    /// Whether a list contains a text.
    pub fn lists(&self, name: &str, text: &str) -> bool {
        self.list(name).iter().any(|item| item.as_text() == Some(text))
    }
}

impl FromIterator<(String, Json)> for Object {
    /// Later members replace earlier ones of the same name.
    fn from_iter<T: IntoIterator<Item = (String, Json)>>(members: T) -> Self {
        let mut object = Self::default();
        for (name, value) in members {
            object.set(&name, value);
        }
        object
    }
}

impl Json {
    /// Parses bytes that must be one JSON value in UTF-8, with nothing but white space around it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = str::from_utf8(bytes).map_err(|_| invalid("not_utf8"))?;
        Self::parse_text(text, MAX_DEPTH)
    }

    /// An object that this crate wrote itself, around values that were parsed before; `None` for anything else.
    pub fn parse_record(text: &str) -> Option<Object> {
        match Self::parse_text(text, MAX_DEPTH.saturating_add(RECORD_DEPTH)) {
            Ok(Self::Object(object)) => Some(object),
            _ => None,
        }
    }

    fn parse_text(text: &str, max_depth: usize) -> Result<Self> {
        let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, max_depth };
        let value = parser.value(0)?;
        parser.skip_space();
        if parser.at == parser.bytes.len() { Ok(value) } else { Err(invalid("syntax")) }
    }

    /// Parses bytes that must be one JSON object.
    pub fn parse_object(bytes: &[u8]) -> Result<Object> {
        match Self::parse(bytes)? {
            Self::Object(object) => Ok(object),
            _ => Err(invalid("not_an_object")),
        }
    }

    /// The text of a string.
    #[inline(always)]
    pub fn as_text(&self) -> Option<&str> {
        self.as_string().map(String::as_str)
    }

    fn as_string(&self) -> Option<&String> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The JSON text of this value.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(&number.0),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (index, (name, value)) in object.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

/// Adds a text as JSON writes it.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // As it is, up to the next character that is written in another way: most texts have none.
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let (plain, special) = rest.split_at_checked(at).unwrap_or_default();
        out.push_str(plain);
        let code = special.bytes().next().unwrap_or_default();
        match code {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            _ => {
                out.push_str("\\u00");
                for nibble in [code >> 4, code & 15] {
                    out.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
                }
            }
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

fn invalid(reason: &'static str) -> Error {
    Error::new(ErrorCode::InvalidJson).with("reason", reason)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    max_depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn next(&mut self) -> Result<u8> {
        let byte = self.peek().ok_or_else(|| invalid("syntax"))?;
        self.advance();
        Ok(byte)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        if depth > self.max_depth {
            return Err(invalid("too_deep"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json> {
        for expected in word.bytes() {
            if self.next()? != expected {
                return Err(invalid("syntax"));
            }
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.advance();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.advance();
            return Ok(Json::Object(Object(members)));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(invalid("syntax"));
            }
            let name = self.string()?;
            self.skip_space();
            if self.next()? != b':' {
                return Err(invalid("syntax"));
            }
            let value = self.value(depth.saturating_add(1))?;
            if members.iter().any(|(member, _)| *member == name) {
                return Err(invalid("duplicate_member"));
            }
            if members.len() == MAX_ELEMENTS {
                return Err(invalid("too_long"));
            }
            members.push((name, value));
            self.skip_space();
            match self.next()? {
                b',' => {}
                b'}' => return Ok(Json::Object(Object(members))),
                _ => return Err(invalid("syntax")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        let mut items = Vec::new();
        self.advance();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.advance();
            return Ok(Json::Array(items));
        }
        loop {
            if items.len() == MAX_ELEMENTS {
                return Err(invalid("too_long"));
            }
            items.push(self.value(depth.saturating_add(1))?);
            self.skip_space();
            match self.next()? {
                b',' => {}
                b']' => return Ok(Json::Array(items)),
                _ => return Err(invalid("syntax")),
            }
        }
    }

    fn string(&mut self) -> Result<String> {
        self.advance();
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.advance();
            }
            // Both ends stand before an ASCII byte, so they are character boundaries.
            out.push_str(self.text.get(start..self.at).ok_or_else(|| invalid("syntax"))?);
            if out.len() > MAX_STRING {
                return Err(invalid("too_long"));
            }
            match self.next()? {
                b'"' => return Ok(out),
                b'\\' => out.push(self.escape()?),
                _ => return Err(invalid("syntax")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        Ok(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(invalid("syntax")),
        })
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let first = self.hex4()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        // A high surrogate needs its low one; both halves come as escapes.
        if (0xd800..0xdc00).contains(&first) && self.next()? == b'\\' && self.next()? == b'u' {
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let offset = (first & 0x3ff) << 10 | (second & 0x3ff);
                let code = offset.saturating_add(0x1_0000);
                return char::from_u32(code).ok_or_else(|| invalid("lone_surrogate"));
            }
        }
        Err(invalid("lone_surrogate"))
    }

    fn hex4(&mut self) -> Result<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.next()?).to_digit(16).ok_or_else(|| invalid("syntax"))?;
            code = code << 4 | digit;
        }
        Ok(code)
    }

    /// RFC 8259, section 6; numbers that a 64-bit float cannot hold are refused.
    fn number(&mut self) -> Result<Json> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.advance();
        }
        let whole_digits = match self.peek() {
            Some(b'0') => {
                self.advance();
                1
            }
            _ => self.digits()?,
        };
        if self.peek() == Some(b'.') {
            self.advance();
            self.digits()?;
        }
        let mut exponent: i64 = 0;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.advance();
            let negative = self.peek() == Some(b'-');
            if matches!(self.peek(), Some(b'-' | b'+')) {
                self.advance();
            }
            let from = self.at;
            self.digits()?;
            let digits = self.text.get(from..self.at).unwrap_or_default();
            exponent = text::whole(digits).unwrap_or(i64::MAX);
            if negative {
                exponent = exponent.saturating_neg();
            }
        }
        let literal = self.text.get(start..self.at).unwrap_or_default();
        let magnitude = i64::try_from(whole_digits).unwrap_or(i64::MAX).saturating_add(exponent);
        if magnitude > 308 || literal.len() > 400 {
            return Err(invalid("number_out_of_range"));
        }
        Ok(Json::Number(Number(literal.to_owned())))
    }

    fn digits(&mut self) -> Result<usize> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance();
        }
        match self.at.saturating_sub(start) {
            0 => Err(invalid("syntax")),
            count => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &[u8]) -> String {
        match Json::parse(text) {
            Ok(value) => format!("accepted {value:?}"),
            Err(error) => error.details().first().map(|(_, reason)| reason.clone()).unwrap_or_default(),
        }
    }

    #[test]
    fn reads_and_writes_every_kind_of_value() {
        for text in
            [r#"{"a":[1,-2.5,1e3,true,false,null,"x"],"b":{}}"#, r#"["\"\\\n\u0001ü😀",[],{"":0}]"#, "0", "\"\""]
        {
            assert_eq!(Json::parse(text.as_bytes()).map(|v| v.to_text()), Ok(text.to_owned()));
        }
        let value = Json::parse(br#" [ "\ud83d\ude00\udbff\udfff\u00fc\/\b\f\r\t" ] "#);
        assert_eq!(
            value.map(|v| v.to_text()),
            Ok("[\"\u{1f600}\u{10ffff}ü/\\u0008\\u000c\\u000d\\u0009\"]".to_owned())
        );
    }

    #[test]
    fn jo_13_duplicate_members_are_refused_however_they_are_written() {
        for text in
            [r#"{"alg":"ES256","alg":"none"}"#, r#"{"alg":"ES256","\u0061lg":"none"}"#, r#"[{"a":{"b":1,"b":1}}]"#]
        {
            assert_eq!(reason(text.as_bytes()), "duplicate_member", "{text}");
        }
        assert!(Json::parse(br#"{"__proto__":1,"then":2,"constructor":3}"#).is_ok_and(|v| v.as_object().is_some()));
    }

    #[test]
    fn jo_14_text_that_is_not_strict_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "{]",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "Infinity",
            "tru",
            "nul",
            "true false",
            "1 2",
            "{}x",
            "\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\t\"",
            "\"\u{0}\"",
            "//c\n1",
            "\u{feff}1",
            "[1 2]",
            "{\"a\" 1}",
            "{1:1}",
            "\u{a0}1",
        ] {
            assert_eq!(reason(text.as_bytes()), "syntax", "{text:?}");
        }
        for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800\u0041""#] {
            assert_eq!(reason(text.as_bytes()), "lone_surrogate", "{text}");
        }
        assert_eq!(reason(b"\"\xc0\xaf\""), "not_utf8");
        assert_eq!(reason(b"\xff\xfe{\0}\0"), "not_utf8");
        assert_eq!(reason(b"\"\xed\xa0\x80\""), "not_utf8");
    }

    #[test]
    fn rx_04_depth_length_and_size_are_bounded() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(reason(nested(MAX_DEPTH + 1).as_bytes()), "too_deep");
        assert_eq!(reason(&b"[".repeat(1_000_000)), "too_deep");

        let list = |n: usize| format!("[{}]", vec!["0"; n].join(","));
        assert!(Json::parse(list(MAX_ELEMENTS).as_bytes()).is_ok());
        assert_eq!(reason(list(MAX_ELEMENTS + 1).as_bytes()), "too_long");

        let members = |n: usize| format!("{{{}}}", (0..n).map(|i| format!("\"{i}\":0")).collect::<Vec<_>>().join(","));
        assert!(Json::parse(members(MAX_ELEMENTS).as_bytes()).is_ok());
        assert_eq!(reason(members(MAX_ELEMENTS + 1).as_bytes()), "too_long");

        let text = |n: usize| format!("\"{}\"", "x".repeat(n));
        assert!(Json::parse(text(MAX_STRING).as_bytes()).is_ok());
        assert_eq!(reason(text(MAX_STRING + 1).as_bytes()), "too_long");

        for (number, fits) in [("1e307", true), ("1e308", false), ("1e400", false), ("-9e999999999999999999999", false)]
        {
            assert_eq!(Json::parse(number.as_bytes()).is_ok(), fits, "{number}");
        }
        assert_eq!(reason(&b"9".repeat(309)), "number_out_of_range");
    }

    #[test]
    fn a_record_around_the_deepest_accepted_value_can_be_read_back() {
        let deepest = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(Json::parse(deepest.as_bytes()).is_ok());
        let record = format!(r#"{{"logins":[{{"appState":{deepest}}}]}}"#);
        assert_eq!(reason(record.as_bytes()), "too_deep");
        assert_eq!(Json::parse_record(&record).map(|record| Json::from(record).to_text()), Some(record));
        assert_eq!(Json::parse_record(&"[".repeat(1_000_000)), None);
        assert_eq!(Json::parse_record("[]"), None);
    }

    #[test]
    fn whole_numbers_are_exact_or_absent() {
        for (text, whole) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("1300819380.75", Some(1_300_819_380)),
            ("9007199254740991", Some(9_007_199_254_740_991)),
            ("9007199254740992", None),
            ("99999999999999999999", None),
            ("1e3", None),
            ("1.5e3", None),
        ] {
            let Ok(Json::Number(number)) = Json::parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(number.whole(), whole, "{text}");
        }
    }

    #[test]
    fn a_table_names_the_first_member_that_does_not_fit() {
        let check = |text: &str| Json::parse_object(text.as_bytes()).unwrap().check("!r t #n ?b [l {o ~x *a !#m");
        let all = r#"{"r":"x","t":"","n":1.5,"b":false,"l":["a"],"o":{},"x":null,"a":[1],"m":0,"unknown":1}"#;
        assert_eq!(check(all), Ok(()));
        assert_eq!(check(r#"{"r":"x","m":1}"#), Ok(()));
        for (text, wrong) in [
            ("{}", "r"),
            (r#"{"r":""}"#, "r"),
            (r#"{"r":"x"}"#, "m"),
            (r#"{"r":"x","m":null}"#, "m"),
            (r#"{"r":"x","t":1}"#, "t"),
            (r#"{"r":"x","t":null}"#, "t"),
            (r#"{"r":"x","n":"1"}"#, "n"),
            (r#"{"r":"x","n":1e3}"#, "n"),
            (r#"{"r":"x","b":0}"#, "b"),
            (r#"{"r":"x","l":["a",1]}"#, "l"),
            (r#"{"r":"x","l":"a"}"#, "l"),
            (r#"{"r":"x","o":[]}"#, "o"),
            (r#"{"r":"x","a":{}}"#, "a"),
        ] {
            assert_eq!(check(text), Err(wrong), "{text}");
        }
    }

    #[test]
    fn accessors_give_nothing_where_there_is_something_else() {
        let object = Json::parse_object(br#"{"t":"x","n":7.9,"b":true,"l":["a",1],"o":{"k":"v"}}"#).unwrap();
        assert_eq!((object.str("t"), object.str("n"), object.str_or_empty("n")), (Some("x"), None, ""));
        assert_eq!((object.number("n"), object.number("t")), (Some(7), None));
        assert!(object.flag("b") && !object.flag("t"));
        assert_eq!((object.list("l").len(), object.list("t").len()), (2, 0));
        assert!(object.lists("l", "a") && !object.lists("l", "b"));
        assert_eq!(object.object("o").and_then(|o| o.str("k")), Some("v"));
    }
}
