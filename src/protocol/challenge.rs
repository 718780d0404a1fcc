//! `WWW-Authenticate`: how a server says which credentials it wants, and what was wrong with those it got (RFC 9110,
//! sections 11.2, 11.3 and 11.6.1).

use crate::error::ServerError;
use crate::json::Object;

/// Longest header that is read, in bytes.
const MAX_HEADER: usize = 8 * 1024;

/// One challenge of a server (RFC 9110, section 11.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as it was written; compare it without regard to case.
    pub scheme: String,
    /// The one value of schemes that have no parameters (RFC 9110, section 11.2).
    pub token68: Option<String>,
    /// The parameters, all texts, by their names in lower case.
    pub parameters: Object,
}

/// The challenges of a header, or of several joined by commas. What cannot be read ends the list; what was read until
/// then stays. A challenge that has a parameter twice is left out (RFC 9110, section 11.2).
pub fn parse(header: &str) -> Vec<Challenge> {
    let mut reader = Reader { rest: header, challenges: Vec::new(), current: None, started: false };
    while header.len() <= MAX_HEADER && reader.element().is_some() {}
    reader.challenges.extend(reader.current);
    reader.challenges
}

/// What was wrong with the access token: from the first challenge for one that says so (RFC 6750, section 3; RFC 9449,
/// section 7.1).
pub fn server_error(header: &str) -> Option<ServerError> {
    parse(header).iter().find_map(|challenge| {
        let of_a_token = ["Bearer", "DPoP"].iter().any(|scheme| scheme.eq_ignore_ascii_case(&challenge.scheme));
        let text = |name| challenge.parameters.str(name);
        let error = text("error").filter(|error| of_a_token && !error.is_empty())?;
        Some(ServerError::new(error, text("error_description"), text("error_uri")))
    })
}

struct Reader<'a> {
    rest: &'a str,
    challenges: Vec<Challenge>,
    /// The challenge that parameters belong to; nothing before the first, and where one was left out.
    current: Option<Challenge>,
    started: bool,
}

impl<'a> Reader<'a> {
    /// Reads a scheme with its token68, or one parameter. `None` at the end and at what cannot be read.
    fn element(&mut self) -> Option<()> {
        // Between parameters a comma may be missing, as some servers forget it; before a scheme it must be there.
        let separator = self.take(|byte| matches!(byte, b' ' | b'\t' | b','));
        let name = self.token()?;
        let space = self.space();
        if self.rest.starts_with('=') {
            self.rest = self.rest.get(1..)?;
            self.space();
            let value = if self.rest.starts_with('"') { self.quoted()? } else { self.token()?.to_owned() };
            return self.parameter(name, value);
        }
        let misplaced = self.started && !separator.bytes().any(|byte| byte == b',');
        if misplaced || (space.is_empty() && !self.at_end()) {
            return None;
        }
        self.started = true;
        let token68 = if space.is_empty() { None } else { self.token68() };
        let challenge = Challenge { scheme: name.to_owned(), token68, parameters: Object::default() };
        self.challenges.extend(self.current.replace(challenge));
        Some(())
    }

    fn parameter(&mut self, name: &str, value: String) -> Option<()> {
        // A value that goes on behind its end was not understood.
        if !self.at_end() || !self.started {
            return None;
        }
        let Some(challenge) = &mut self.current else { return Some(()) };
        let name = name.to_ascii_lowercase();
        if challenge.token68.is_some() {
            return None;
        }
        if challenge.parameters.contains(&name) {
            self.current = None;
        } else {
            challenge.parameters.set(&name, value.into());
        }
        Some(())
    }

    /// Whether a scheme or a value ends here.
    fn at_end(&self) -> bool {
        matches!(self.rest.bytes().next(), None | Some(b' ' | b'\t' | b','))
    }

    /// Takes the bytes that fit, all ASCII, from the front of what is left.
    fn take(&mut self, fits: fn(u8) -> bool) -> &'a str {
        let length = self.rest.bytes().take_while(|byte| fits(*byte)).count();
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        taken
    }

    fn space(&mut self) -> &'a str {
        self.take(|byte| matches!(byte, b' ' | b'\t'))
    }

    /// RFC 9110, section 5.6.2
    fn token(&mut self) -> Option<&'a str> {
        let token = self.take(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        (!token.is_empty()).then_some(token)
    }

    /// RFC 9110, section 11.2; only what fills its place up to the next comma, as else it is the name of a parameter.
    fn token68(&mut self) -> Option<String> {
        let start = self.rest;
        self.take(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        self.take(|byte| byte == b'=');
        let token = start.get(..start.len().saturating_sub(self.rest.len()))?;
        self.space();
        if token.is_empty() || token.starts_with('=') || !matches!(self.rest.bytes().next(), None | Some(b',')) {
            self.rest = start;
            return None;
        }
        Some(token.to_owned())
    }

    /// RFC 9110, section 5.6.4; `None` when it does not end.
    fn quoted(&mut self) -> Option<String> {
        let (mut out, mut chars) = (String::new(), self.rest.chars());
        chars.next();
        loop {
            out.push(match chars.next()? {
                '"' => break,
                '\\' => chars.next()?,
                other => other,
            });
        }
        self.rest = chars.as_str();
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn shown(challenges: &[Challenge]) -> String {
        let one = |challenge: &Challenge| {
            let parameters = Json::from(challenge.parameters.clone()).to_text();
            [&challenge.scheme, challenge.token68.as_deref().unwrap_or("-"), &parameters].join(" ")
        };
        challenges.iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn tr_15_challenges_are_read_as_rfc_9110_writes_them() {
        for (header, expected) in [
            // One challenge
            (r#"Basic realm="a""#, r#"Basic - {"realm":"a"}"#),
            ("Basic realm=a", r#"Basic - {"realm":"a"}"#),
            ("Basic realm='a'", r#"Basic - {"realm":"'a'"}"#),
            (r#"BASIC REALM="A""#, r#"BASIC - {"realm":"A"}"#),
            (r#"Bearer Error="e", SCOPE="r w""#, r#"Bearer - {"error":"e","scope":"r w"}"#),
            (r#"Basic   realm="a""#, r#"Basic - {"realm":"a"}"#),
            ("Basic\trealm=\"a\"\t", r#"Basic - {"realm":"a"}"#),
            (r#"Basic realm="""#, r#"Basic - {"realm":""}"#),
            (r#"Basic realm="a%20b""#, r#"Basic - {"realm":"a%20b"}"#),
            (r#"Basic realm="x, y=z""#, r#"Basic - {"realm":"x, y=z"}"#),
            (r#"Basic a="realm=b", realm="c""#, r#"Basic - {"a":"realm=b","realm":"c"}"#),
            (r#"Basic notrealm="a", realm="b""#, r#"Basic - {"notrealm":"a","realm":"b"}"#),
            (r#"Basic b="1", a="2""#, r#"Basic - {"b":"1","a":"2"}"#),
            (r#"Basic realm="é", charset="UTF-8""#, r#"Basic - {"realm":"é","charset":"UTF-8"}"#),
            (r#"Digest realm="t", qop=auth, nonce="n1""#, r#"Digest - {"realm":"t","qop":"auth","nonce":"n1"}"#),
            (r#"DPoP algs="ES256 PS256""#, r#"DPoP - {"algs":"ES256 PS256"}"#),
            ("X !#$%&'*+-.^_`|~1=a", "X - {\"!#$%&'*+-.^_`|~1\":\"a\"}"),
            // Escapes
            (r#"Basic realm="\"a\"""#, r#"Basic - {"realm":"\"a\""}"#),
            (r#"Basic realm="a \\ b""#, r#"Basic - {"realm":"a \\ b"}"#),
            (r#"Basic realm="\a\b\ü""#, r#"Basic - {"realm":"abü"}"#),
            // Space and empty elements of the list (section 5.6.1)
            (r#"Basic realm = "a""#, r#"Basic - {"realm":"a"}"#),
            (r#"Basic realm= a"#, r#"Basic - {"realm":"a"}"#),
            (r#"Bearer   a =   "b"   ,c="d" ,  e = " f ""#, r#"Bearer - {"a":"b","c":"d","e":" f "}"#),
            (r#"Basic a="1", b="2",, c=3,,,d=4"#, r#"Basic - {"a":"1","b":"2","c":"3","d":"4"}"#),
            (r#"Basic , realm="a""#, r#"Basic - {"realm":"a"}"#),
            (r#",Basic realm="a""#, r#"Basic - {"realm":"a"}"#),
            (r#" , ,	Basic realm="a","#, r#"Basic - {"realm":"a"}"#),
            // Schemes alone
            ("Negotiate", "Negotiate - {}"),
            ("Negotiate, NTLM", "Negotiate - {} | NTLM - {}"),
            (r#"Negotiate, DPoP algs="ES256""#, r#"Negotiate - {} | DPoP - {"algs":"ES256"}"#),
            (r#"DPoP algs="ES256",Negotiate"#, r#"DPoP - {"algs":"ES256"} | Negotiate - {}"#),
            ("%%%", "%%% - {}"),
            // token68
            ("NTLM YWJj", "NTLM YWJj {}"),
            ("NTLM YWI=", "NTLM YWI= {}"),
            ("NTLM  YQ==  ", "NTLM YQ== {}"),
            ("Negotiate a-._~+/9==", "Negotiate a-._~+/9== {}"),
            (r#"NTLM YWJj, Basic realm="a""#, r#"NTLM YWJj {} | Basic - {"realm":"a"}"#),
            (r#"NTLM YWI= ,Basic realm="a""#, r#"NTLM YWI= {} | Basic - {"realm":"a"}"#),
            (r#"NTLM YQ==, Basic realm="a""#, r#"NTLM YQ== {} | Basic - {"realm":"a"}"#),
            (r#"A x="1", B YQ==, C y="2""#, r#"A - {"x":"1"} | B YQ== {} | C - {"y":"2"}"#),
            ("Bearer error=", "Bearer error= {}"),
            // Several challenges
            (
                r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#,
                r#"Newauth - {"realm":"apps","type":"1","title":"Login to \"apps\""} | Basic - {"realm":"simple"}"#,
            ),
            (
                r#"Bearer error="e", error_description="a, b", Bearer realm="r""#,
                r#"Bearer - {"error":"e","error_description":"a, b"} | Bearer - {"realm":"r"}"#,
            ),
        ] {
            assert_eq!(shown(&parse(header)), expected, "{header}");
        }
    }

    #[test]
    fn tr_15_what_cannot_be_read_ends_the_list() {
        for (header, expected) in [
            ("", ""),
            (",", ""),
            (" \t,,", ""),
            ("???", ""),
            (r#"error="e""#, ""),
            (r#"  error="e", realm="a""#, ""),
            (r#""Basic" realm="a""#, ""),
            ("Bäsic realm=a", ""),
            (r#"Basic realm="a"#, "Basic - {}"),
            (r#"Basic realm="a\"#, "Basic - {}"),
            (r#"Basic a="1", b="x\""#, r#"Basic - {"a":"1"}"#),
            (r"Basic realm=\a\b", "Basic - {}"),
            ("Basic realm=a/b", "Basic - {}"),
            ("Basic realm=é", "Basic - {}"),
            ("Basic a=b, realm=,x=y", r#"Basic - {"a":"b"}"#),
            (r#"Basic realm="a"b"#, "Basic - {}"),
            (r#"Basic realm="the "a" realm", x=y"#, "Basic - {}"),
            (r#"Basic realm"a""#, "Basic - {}"),
            (r#"Basic, realm"a""#, "Basic - {}"),
            (r#"Basic"a""#, ""),
            (r#"Basic ="a""#, ""),
            ("Basic realm=,x=y", "Basic realm= {}"),
            (r#"Bearer error="e", ???"#, r#"Bearer - {"error":"e"}"#),
            ("Negotiate YQ== ???", "Negotiate - {}"),
            ("Negotiate YQ==b", "Negotiate - {}"),
            ("Negotiate ==", ""),
            ("Negotiate a b", "Negotiate - {}"),
            (r#"Negotiate YQ==, realm="a""#, "Negotiate YQ== {}"),
            (r#"A x=1 B y=2"#, r#"A - {"x":"1"}"#),
            // Mistakes of servers that can be read without a doubt
            (r#"DPoP error="e" error_description="d""#, r#"DPoP - {"error":"e","error_description":"d"}"#),
            (r#"Bearer, error="e""#, r#"Bearer - {"error":"e"}"#),
        ] {
            assert_eq!(shown(&parse(header)), expected, "{header}");
        }
    }

    #[test]
    fn tr_15_a_challenge_with_a_parameter_twice_is_left_out_whole() {
        for (header, expected) in [
            (r#"Basic realm="a", realm="b""#, ""),
            (r#"Basic realm="a", REALM="a", x=y"#, ""),
            (r#"Basic realm="a", realm="b", realm="c", Bearer x=y"#, r#"Bearer - {"x":"y"}"#),
            (r#"Basic realm="a", Bearer x=y, x=z, DPoP a=b"#, r#"Basic - {"realm":"a"} | DPoP - {"a":"b"}"#),
        ] {
            assert_eq!(shown(&parse(header)), expected, "{header}");
        }
    }

    #[test]
    fn tr_15_whatever_the_grammar_writes_is_read_back() {
        let mut state = 1_u32;
        let mut below = |limit: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % limit
        };
        for _ in 0..20_000 {
            let (mut header, mut expected) = (String::new(), Vec::new());
            for _ in 0..=below(3) {
                let commas = [",", ", ", " ,\t", ",,"][below(4) as usize];
                if !header.is_empty() {
                    header.push_str(commas);
                }
                let scheme = ["Basic", "DPoP", "x-1"][below(3) as usize].to_owned();
                header.push_str(&scheme);
                let mut challenge = Challenge { scheme, token68: None, parameters: Object::default() };
                match below(4) {
                    0 => {}
                    1 => {
                        let token = ["YQ", "YQ==", "a/b=", "realm="][below(4) as usize];
                        header.push_str([" ", "  "][below(2) as usize]);
                        header.push_str(token);
                        challenge.token68 = Some(token.to_owned());
                    }
                    _ => {
                        header.push(' ');
                        for (index, name) in ["realm", "a", "error"].iter().enumerate().take(1 + below(3) as usize) {
                            if index > 0 {
                                header.push_str(commas);
                            }
                            let value = ["v", "", "a, B c=\"d\"", "\\", "é"][below(5) as usize];
                            header.push_str(name);
                            header.push_str(["=", " = "][below(2) as usize]);
                            if value == "v" && below(2) == 0 {
                                header.push_str(value);
                            } else {
                                header.push_str(&Json::from(value).to_text());
                            }
                            challenge.parameters.set_text(name, value);
                        }
                    }
                }
                expected.push(challenge);
            }
            assert_eq!(parse(&header), expected, "{header}");
        }
    }

    #[test]
    fn tr_15_garbage_neither_hangs_nor_panics_and_length_is_bounded() {
        let alphabet = ["a", "B", " ", ",", "=", "\"", "\\", "é"];
        let mut texts = vec![String::new()];
        for _ in 0..6 {
            texts = texts.iter().flat_map(|text| alphabet.map(|c| format!("{text}{c}"))).collect();
        }
        for text in texts {
            for challenge in parse(&text) {
                assert!(!challenge.scheme.is_empty(), "{text:?}");
                assert!(challenge.token68.is_none() || challenge.parameters == Object::default(), "{text:?}");
            }
        }
        for long in ["a,", "a=b,", "\"", "\\", "a ", ",", "=", "A b=\""] {
            parse(&long.repeat(MAX_HEADER / long.len()));
        }
        let header = format!("Basic realm=\"{}\"", "x".repeat(MAX_HEADER - 14));
        assert_eq!((header.len(), parse(&header).len()), (MAX_HEADER, 1));
        assert_eq!(parse(&format!("{header},")), []);
    }

    #[test]
    fn tr_15_the_error_is_that_of_the_first_challenge_for_a_token_that_has_one() {
        for (header, expected) in [
            (r#"Bearer error="invalid_token""#, Some(("invalid_token", None, None))),
            (
                r#"Bearer realm="x", error="invalid_token", error_description="expired", error_uri="https://op/e""#,
                Some(("invalid_token", Some("expired"), Some("https://op/e"))),
            ),
            (r#"dPoP error="use_dpop_nonce""#, Some(("use_dpop_nonce", None, None))),
            (r#"DPoP error="use_dpop_nonce" error_description="again""#, Some(("use_dpop_nonce", Some("again"), None))),
            (r#"Bearer realm="x", DPoP algs="ES256", error="e""#, Some(("e", None, None))),
            (r#"Bearer error="a", DPoP error="b""#, Some(("a", None, None))),
            (r#"Basic error="a", BEARER ERROR="b""#, Some(("b", None, None))),
            (r#"Bearer error="a", error="b""#, None),
            (r#"Bearer error="""#, None),
            ("Bearer error=", None),
            (r#"Bearer realm="x""#, None),
            (r#"Key error="kong""#, None),
            (r#"error="e""#, None),
            ("", None),
        ] {
            let expected = expected.map(|(error, description, uri)| ServerError::new(error, description, uri));
            assert_eq!(server_error(header), expected, "{header}");
        }
    }
}
