//! What the files of a crate use of each other.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, ImplItem, Item, ItemMacro, ItemMod, ItemUse, Macro, Path, Stmt, TraitItem, VisRestricted,
    Visibility,
};

use crate::tree::{Named, ROOT, Tree, for_tests, imports, named_imports};

/// One file uses something that another one holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// What it uses, by the place where that is defined.
    pub(crate) what: String,
}

/// All arrows between files, each with the first line that uses what it is for.
pub(crate) fn arrows(tree: &Tree) -> BTreeMap<Arrow, usize> {
    let mut found = BTreeMap::new();
    for (from, file) in tree.files.iter().enumerate() {
        let mut reader = Reader { tree, from, module: file.module, inner: Vec::new(), found: &mut found };
        reader.visit_file(&file.syntax);
    }
    found
}

/// The room of a file: its folder in `src`, or nothing for a file that is in none.
pub(crate) fn room(tree: &Tree, file: usize) -> Option<&str> {
    let mut parts = tree.files[file].path.iter();
    let first = parts.next()?;
    parts.next().and(first.to_str())
}

/// Goes through one file.
struct Reader<'a> {
    tree: &'a Tree,
    from: usize,
    /// Where it is: the file's module, or one that is written inside it.
    module: usize,
    /// What the `use`s in the functions around it bring.
    inner: Vec<(String, Vec<String>)>,
    found: &'a mut BTreeMap<Arrow, usize>,
}

impl Reader<'_> {
    fn add(&mut self, to: usize, what: String, line: usize) {
        if to != self.from {
            let first = self.found.entry(Arrow { from: self.from, to, what }).or_insert(line);
            *first = line.min(*first);
        }
    }

    /// An arrow to the file of an item, and one to each other room whose door gave it.
    fn add_item(&mut self, module: usize, name: &str, doors: &[usize], line: usize) {
        let tree = self.tree;
        let to = tree.modules[module].file;
        self.add(to, format!("{}::{name}", tree.path_of(module)), line);
        for &door in doors {
            let file = tree.modules[door].file;
            if room(tree, file) != room(tree, to) && room(tree, file) != room(tree, self.from) {
                self.add(file, format!("{}::{name}", tree.path_of(door)), line);
            }
        }
    }

    /// A path in the code. One that names no more than a module uses nothing of it.
    fn add_path(&mut self, path: &[String], line: usize) {
        let import = self.inner.iter().rev().find(|(name, _)| Some(name) == path.first());
        let whole = import.map(|(_, import)| [import, &path[1..]].concat());
        let mut doors = Vec::new();
        let named = self.tree.find(self.module, whole.as_deref().unwrap_or(path), &mut doors);
        if let Some(Named { module, item: Some(item) }) = named {
            self.add_item(module, &item, &doors, line);
        }
    }

    fn add_import(&mut self, path: &[String], is_glob: bool, re_exports: bool, line: usize) {
        let (tree, mut doors) = (self.tree, Vec::new());
        let named = match tree.find(self.module, path, &mut doors) {
            Some(Named { module, item: None }) if is_glob => tree.all_of(module, &mut doors),
            named => named.into_iter().collect(),
        };
        for Named { module, item } in named {
            let to = tree.modules[module].file;
            // What a module re-exports of its own children is not a use: it is their door.
            let own = re_exports && !is_glob && self.module != ROOT && tree.is_within(module, self.module);
            match item {
                Some(item) if !own => self.add_item(module, &item, &doors, line),
                // In the same room, what counts is what is used of the module.
                None if is_glob || room(tree, to) != room(tree, self.from) => self.add(to, tree.path_of(module), line),
                _ => {}
            }
        }
    }

    /// The paths in what a macro is given: names with `::` between them.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut marks) = (Vec::new(), 0, String::new());
        for token in tokens {
            match token {
                TokenTree::Punct(mark) => marks.push(mark.as_char()),
                TokenTree::Ident(name) => {
                    if marks != "::" {
                        self.add_path(&std::mem::take(&mut path), line);
                        line = name.span().start().line;
                    }
                    // After a dot stands a field or a method, which has a name of its own.
                    if marks.ends_with("..") || !marks.ends_with('.') {
                        path.push(name.to_string());
                    }
                    marks.clear();
                }
                other => {
                    self.add_path(&std::mem::take(&mut path), line);
                    marks.clear();
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add_path(&path, line);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // Another file is gone through on its own; a module in a function is taken as part of it.
        let child = self.tree.modules[self.module].children.get(&item.ident.to_string());
        let outer = self.module;
        self.module = child.copied().unwrap_or(outer);
        visit::visit_item_mod(self, item);
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let line = item.use_token.span.start().line;
        let re_exports = !matches!(item.vis, Visibility::Inherited);
        for (name, path) in imports(item) {
            self.add_import(&path, name.is_none(), re_exports, line);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let outer = self.inner.len();
        for statement in &block.stmts {
            if let Stmt::Item(Item::Use(item)) = statement {
                self.inner.extend(named_imports(item));
            }
        }
        visit::visit_block(self, block);
        self.inner.truncate(outer);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            let names: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
            self.add_path(&names, path.segments.first().map_or(0, |part| part.ident.span().start().line));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, given: &'ast Macro) {
        self.visit_path(&given.path);
        self.add_tokens(given.tokens.clone());
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        // A macro's own body means something only where it is used.
        if item.ident.is_none() {
            self.visit_macro(&item.mac);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !for_tests(item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !for_tests(item) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if !for_tests(statement) {
            visit::visit_stmt(self, statement);
        }
    }

    // Neither `pub(in crate::room)` nor an attribute uses what it names.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}
