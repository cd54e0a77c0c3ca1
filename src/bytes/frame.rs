//! What many lines begin or end with.

/// A text that is written again and again.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    text: Box<[u8]>,
    /// The text with zeros behind it, if it is short, as nearly every server's name is: it can be copied in one go.
    short: Option<[u8; Self::SHORT]>,
}

impl Frame {
    /// More than a short one has.
    pub(crate) const SHORT: usize = 32;

    pub(crate) fn new(text: &str) -> Self {
        let text = text.as_bytes();
        let mut short = [0; Self::SHORT];
        let room = short[..Self::SHORT - 1].get_mut(..text.len());
        let is_short = room.map(|room| room.copy_from_slice(text)).is_some();
        Self { text: text.into(), short: is_short.then_some(short) }
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// It and zeros, and how long it is, if it is short.
    #[inline]
    pub(crate) fn short(&self) -> Option<(&[u8; Self::SHORT], usize)> {
        Some((self.short.as_ref()?, self.text.len() % Self::SHORT))
    }
}
