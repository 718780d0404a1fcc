//! What servers tell about proofs of possession: the nonce they want, and what time they have (RFC 9449, sections 8, 9 and
//! 11.1).

use crate::json::{Json, Object};
use crate::text::{concat, cut, cut_at};
use crate::time::Timestamp;

/// What a proof for this request has to be about: the argument of whoever makes it.
pub fn subject(method: &str, url: &str, access_token: Option<&str>, told: &Told) -> Object {
    let mut subject = Object::default();
    subject.set_text("method", method);
    subject.set_text("url", url);
    for (name, value) in [("accessToken", access_token), ("nonce", told.nonce.as_deref())] {
        if let Some(value) = value {
            subject.set_text(name, value);
        }
    }
    if told.offset != 0 {
        subject.set("clockOffset", told.offset.into());
    }
    subject
}

/// What a server told before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The nonce that the next proof has.
    pub nonce: Option<String>,
    /// Seconds that its clock is ahead of this one.
    pub offset: i64,
}

/// What an answer says about the proof that went along.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The nonce of that proof.
    pub sent: Option<&'a str>,
    /// What was wrong, in OAuth's words; empty for nothing.
    pub error: &'a str,
    /// `DPoP-Nonce`, where it can be read.
    pub nonce: Option<&'a str>,
    /// `Date`, where it can be read.
    pub date: Option<Timestamp>,
}

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the answer.
    Final,
    /// The server did nothing but say how it wants the proof: one more attempt makes sense.
    Again,
    /// The server wants a nonce and does not let this page read it.
    Unreadable,
}

/// What all servers told, by role and origin: an authorization server and an API on one origin have nonces of their own
/// (RFC 9449, sections 8 and 9).
#[derive(Debug, Default)]
pub struct Nonces(Object);

impl Nonces {
    /// How many servers are remembered.
    const MOST: usize = 100;
    /// Longest nonce.
    const LONGEST: usize = 1024;
    /// Largest difference of clocks that is made up for, in seconds: beyond it something else is wrong.
    pub const FURTHEST: i64 = 600;
    /// Difference that is no difference, in seconds: `Date` is cut to the second and was on its way for a while.
    const NEAR: i64 = 5;

    fn name(url: &str, is_resource: bool) -> String {
        let rest = cut_at(url, "://").map_or("", |(_, rest)| rest);
        concat(&[if is_resource { "rs " } else { "as " }, cut(rest, b'/').0])
    }

    /// What the server of this URL told.
    pub fn told(&self, url: &str, is_resource: bool) -> Told {
        let empty = Object::default();
        let known = self.0.object(&Self::name(url, is_resource)).unwrap_or(&empty);
        Told { nonce: known.str("nonce").map(str::to_owned), offset: known.number("offset").unwrap_or_default() }
    }

    /// Remembers what came with an answer, whatever else it says, and tells whether it asks for another attempt (RFC 9449,
    /// sections 8.2 and 11.1). The caller makes one and no more.
    pub fn take(&mut self, url: &str, is_resource: bool, answer: &Answer<'_>, now: Timestamp) -> Verdict {
        let told = self.told(url, is_resource);
        let nonce = answer.nonce.filter(|nonce| is_nonce(nonce));
        // A server whose clock is read from the first rejection on; before, nobody knows that it matters. One that looks at
        // the nonce first looks at the time next, when there is no further attempt.
        let rejects = matches!(answer.error, "invalid_dpop_proof" | "use_dpop_nonce");
        let offset = answer.date.filter(|_| rejects).map(|date| date.since(now));
        let is_new = |offset: &i64| offset.abs_diff(told.offset) > Self::NEAR.unsigned_abs();
        let offset = offset.filter(|offset| offset.abs() <= Self::FURTHEST && is_new(offset));
        if nonce.is_some() || offset.is_some() {
            self.keep(Self::name(url, is_resource), nonce.or(told.nonce.as_deref()), offset.unwrap_or(told.offset));
        }
        match answer.error {
            "use_dpop_nonce" if nonce.is_some_and(|nonce| answer.sent != Some(nonce)) => Verdict::Again,
            "use_dpop_nonce" if answer.nonce.is_none() => Verdict::Unreadable,
            "invalid_dpop_proof" if offset.is_some() => Verdict::Again,
            _ => Verdict::Final,
        }
    }

    fn keep(&mut self, name: String, nonce: Option<&str>, offset: i64) {
        self.0.remove(&name);
        if self.0.iter().count() >= Self::MOST {
            let oldest = self.0.iter().next().map(|(name, _)| name.to_owned());
            oldest.into_iter().for_each(|name| drop(self.0.remove(&name)));
        }
        let mut known = Object::default();
        if let Some(nonce) = nonce {
            known.set_text("nonce", nonce);
        }
        known.set("offset", offset.into());
        self.0.set(&name, Json::Object(known));
    }
}

/// `1*NQCHAR` (RFC 9449, section 8.1). Two headers come joined by a comma and a space: such a value is none.
fn is_nonce(text: &str) -> bool {
    (1..=Nonces::LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn answer<'a>(sent: Option<&'a str>, error: &'a str, nonce: Option<&'a str>, ahead: Option<i64>) -> Answer<'a> {
        Answer { sent, error, nonce, date: ahead.map(|seconds| NOW.plus(seconds)) }
    }

    fn nonce_of(nonces: &Nonces, url: &str, is_resource: bool) -> Option<String> {
        nonces.told(url, is_resource).nonce
    }

    #[test]
    fn dp_13_nonces_belong_to_a_server_and_its_role() {
        let mut nonces = Nonces::default();
        nonces.take("https://op.example/token?x", false, &answer(None, "", Some("A"), None), NOW);
        assert_eq!(nonce_of(&nonces, "https://op.example/par", false).as_deref(), Some("A"));
        assert_eq!(nonce_of(&nonces, "https://op.example/userinfo", true), None);
        assert_eq!(nonce_of(&nonces, "https://op.example:444/token", false), None);
        // DP-14: the latest counts, whatever answer it came with.
        nonces.take("https://op.example/token", false, &answer(Some("A"), "invalid_grant", Some("B"), None), NOW);
        assert_eq!(nonce_of(&nonces, "https://op.example", false).as_deref(), Some("B"));
    }

    #[test]
    fn dp_16_the_oldest_servers_go_first_and_what_is_no_nonce_is_not_kept() {
        let mut nonces = Nonces::default();
        let long = "x".repeat(Nonces::LONGEST + 1);
        for bad in ["", "a b", "a, b", "a\"b", "a\\b", "a\r\nb", "é", &long] {
            let verdict =
                nonces.take("https://op.example/", false, &answer(None, "use_dpop_nonce", Some(bad), None), NOW);
            assert_eq!((verdict, nonce_of(&nonces, "https://op.example/", false)), (Verdict::Final, None), "{bad}");
        }
        nonces.take("https://op.example/", false, &answer(None, "", Some("a,b"), None), NOW);
        for number in 0..Nonces::MOST {
            nonces.take(&format!("https://{number}.example/"), true, &answer(None, "", Some("C"), None), NOW);
        }
        assert_eq!(nonces.0.iter().count(), Nonces::MOST);
        assert_eq!(nonce_of(&nonces, "https://op.example", false), None);
        assert_eq!(nonce_of(&nonces, "https://0.example", true).as_deref(), Some("C"));
    }

    #[test]
    fn dp_15_one_more_attempt_only_with_another_nonce_and_only_when_the_server_asks() {
        for (sent, error, nonce, expected) in [
            (None, "use_dpop_nonce", Some("N"), Verdict::Again),
            (Some("M"), "use_dpop_nonce", Some("N"), Verdict::Again),
            (Some("N"), "use_dpop_nonce", Some("N"), Verdict::Final),
            (None, "invalid_dpop_proof", Some("N"), Verdict::Final),
            (None, "invalid_grant", Some("N"), Verdict::Final),
            (None, "", Some("N"), Verdict::Final),
            // DP-19
            (None, "use_dpop_nonce", None, Verdict::Unreadable),
        ] {
            let verdict = Nonces::default().take("https://op.example/", false, &answer(sent, error, nonce, None), NOW);
            assert_eq!(verdict, expected, "{sent:?} {error} {nonce:?}");
        }
    }

    #[test]
    fn dp_22_a_clock_is_corrected_after_a_rejection_once_and_within_bounds() {
        let rejected = |ahead| answer(None, "invalid_dpop_proof", None, Some(ahead));
        for (ahead, expected) in [
            (300, Verdict::Again),
            (-300, Verdict::Again),
            (600, Verdict::Again),
            (601, Verdict::Final),
            (-601, Verdict::Final),
            (5, Verdict::Final),
            (0, Verdict::Final),
        ] {
            let mut nonces = Nonces::default();
            assert_eq!(nonces.take("https://op.example/", false, &rejected(ahead), NOW), expected, "{ahead}");
            let known = if expected == Verdict::Again { ahead } else { 0 };
            assert_eq!(nonces.told("https://op.example/", false).offset, known, "{ahead}");
            // The same difference again says that the clock was not what was wrong.
            assert_eq!(nonces.take("https://op.example/", false, &rejected(ahead), NOW), Verdict::Final, "{ahead}");
        }
        let mut nonces = Nonces::default();
        nonces.take("https://op.example/", false, &answer(None, "", Some("N"), Some(300)), NOW);
        assert_eq!(nonces.told("https://op.example/", false), Told { nonce: Some("N".to_owned()), offset: 0 });
        // Both are kept beside each other.
        nonces.take("https://op.example/", false, &rejected(300), NOW);
        nonces.take("https://op.example/", false, &answer(None, "", Some("O"), None), NOW);
        assert_eq!(nonces.told("https://op.example/", false), Told { nonce: Some("O".to_owned()), offset: 300 });
    }

    #[test]
    fn dp_17_a_server_that_never_gave_a_nonce_gets_none() {
        let told = Nonces::default().told("https://op.example/", false);
        let text = Json::from(subject("GET", "https://op.example/", Some("T"), &told)).to_text();
        assert_eq!(text, r#"{"method":"GET","url":"https://op.example/","accessToken":"T"}"#);
        let told = Told { nonce: Some("N".to_owned()), offset: -3 };
        let text = Json::from(subject("GET", "https://op.example/", None, &told)).to_text();
        assert_eq!(text, r#"{"method":"GET","url":"https://op.example/","nonce":"N","clockOffset":-3}"#);
    }
}
