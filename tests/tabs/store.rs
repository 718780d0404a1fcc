//! The store that all tabs share: one truth, or, as `localStorage` in Chromium, one copy in each tab that follows it.

use crate::chance::Chance;
use crate::world::TabId;
use std::collections::BTreeMap;

/// Longest time until a copy has followed, in milliseconds.
pub(crate) const BEHIND: u64 = 400;
/// How long who gets a lock waits for its copy, in milliseconds.
pub(crate) const SETTLING: u64 = 1000;

/// How long a copy takes to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lag {
    /// So little that a lease is certain: at most 25 ms.
    Short,
    /// At most 45 ms.
    Usual,
    /// The same, but once in a thousand times up to [`BEHIND`].
    Loaded,
    /// Up to [`BEHIND`] once in a hundred times.
    Long,
}

#[derive(Default)]
struct View {
    texts: BTreeMap<String, String>,
    /// Names that this tab has written and not heard of yet: what others wrote before that is older.
    own: BTreeMap<String, usize>,
    /// Nothing becomes visible before what was written earlier.
    last: u64,
}

struct Write {
    tab: TabId,
    name: String,
    text: String,
    /// The tabs that do not see it yet, one bit each.
    unseen: u64,
}

pub(crate) struct Store {
    pub(crate) is_delayed: bool,
    lag: Lag,
    texts: BTreeMap<String, String>,
    views: Vec<View>,
    writes: Vec<Write>,
}

impl Store {
    pub(crate) fn new(is_delayed: bool, lag: Lag) -> Self {
        Self { is_delayed, lag, texts: BTreeMap::new(), views: Vec::new(), writes: Vec::new() }
    }

    /// All there is.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        self.texts.clone()
    }

    /// What is there before any tab.
    pub(crate) fn fill(&mut self, texts: &BTreeMap<String, String>) {
        self.texts.clone_from(texts);
    }

    /// A new tab begins with the truth.
    pub(crate) fn open_view(&mut self) {
        let texts = if self.is_delayed { self.texts.clone() } else { BTreeMap::new() };
        self.views.push(View { texts, ..View::default() });
    }

    /// What a tab finds.
    pub(crate) fn load(&self, tab: TabId, name: &str) -> &str {
        let texts = if self.is_delayed { &self.views[tab].texts } else { &self.texts };
        texts.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The truth.
    pub(crate) fn truth(&self, name: &str) -> &str {
        self.texts.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The tab that writes sees it at once. Gives the number of the write.
    pub(crate) fn write_view(&mut self, tab: TabId, name: &str, text: &str) -> usize {
        let unseen = self.others(tab);
        let view = &mut self.views[tab];
        set(&mut view.texts, name, text);
        *view.own.entry(name.to_owned()).or_default() += 1;
        self.writes.push(Write { tab, name: name.to_owned(), text: text.to_owned(), unseen });
        self.writes.len() - 1
    }

    fn others(&self, tab: TabId) -> u64 {
        ((1 << self.views.len()) - 1) & !(1 << tab)
    }

    /// It is the truth now.
    pub(crate) fn commit(&mut self, name: &str, text: &str) {
        set(&mut self.texts, name, text);
    }

    /// It is on the way to the copies: when each tab will see it.
    pub(crate) fn spread(&mut self, write: usize, chance: &mut Chance, now: u64) -> Vec<(u64, TabId)> {
        self.writes[write].unseen = self.others(self.writes[write].tab);
        let see = |(tab, view): (TabId, &mut View)| {
            let behind = match (self.lag, chance.below(1000)) {
                (Lag::Long, 0..10) | (Lag::Loaded, 0) => chance.below(BEHIND),
                (Lag::Short, 0..150) => chance.below(25),
                (_, 0..150) => chance.below(45),
                _ => chance.below(4),
            };
            view.last = view.last.max(now + behind);
            (view.last, tab)
        };
        self.views.iter_mut().enumerate().map(see).collect()
    }

    pub(crate) fn become_visible(&mut self, tab: TabId, write: usize) {
        let (Write { tab: writer, name, text, unseen }, view) = (&mut self.writes[write], &mut self.views[tab]);
        *unseen &= !(1 << tab);
        let own = view.own.entry(name.clone()).or_default();
        if *writer == tab {
            *own = own.saturating_sub(1);
        } else if *own == 0 {
            set(&mut view.texts, name, text);
        }
    }

    /// Whether a tab does not see yet what one of these has written.
    pub(crate) fn is_behind(&self, tab: TabId, is_there: impl Fn(TabId) -> bool) -> bool {
        self.writes.iter().any(|write| write.unseen & (1 << tab) != 0 && is_there(write.tab))
    }
}

fn set(texts: &mut BTreeMap<String, String>, name: &str, text: &str) {
    if text.is_empty() {
        texts.remove(name);
    } else {
        texts.insert(name.to_owned(), text.to_owned());
    }
}
