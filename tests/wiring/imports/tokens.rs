//! The tokens of a Rust source that matter for imports: without comments and test modules.

use std::ops::Range;

/// A token of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// An identifier, a keyword or a number.
    Word(String),
    /// The content of a string literal: `#[serde(with = "crate::…")]` is an import, too.
    Text(String),
    /// `::`.
    PathSeparator,
    /// Any other punctuation mark.
    Mark(char),
}

/// A token, and the line on which it begins.
pub type Located = (Token, usize);

/// Returns the tokens of a source, without `#[cfg(test)] mod …`.
pub fn tokens(source: &str) -> Vec<Located> {
    let mut lexer = Lexer { rest: source, line: 1 };
    without_test_modules(std::iter::from_fn(|| lexer.next()).collect())
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Located> {
        self.skip_blanks_and_comments();
        let (first, line) = (self.rest.chars().next()?, self.line);
        let token = if let Some((content, end)) = text_literal(self.rest) {
            Token::Text(self.take(end)[content].to_owned())
        } else if first == '\'' {
            self.take(quoted(self.rest));
            return self.next();
        } else if is_name(first) {
            let raw = if self.rest.starts_with("r#") { 2 } else { 0 };
            let end = self.rest[raw..].find(|letter| !is_name(letter));
            Token::Word(self.take(end.map_or(self.rest.len(), |end| raw + end))[raw..].to_owned())
        } else if self.rest.starts_with("::") {
            self.take(2);
            Token::PathSeparator
        } else {
            self.take(first.len_utf8());
            Token::Mark(first)
        };
        Some((token, line))
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start().len();
            if blanks > 0 {
                self.take(blanks);
            } else if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.take(block_comment(self.rest));
            } else {
                return;
            }
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Returns the length of a block comment, including nested ones.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut end) = (0, 0);
    while end < rest.len() {
        let step = match rest.as_bytes()[end..] {
            [b'/', b'*', ..] => Some(1),
            [b'*', b'/', ..] => Some(-1),
            _ => None,
        };
        depth += step.unwrap_or(0);
        end += if step.is_some() { 2 } else { 1 };
        if depth == 0 {
            break;
        }
    }
    end
}

/// Returns the content of the string literal that begins here, and where the literal ends.
fn text_literal(rest: &str) -> Option<(Range<usize>, usize)> {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    let is_raw = rest[..prefix].ends_with('r');
    let hashes = match is_raw {
        true => rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len(),
        false => 0,
    };
    let content = rest[prefix + hashes..].strip_prefix('"')?;
    let start = prefix + hashes + 1;
    let length = match is_raw {
        true => content.find(&format!("\"{}", "#".repeat(hashes)))?,
        false => {
            let mut escaped = false;
            content.find(|letter| {
                let ends = letter == '"' && !escaped;
                escaped = letter == '\\' && !escaped;
                ends
            })?
        }
    };
    Some((start..start + length, start + length + 1 + hashes))
}

/// Returns the length of a character literal, or of a lifetime.
fn quoted(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let behind = at + escaped.len_utf8();
            behind + rest[behind..].find('\'').map_or(0, |end| end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1 + rest[1..].find(|letter| !is_name(letter)).unwrap_or(rest.len() - 1),
    }
}

fn without_test_modules(tokens: Vec<Located>) -> Vec<Located> {
    let mut kept = Vec::new();
    let mut rest = tokens.as_slice();
    while let [first, behind @ ..] = rest {
        if let Some(after) = after_test_module(rest) {
            rest = after;
        } else {
            kept.push(first.clone());
            rest = behind;
        }
    }
    kept
}

/// Returns the tokens after the test module that begins here.
fn after_test_module(tokens: &[Located]) -> Option<&[Located]> {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    let begins = tokens.len() > attribute.len()
        && tokens.iter().zip(attribute).all(|((token, _), wanted)| match token {
            Token::Word(word) => word == wanted,
            Token::Mark(mark) => wanted == mark.to_string(),
            _ => false,
        });
    let mut rest = begins.then(|| &tokens[attribute.len()..])?;
    while let [(Token::Mark('#'), _), behind @ ..] = rest {
        rest = after_group(behind);
    }
    if let [(Token::Word(word), _), behind @ ..] = rest
        && word == "pub"
    {
        let is_limited = matches!(behind, [(Token::Mark('('), _), ..]);
        rest = if is_limited { after_group(behind) } else { behind };
    }
    match rest {
        [(Token::Word(word), _), _name, behind @ ..] if word == "mod" => match behind {
            [(Token::Mark(';'), _), behind @ ..] => Some(behind),
            _ => Some(after_group(behind)),
        },
        _ => None,
    }
}

/// Returns the tokens after the brackets that open here.
pub fn after_group(tokens: &[Located]) -> &[Located] {
    let mut depth = 0;
    for (index, (token, _)) in tokens.iter().enumerate() {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &tokens[index + 1..];
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        let word = |(token, _)| match token {
            Token::Word(word) => Some(word),
            Token::Text(text) => Some(format!("<{text}>")),
            _ => None,
        };
        tokens(source).into_iter().filter_map(word).collect()
    }

    #[test]
    fn comments_and_character_literals_are_ignored() {
        assert_eq!(words("a // b \"\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(words("/// [`crate::a`]\n//! b\nc"), ["c"]);
        assert_eq!(words(r"a '\'' 'b' '\u{1F4A9}' '\\' '/' c"), ["a", "c"]);
        assert_eq!(words("fn f<'a>(it: &'a str)"), ["fn", "f", "it", "str"]);
    }

    #[test]
    fn string_literals_are_kept_unchanged() {
        assert_eq!(words(r#"a "b // c" d"#), ["a", "<b // c>", "d"]);
        assert_eq!(words(r#""a \" b \\" c"#), [r#"<a \" b \\>"#, "c"]);
        assert_eq!(
            words(r###"r#"a " b"# br"c\" d b"e" r#type"###),
            ["<a \" b>", "<c\\>", "d", "<e>", "type"]
        );
    }

    #[test]
    fn a_token_has_its_line() {
        let source = "a\n/* b\n */ c \"d\n\" e";
        let lines: Vec<_> = tokens(source).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [1, 3, 3, 4]);
    }

    #[test]
    fn test_modules_are_ignored() {
        assert_eq!(words("a #[cfg(test)] mod tests { use b; fn c() { d } } e"), ["a", "e"]);
        assert_eq!(words("#[cfg(test)]\n#[allow(x)]\npub(crate) mod tests;\nf"), ["f"]);
        assert_eq!(words("#[cfg(test)] use a;"), ["cfg", "test", "use", "a"]);
    }
}
