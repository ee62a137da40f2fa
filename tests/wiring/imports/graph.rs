//! The import graph of a crate's files.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Import, Path, Source};

/// The files of a crate, and their imports of each other.
#[derive(Debug, Default)]
pub struct Graph {
    files: BTreeMap<Path, File>,
    edges: BTreeMap<(Path, Path), usize>,
}

#[derive(Debug)]
struct File {
    /// The file's path.
    path: String,
    source: Source,
}

/// An import of one file by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The importing module; empty for the crate's root file.
    pub from: Path,
    /// The imported module.
    pub to: Path,
    /// The two files, and the line of the first such import.
    pub text: String,
}

/// How many renames and re-exports are followed from one name.
const MAX_RENAMES: usize = 16;

impl Graph {
    /// Reads the crate with the root file `root`; `read` returns the text of a file, if it exists.
    pub fn read(root: &str, read: impl Fn(&str) -> Option<String>) -> Self {
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut graph = Self::default();
        let mut found = vec![(Path::new(), root.to_owned())];
        while let Some((module, path)) = found.pop() {
            let text = read(&path).unwrap_or_else(|| panic!("{path} can't be read"));
            let source = Source::parse(&text);
            for declared in &source.modules {
                let module: Path = module.iter().chain(declared).cloned().collect();
                let stem = format!("{folder}/{}", module.join("/"));
                let places = [format!("{stem}.rs"), format!("{stem}/mod.rs")];
                let place = places.into_iter().find(|place| read(place).is_some());
                found.push((module, place.unwrap_or_else(|| panic!("{stem}.rs is missing"))));
            }
            graph.files.insert(module, File { path, source });
        }
        graph.edges = graph.all_edges();
        graph
    }

    /// Returns every import of another file, in the order of the files.
    pub fn edges(&self) -> Vec<Edge> {
        self.edges.keys().map(|(from, to)| self.edge(from, to)).collect()
    }

    /// Returns the imports in each cycle of files. A file and its own submodules are not a cycle,
    /// but they may be part of one.
    pub fn cycles(&self) -> Vec<Vec<Edge>> {
        let related = |(from, to): &(&Path, &Path)| is_within(from, to) || is_within(to, from);
        let all: BTreeSet<_> = self.edges.keys().map(|(from, to)| (from, to)).collect();
        let unrelated = all.iter().copied().filter(|edge| !related(edge)).collect();
        let mut cycles = strongly_connected(&unrelated);
        let is_new = |component: &BTreeSet<&Path>, cycles: &[BTreeSet<&Path>]| {
            let is_family =
                component.iter().any(|one| component.iter().all(|it| is_within(it, one)));
            !is_family && cycles.iter().all(|cycle| cycle.is_disjoint(component))
        };
        for component in strongly_connected(&all) {
            if is_new(&component, &cycles) {
                cycles.push(component);
            }
        }
        let edges = |cycle: BTreeSet<&Path>| {
            let inside = |(from, to): &&(&Path, &Path)| cycle.contains(from) && cycle.contains(to);
            all.iter().filter(inside).map(|(from, to)| self.edge(from, to)).collect()
        };
        cycles.into_iter().map(edges).collect()
    }

    /// Returns file and line of every path that begins with this external crate.
    pub fn uses_of(&self, external: &str) -> Vec<(String, usize)> {
        let mut uses = Vec::new();
        for File { path, source } in self.files.values() {
            let imports = source.imports.iter().filter(|import| import.path[0] == external);
            uses.extend(imports.map(|import| (path.clone(), import.line)));
        }
        uses
    }

    fn edge(&self, from: &Path, to: &Path) -> Edge {
        let (file, line) = (&self.files[from].path, self.edges[&(from.clone(), to.clone())]);
        let text = format!("{file}:{line} imports {}", self.files[to].path);
        Edge { from: from.clone(), to: to.clone(), text }
    }

    fn all_edges(&self) -> BTreeMap<(Path, Path), usize> {
        let mut edges = BTreeMap::new();
        for (module, file) in &self.files {
            for import in &file.source.imports {
                let to = self.resolve(module, import, MAX_RENAMES).filter(|to| to != module);
                if let Some(to) = to {
                    let line = edges.entry((module.clone(), to)).or_insert(import.line);
                    *line = import.line.min(*line);
                }
            }
        }
        edges
    }

    /// Returns the file that defines the item that an import names; `None` for another crate.
    fn resolve(&self, file: &Path, import: &Import, names: usize) -> Option<Path> {
        let mut here: Path = file.iter().chain(&import.within).cloned().collect();
        let mut rest = import.path.as_slice();
        match rest {
            [first, behind @ ..] if first == "crate" => (here, rest) = (Path::new(), behind),
            [first, behind @ ..] if first == "self" => rest = behind,
            [first, ..] if first == "super" => {}
            [first, ..] if self.has_module(&here, first) => {}
            [first, behind @ ..] => {
                let named = self.files[file].source.names.get(first)?;
                return self.follow(file, named, behind, import, names);
            }
            [] => return None,
        }
        while let [first, behind @ ..] = rest
            && first == "super"
        {
            here.pop();
            rest = behind;
        }
        let path: Path = here.iter().chain(rest).cloned().collect();
        let lengths = (0..=path.len()).rev();
        let length =
            lengths.into_iter().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let source = &self.files[module].source;
        let followed = rest.split_first().and_then(|(first, behind)| {
            let named = source.names.get(first)?;
            self.follow(&module.to_vec(), named, behind, import, names)
        });
        Some(followed.unwrap_or_else(|| module.to_vec()))
    }

    /// Follows a name that a file imports or re-exports to the file that defines it.
    fn follow(
        &self,
        file: &Path,
        named: &Import,
        behind: &[String],
        import: &Import,
        names: usize,
    ) -> Option<Path> {
        let path = named.path.iter().chain(behind).cloned().collect();
        let next = Import { path, ..named.clone() };
        if names == 0 || next == *import {
            return None;
        }
        self.resolve(file, &next, names - 1)
    }

    fn has_module(&self, here: &Path, name: &str) -> bool {
        let mut child = here.clone();
        child.push(name.to_owned());
        self.files.contains_key(&child)
    }
}

/// Returns whether a module is `other`, or inside it.
fn is_within(module: &[String], other: &[String]) -> bool {
    module.starts_with(other)
}

/// Returns the sets of modules in which each module leads to all others.
fn strongly_connected<'a>(edges: &BTreeSet<(&'a Path, &'a Path)>) -> Vec<BTreeSet<&'a Path>> {
    let reached = |from: &'a Path| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(here) = next.pop() {
            let ends = edges.iter().filter(|(start, _)| *start == here).map(|(_, end)| *end);
            next.extend(ends.filter(|end| reached.insert(*end)));
        }
        reached
    };
    let starts: BTreeSet<_> = edges.iter().map(|(from, _)| *from).collect();
    let reached: BTreeMap<_, _> = starts.into_iter().map(|from| (from, reached(from))).collect();
    let mut components = BTreeSet::new();
    for (from, ends) in &reached {
        let back = |to: &&&Path| reached.get(*to).is_some_and(|ends| ends.contains(from));
        let component: BTreeSet<_> = ends.iter().filter(back).copied().collect();
        if component.len() > 1 {
            components.insert(component);
        }
    }
    components.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        let text = |path: &str| {
            let (_, text) = files.iter().find(|(own, _)| *own == path)?;
            Some((*text).to_owned())
        };
        Graph::read("src/lib.rs", text)
    }

    fn edges(files: &[(&str, &str)]) -> Vec<String> {
        graph(files).edges().into_iter().map(|edge| edge.text).collect()
    }

    /// Returns each cycle as its file names.
    fn cycles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let names = |cycle: Vec<Edge>| {
            let names: BTreeSet<_> = cycle.iter().map(|edge| edge.from.join("/")).collect();
            names.into_iter().collect()
        };
        graph(files).cycles().into_iter().map(names).collect()
    }

    #[test]
    fn an_import_leads_to_the_file_that_defines_the_name() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "\nuse crate::b::c::D;\nuse super::b::E;"),
            ("src/b/mod.rs", "mod c; struct E;"),
            ("src/b/c.rs", "struct D; fn f() { crate::a::g(); super::E }"),
        ];
        let found = ["src/a.rs:3 imports src/b/mod.rs", "src/a.rs:2 imports src/b/c.rs"];
        assert_eq!(edges(&files)[..2], found);
        let found = ["src/b/c.rs:1 imports src/a.rs", "src/b/c.rs:1 imports src/b/mod.rs"];
        assert_eq!(edges(&files)[2..], found);
    }

    #[test]
    fn a_reexported_name_leads_to_the_file_that_defines_it() {
        let files = [
            ("src/lib.rs", "mod a; mod b; pub use b::c::D;"),
            ("src/a.rs", "use crate::D;"),
            ("src/b/mod.rs", "mod c;"),
            ("src/b/c.rs", "struct D;"),
        ];
        assert!(edges(&files).contains(&"src/a.rs:1 imports src/b/c.rs".to_owned()));
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use crate::b as other;\nfn f() { other::c::D }"),
            ("src/b/mod.rs", "mod c;"),
            ("src/b/c.rs", "struct D;"),
        ];
        let found = ["src/a.rs:1 imports src/b/mod.rs", "src/a.rs:2 imports src/b/c.rs"];
        assert_eq!(edges(&files), found);
    }

    #[test]
    fn names_of_other_crates_are_not_resolved() {
        let files = [
            ("src/lib.rs", "mod serde_like; use serde; use std::fmt;"),
            (
                "src/serde_like.rs",
                "use serde::Serialize; fn f() { fmt::Debug; serde_json::json!() }",
            ),
        ];
        assert_eq!(edges(&files), [""; 0]);
        assert_eq!(
            graph(&files).uses_of("serde"),
            [("src/lib.rs".to_owned(), 1), ("src/serde_like.rs".to_owned(), 1)]
        );
    }

    #[test]
    fn an_inline_module_belongs_to_its_file() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "mod inner { use super::super::b::C; use super::D; } struct D;"),
            ("src/b.rs", "use crate::a::inner::E; struct C;"),
        ];
        let found = ["src/a.rs:1 imports src/b.rs", "src/b.rs:1 imports src/a.rs"];
        assert_eq!(edges(&files), found);
    }

    #[test]
    fn two_files_that_import_each_other_are_a_cycle() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", "use crate::b::B;"),
            ("src/b.rs", "use crate::a::A;"),
            ("src/c.rs", "use crate::a::A;"),
        ];
        assert_eq!(cycles(&files), [["a", "b"]]);
    }

    #[test]
    fn cycles_may_be_longer_and_there_may_be_several() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
            ("src/a.rs", "use crate::b::B; use crate::d::D;"),
            ("src/b.rs", "use crate::c::C;"),
            ("src/c.rs", "fn f() { crate::a::g() }"),
            ("src/d.rs", "use crate::e::E;"),
            ("src/e.rs", "use crate::d::D;"),
        ];
        assert_eq!(cycles(&files), [vec!["a", "b", "c"], vec!["d", "e"]]);
    }

    #[test]
    fn a_file_and_its_submodules_are_not_a_cycle() {
        let files = [
            ("src/lib.rs", "mod a; mod d; pub use a::A;"),
            ("src/a/mod.rs", "mod b; use b::B; struct A;"),
            ("src/a/b.rs", "use super::A; struct B;"),
            ("src/d.rs", "mod e; use e::E;"),
            ("src/d/e.rs", "use crate::d::D;"),
        ];
        assert_eq!(cycles(&files), [[""; 0]; 0]);
    }

    #[test]
    fn submodules_of_one_file_may_be_a_cycle_or_part_of_one() {
        let files = [
            ("src/lib.rs", "mod a;"),
            ("src/a/mod.rs", "mod b; mod c; use b::B; struct A;"),
            ("src/a/b.rs", "use super::{A, c::C};"),
            ("src/a/c.rs", "use super::b::B;"),
        ];
        assert_eq!(cycles(&files), [["a/b", "a/c"]]);
        let files = [
            ("src/lib.rs", "mod a; mod d;"),
            ("src/a/mod.rs", "mod b; use b::B; struct A;"),
            ("src/a/b.rs", "use crate::d::D;"),
            ("src/d.rs", "use crate::a::A;"),
        ];
        assert_eq!(cycles(&files), [["a", "a/b", "d"]]);
    }
}
