//! The files of a crate, its modules, and what a path in one of them names.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Item, ItemMod, ItemUse, Lit, Meta, UseTree};

/// The module of `lib.rs` is the first.
pub(crate) const ROOT: usize = 0;

/// So many imports may be followed. One that names itself, as `use bytes::{self}` does here, has no end.
const MOST_STEPS: usize = 16;

/// A file of the crate.
pub(crate) struct File {
    /// From the folder of `lib.rs`.
    pub(crate) path: PathBuf,
    pub(crate) syntax: syn::File,
    pub(crate) module: usize,
    /// Lines of code: those that are not blank, not a comment, and not for tests.
    pub(crate) lines: usize,
}

#[derive(Default)]
pub(crate) struct Module {
    name: String,
    parent: usize,
    pub(crate) file: usize,
    pub(crate) children: BTreeMap<String, usize>,
    imports: BTreeMap<String, Vec<String>>,
}

#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    pub(crate) modules: Vec<Module>,
}

/// What a path names: an item of a module, or the module itself.
pub(crate) struct Named {
    pub(crate) module: usize,
    pub(crate) item: Option<String>,
}

impl Tree {
    /// Reads `lib.rs` of a folder, and every file that belongs to it except those for tests.
    pub(crate) fn read(source: &Path) -> Result<Tree, Box<dyn Error>> {
        let mut tree = Tree::default();
        tree.modules.push(Module { name: "crate".into(), ..Module::default() });
        tree.read_file(source, PathBuf::from("lib.rs"), ROOT)?;
        Ok(tree)
    }

    fn read_file(&mut self, source: &Path, path: PathBuf, module: usize) -> Result<(), Box<dyn Error>> {
        let text = fs::read_to_string(source.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
        let syntax = syn::parse_file(&text)
            .map_err(|error| format!("{}:{}: {error}", path.display(), error.span().start().line))?;
        let is_door = path.ends_with("mod.rs") || path.ends_with("lib.rs");
        let children = if is_door { path.with_file_name("") } else { path.with_extension("") };
        self.modules[module].file = self.files.len();
        let (items, lines) = (syntax.items.clone(), lines_of_code(&text, &syntax.items));
        self.files.push(File { path, syntax, module, lines });
        self.read_items(source, &children, module, &items)
    }

    fn read_items(&mut self, src: &Path, folder: &Path, module: usize, items: &[Item]) -> Result<(), Box<dyn Error>> {
        for item in items.iter().filter(|item| !for_tests(item)) {
            match item {
                Item::Mod(inner) => self.read_module(src, folder, module, inner)?,
                Item::Use(item) => self.modules[module].imports.extend(named_imports(item)),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_module(&mut self, src: &Path, folder: &Path, parent: usize, item: &ItemMod) -> Result<(), Box<dyn Error>> {
        let (id, name, file) = (self.modules.len(), item.ident.to_string(), self.modules[parent].file);
        let inside = folder.join(&name);
        self.modules[parent].children.insert(name.clone(), id);
        self.modules.push(Module { name, parent, file, ..Module::default() });
        match &item.content {
            Some((_, items)) => self.read_items(src, &inside, id, items),
            None if src.join(&inside).join("mod.rs").exists() => self.read_file(src, inside.join("mod.rs"), id),
            None => self.read_file(src, inside.with_extension("rs"), id),
        }
    }

    /// What a path in a module names; nothing, if it begins outside of the crate or with an item of this module.
    /// Imports are followed, and the modules that have them are added to `doors`.
    pub(crate) fn find(&self, module: usize, path: &[String], doors: &mut Vec<usize>) -> Option<Named> {
        self.find_within(module, path, doors, MOST_STEPS)
    }

    fn find_within(&self, id: usize, path: &[String], doors: &mut Vec<usize>, steps: usize) -> Option<Named> {
        let steps = steps.checked_sub(1)?;
        match path.first()?.as_str() {
            "crate" => Some(self.inside(ROOT, &path[1..], doors, steps)),
            "self" | "super" => Some(self.inside(id, path, doors, steps)),
            _ => self.look_up(id, path, doors, steps),
        }
    }

    /// What a path names that goes on from this module. A name that it has from nowhere else is its own.
    fn inside(&self, id: usize, path: &[String], doors: &mut Vec<usize>, steps: usize) -> Named {
        let Some((name, rest)) = path.split_first() else { return Named { module: id, item: None } };
        match name.as_str() {
            "self" => self.inside(id, rest, doors, steps),
            "super" => self.inside(self.modules[id].parent, rest, doors, steps),
            _ => self.look_up(id, path, doors, steps).unwrap_or(Named { module: id, item: Some(name.clone()) }),
        }
    }

    fn look_up(&self, id: usize, path: &[String], doors: &mut Vec<usize>, steps: usize) -> Option<Named> {
        let (module, (name, rest)) = (&self.modules[id], path.split_first()?);
        let child = module.children.get(name);
        // A function may be called as its module is: the last name of a path is first looked for among imports.
        // What lib.rs imports is its own: it re-exports that for others, not for the rooms.
        if let (false, Some(import)) = (id == ROOT || child.is_some() && !rest.is_empty(), module.imports.get(name)) {
            doors.push(id);
            return Some(match self.find_within(id, import, doors, steps) {
                Some(Named { module, item: None }) => self.inside(module, rest, doors, steps),
                Some(named) => named,
                None => Named { module: id, item: Some(name.clone()) },
            });
        }
        child.map(|&child| self.inside(child, rest, doors, steps))
    }

    /// All that a glob of a module brings: what it imports, and what is its own.
    pub(crate) fn all_of(&self, id: usize, doors: &mut Vec<usize>) -> Vec<Named> {
        let names = self.modules[id].imports.keys();
        let imported = names.filter_map(|name| self.look_up(id, std::slice::from_ref(name), doors, MOST_STEPS));
        imported.chain([Named { module: id, item: None }]).collect()
    }

    /// Whether a module is this one or somewhere inside it.
    pub(crate) fn is_within(&self, mut module: usize, outer: usize) -> bool {
        while module != outer && module != ROOT {
            module = self.modules[module].parent;
        }
        module == outer
    }

    /// The path of a module, without `crate::` unless that is all of it.
    pub(crate) fn path_of(&self, id: usize) -> String {
        let module = &self.modules[id];
        match module.parent {
            ROOT => module.name.clone(),
            parent => format!("{}::{}", self.path_of(parent), module.name),
        }
    }
}

/// The names that a `use` brings, and the paths that they stand for; a glob has no name.
pub(crate) fn imports(item: &ItemUse) -> Vec<(Option<String>, Vec<String>)> {
    let mut found = Vec::new();
    // A path from `::` begins with another crate.
    if item.leading_colon.is_none() {
        flatten(&item.tree, &[], &mut found);
    }
    found
}

pub(crate) fn named_imports(item: &ItemUse) -> impl Iterator<Item = (String, Vec<String>)> {
    imports(item).into_iter().filter_map(|(name, path)| Some((name?, path)))
}

fn flatten(tree: &UseTree, before: &[String], found: &mut Vec<(Option<String>, Vec<String>)>) {
    let with = |ident: &Ident| match ident.to_string() {
        name if name == "self" && !before.is_empty() => before.to_vec(),
        name => [before, &[name]].concat(),
    };
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), found),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, found)),
        UseTree::Name(name) => found.push((with(&name.ident).last().cloned(), with(&name.ident))),
        UseTree::Rename(name) => found.push((Some(name.rename.to_string()), with(&name.ident))),
        UseTree::Glob(_) => found.push((None, before.to_vec())),
    }
}

/// Whether something has an attribute `cfg(test)`, or `cfg(all(…))` with `test` as one of all.
pub(crate) fn for_tests(node: &impl ToTokens) -> bool {
    let mut tokens = node.to_token_stream().into_iter();
    while matches!(tokens.next(), Some(TokenTree::Punct(mark)) if mark.as_char() == '#') {
        let Some(TokenTree::Group(attribute)) = tokens.next() else { break };
        if needs_test("cfg", attribute.stream()) {
            return true;
        }
    }
    false
}

/// Whether these tokens are `outer(…)` with `test` in it, or with `all(…)` with `test` in it.
fn needs_test(outer: &str, tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    tokens.windows(2).any(|pair| match pair {
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == outer => {
            let has_test = group.stream().into_iter().any(|token| token.to_string() == "test");
            has_test || needs_test("all", group.stream())
        }
        _ => false,
    })
}

fn lines_of_code(text: &str, items: &[Item]) -> usize {
    let tests: Vec<_> = items.iter().filter(for_tests).map(Spanned::span).collect();
    let is_code = |(line, text): (usize, &str)| {
        let tested = tests.iter().any(|span| (span.start().line..=span.end().line).contains(&(line + 1)));
        !text.trim().is_empty() && !text.trim_start().starts_with("//") && !tested
    };
    text.lines().enumerate().filter(|&line| is_code(line)).count()
}

/// The first sentence of a file's docs.
pub(crate) fn first_sentence(file: &syn::File) -> String {
    let mut lines = Vec::new();
    for attribute in file.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(doc) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &doc.value
        {
            lines.push(line.value().trim().to_string());
        }
    }
    let paragraph = lines.split(String::is_empty).next().unwrap_or_default().join(" ");
    paragraph.split_once(". ").map_or(paragraph.clone(), |(sentence, _)| format!("{sentence}."))
}
