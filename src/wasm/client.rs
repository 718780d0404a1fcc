//! The class behind `OidcClient`.

use crate::browser::{BrowserPlatform, Place};
use crate::client::{Client as CoreClient, Config, SignInOptions, SignOutOptions};
use crate::error::{Error, ErrorCode};
use crate::wasm::abort::promise;
use crate::wasm::dto;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

type JsResult<T = JsValue> = std::result::Result<T, JsValue>;

/// One configured client on the browser's features.
#[wasm_bindgen]
pub struct Client(CoreClient<BrowserPlatform>);

#[wasm_bindgen]
impl Client {
    /// Checks the options. Nothing is fetched or stored.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> JsResult<Client> {
        let config = Config::parse(&dto::object(options)?)?;
        let place = if config.keeps_session_in_tab() { Place::TabOrMemory } else { Place::Memory };
        Ok(Self(CoreClient::new(config, BrowserPlatform::new(place))))
    }

    /// Gets metadata and keys into the cache.
    pub fn preload(&self, signal: Option<AbortSignal>) -> Promise {
        let core = self.0.clone();
        promise(signal, async move { core.preload().await.map(|()| JsValue::UNDEFINED) })
    }

    /// Builds an authorization request: `{ url, state }`.
    #[wasm_bindgen(js_name = prepareSignIn)]
    pub fn prepare_sign_in(&self, options: &JsValue, signal: Option<AbortSignal>) -> JsResult<Promise> {
        let core = self.0.clone();
        let options = SignInOptions::parse(&dto::object(options)?)?;
        Ok(promise(signal, async move { core.start(options).await.map(dto::prepared_login) }))
    }

    /// Completes a sign-in.
    #[wasm_bindgen(js_name = finishSignIn)]
    pub fn finish_sign_in(&self, url: String, signal: Option<AbortSignal>) -> Promise {
        let core = self.0.clone();
        promise(signal, async move { core.finish(&url).await.map(dto::session) })
    }

    /// The stored session, if it is still usable.
    pub fn restore(&self) -> JsResult {
        Ok(self.0.restore()?.map_or(JsValue::UNDEFINED, dto::session))
    }

    /// The stored session as it is now.
    pub fn session(&self) -> JsValue {
        self.0.session().map_or(JsValue::UNDEFINED, dto::session)
    }

    /// The access token: `{ token, type, scope, expiresAt }`.
    #[wasm_bindgen(js_name = accessToken)]
    pub fn access_token(&self, options: &JsValue) -> JsResult {
        Ok(dto::access_token(self.0.session_for(&dto::object(options)?)?))
    }

    /// The ID Token as it was issued.
    #[wasm_bindgen(js_name = idToken)]
    pub fn id_token(&self) -> JsResult {
        Ok(JsValue::from_str(self.0.session().ok_or(ErrorCode::NotSignedIn).map_err(Error::from)?.id_token().expose()))
    }

    /// The `Authorization` header for a URL, if the access token may go there.
    #[wasm_bindgen(js_name = authorizationFor)]
    pub fn authorization_for(&self, url: &str) -> JsResult {
        Ok(JsValue::from_str(self.0.authorization_for(url)?.expose()))
    }

    /// Claims from the userinfo endpoint.
    #[wasm_bindgen(js_name = userInfo)]
    pub fn user_info(&self, signal: Option<AbortSignal>) -> Promise {
        let core = self.0.clone();
        promise(signal, async move { core.userinfo().await.map(dto::to_js) })
    }

    /// Ends the session here and says how to end the provider's: `{ url?, form? }`.
    #[wasm_bindgen(js_name = prepareSignOut)]
    pub fn prepare_sign_out(&self, options: &JsValue) -> JsResult<Promise> {
        let core = self.0.clone();
        let options = SignOutOptions::parse(&dto::object(options)?)?;
        Ok(promise(None, async move { core.sign_out(options).await.map(dto::end_session) }))
    }

    /// Whether a URL is the way back from a sign-out of this tab.
    #[wasm_bindgen(js_name = finishSignOut)]
    pub fn finish_sign_out(&self, url: &str) -> JsResult<bool> {
        Ok(self.0.finish_sign_out(url)?)
    }

    /// Removes the session from this browser.
    #[wasm_bindgen(js_name = clearSession)]
    pub fn clear_session(&self) -> JsResult<()> {
        Ok(self.0.clear_session()?)
    }
}
