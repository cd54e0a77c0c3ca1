//! What a page marks to be run.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// A fenced block of a page.
#[derive(Debug)]
pub(crate) enum Block {
    /// `sh run`: commands that are run, and what they print, where the next block shows it.
    Run { commands: String, answer: Option<String> },
    /// `sh start`: servers, one a line, that run until the next such block or the end of the page.
    Start { servers: Vec<String> },
    /// `… file=NAME`: a file, in whose folder the commands are run.
    File { name: String, text: String },
}

/// All that a page marks, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut info = String::new();
    let mut fenced: Option<String> = None;
    // Whether a block that shows an answer would be that of the last command.
    let mut is_behind_command = false;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                info = if let CodeBlockKind::Fenced(info) = kind { info.into_string() } else { String::new() };
                fenced = Some(String::new());
            }
            Event::Text(text) if fenced.is_some() => fenced.get_or_insert_default().push_str(&text),
            Event::End(TagEnd::CodeBlock) => {
                let text = fenced.take().unwrap_or_default();
                let block = marked(&info, &text);
                if let (None, true, Some(Block::Run { answer, .. })) = (&block, is_behind_command, blocks.last_mut()) {
                    *answer = Some(text);
                }
                is_behind_command = matches!(block, Some(Block::Run { .. }));
                blocks.extend(block);
            }
            _ if fenced.is_none() => is_behind_command = false,
            _ => {}
        }
    }
    blocks
}

fn marked(info: &str, text: &str) -> Option<Block> {
    match info.split_once(' ')? {
        ("sh", "run") => Some(Block::Run { commands: text.into(), answer: None }),
        ("sh", "start") => Some(Block::Start { servers: text.lines().map(Into::into).collect() }),
        (_, mark) => {
            let name = mark.strip_prefix("file=").unwrap_or_else(|| panic!("`{info}` marks nothing that is known"));
            Some(Block::File { name: name.into(), text: text.into() })
        }
    }
}
