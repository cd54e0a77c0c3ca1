//! Where links lead: from page to page, from headings of other pages, and from sources that name a page or a file.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use crate::repository::Repository;

/// The folder of the book. A page in it is published without the rest of the repository.
const BOOK: &str = "docs/";

/// Every link that leads nowhere, and every page that the book leaves out, each in a line that says where it stands.
pub(crate) fn dead(repository: &Repository) -> Vec<String> {
    let mut dead = Vec::new();
    for (path, text) in repository.pages() {
        for target in targets(text) {
            dead.extend(fault(repository, path, &target).map(|fault| format!("{path}: {target}: {fault}")));
        }
    }
    let named = Regex::new("docs/[a-z-]+\\.md").expect("a pattern");
    for (path, text) in repository.texts() {
        let missing = named.find_iter(text).filter(|name| !repository.has(name.as_str()));
        dead.extend(missing.map(|name| format!("{path}: {}: no such page", name.as_str())));
    }
    let own = Regex::new("^(src|adapters|tests|benches|fuzz|docs|\\.ci)/[A-Za-z0-9_./-]+$").expect("a pattern");
    for (path, text) in repository.pages() {
        let missing = codes(text).into_iter().filter(|code| own.is_match(code) && !repository.has(code));
        dead.extend(missing.map(|code| format!("{path}: `{code}`: no such file")));
    }
    dead.extend(left_out(repository).map(|page| format!("{page}: not in {BOOK}SUMMARY.md")));
    dead
}

/// What is wrong with a link in that page, if anything is.
fn fault(repository: &Repository, page: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { resolved(page, file)? };
    if page.starts_with(BOOK) && !path.starts_with(BOOK) {
        return Some("leads out of the book: name the file in back quotes");
    }
    if !repository.has(&path) {
        return Some("no such file");
    }
    let has_anchor = || repository.text(&path).is_some_and(|text| anchors(text).contains(anchor));
    (!anchor.is_empty() && !has_anchor()).then_some("no such heading")
}

/// That file, seen from the folder of a page.
fn resolved(page: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Pages of the book that no chapter leads to.
fn left_out(repository: &Repository) -> impl Iterator<Item = &str> {
    let summary = format!("{BOOK}SUMMARY.md");
    let text = repository.text(&summary).expect("the book's contents");
    let listed: BTreeSet<String> = targets(text).iter().filter_map(|target| resolved(&summary, target)).collect();
    let pages = repository.pages().map(|(path, _)| path).filter(|path| path.starts_with(BOOK));
    pages.filter(move |path| *path != summary && !listed.contains(*path))
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

fn targets(text: &str) -> Vec<String> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    };
    events(text).filter_map(target).collect()
}

fn codes(text: &str) -> Vec<String> {
    let code = |event| if let Event::Code(code) = event { Some(code.into_string()) } else { None };
    events(text).filter_map(code).collect()
}

/// What the headings of a page are called in links, as GitHub and mdBook make it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in events(text) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), heading) => *heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            (Event::End(TagEnd::Heading(_)), heading) => {
                anchors.extend(heading.take().map(|heading| anchor(&heading)));
            }
            _ => {}
        }
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|char| match char {
        char if char.is_whitespace() => Some('-'),
        char if char.is_alphanumeric() || char == '-' || char == '_' => Some(char),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}
