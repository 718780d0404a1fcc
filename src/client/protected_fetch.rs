//! Requests to APIs: which may carry an access token, and what an answer says about token and proof.

use crate::client::Client;
use crate::client::config::base_of;
use crate::client::session::Session;
use crate::error::{During as _, Error, ErrorCode, Phase, Result};
use crate::json::Object;
use crate::platform::Platform;
use crate::protocol::challenge;
use crate::protocol::nonces::{Answer, Verdict};
use crate::protocol::request::checked;
use crate::text::{concat, cut, pieces, whole};
use crate::url::HttpUrl;

const REQUEST: &str = "!url !method";
const ANSWER: &str = "!url #status challenge nonce date sentNonce";

impl<P: Platform> Client<P> {
    /// The `Authorization` header for a URL as it will be fetched, and what a proof must have, if one must go along;
    /// or what has to be renewed first. Only servers named in `allowedOrigins` get anything (RFC 9700, section 4.9.1).
    pub fn authorize(&self, ready: Result<Session>, options: &Object) -> Result<Object> {
        self.authorize_unphased(ready, options).during(Phase::Fetch)
    }

    fn authorize_unphased(&self, ready: Result<Session>, options: &Object) -> Result<Object> {
        let options = checked(options, REQUEST, ErrorCode::InvalidArgument)?;
        let url = options.str_or_empty("url");
        let wanted = self.token_for(url)?;
        let mut header = Object::default();
        let Some(token) = self.access_token(&ready?, &wanted)? else {
            header.set("renew", wanted.into());
            return Ok(header);
        };
        let (scheme, access_token) = (token.str_or_empty("type"), token.str_or_empty("token"));
        header.set_text("authorization", &concat(&[scheme, " ", access_token]));
        if scheme == "DPoP" {
            let told = self.protocol.nonces.borrow().told(url, true);
            header.set_text("accessToken", access_token);
            header.set("clockOffset", told.offset.into());
            if let Some(nonce) = &told.nonce {
                header.set_text("nonce", nonce);
            }
        }
        Ok(header)
    }

    /// What an answer to such a request says: whether it makes sense to send the request once more, and what the API
    /// wants of the person (RFC 9449, sections 8 and 9; RFC 9470, section 3).
    pub fn answered(&self, options: &Object) -> Result<Object> {
        let options = checked(options, ANSWER, ErrorCode::InvalidArgument)?;
        let challenges = challenge::parse(options.str_or_empty("challenge"));
        let refused = options.number("status") == Some(401);
        let says = |error: &str, schemes: &str| {
            challenges.iter().find(|challenge| {
                refused
                    && pieces(schemes, b' ').iter().any(|scheme| scheme.eq_ignore_ascii_case(&challenge.scheme))
                    && challenge.parameters.str("error") == Some(error)
            })
        };
        let mut verdict = Object::default();
        if self.config.dpop().is_some() {
            let errors = ["use_dpop_nonce", "invalid_dpop_proof"];
            let answer = Answer {
                sent: options.str("sentNonce"),
                error: errors.into_iter().find(|error| says(error, "DPoP").is_some()).unwrap_or_default(),
                nonce: options.str("nonce"),
                date: self.protocol.date(&options),
            };
            match self.protocol.told(options.str_or_empty("url"), true, &answer) {
                Verdict::Final => {}
                Verdict::Again => verdict.set("again", true.into()),
                Verdict::Unreadable => verdict.set("unreadable", true.into()),
            }
        }
        if let Some(challenge) = says("insufficient_user_authentication", "DPoP Bearer") {
            let mut step_up = Object::default();
            for (parameter, name) in [("acr_values", "acrValues"), ("scope", "scope")] {
                if let Some(value) = challenge.parameters.str(parameter) {
                    step_up.set_text(name, value);
                }
            }
            if let Some(seconds) = challenge.parameters.str("max_age").and_then(whole) {
                step_up.set("maxAgeSeconds", seconds.into());
            }
            verdict.set("stepUp", step_up.into());
        }
        // Whoever names no reason, or is not heard doing so, most likely means the token.
        let reasons = challenges.iter().filter_map(|challenge| challenge.parameters.str("error"));
        if refused && verdict.iter().next().is_none() && reasons.into_iter().all(|error| error == "invalid_token") {
            verdict.set("renew", self.token_for(options.str_or_empty("url"))?.into());
        }
        Ok(verdict)
    }

    /// Which access token a URL may get, as options of a renewal.
    fn token_for(&self, url: &str) -> Result<Object> {
        let refuse = |detail: &str| Err(Error::new(ErrorCode::OriginNotAllowed).with("url", detail));
        let parsed = match HttpUrl::parse(url) {
            Ok(parsed) => parsed,
            Err(problem) => return refuse(problem.as_str()),
        };
        for allowed in self.config.allowed_origins() {
            if base_of(allowed).is_some_and(|base| HttpUrl::parse(base).is_ok_and(|base| parsed.is_below(&base))) {
                let mut wanted = allowed.as_object().cloned().unwrap_or_default();
                wanted.remove("baseAddress");
                return Ok(wanted);
            }
        }
        // Without query and fragment: those may hold secrets of the application.
        refuse(cut(cut(url, b'#').0, b'?').0)
    }
}
