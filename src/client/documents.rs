//! A provider's two public documents, metadata and keys: from memory, from this tab's storage, or fetched; one request
//! at a time, and only documents that passed their checks are kept.

use crate::client::fingerprint;
use crate::client::send::send;
use crate::client::single_flight::SingleFlight;
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::http::{HttpRequest, media_type};
use crate::jose::{Algorithm, Jwk, Jws, jwks};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Platform, Store as _, Verifier as _};
use crate::protocol::answer;
use crate::protocol::discovery::{self, Place, ProviderMetadata};
use crate::protocol::policy::DiscoveryPolicy;
use crate::text::concat;
use crate::time::Timestamp;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long keys are used without asking again, in seconds.
const KEYS_FRESH: i64 = 5 * 60;
/// Least time between two fetches because of an unknown key, in seconds: tokens with made-up key names must not turn
/// into a flood of requests.
const COOLDOWN: i64 = 60;
/// How long a document that could not be fetched again is used before the next attempt, in seconds.
const RETRY: i64 = 5;

/// Whose documents, and how they are kept.
pub(super) struct Source {
    /// The issuer, and where its metadata is.
    pub(super) place: Place,
    /// What the metadata must obey.
    pub(super) policy: DiscoveryPolicy,
    /// Whether every endpoint is checked, or only those that a sign-in uses.
    pub(super) whole: bool,
    /// Metadata that need not be fetched.
    pub(super) given: Option<ProviderMetadata>,
    /// Seconds that a request may take.
    pub(super) timeout: i64,
    /// Seconds that metadata is used without asking again.
    pub(super) fresh: i64,
    /// Seconds that it is still used when asking again fails.
    pub(super) lasting: i64,
    /// Whether later pages of this tab may use what this one fetched.
    pub(super) stored: bool,
}

/// Clones share everything.
pub(super) struct Documents<P>(Rc<Inner<P>>);

struct Inner<P> {
    platform: Rc<P>,
    source: Source,
    metadata: Slot,
    keys: Slot,
    refetched_at: Cell<Option<Timestamp>>,
}

/// A document with the time and address it was fetched at.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) at: Timestamp,
    url: Rc<str>,
    pub(super) body: Rc<Object>,
}

/// The last good document, the time of the last failure, and the request under way.
#[derive(Default)]
struct Slot {
    known: RefCell<Option<Document>>,
    failed_at: Cell<Option<Timestamp>>,
    fetching: SingleFlight<Document>,
}

impl<P> Clone for Documents<P> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<P: Platform> Documents<P> {
    pub(super) fn new(platform: Rc<P>, source: Source) -> Self {
        let (metadata, keys, refetched_at) = (Slot::default(), Slot::default(), Cell::default());
        Self(Rc::new(Inner { platform, source, metadata, keys, refetched_at }))
    }

    /// The provider's metadata.
    pub(super) async fn metadata(&self) -> Result<ProviderMetadata> {
        if let Some(given) = &self.0.source.given {
            return Ok(given.clone());
        }
        let document = self.metadata_document(self.0.source.fresh).await?;
        self.parse_metadata(&document.body)
    }

    /// The whole document with the metadata, at most so many seconds old.
    pub(super) fn metadata_document(&self, fresh: i64) -> impl Future<Output = Result<Document>> {
        self.document(Phase::Discovery, discovery::build(&self.0.source.place.url), fresh)
    }

    /// The provider's keys.
    pub(super) fn keys(&self, metadata: &ProviderMetadata) -> impl Future<Output = Result<Rc<Object>>> {
        self.keys_within(metadata, KEYS_FRESH)
    }

    async fn keys_within(&self, metadata: &ProviderMetadata, fresh: i64) -> Result<Rc<Object>> {
        let uri = metadata.required_endpoint("jwks_uri").during(Phase::Jwks)?;
        Ok(self.document(Phase::Jwks, discovery::build_jwks(uri), fresh).await?.body)
    }

    /// The keys, fetched once more when none of those at hand is the one that is looked for: the provider may have
    /// changed its keys since (OpenID Connect Core, section 10.1.1).
    pub(super) async fn keys_with(
        &self,
        metadata: &ProviderMetadata,
        is_missing: &dyn Fn(&Object) -> bool,
    ) -> Result<Rc<Object>> {
        let keys = self.keys(metadata).await?;
        let now = self.0.platform.clock().now();
        let cooling = self.0.refetched_at.get().is_some_and(|at| is_fresh(at, now, COOLDOWN));
        if cooling || !is_missing(&keys) {
            return Ok(keys);
        }
        self.0.refetched_at.set(Some(now));
        self.keys_within(metadata, 0).await
    }

    /// The claims of a token that one of the provider's keys has signed.
    pub(super) async fn verified_claims(&self, metadata: &ProviderMetadata, token: Jws<'_>) -> Result<Object> {
        let select = |keys: &Object| jwks::select(keys, token.algorithm, token.key_id());
        let is_missing = |keys: &Object| select(keys).is_err_and(|error| error.code() == ErrorCode::SigningKeyNotFound);
        let key = select(&*self.keys_with(metadata, &is_missing).await?)?;
        verified(&*self.0.platform, token, &key).await
    }

    pub(super) fn parse_metadata(&self, document: &Object) -> Result<ProviderMetadata> {
        ProviderMetadata::parse(document, &self.0.source.place.issuer, &self.0.source.policy)
    }

    async fn document(&self, phase: Phase, request: HttpRequest, fresh: i64) -> Result<Document> {
        let slot = self.slot(phase);
        let now = self.0.platform.clock().now();
        if slot.known.borrow().as_ref().is_none_or(|known| *known.url != *request.url) {
            *slot.known.borrow_mut() = self.stored(phase, &request.url);
        }
        let known = slot.known.borrow().clone();
        // What is too old to be preferred is still better than nothing, for a while.
        let lasting = if matches!(phase, Phase::Jwks) { 0 } else { self.0.source.lasting };
        let fallback = known.clone().filter(|known| fresh > 0 && is_fresh(known.at, now, lasting));
        let recently_failed = slot.failed_at.get().is_some_and(|at| is_fresh(at, now, RETRY));
        if let Some(known) = known
            && (is_fresh(known.at, now, fresh) || (recently_failed && fallback.is_some()))
        {
            return Ok(known);
        }
        let documents = self.clone();
        let work = Box::pin(async move { documents.fetch(phase, request).await.during(phase) });
        slot.fetching.run(work).await.or_else(|error| {
            slot.failed_at.set(Some(now));
            fallback.ok_or(error)
        })
    }

    async fn fetch(&self, phase: Phase, request: HttpRequest) -> Result<Document> {
        let url = Rc::from(request.url.as_str());
        let response = send(&*self.0.platform, request, self.0.source.timeout).await?;
        let or_keys = phase == Phase::Jwks && response.is(media_type::JWK_SET);
        let media_type = if or_keys { media_type::JWK_SET } else { media_type::JSON };
        let body = answer::json_object(&response, media_type, &[200], ErrorCode::UnexpectedStatus)?;
        self.check(phase, &body)?;
        let at = self.0.platform.clock().now();
        if self.0.source.stored {
            let mut record = Object::default();
            record.set("at", at.seconds().into());
            record.set("document", body.clone().into());
            // Without storage the next page fetches again; that is no reason to fail here.
            let _ = self.0.platform.tab_store().save(&self.document_name(&url), &Json::from(record).to_text());
        }
        let document = Document { at, url, body: Rc::new(body) };
        *self.slot(phase).known.borrow_mut() = Some(document.clone());
        Ok(document)
    }

    /// What an earlier page of this tab fetched, checked as if it had just been fetched.
    fn stored(&self, phase: Phase, url: &str) -> Option<Document> {
        if !self.0.source.stored {
            return None;
        }
        let text = self.0.platform.tab_store().load(&self.document_name(url)).ok()??;
        let record = Json::parse_record(&text)?;
        let body = record.object("document")?;
        self.check(phase, body).ok()?;
        let at = Timestamp::from_seconds(record.number("at")?);
        Some(Document { at, url: Rc::from(url), body: Rc::new(body.clone()) })
    }

    fn check(&self, phase: Phase, document: &Object) -> Result<()> {
        let source = &self.0.source;
        match phase {
            Phase::Jwks => jwks::check(document),
            _ if source.whole => discovery::check(document, &source.place, &source.policy),
            _ => self.parse_metadata(document).map(drop),
        }
    }

    fn slot(&self, phase: Phase) -> &Slot {
        match phase {
            Phase::Jwks => &self.0.keys,
            _ => &self.0.metadata,
        }
    }

    /// Documents belong to the issuer they came from (RFC 8725, section 3.8).
    fn document_name(&self, url: &str) -> String {
        let source = fingerprint(&concat(&[&self.0.source.place.issuer, "\n", url]));
        concat(&["oidc-wasm.1.document.", source.as_str()])
    }
}

/// The claims of a token that this key has signed.
pub(super) async fn verified<P: Platform>(platform: &P, token: Jws<'_>, key: &Jwk) -> Result<Object> {
    let algorithm: Algorithm = token.algorithm;
    if platform.verifier().verify(algorithm, key, token.signing_input, &token.signature).await? {
        token.into_verified_claims()
    } else {
        Err(ErrorCode::SignatureInvalid.into())
    }
}

/// Whether something fetched then may be used now. A time in the future is a clock that was set back.
pub(super) fn is_fresh(at: Timestamp, now: Timestamp, lifetime: i64) -> bool {
    (0..lifetime).contains(&now.since(at))
}
