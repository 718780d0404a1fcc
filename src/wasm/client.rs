//! The class behind `OidcClient`: one entry for everything that may wait.

use crate::browser::{BrowserPlatform, JsHooks, Place};
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
    /// Checks the options. Nothing is fetched or stored.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> std::result::Result<Client, JsValue> {
        let config = dto::options(options).and_then(|options| Config::parse(&options)).map_err(|e| dto::error(&e))?;
        let place = if config.keeps_session_in_tab() { Place::TabOrMemory } else { Place::Memory };
        Ok(Self(CoreClient::new(config, BrowserPlatform::new(place))))
    }

    /// The stored session as it is now, or `undefined`.
    pub fn session(&self) -> JsValue {
        dto::session(self.0.session())
    }

    /// Carries an operation out; its names are those of `Operations` in `pkg-template/src/core.ts`. What it owns is
    /// cloned first: a borrow held across an `await` would make the next call throw.
    pub fn run(&self, operation: String, argument: String, hooks: JsValue, signal: Option<AbortSignal>) -> Promise {
        promise(signal, Box::pin(run(self.0.clone(), operation, argument, JsHooks(hooks))))
    }
}

async fn run(core: Core, operation: String, argument: String, hooks: JsHooks) -> Result<JsValue> {
    // Arguments are objects, except for the URLs that the operations below take as they are.
    let options = || dto::options(&argument);
    let operation = operation.as_str();
    // What these use is the session with its key at hand.
    let ready = match operation {
        "restore" | "accessToken" | "renew" | "authorize" | "userInfo" => core.ready_session(&hooks).await,
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
        "restore" => dto::session(core.restore(ready)?),
        "accessToken" => dto::object(core.access_token(&ready?, &options()?)?.unwrap_or_else(dto::must_renew)),
        "renew" => dto::object(core.renew(ready?, &options()?, &hooks).await?),
        "idToken" => JsValue::from_str(core.session().ok_or(ErrorCode::NotSignedIn)?.id_token().expose()),
        "authorize" => dto::object(core.authorize(ready, &options()?)?),
        "answered" => dto::object(core.answered(&options()?)?),
        "userInfo" => dto::object(core.userinfo(ready.during(Phase::Userinfo)?, &hooks).await?),
        "prepareSignOut" => {
            let options = SignOutOptions::parse(&options()?)?;
            dto::end_session(core.sign_out(options).await?)
        }
        "finishSignOut" => JsValue::from_bool(core.finish_sign_out(&argument)?),
        _ => return Err(ErrorCode::Internal.into()),
    })
}
