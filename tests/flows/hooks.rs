//! What the page gives the core along: keys, proofs and signatures, as the TypeScript face does.

use crate::keys::{Keys, base64url};
use crate::platform::World;
use crate::proofs::thumbprint;
use crate::provider::REQUEST_KEY;
use oidc_wasm::error::{ErrorCode, Result};
use oidc_wasm::json::{Json, Object};
use oidc_wasm::platform::{Answer, Hooks};
use oidc_wasm::protocol::dpop::{self, Proof};
use oidc_wasm::time::Timestamp;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Nothing here makes proofs or signatures.
pub(crate) struct NoHooks;

impl Hooks for NoHooks {
    fn call<'a>(&'a self, name: &'static str, _: &'a str) -> Answer<'a> {
        // What was not given is not asked, except that `validate` and `log` may be asked in vain.
        assert!(["validate", "log"].contains(&name), "the hook {name}, which nobody gave");
        Box::pin(async { Ok(String::new()) })
    }
}

/// A key for proofs.
pub(crate) struct ProofKey {
    secret: SigningKey,
    jwk: Map<String, Value>,
    pub(crate) thumbprint: String,
}

/// What has become of the keys.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Fine,
    Lost,
    Replaced,
    Broken,
    /// Whatever signs gives nothing.
    Mute,
}

/// All keys of a browser.
#[derive(Default)]
pub(crate) struct KeyRing {
    keys: RefCell<Vec<Rc<ProofKey>>>,
    /// Thumbprints of keys that were dropped with their sessions.
    pub(crate) dropped: RefCell<Vec<String>>,
    pub(crate) fate: Cell<Fate>,
    proofs: Cell<usize>,
}

thread_local! {
    /// No key twice, not even in two flows: that would go unnoticed.
    static MADE: Cell<u64> = const { Cell::new(0) };
}

impl KeyRing {
    pub(crate) fn make(&self) -> Rc<ProofKey> {
        MADE.set(MADE.get() + 1);
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&MADE.get().to_be_bytes());
        let secret = SigningKey::from_slice(&secret).unwrap();
        let point = secret.verifying_key().to_sec1_point(false);
        let (x, y) = (base64url(point.x().unwrap()), base64url(point.y().unwrap()));
        let jwk = [("crv", "P-256"), ("kty", "EC"), ("x", &x), ("y", &y)];
        let jwk: Map<String, Value> = jwk.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let key = Rc::new(ProofKey { secret, thumbprint: thumbprint(&jwk), jwk });
        self.keys.borrow_mut().push(Rc::clone(&key));
        key
    }

    fn drop_key(&self, thumbprint: &str) {
        self.keys.borrow_mut().retain(|key| key.thumbprint != thumbprint);
        self.dropped.borrow_mut().push(thumbprint.to_owned());
    }

    fn find(&self, thumbprint: &str) -> Option<Rc<ProofKey>> {
        self.keys.borrow().iter().find(|key| key.thumbprint == thumbprint).cloned()
    }
}

/// The hooks of one call.
pub(crate) struct PageHooks {
    world: Rc<World>,
    keys: Rc<Keys>,
    /// The key that the proofs of this call are made with.
    chosen: RefCell<Option<Rc<ProofKey>>>,
}

impl PageHooks {
    pub(crate) fn new(world: &Rc<World>, keys: &Rc<Keys>, chosen: Option<Rc<ProofKey>>) -> Self {
        Self { world: Rc::clone(world), keys: Rc::clone(keys), chosen: RefCell::new(chosen) }
    }

    /// `""` stands for a key that is made now.
    fn key(&self, wanted: &str) -> Result<String> {
        let ring = &self.world.ring;
        let found = match ring.fate.get() {
            Fate::Fine | Fate::Mute if wanted.is_empty() => Some(ring.make()),
            Fate::Fine | Fate::Mute => ring.find(wanted),
            Fate::Lost => None,
            Fate::Replaced => Some(ring.make()),
            Fate::Broken => return Err(ErrorCode::HookFailed.into()),
        };
        let answer = found.as_ref().map_or_else(String::new, |key| key.thumbprint.clone());
        *self.chosen.borrow_mut() = found;
        Ok(answer)
    }

    /// A proof about what the core says, as the package makes it: with the time of this page.
    pub(crate) fn proof(&self, subject: &Object) -> Result<String> {
        let chosen = self.chosen.borrow();
        let Some(key) = chosen.as_ref() else {
            self.world.provider.borrow_mut().violations.push("a proof without a key".to_owned());
            return Err(ErrorCode::HookFailed.into());
        };
        for (name, _) in subject.iter() {
            let known = ["method", "url", "accessToken", "nonce", "clockOffset"];
            assert!(known.contains(&name), "a proof has no {name}");
        }
        let ring = &self.world.ring;
        ring.proofs.set(ring.proofs.get() + 1);
        let id = format!("proof-of-possession-{}", ring.proofs.get());
        let mut options = Object::default();
        options.set_text("algorithm", "ES256");
        options.set("jwk", Json::parse(Value::Object(key.jwk.clone()).to_string().as_bytes())?);
        let token_hash = subject.str("accessToken").map(dpop::token_hash).unwrap_or_default();
        let proof = Proof {
            method: subject.str_or_empty("method"),
            url: subject.str_or_empty("url"),
            token_hash: &token_hash,
            nonce: subject.str_or_empty("nonce"),
            clock_offset: subject.number("clockOffset").unwrap_or_default() as f64,
        };
        let now = Timestamp::from_seconds(self.world.now.get() + self.world.client_clock_ahead.get());
        let claims = base64url(dpop::claims(&proof, &id, now)?.as_bytes());
        let input = [dpop::header(&options)?, claims].join(".");
        let signature: Signature = key.secret.sign(input.as_bytes());
        Ok([&input, ".", &base64url(&signature.to_bytes())].concat())
    }
}

impl Hooks for PageHooks {
    fn call<'a>(&'a self, name: &'static str, argument: &'a str) -> Answer<'a> {
        Box::pin(async move {
            match name {
                "key" => self.key(argument),
                "proof" | "signRequest" if self.world.ring.fate.get() == Fate::Mute => Ok(String::new()),
                "proof" => self.proof(&Json::parse_object(argument.as_bytes())?),
                "signRequest" if self.world.ring.fate.get() == Fate::Broken => Err(ErrorCode::HookFailed.into()),
                "signRequest" => Ok(base64url(&self.keys.sign(REQUEST_KEY, "ES256", None, argument.as_bytes()))),
                "dropKey" => {
                    self.world.ring.drop_key(argument);
                    Ok(String::new())
                }
                "log" => {
                    self.world.logged.borrow_mut().push(argument.to_owned());
                    Ok(String::new())
                }
                "validate" => Ok(String::new()),
                _ => panic!("there is no hook {name}"),
            }
        })
    }
}
