//! The flows: what [`crate::protocol`] says, carried out through the seams of [`crate::platform`].

mod config;
mod documents;
mod endpoints;
mod exclusive;
mod login;
mod logout;
mod polling;
mod protected_fetch;
pub(crate) mod race;
mod renewal;
mod send;
mod session;
mod single_flight;
mod transactions;

pub use config::Config;
pub use endpoints::Protocol;
pub use login::{PreparedLogin, SignInOptions};
pub use logout::SignOutOptions;
pub use session::Session;

use crate::encoding::base64url;
use crate::error::{ErrorCode, Result};
use crate::jose::sha256;
use crate::platform::{Hooks, Platform};
use crate::protocol::request::Message;
use crate::protocol::userinfo;
use crate::text::{concat, decimal};
use crate::{error::During as _, error::Phase, json::Json, json::Object};
use documents::Documents;
use std::rc::Rc;

/// One configured client. Clones share everything.
pub struct Client<P: Platform> {
    platform: Rc<P>,
    config: Rc<Config>,
    documents: Documents<P>,
    protocol: Rc<Protocol<P>>,
}

impl<P: Platform> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self {
            platform: Rc::clone(&self.platform),
            config: Rc::clone(&self.config),
            documents: self.documents.clone(),
            protocol: Rc::clone(&self.protocol),
        }
    }
}

impl<P: Platform> Client<P> {
    /// A client on a platform. Nothing is fetched or stored yet.
    pub fn new(config: Config, platform: P) -> Self {
        let platform = Rc::new(platform);
        let documents = Documents::new(Rc::clone(&platform), config.source());
        let protocol = Rc::new(Protocol::new(Rc::clone(&platform)));
        Self { platform, config: Rc::new(config), documents, protocol }
    }

    /// Gets metadata and keys into the cache, so that a later sign-in needs no request before the browser leaves and
    /// one after it came back.
    pub async fn preload(&self) -> Result<()> {
        let metadata = self.documents.metadata().await?;
        self.documents.keys(&metadata).await.map(drop)
    }

    /// Claims about the signed-in person from the userinfo endpoint; without `sub` it is what has to be renewed first.
    pub async fn userinfo(&self, session: Session, hooks: &dyn Hooks) -> Result<Object> {
        if self.access_token(&session, &Object::default()).during(Phase::Userinfo)?.is_none() {
            let mut renewal = Object::default();
            renewal.set("renew", Object::default().into());
            return Ok(renewal);
        }
        let metadata = self.documents.metadata().await?;
        let endpoint = metadata.required_endpoint("userinfo_endpoint").during(Phase::Userinfo)?;
        let mut request = self.config.request(endpoint);
        request.set_text("accessToken", session.access_token().expose());
        request.set_text("subject", session.subject());
        request.set_text("clientId", self.config.client_id());
        request.set("metadata", metadata.document().clone().into());
        request.set("dpop", session.is_bound().into());
        let mut answer = self.request(&userinfo::MESSAGE, request, hooks).await?;
        match answer.remove("json") {
            Some(Json::Object(claims)) => Ok(claims),
            _ => Err(ErrorCode::Internal.into()),
        }
    }

    /// One request of this client to an endpoint.
    async fn request(&self, message: &Message, mut options: Object, hooks: &dyn Hooks) -> Result<Object> {
        options.set("timeoutSeconds", self.config.timeout().into());
        let answer = self.protocol.exchange(message, &options, hooks, Some(&self.documents)).await;
        let answer = answer.map_err(|error| error.without_raw().during(message.phase));
        let error = answer.as_ref().err();
        let status = error.map_or(Some(200), |error| error.status().map(i64::from)).map_or_else(String::new, decimal);
        let code = error.map_or("", |error| error.code().as_str());
        // Whoever listens changes nothing.
        let _ = hooks.call("log", &concat(&[message.phase.as_str(), " ", &status, " ", code])).await;
        answer
    }
}

/// A short name for a text of any length, for names in storage: half of its SHA-256.
fn fingerprint(text: &str) -> String {
    let digest = sha256(text.as_bytes());
    base64url(digest.get(..16).unwrap_or_default())
}
