//! The imports of a Rust source: its `use` declarations, and the paths in its code.

use std::collections::BTreeMap;

use super::tokens::{Located, Token, after_group, tokens};

/// The segments of a path.
pub type Path = Vec<String>;

/// The imports of a source file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The modules that it declares in other files.
    pub modules: Vec<Path>,
    /// What it imports, in the order of its lines.
    pub imports: Vec<Import>,
    /// The names that its `use` declarations import, and the path of each.
    pub names: BTreeMap<String, Import>,
}

/// A path in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path as it is written.
    pub path: Path,
    /// Its line.
    pub line: usize,
    /// The inline modules around it.
    pub within: Path,
}

impl Source {
    /// Parses a source.
    pub fn parse(text: &str) -> Self {
        let tokens = tokens(text);
        let mut parser =
            Parser { rest: &tokens, depth: 0, within: Vec::new(), source: Self::default() };
        while parser.step() {}
        parser.source
    }
}

struct Parser<'a> {
    rest: &'a [Located],
    depth: usize,
    /// The inline modules around the current token, with the depth of their braces.
    within: Vec<(String, usize)>,
    source: Source,
}

impl Parser<'_> {
    /// Reads the next token or declaration; returns false at the end.
    fn step(&mut self) -> bool {
        match self.rest {
            [] => return false,
            [(Token::Word(word), _), behind @ ..] if word == "use" => {
                self.rest = behind;
                // `use<'a>` in a type is not an import.
                if !matches!(behind, [(Token::Mark('<'), _), ..]) {
                    self.use_tree(Vec::new());
                }
            }
            // `pub(in crate::a)` imports nothing.
            [(Token::Word(word), _), (Token::Mark('('), _), (Token::Word(scope), _), ..]
                if word == "pub" && ["crate", "in", "self", "super"].contains(&scope.as_str()) =>
            {
                self.rest = after_group(&self.rest[1..]);
            }
            [
                (Token::Word(word), _),
                (Token::Word(name), _),
                (Token::Mark(mark @ (';' | '{')), _),
                behind @ ..,
            ] if word == "mod" => {
                self.rest = behind;
                self.module(name, *mark);
            }
            [(Token::Word(_), _), ..] => self.path(),
            [(Token::Text(text), line), behind @ ..] => {
                self.rest = behind;
                if text.starts_with("crate::") {
                    let path = text.split("::").map(str::to_owned).collect();
                    self.import(path, *line);
                }
            }
            // A `::` here, as in `<T as A>::B`, continues a path that does not begin with a name.
            [(Token::PathSeparator, _), (Token::Word(_), _), behind @ ..] => self.rest = behind,
            [(Token::Mark('{'), _), behind @ ..] => {
                self.depth += 1;
                self.rest = behind;
            }
            [(Token::Mark('}'), _), behind @ ..] => {
                self.depth = self.depth.saturating_sub(1);
                self.within.pop_if(|(_, depth)| *depth == self.depth);
                self.rest = behind;
            }
            [_, behind @ ..] => self.rest = behind,
        }
        true
    }

    fn module(&mut self, name: &str, mark: char) {
        if mark == '{' {
            self.within.push((name.to_owned(), self.depth));
            self.depth += 1;
        } else {
            let mut path = self.path_within();
            path.push(name.to_owned());
            self.source.modules.push(path);
        }
    }

    /// Reads a path in code; a single name is not a path.
    fn path(&mut self) {
        let mut path = Vec::new();
        let line = self.rest[0].1;
        while let [(Token::Word(word), _), behind @ ..] = self.rest {
            path.push(word.clone());
            self.rest = behind;
            match behind {
                [(Token::PathSeparator, _), (Token::Word(_), _), ..] => self.rest = &behind[1..],
                _ => break,
            }
        }
        if path.len() > 1 {
            self.import(path, line);
        }
    }

    /// Reads one branch of a `use` declaration, after its prefix.
    fn use_tree(&mut self, mut path: Path) {
        loop {
            match self.rest {
                [(Token::Word(word), line), behind @ ..] => {
                    self.rest = behind;
                    if word != "self" || path.is_empty() {
                        path.push(word.clone());
                    }
                    if !matches!(behind, [(Token::PathSeparator, _), ..]) {
                        return self.leaf(path, *line);
                    }
                }
                [(Token::PathSeparator, _), behind @ ..] => self.rest = behind,
                [(Token::Mark('*'), line), behind @ ..] => {
                    self.rest = behind;
                    return self.import(path, *line);
                }
                [(Token::Mark('{'), _), behind @ ..] => {
                    self.rest = behind;
                    return self.branches(&path);
                }
                _ => return,
            }
        }
    }

    /// Reads the braces of a `use` declaration.
    fn branches(&mut self, prefix: &Path) {
        loop {
            match self.rest {
                [(Token::Mark('}'), _), behind @ ..] => {
                    self.rest = behind;
                    return;
                }
                [(Token::Mark(','), _), behind @ ..] => self.rest = behind,
                [] => return,
                _ => self.use_tree(prefix.clone()),
            }
        }
    }

    /// Reads the end of a branch: the imported name, or its `as` name.
    fn leaf(&mut self, path: Path, line: usize) {
        let mut name = path.last().cloned();
        if let [(Token::Word(word), _), (Token::Word(other), _), behind @ ..] = self.rest
            && word == "as"
        {
            name = Some(other.clone());
            self.rest = behind;
        }
        let import = Import { path: path.clone(), line, within: self.path_within() };
        self.source.names.extend(name.map(|name| (name, import)));
        self.import(path, line);
    }

    fn import(&mut self, path: Path, line: usize) {
        let within = self.path_within();
        self.source.imports.push(Import { path, line, within });
    }

    fn path_within(&self) -> Path {
        self.within.iter().map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each import as `line path`, with the inline modules around it in brackets.
    fn imports(text: &str) -> Vec<String> {
        let import = |Import { path, line, within }: Import| {
            let within = within.iter().map(|name| format!(" [{name}]")).collect::<String>();
            format!("{line} {}{within}", path.join("::"))
        };
        Source::parse(text).imports.into_iter().map(import).collect()
    }

    #[test]
    fn a_use_declaration_imports_what_it_names() {
        assert_eq!(imports("use crate::a::b;"), ["1 crate::a::b"]);
        assert_eq!(imports("pub(crate) use super::super::a;"), ["1 super::super::a"]);
        assert_eq!(imports("use ::a::b; use c;"), ["1 a::b", "1 c"]);
        assert_eq!(imports("use super::*;"), ["1 super"]);
    }

    #[test]
    fn braces_may_be_nested() {
        let text = "use crate::{\n    a::{self, b::{C, D}, E},\n    f,\n    g::*,\n};";
        let found = ["2 crate::a", "2 crate::a::b::C", "2 crate::a::b::D", "2 crate::a::E"];
        assert_eq!(imports(text)[..4], found);
        assert_eq!(imports(text)[4..], ["3 crate::f", "4 crate::g"]);
    }

    #[test]
    fn self_means_the_module_in_braces_only() {
        assert_eq!(imports("use self::a::{self};"), ["1 self::a"]);
        let source = Source::parse("use super::keys::{self, TYPE};");
        assert_eq!(source.names["keys"].path, ["super", "keys"]);
        assert_eq!(source.names["TYPE"].path, ["super", "keys", "TYPE"]);
    }

    #[test]
    fn a_rename_imports_what_it_renames() {
        let source = Source::parse("use crate::a::{b as c, D as _, self as e};");
        let paths: Vec<_> = source.imports.iter().map(|import| import.path.join("::")).collect();
        assert_eq!(paths, ["crate::a::b", "crate::a::D", "crate::a"]);
        assert_eq!(source.names["c"].path, ["crate", "a", "b"]);
        assert_eq!(source.names["e"].path, ["crate", "a"]);
        assert!(!source.names.contains_key("b"));
    }

    #[test]
    fn a_path_in_code_is_an_import() {
        let text =
            "fn f() -> crate::a::B<c::D> {\n    crate::e::f::<G>();\n    h.i::<super::J>()\n}";
        assert_eq!(imports(text), ["1 crate::a::B", "1 c::D", "2 crate::e::f", "3 super::J"]);
        assert_eq!(imports("<A as crate::b::C>::D::e()"), ["1 crate::b::C"]);
        assert_eq!(imports("$crate::a::b!(crate::c::D)"), ["1 crate::a::b", "1 crate::c::D"]);
        assert_eq!(imports("#[serde(with = \"crate::a::b\")] struct C;"), ["1 crate::a::b"]);
    }

    #[test]
    fn text_that_looks_like_an_import_is_ignored() {
        assert_eq!(imports("// use crate::a;\n/* crate::b::C */ \"use crate::d;\""), [""; 0]);
        assert_eq!(imports("pub(in crate::a::b) fn c() -> impl D + use<'_> {}"), [""; 0]);
        assert_eq!(imports("let a = b::<C>; d.e(); if f { g }"), [""; 0]);
        assert_eq!(imports("#[cfg(test)]\nmod tests { use crate::a; }"), [""; 0]);
    }

    #[test]
    fn modules_are_declared_or_inline() {
        let text = "mod a; pub mod b { use super::c::D; mod e; fn f() { g::h() } } use i::j;";
        assert_eq!(imports(text), ["1 super::c::D [b]", "1 g::h [b]", "1 i::j"]);
        assert_eq!(Source::parse(text).modules, [vec!["a"], vec!["b", "e"]]);
        assert_eq!(Source::parse("#[cfg(test)] mod tests;").modules, [[""; 0]; 0]);
    }
}
