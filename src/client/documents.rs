//! The provider's two public documents, metadata and keys: from memory, from this tab's storage, or fetched; one
//! request at a time, and only documents that passed their checks are kept.

use crate::client::single_flight::SingleFlight;
use crate::client::{Client, fingerprint};
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::http::HttpRequest;
use crate::jose::{Algorithm, Jwk, jwks};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Platform, Store as _};
use crate::protocol::answer;
use crate::protocol::discovery::{self, ProviderMetadata};
use crate::text::concat;
use crate::time::Timestamp;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long metadata is used without asking again, in seconds.
const METADATA_FRESH: i64 = 60 * 60;
/// How long keys are used without asking again, in seconds.
const KEYS_FRESH: i64 = 5 * 60;
/// Least time between two fetches because of an unknown key, in seconds: tokens with made-up key names must not turn
/// into a flood of requests.
const COOLDOWN: i64 = 60;

#[derive(Default)]
pub(super) struct Documents {
    metadata: Slot,
    keys: Slot,
    refetched_at: Cell<Option<Timestamp>>,
}

/// One document: the last good one with its time and address, and the request under way.
#[derive(Default)]
struct Slot {
    known: RefCell<Option<(Timestamp, String, Rc<Object>)>>,
    fetching: SingleFlight<Rc<Object>>,
}

impl<P: Platform> Client<P> {
    /// The provider's metadata.
    pub(super) async fn metadata(&self) -> Result<ProviderMetadata> {
        if let Some(given) = self.config.metadata() {
            return Ok(given.clone());
        }
        let request = discovery::build(self.config.authority());
        let document = self.document(Phase::Discovery, request, METADATA_FRESH).await?;
        self.parse_metadata(&document)
    }

    /// The provider's keys.
    pub(super) async fn keys(&self, metadata: &ProviderMetadata) -> Result<Rc<Object>> {
        let uri = metadata.required_endpoint("jwks_uri").during(Phase::Jwks)?;
        self.document(Phase::Jwks, discovery::build_jwks(uri), KEYS_FRESH).await
    }

    /// The key that a token of this algorithm and `kid` must be signed with. A key that is not among those at hand is
    /// looked for once more at the provider, which may have changed its keys since (OpenID Connect Core, section
    /// 10.1.1).
    pub(super) async fn signing_key(
        &self,
        metadata: &ProviderMetadata,
        algorithm: Algorithm,
        key_id: Option<&str>,
    ) -> Result<Jwk> {
        loop {
            let found = jwks::select(&*self.keys(metadata).await?, algorithm, key_id);
            let now = self.platform.clock().now();
            let cooling = self.documents.refetched_at.get().is_some_and(|at| is_fresh(at, now, COOLDOWN));
            let missing = found.as_ref().is_err_and(|error| error.code() == ErrorCode::SigningKeyNotFound);
            if !missing || cooling {
                return found;
            }
            self.documents.refetched_at.set(Some(now));
            self.documents.keys.known.take();
            let uri = metadata.required_endpoint("jwks_uri")?;
            // Where storage fails, nothing was kept in it.
            let _ = self.platform.tab_store().remove(&self.document_name(uri));
        }
    }

    pub(super) fn parse_metadata(&self, document: &Object) -> Result<ProviderMetadata> {
        ProviderMetadata::parse(document, self.config.authority(), self.config.policy())
    }

    async fn document(&self, phase: Phase, request: HttpRequest, lifetime: i64) -> Result<Rc<Object>> {
        let slot = self.slot(phase);
        let now = self.platform.clock().now();
        if slot.known.borrow().as_ref().is_none_or(|(_, url, _)| *url != request.url) {
            *slot.known.borrow_mut() = self.stored(phase, &request.url);
        }
        if let Some((at, _, document)) = slot.known.borrow().as_ref()
            && is_fresh(*at, now, lifetime)
        {
            return Ok(Rc::clone(document));
        }
        let client = self.clone();
        slot.fetching.run(Box::pin(async move { client.fetch(phase, request).await.during(phase) })).await
    }

    async fn fetch(&self, phase: Phase, request: HttpRequest) -> Result<Rc<Object>> {
        let url = request.url.clone();
        let response = self.send(request).await?;
        let document = answer::json_object(&response, &discovery::MEDIA_TYPES, ErrorCode::UnexpectedStatus)?;
        self.check(phase, &document)?;
        let at = self.platform.clock().now();
        let mut record = Object::default();
        record.set("at", at.seconds().into());
        record.set("document", document.clone().into());
        // Without storage the next page fetches again; that is no reason to fail here.
        let _ = self.platform.tab_store().save(&self.document_name(&url), &Json::from(record).to_text());
        let document = Rc::new(document);
        *self.slot(phase).known.borrow_mut() = Some((at, url, Rc::clone(&document)));
        Ok(document)
    }

    /// What an earlier page of this tab fetched, checked as if it had just been fetched.
    fn stored(&self, phase: Phase, url: &str) -> Option<(Timestamp, String, Rc<Object>)> {
        let text = self.platform.tab_store().load(&self.document_name(url)).ok()??;
        let record = Json::parse_record(&text)?;
        let document = record.object("document")?;
        self.check(phase, document).ok()?;
        Some((Timestamp::from_seconds(record.number("at")?), url.to_owned(), Rc::new(document.clone())))
    }

    fn check(&self, phase: Phase, document: &Object) -> Result<()> {
        match phase {
            Phase::Jwks => jwks::check(document),
            _ => self.parse_metadata(document).map(drop),
        }
    }

    fn slot(&self, phase: Phase) -> &Slot {
        match phase {
            Phase::Jwks => &self.documents.keys,
            _ => &self.documents.metadata,
        }
    }

    /// Documents belong to the issuer they came from (RFC 8725, section 3.8).
    fn document_name(&self, url: &str) -> String {
        let source = fingerprint(&concat(&[self.config.authority(), "\n", url]));
        concat(&["oidc-wasm.1.document.", source.as_str()])
    }
}

/// Whether something fetched then may be used now. A time in the future is a clock that was set back.
fn is_fresh(at: Timestamp, now: Timestamp, lifetime: i64) -> bool {
    (0..lifetime).contains(&now.since(at))
}
