//! What there is to be told of one client.

use core::cell::{OnceCell, RefCell};
use std::sync::Arc;

use bytes::BytesMut;

use crate::wire::WatchWord;

/// What has become of a client, as one watch sees it.
#[derive(Debug)]
pub(super) struct News<'a> {
    pub(super) client: &'a [u8],
    /// Whether the watch showed the client before, and whether it does now.
    pub(super) was: bool,
    pub(super) is: bool,
    /// Whether it is news where the client was shown and still is.
    pub(super) tells_each: bool,
    /// What is told if it is news.
    pub(super) word: WatchWord,
    pub(super) line: &'a SharedLine<'a>,
}

impl News<'_> {
    /// Whether a watcher that knows whether the client `was` there has to be told.
    pub(super) const fn is_news(&self, was: bool) -> bool {
        self.is != was || (self.is && self.tells_each)
    }
}

/// A record's line, of which copies are made once for all who are told of it.
#[derive(Debug)]
pub(super) struct SharedLine<'a> {
    line: &'a [u8],
    /// For those who keep it for later.
    copy: OnceCell<Arc<[u8]>>,
    /// What was told last. Where many watch the same, it is what the next is told.
    told: RefCell<Option<(WatchWord, Vec<u8>)>>,
}

impl<'a> SharedLine<'a> {
    pub(super) const fn new(line: &'a [u8]) -> Self {
        Self { line, copy: OnceCell::new(), told: RefCell::new(None) }
    }

    pub(super) fn copy(&self) -> Arc<[u8]> {
        Arc::clone(self.copy.get_or_init(|| self.line.into()))
    }

    /// Appends the whole line for a watch of that target.
    pub(super) fn write(&self, word: WatchWord, target: &[u8], out: &mut BytesMut) {
        let mut told = self.told.borrow_mut();
        // It ends with its target and an LF.
        let start = word.as_str().len() + self.line.len() + 2;
        let is_same = |of: &WatchWord, text: &[u8]| *of == word && text[start..text.len() - 1] == *target;
        if !told.as_ref().is_some_and(|(of, text)| is_same(of, text)) {
            let mut text = Vec::with_capacity(start + target.len() + 1);
            word.write(self.line, target, &mut text);
            *told = Some((word, text));
        }
        if let Some((_, text)) = &*told {
            out.extend_from_slice(text);
        }
    }
}
