//! Buffers of whoever embeds a node, counted among all others.

use core::fmt;
use std::sync::Arc;

use super::node::Node;
use crate::herd::Share;
use crate::pass::Turn;
use crate::values::SessionId;

/// What a connection holds that is no session's, such as one of an HTTP door: it counts in
/// [`Limits::buffers`](crate::Limits::buffers) until this is dropped.
pub struct Buffer(Share);

impl Node {
    /// The buffers of something with that id, which must be no other's in use, a session's or a watcher's:
    /// [`Action::Close`](crate::Action::Close) names it where it is to be closed.
    #[must_use]
    pub fn buffer(&self, id: SessionId) -> Buffer {
        Buffer(Share::new(Arc::clone(&self.buffers), id))
    }
}

impl Buffer {
    /// They take so many bytes now. Where all buffers together are larger than they may be, the largest are to be closed,
    /// and this may be one of them.
    pub fn holds(&mut self, node: &Node, turn: &mut Turn, bytes: usize) {
        if bytes != self.0.bytes() {
            let grows = bytes > self.0.bytes();
            self.0.set(bytes);
            if grows {
                node.bound_buffers(turn);
            }
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Buffer").field(&self.0.bytes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::herd::{Herd, Limits};
    use crate::pass::Action;

    #[test]
    fn the_largest_is_to_be_closed() {
        let herd = Arc::new(Herd::classic());
        let me = herd.find(b"Alford").expect("it is in the built-in herd");
        let node = Node::new(herd, me, Limits { buffers: 100_000, ..Limits::default() }, 1);
        let (mut one, mut two) = (node.buffer(SessionId(1)), node.buffer(SessionId(2)));
        let mut turn = Turn::default();
        one.holds(&node, &mut turn, 60_000);
        assert!(turn.actions.is_empty() && node.buffered() == 60_000);
        two.holds(&node, &mut turn, 50_000);
        assert!(matches!(turn.actions[..], [Action::Close { session: SessionId(1) }]), "{:?}", turn.actions);
        drop((one, two));
        assert_eq!(node.buffered(), 0);
    }
}
