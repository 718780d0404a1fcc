//! `sessionStorage`, and memory that every client of this page shares.

use crate::browser::global::feature;
use crate::error::{ErrorCode, Result};
use crate::json::Object;
use crate::platform::Store;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::Storage;

thread_local! {
    static MEMORY: RefCell<Object> = RefCell::default();
}

/// Where texts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This page only.
    Memory,
    /// `sessionStorage`, and an error where that does not work: for what is useless if it does not outlive the page.
    Tab,
    /// `sessionStorage`, and memory where that does not work.
    TabOrMemory,
}

/// A store in one of the places.
#[derive(Debug)]
pub struct BrowserStore(pub Place);

fn tab() -> Result<Storage> {
    feature("sessionStorage").map(JsCast::unchecked_into).ok_or_else(|| ErrorCode::StorageUnavailable.into())
}

fn tab_load(name: &str) -> Result<Option<String>> {
    tab()?.get_item(name).map_err(|_| ErrorCode::StorageUnavailable.into())
}

fn tab_save(name: &str, text: &str) -> Result<()> {
    tab()?.set_item(name, text).map_err(|_| ErrorCode::StorageUnavailable.into())
}

fn tab_remove(name: &str) -> Result<()> {
    tab()?.remove_item(name).map_err(|_| ErrorCode::StorageUnavailable.into())
}

fn memory_load(name: &str) -> Option<String> {
    MEMORY.with_borrow(|memory| memory.str(name).map(str::to_owned))
}

fn memory_save(name: &str, text: &str) {
    MEMORY.with_borrow_mut(|memory| memory.set_text(name, text));
}

fn memory_remove(name: &str) {
    MEMORY.with_borrow_mut(|memory| memory.remove(name));
}

impl Store for BrowserStore {
    fn load(&self, name: &str) -> Result<Option<String>> {
        match self.0 {
            Place::Memory => Ok(memory_load(name)),
            Place::Tab => tab_load(name),
            Place::TabOrMemory => Ok(memory_load(name).or_else(|| tab_load(name).ok().flatten())),
        }
    }

    fn save(&self, name: &str, text: &str) -> Result<()> {
        match self.0 {
            Place::Memory => memory_save(name, text),
            Place::Tab => tab_save(name, text)?,
            Place::TabOrMemory => match tab_save(name, text) {
                Ok(()) => memory_remove(name),
                Err(_) => memory_save(name, text),
            },
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        memory_remove(name);
        match self.0 {
            Place::Memory => Ok(()),
            Place::Tab => tab_remove(name),
            // Where storage cannot be reached, nothing was ever kept in it.
            Place::TabOrMemory => {
                let _ = tab_remove(name);
                Ok(())
            }
        }
    }
}
