//! `sessionStorage`.

use crate::browser::global::feature;
use crate::error::{ErrorCode, Result};
use crate::platform::Store;
use wasm_bindgen::JsCast;
use web_sys::Storage;

/// `sessionStorage`, and an error where that does not work: for what is useless if it does not outlive the page.
#[derive(Debug)]
pub struct TabStore;

fn tab() -> Result<Storage> {
    feature("sessionStorage").map(JsCast::unchecked_into).ok_or_else(|| ErrorCode::StorageUnavailable.into())
}

impl Store for TabStore {
    fn load(&self, name: &str) -> Result<Option<String>> {
        tab()?.get_item(name).map_err(|_| ErrorCode::StorageUnavailable.into())
    }

    fn save(&self, name: &str, text: &str) -> Result<()> {
        tab()?.set_item(name, text).map_err(|_| ErrorCode::StorageUnavailable.into())
    }

    fn remove(&self, name: &str) -> Result<()> {
        tab()?.remove_item(name).map_err(|_| ErrorCode::StorageUnavailable.into())
    }
}
