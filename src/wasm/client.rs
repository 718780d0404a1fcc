//! The class behind `OidcClient`: one entry for everything that may wait.

use crate::browser::{BrowserPlatform, JsHooks};
use crate::client::{Client as CoreClient, Config, SignInOptions, SignOutOptions};
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::wasm::abort::promise;
use crate::wasm::dto;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

type Core = CoreClient<BrowserPlatform>;

/// One configured client on the browser's features.
#[wasm_bindgen]
pub struct Client(Core);

#[wasm_bindgen]
impl Client {
    /// Checks the options. Nothing is fetched or stored. `seams` has the face's session store and locks.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, seams: JsValue) -> std::result::Result<Client, JsValue> {
        let config = dto::options(options).and_then(|options| Config::parse(&options)).map_err(|e| dto::error(&e))?;
        Ok(Self(CoreClient::new(config, BrowserPlatform::new(JsHooks(seams)))))
    }

    /// Carries an operation out; its names are those of `Operations` in `pkg-template/src/core.ts`. `expected` are name
    /// and person of the session that is meant. What it owns is cloned first: a borrow held across an `await` would make
    /// the next call throw.
    pub fn run(
        &self,
        operation: String,
        argument: String,
        expected: String,
        hooks: JsValue,
        signal: Option<AbortSignal>,
    ) -> Promise {
        promise(signal, Box::pin(run(self.0.clone(), operation, argument, expected, JsHooks(hooks))))
    }
}

async fn run(core: Core, operation: String, argument: String, expected: String, hooks: JsHooks) -> Result<JsValue> {
    // Arguments are objects, except for the URLs that the operations below take as they are.
    let options = || dto::options(&argument);
    let operation = operation.as_str();
    // What these use is the session with its key at hand.
    let ready = match operation {
        "accessToken" | "authorize" | "userInfo" | "idToken" => core.ready_session(&expected, &hooks).await,
        _ => Err(ErrorCode::Internal.into()),
    };
    Ok(match operation {
        "preload" => {
            core.preload().await?;
            JsValue::UNDEFINED
        }
        "prepareSignIn" => {
            let options = SignInOptions::parse(&options()?)?;
            dto::prepared_login(&core.start(options, &hooks).await?)
        }
        "finishSignIn" => dto::session(Some(core.finish(&argument, &hooks).await?)),
        "session" => dto::session(core.session().await),
        "restore" => dto::session(core.restore(&hooks).await?),
        "accessToken" => dto::object(core.access_token(&ready?, &options()?)?.unwrap_or_else(dto::must_renew)),
        "renew" => dto::object(core.renew(&expected, &options()?, &hooks).await?),
        "nextRenewal" => dto::time(core.next_renewal().await?),
        "idToken" => JsValue::from_str(ready?.id_token().expose()),
        "authorize" => dto::object(core.authorize(ready, &options()?)?),
        "answered" => dto::object(core.answered(&options()?)?),
        "userInfo" => dto::object(core.userinfo(ready.during(Phase::Userinfo)?, &hooks).await?),
        "prepareSignOut" => {
            let options = SignOutOptions::parse(&options()?)?;
            dto::end_session(core.sign_out(options, &hooks).await?)
        }
        "frontChannelLogout" => JsValue::from_bool(core.front_channel_logout(&argument, &hooks).await?),
        "sessionCheck" => dto::object(core.session_check().await?),
        "thirdPartyLogin" => dto::object(core.third_party_login(&argument)?),
        "finishSignOut" => JsValue::from_bool(core.finish_sign_out(&argument)?),
        _ => return Err(ErrorCode::Internal.into()),
    })
}
