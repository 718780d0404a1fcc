//! One request to one endpoint, for applications that need no session: options in, a typed answer out.

use crate::client::documents::{Documents, Source, is_fresh, verified};
use crate::client::send::send;
use crate::error::{During as _, Error, ErrorCode, Phase, Result};
use crate::jose::{Algorithm, Jws, jwks};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Hooks, Platform, Random as _, Verifier as _};
use crate::protocol::discovery::{self, Place, ProviderMetadata};
use crate::protocol::exchange::{Answer, Exchange, text_of};
use crate::protocol::grants::{ciba, client_credentials, code, device, jwt_bearer, password, refresh, token_exchange};
use crate::protocol::id_token::{self, TokenHash, TokenKind};
use crate::protocol::nonces::{self, Nonces, Verdict};
use crate::protocol::parameters::invalid;
use crate::protocol::policy::DiscoveryPolicy;
use crate::protocol::request::{Message, checked};
use crate::protocol::state::random_value;
use crate::protocol::{
    backchannel_authentication, callback, device_authorization, introspection, jarm, logout_token, par,
    protected_resource, registration, revocation, token, userinfo,
};
use crate::text::{concat, decimal};
use crate::time::Timestamp;
use std::cell::RefCell;
use std::rc::Rc;

/// How many providers are remembered.
const MAX_PROVIDERS: usize = 8;
const DAY: i64 = 24 * 60 * 60;

/// Every request by the name that TypeScript calls it with.
const MESSAGES: [(&str, &Message); 24] = [
    ("token", &token::MESSAGE),
    ("authorization_code", &code::MESSAGE),
    ("refresh_token", &refresh::MESSAGE),
    ("client_credentials", &client_credentials::MESSAGE),
    ("password", &password::MESSAGE),
    ("device_code", &device::MESSAGE),
    ("poll_device", &device::MESSAGE),
    ("ciba", &ciba::MESSAGE),
    ("poll_ciba", &ciba::MESSAGE),
    ("token_exchange", &token_exchange::MESSAGE),
    ("jwt_bearer", &jwt_bearer::MESSAGE),
    ("device_authorization", &device_authorization::MESSAGE),
    ("backchannel_authentication", &backchannel_authentication::MESSAGE),
    ("pushed_authorization", &par::MESSAGE),
    ("introspection", &introspection::MESSAGE),
    ("revocation", &revocation::MESSAGE),
    ("userinfo", &userinfo::MESSAGE),
    ("registration", &registration::REGISTER),
    ("read_client", &registration::READ),
    ("update_client", &registration::UPDATE),
    ("delete_client", &registration::DELETE),
    ("protected_resource", &protected_resource::MESSAGE),
    ("jwks", &discovery::KEYS),
    ("discovery", &discovery::MESSAGE),
];

/// All endpoints.
pub struct Protocol<P: Platform> {
    pub(super) platform: Rc<P>,
    /// The documents of the providers that were asked last, by whatever tells them apart.
    providers: RefCell<Vec<(String, Documents<P>)>>,
    pub(super) nonces: RefCell<Nonces>,
}

impl<P: Platform> Protocol<P> {
    /// On a platform. Nothing is fetched yet.
    pub fn new(platform: Rc<P>) -> Self {
        Self { platform, providers: RefCell::default(), nonces: RefCell::default() }
    }

    /// Carries out what is called `operation`; the names are those in `pkg-template/src`.
    pub async fn run(&self, operation: &str, options: &Object, hooks: &dyn Hooks) -> Result<Json> {
        if let Some((_, message)) = MESSAGES.iter().find(|(known, _)| *known == operation) {
            let wait = operation.starts_with("poll_");
            return self.poll(message, options, hooks, wait).await.during(message.phase).map(Json::from);
        }
        for kind in [id_token::KIND, logout_token::KIND, jarm::KIND] {
            if operation == kind.operation {
                let claims = self.validate(options, &kind, None).await.during(kind.phase)?;
                return Ok(if kind.phase == Phase::Callback { callback::described(claims) } else { claims }.into());
            }
        }
        match operation {
            "token_hash" => self.token_hash(options).await.map(Json::from),
            "cached_metadata" | "cached_keys" => self.cached(options, operation == "cached_keys").await.map(Json::from),
            _ => Err(ErrorCode::Internal.into()),
        }
    }

    /// One request, and its answer as TypeScript sees it.
    pub(super) async fn exchange(
        &self,
        message: &Message,
        options: &Object,
        hooks: &dyn Hooks,
        keys: Option<&Documents<P>>,
    ) -> Result<Object> {
        let is_resource = message.phase == Phase::Userinfo;
        let mut again = options.flag("dpop");
        loop {
            let mut exchange = Exchange::new(message, options)?;
            let id = random_value(self.platform.random().seed()?);
            if let Some((name, argument)) = exchange.hook(&id, self.platform.clock().now()) {
                let answer = hooks.call(name, &argument).await?;
                exchange.answer_hook(&argument, &answer)?;
            }
            let mut request = exchange.take_http(message);
            let told = self.nonces.borrow().told(&request.url, is_resource);
            if options.flag("dpop") {
                let token = options.str("accessToken");
                let subject = nonces::subject(request.method.as_str(), &request.url, token, &told);
                let proof = hooks.call("proof", &Json::from(subject).to_text()).await?;
                if proof.is_empty() {
                    return Err(ErrorCode::HookFailed.into());
                }
                request.headers.set_text("dpop", &proof);
            }
            let url = request.url.clone();
            let response = send(&*self.platform, request, exchange.request.timeout()).await?;
            let answer = exchange.interpret(message, &response);
            // Whoever says so with another status may have done something (RFC 9449, sections 8 and 9).
            let refuses = response.status == 401 || (response.status == 400 && !is_resource);
            let server = answer.as_ref().err().and_then(Error::server).filter(|_| refuses);
            let verdict = self.told(
                &url,
                is_resource,
                &nonces::Answer {
                    sent: told.nonce.as_deref(),
                    error: server.map_or("", |server| &server.error),
                    nonce: response.headers.str("dpop-nonce"),
                    date: self.date(&response.headers),
                },
            );
            let answer = match answer {
                Ok(Answer::Complete(answer)) => return Ok(answer),
                Ok(Answer::Signed) => {
                    let body = self.signed_answer(&exchange, message, text_of(&response), hooks, keys).await;
                    body.and_then(|body| exchange.complete(message, body, &response))
                }
                // The server says that it did nothing but tell how it wants the proof: once, everything is made afresh.
                Err(_) if again && verdict == Verdict::Again => {
                    again = false;
                    continue;
                }
                Err(error) if again && verdict == Verdict::Unreadable => Err(unreadable(error)),
                Err(error) => Err(error),
            };
            return answer.map_err(|error| error.with_raw(text_of(&response).to_owned()));
        }
    }

    /// Remembers what an answer tells about proofs.
    pub(super) fn told(&self, url: &str, is_resource: bool, answer: &nonces::Answer<'_>) -> Verdict {
        self.nonces.borrow_mut().take(url, is_resource, answer, self.platform.clock().now())
    }

    /// The server's time, where a header says it.
    pub(super) fn date(&self, headers: &Object) -> Option<Timestamp> {
        self.platform.clock().parse_http_date(headers.str("date")?)
    }

    /// The claims of an answer that is a JWT. Its signature is checked unless that was switched off by name; the
    /// application's own check comes last.
    async fn signed_answer(
        &self,
        exchange: &Exchange,
        message: &Message,
        text: &str,
        hooks: &dyn Hooks,
        keys: Option<&Documents<P>>,
    ) -> Result<Object> {
        let options = &exchange.request.options;
        let jws = Jws::parse(text)?;
        let body = if options.flag("dangerousSkipSignatureValidation") {
            introspection::inner(jws.into_verified_claims()?)?
        } else {
            exchange.check_signed_header(message, &jws)?;
            let token = self.verified(options, jws, keys).await?;
            exchange.check_signed(message, token, self.platform.clock().now())?
        };
        hooks.call("validate", text).await?;
        Ok(body)
    }

    /// The claims of a token signed with a key that was given, or that the provider publishes.
    async fn verified(&self, options: &Object, jws: Jws<'_>, keys: Option<&Documents<P>>) -> Result<Object> {
        let metadata = options.object("metadata").ok_or_else(|| invalid("metadata", "missing"))?;
        let issuer = metadata.str_or_empty("issuer");
        let policy = DiscoveryPolicy::of(options);
        let metadata = ProviderMetadata::parse(metadata, issuer, &policy)?;
        if let Some(keys) = options.object("keySet") {
            jwks::check(keys)?;
            let key = jwks::select(keys, jws.algorithm, jws.key_id())?;
            return verified(&*self.platform, jws, &key).await;
        }
        if let Some(keys) = keys {
            return keys.verified_claims(&metadata, jws).await;
        }
        let url = metadata.required_endpoint("jwks_uri")?;
        let timeout = options.number("timeoutSeconds").unwrap_or(10);
        // Each call waits as long as it says, not as long as another one did.
        let keys = self.provider(&concat(&[issuer, "\n", url, "\n", &decimal(timeout)]), || {
            let place = Place { issuer: issuer.to_owned(), url: String::new(), told_by_url: false };
            Ok(Source { place, policy, whole: false, given: None, timeout, fresh: 0, lasting: 0, stored: false })
        })?;
        keys.verified_claims(&metadata, jws).await
    }

    /// The documents of a provider, as long as not too many others were asked for since.
    fn provider(&self, name: &str, source: impl FnOnce() -> Result<Source>) -> Result<Documents<P>> {
        let mut providers = self.providers.borrow_mut();
        if let Some((_, known)) = providers.iter().find(|(known, _)| known == name) {
            return Ok(known.clone());
        }
        let documents = Documents::new(Rc::clone(&self.platform), source()?);
        if providers.len() == MAX_PROVIDERS {
            providers.remove(0);
        }
        providers.push((name.to_owned(), documents.clone()));
        Ok(documents)
    }

    /// What a `DiscoveryCache` has: the metadata as it is known, or fetched when that is too old or `refresh` says so;
    /// or the keys, fetched once more when none has the `kid` that is asked for. Caches of the same options share
    /// everything.
    async fn cached(&self, options: &Object, wants_keys: bool) -> Result<Object> {
        let mut options = checked(options, CACHE_OPTIONS, ErrorCode::InvalidArgument)?;
        let (refresh, wanted) = (options.remove("refresh"), options.remove("kid"));
        let duration = seconds(&options, "durationSeconds", DAY, 366 * DAY)?;
        let documents = self.provider(&Json::from(options.clone()).to_text(), || cache_source(&options, duration))?;
        if wants_keys {
            let metadata = documents.metadata().await?;
            let is_missing = |keys: &Object| {
                let mut known = keys.list("keys").iter().filter_map(Json::as_object).map(|key| key.get("kid"));
                wanted.is_some() && !known.any(|known| known == wanted.as_ref())
            };
            return Ok((*documents.keys_with(&metadata, &is_missing).await?).clone());
        }
        let document = documents.metadata_document(if refresh.is_some() { 0 } else { duration }).await?;
        let mut described = Object::default();
        described.set("metadata", (*document.body).clone().into());
        described.set("fetchedAt", document.at.seconds().into());
        let stale = !is_fresh(document.at, self.platform.clock().now(), duration);
        described.set("stale", stale.into());
        Ok(described)
    }

    /// The claims of a token for any client; with `keys` of its own provider.
    pub(super) async fn validate(
        &self,
        options: &Object,
        kind: &TokenKind,
        keys: Option<&Documents<P>>,
    ) -> Result<Object> {
        let options = &checked(options, kind.options, ErrorCode::InvalidArgument)?;
        let jws = Jws::parse(options.str_or_empty(kind.option))?;
        let algorithm = algorithm(options, kind.algorithms)?;
        kind.check_header(&jws, algorithm)?;
        let claims = self.verified(options, jws, keys).await?;
        if options.flag("requireAtHash") && !options.contains("accessToken") {
            return Err(invalid("accessToken", "missing"));
        }
        let mut hashes = Vec::new();
        for hash in TokenHash::ALL {
            if let Some(text) = options.str(hash.option) {
                let digest = self.platform.verifier().digest(algorithm.hash(), text.as_bytes()).await?;
                hashes.push((hash, id_token::hash_value(&digest)));
            }
        }
        (kind.check_claims)(&claims, options, &hashes, self.platform.clock().now())?;
        Ok(claims)
    }

    /// The value of `at_hash`, `c_hash` or `s_hash` for a text.
    async fn token_hash(&self, options: &Object) -> Result<String> {
        let options = checked(options, "!value !algorithm", ErrorCode::InvalidArgument)?;
        let hash = algorithm(&options, "")?.hash();
        let value = options.str_or_empty("value").as_bytes();
        Ok(id_token::hash_value(&self.platform.verifier().digest(hash, value).await?))
    }
}

/// Only the header is missing that the server has to let this page read.
fn unreadable(error: Error) -> Error {
    let unreadable = Error::new(ErrorCode::DpopNonceUnreadable).with("header", "DPoP-Nonce");
    match (error.status(), error.server()) {
        (Some(status), Some(server)) => unreadable.with_status(status).with_server(server.clone()),
        _ => unreadable,
    }
}

const CACHE_OPTIONS: &str = "!authority address wellKnown {discoveryPolicy #timeoutSeconds #durationSeconds \
    #hardExpirySeconds storage kid ?refresh";

fn cache_source(options: &Object, duration: i64) -> Result<Source> {
    let (place, policy) = discovery::place(options)?;
    let stored = match options.str("storage") {
        None | Some("session") => true,
        Some("memory") => false,
        _ => return Err(invalid("storage", "unknown")),
    };
    Ok(Source {
        place,
        policy,
        whole: true,
        given: None,
        timeout: seconds(options, "timeoutSeconds", 10, 300)?,
        fresh: duration,
        lasting: seconds(options, "hardExpirySeconds", 7 * DAY, 366 * DAY)?.max(duration),
        stored,
    })
}

fn seconds(options: &Object, name: &str, default: i64, most: i64) -> Result<i64> {
    match options.number(name).unwrap_or(default) {
        seconds if (1..=most).contains(&seconds) => Ok(seconds),
        _ => Err(invalid(name, "out of range")),
    }
}

fn algorithm(options: &Object, member: &str) -> Result<Algorithm> {
    match (options.str("algorithm"), options.object("metadata")) {
        (None, Some(metadata)) => discovery::default_algorithm(metadata, member, true),
        (name, _) => Algorithm::parse(name.unwrap_or_default()).ok_or_else(|| invalid("algorithm", "not asymmetric")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::entries;

    #[test]
    fn every_table_reads_as_it_was_meant() {
        for (operation, message) in MESSAGES {
            for (table, extra) in [(message.sends, "_=:-."), (message.answers, "_"), (message.options, "")] {
                let words = table.split_whitespace().count();
                assert_eq!(entries(table).len(), words, "{operation}: {table}");
                for (_, _, name) in entries(table) {
                    let known = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
                    assert!(name.chars().all(known) && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
                }
            }
            assert!(message.bearer.is_empty() || message.options.contains(message.bearer), "{operation}");
        }
    }
}
