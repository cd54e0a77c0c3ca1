//! What the fuzz targets check. The checks themselves stand beside the properties, which replay the
//! corpus with them.

#[allow(dead_code, reason = "the properties use more of it than the targets do")]
#[path = "../tests/properties/support/mod.rs"]
mod support;

/// Reads a line; what is understood is understood with any white space.
pub fn line(line: &[u8]) {
    support::targets::line(line);
}

/// Runs a script of a conversation, cut as it says and whole.
pub fn session(script: &[u8]) {
    support::targets::session(script);
}

/// Runs a program of operations on a node.
pub fn node(program: &[u8]) {
    support::targets::node(program);
}

/// Has two neighbours compare, and tampers with what they say.
pub fn repair(meeting: &[u8]) {
    support::targets::repair(meeting);
}

/// Has two neighbours prove who they are, and tampers with what they say.
pub fn proving(encounter: &[u8]) {
    support::targets::proving(encounter);
}

/// Has a client talk that has tokens, and changes its rights.
pub fn rights(talk: &[u8]) {
    support::targets::rights(talk);
}

/// Reads a config file and flags.
pub fn settings(input: &[u8]) {
    support::targets::settings(input);
}

/// Cuts a places reply to each bound.
pub fn places(json: &[u8]) {
    support::targets::places(json);
}
