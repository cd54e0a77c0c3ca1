//! What is on its way between two servers, on connections that one of them opened.

use std::collections::VecDeque;

use super::site::Text;

/// The connections from one server to another: one that is open, or was until it broke, and others that
/// were closed while something was on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    state: State,
    /// What was sent before a connection was closed. Nobody waits for replies to it.
    before: VecDeque<Text>,
    there: VecDeque<Text>,
    back: VecDeque<Text>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum State {
    #[default]
    Closed,
    Open,
    /// It is over, and the one who opened it does not know yet.
    Broken,
}

impl Connection {
    /// A new one, in place of the one that there was; whether there was none.
    pub(crate) fn open(&mut self) -> bool {
        let was_closed = self.state == State::Closed;
        self.close();
        self.state = State::Open;
        was_closed
    }

    /// The one who opened it closes it; what was sent still arrives.
    pub(crate) fn close(&mut self) {
        self.before.append(&mut self.there);
        self.back.clear();
        self.state = State::Closed;
    }

    /// It ends with all that was on its way; the one who opened it will know. Whether there was one.
    pub(crate) fn cut(&mut self) -> bool {
        self.there.clear();
        self.back.clear();
        let was_open = self.state == State::Open;
        if was_open {
            self.state = State::Broken;
        }
        was_open
    }

    /// The one who accepted it is gone, and so is all that was on its way.
    pub(crate) fn reset(&mut self) {
        self.before.clear();
        self.cut();
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(crate) const fn is_broken(&self) -> bool {
        matches!(self.state, State::Broken)
    }

    pub(crate) fn send(&mut self, text: Text) {
        if self.is_open() {
            self.there.push_back(text);
        }
    }

    pub(crate) fn reply(&mut self, text: Text) {
        if self.is_open() {
            self.back.push_back(text);
        }
    }

    /// How many texts are on their way.
    pub(crate) fn flying(&self) -> usize {
        self.before.len() + self.there.len() + self.back.len() + usize::from(self.is_broken())
    }

    /// What comes next on each way: closed connections, the one that is open, and its replies.
    pub(crate) fn heads(&self) -> [bool; 3] {
        [&self.before, &self.there, &self.back].map(|queue| !queue.is_empty())
    }

    /// Takes what comes next on a connection that was closed.
    pub(crate) fn take_before(&mut self) -> Option<Text> {
        self.before.pop_front()
    }

    /// Takes what comes next on the open connection.
    pub(crate) fn take_there(&mut self) -> Option<Text> {
        self.there.pop_front()
    }

    /// Takes the next reply.
    pub(crate) fn take_back(&mut self) -> Option<Text> {
        self.back.pop_front()
    }
}
