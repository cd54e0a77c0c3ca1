//! What there is to be told of one client.

use core::cell::OnceCell;
use std::sync::Arc;

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

/// A record's line, which is copied once for all who keep it for later.
#[derive(Debug)]
pub(super) struct SharedLine<'a> {
    line: &'a [u8],
    copy: OnceCell<Arc<[u8]>>,
}

impl<'a> SharedLine<'a> {
    pub(super) const fn new(line: &'a [u8]) -> Self {
        Self { line, copy: OnceCell::new() }
    }

    pub(super) const fn as_slice(&self) -> &'a [u8] {
        self.line
    }

    pub(super) fn copy(&self) -> Arc<[u8]> {
        Arc::clone(self.copy.get_or_init(|| self.line.into()))
    }
}
