//! The flows: what [`crate::protocol`] says, carried out through the seams of [`crate::platform`].

mod config;
mod documents;
mod login;
mod logout;
mod protected_fetch;
pub(crate) mod race;
mod send;
mod session;
mod single_flight;
mod transactions;

pub use config::Config;
pub use login::{PreparedLogin, SignInOptions};
pub use logout::SignOutOptions;
pub use session::Session;

use crate::encoding::base64url;
use crate::error::Result;
use crate::jose::sha256;
use crate::platform::Platform;
use crate::protocol::userinfo;
use crate::{error::During as _, error::Phase, json::Object};
use documents::Documents;
use std::rc::Rc;

/// One configured client. Clones share everything.
pub struct Client<P: Platform> {
    platform: Rc<P>,
    config: Rc<Config>,
    documents: Rc<Documents>,
}

impl<P: Platform> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self {
            platform: Rc::clone(&self.platform),
            config: Rc::clone(&self.config),
            documents: Rc::clone(&self.documents),
        }
    }
}

impl<P: Platform> Client<P> {
    /// A client on a platform. Nothing is fetched or stored yet.
    pub fn new(config: Config, platform: P) -> Self {
        Self { platform: Rc::new(platform), config: Rc::new(config), documents: Rc::default() }
    }

    /// Gets metadata and keys into the cache, so that a later sign-in needs no request before the browser leaves and
    /// one after it came back.
    pub async fn preload(&self) -> Result<()> {
        let metadata = self.metadata().await?;
        self.keys(&metadata).await.map(drop)
    }

    /// Claims about the signed-in person from the userinfo endpoint.
    pub async fn userinfo(&self) -> Result<Object> {
        let session = self.usable_session(0).during(Phase::Userinfo)?;
        let metadata = self.metadata().await?;
        let run = async {
            let endpoint = metadata.required_endpoint("userinfo_endpoint")?;
            let response = self.send(userinfo::build(endpoint, &session.access_token())).await?;
            userinfo::parse(&response, session.subject())
        };
        run.await.during(Phase::Userinfo)
    }
}

/// A short name for a text of any length, for names in storage: half of its SHA-256.
fn fingerprint(text: &str) -> String {
    let digest = sha256(text.as_bytes());
    base64url(digest.get(..16).unwrap_or_default())
}
