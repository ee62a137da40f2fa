//! Text without its HTML.

/// Tags inside a word, which do not end it.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u",
];

/// Removes tags, comments, scripts and styles, and replaces entities: numbers by their characters,
/// names of accented letters by the letter, all others by a space. Text that only looks similar stays,
/// such as `5 < 6` and `AT&T`.
pub(super) fn strip(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, here) = rest.split_at(at);
        text.push_str(before);
        let replaced = if here.starts_with('<') { tag(here) } else { entity(here) };
        let (by, length) = replaced.unwrap_or_else(|| (here[..1].to_owned(), 1));
        text.push_str(&by);
        rest = &here[length..];
    }
    text.push_str(rest);
    text
}

/// Returns what replaces the tag at the beginning of a text, and its length; `None` if there is none.
fn tag(text: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        let end = text.find("-->").map_or(text.len(), |at| at + 3);
        return Some((" ".to_owned(), end));
    }
    let inside = text[1..].trim_start_matches(['/', '!']);
    let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = text.find('>')? + 1;
    if matches!(name.as_str(), "script" | "style") && !text.starts_with("</") {
        let closing = format!("</{name}");
        let after = text.to_ascii_lowercase()[end..].find(&closing).map(|at| at + end);
        return Some((" ".to_owned(), after.unwrap_or(text.len())));
    }
    let by = if INLINE.contains(&name.as_str()) { "" } else { " " };
    Some((by.to_owned(), end))
}

/// Returns what replaces the entity at the beginning of a text, and its length; `None` if there is
/// none.
fn entity(text: &str) -> Option<(String, usize)> {
    const LONGEST: usize = 32;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let by = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?).filter(|c| !c.is_control()).unwrap_or(' ').to_string()
        }
        None if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            return None;
        }
        None => named(name).unwrap_or(" ").to_owned(),
    };
    Some((by, end + 1))
}

/// Returns the letters of a named entity, as folding leaves them: `eacute` is `e`.
fn named(name: &str) -> Option<&str> {
    const ACCENTS: [&str; 11] = [
        "acute", "breve", "caron", "cedil", "circ", "grave", "macr", "ogon", "ring", "tilde", "uml",
    ];
    match name {
        "szlig" => return Some("ss"),
        "apos" | "rsquo" | "lsquo" => return Some("'"),
        "shy" | "zwj" | "zwnj" => return Some(""),
        _ => {}
    }
    let accented = ACCENTS.iter().find_map(|accent| name.strip_suffix(accent));
    let stroked = name.strip_suffix("slash").or(name.strip_suffix("strok"));
    let letter = accented.or(stroked).filter(|letter| letter.len() == 1);
    letter.or(name.strip_suffix("lig").filter(|letters| letters.len() == 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_entities_are_removed_and_text_that_looks_similar_stays() {
        for (html, text) in [
            ("<p>Two<br/>lines</p>", " Two lines "),
            ("<b>H</b>ello", "Hello"),
            ("a<!-- no -->b", "a b"),
            ("a<SCRIPT>no()</script>b", "a  b"),
            ("a<style>p{}", "a "),
            ("caf&eacute; &amp; bar&nbsp;&oelig;uf &#233;&#xE9;", "cafe   bar oeuf éé"),
            ("5 < 6, AT&T, a <3 b; x<y", "5 < 6, AT&T, a <3 b; x<y"),
            ("women&rsquo;s &#0; &#x110000;", "women's    "),
            ("Größe <span title='é'>日</span>本", "Größe 日本"),
        ] {
            assert_eq!(strip(html), text, "{html}");
        }
    }
}
