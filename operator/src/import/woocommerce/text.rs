//! How WooCommerce writes texts and lists into a cell.

/// Returns a cell without the apostrophe that keeps spreadsheets from running it as a formula.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => cell,
    }
}

/// Returns the elements of a list. A comma that separates nothing is written `\,`.
pub fn list(cell: &str) -> Vec<String> {
    let (mut elements, mut element) = (Vec::new(), String::new());
    let mut characters = cell.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if characters.peek() == Some(&',') => element.extend(characters.next()),
            ',' => elements.push(std::mem::take(&mut element)),
            _ => element.push(c),
        }
    }
    elements.push(element);
    let elements = elements.iter().map(|element| element.trim().to_owned());
    elements.filter(|element| !element.is_empty()).collect()
}

/// Returns a description: `\n` in the cell is a line break, and `\\n` is `\n`.
pub fn description(cell: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(cell.len()), cell);
    while let Some((before, after)) = rest.split_once("\\n") {
        match before.strip_suffix('\\') {
            Some(before) => text.extend([before, "\\n"]),
            None => text.extend([before, "\n"]),
        }
        rest = after;
    }
    text + rest
}

/// Returns a name with the five characters that WordPress stores as HTML entities.
pub fn name(text: &str) -> String {
    const ENTITIES: [(&str, &str); 6] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#039;", "'"),
        ("&#39;", "'"),
        // Last, so that no entity is made of two.
        ("&amp;", "&"),
    ];
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// Returns the names of a category and of those that it is in: `Home > Garden`.
pub fn path(category: &str) -> Vec<String> {
    let names = category.split('>').map(|part| name(part.trim()));
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_separated_by_commas() {
        assert_eq!(list("Red, Sea Blue,Green"), ["Red", "Sea Blue", "Green"]);
        assert_eq!(list(r"Black\, matt, White"), ["Black, matt", "White"]);
        assert_eq!(list(r"C:\temp, , "), [r"C:\temp"]);
        assert_eq!(list(""), [""; 0]);
    }

    #[test]
    fn a_description_has_its_line_breaks_back() {
        assert_eq!(description(r"<p>One</p>\n<p>Two</p>"), "<p>One</p>\n<p>Two</p>");
        assert_eq!(description(r"in C:\\new\n"), "in C:\\new\n");
        assert_eq!(description(r"a\nb\\nc\d"), "a\nb\\nc\\d");
    }

    #[test]
    fn names_have_no_entities() {
        assert_eq!(path("Home &amp; Garden > Pots &gt; 30 cm"), ["Home & Garden", "Pots > 30 cm"]);
        assert_eq!(name("&amp;lt; &#039;x&#039;"), "&lt; 'x'");
    }

    #[test]
    fn an_apostrophe_before_a_formula_is_not_part_of_the_text() {
        for (cell, text) in [("'=1+1", "=1+1"), ("'-1", "-1"), ("'tis", "'tis"), ("''=x", "''=x")] {
            assert_eq!(unguarded(cell), text, "{cell}");
        }
    }
}
