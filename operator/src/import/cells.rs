//! The cells of a row, by the names of their columns.

use std::collections::HashMap;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// Where each column of a file is, by the name under which its format knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    places: HashMap<String, usize>,
    count: usize,
}

/// A row's cells.
#[derive(Debug, Clone)]
pub struct Cells<'c> {
    columns: &'c Columns,
    values: Vec<String>,
}

/// Takes rows apart.
pub struct Splitter {
    reader: Reader,
    separator: u8,
}

impl Columns {
    /// Creates the columns of a header with this number of cells.
    pub fn new(count: usize) -> Self {
        Self { places: HashMap::new(), count }
    }

    /// The number of cells of a row.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Adds a column; if another already has the name, returns where that is.
    pub fn add(&mut self, name: String, place: usize) -> Result<(), usize> {
        match self.places.insert(name, place) {
            None => Ok(()),
            Some(other) => Err(other),
        }
    }

    /// Whether the file has a column.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Returns the names, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.places.iter().collect();
        names.sort_by_key(|(_, place)| **place);
        names.into_iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl<'c> Cells<'c> {
    /// Creates the cells of a row, which are as many as the columns.
    pub const fn new(columns: &'c Columns, values: Vec<String>) -> Self {
        Self { columns, values }
    }

    /// The columns.
    pub const fn columns(&self) -> &'c Columns {
        self.columns
    }

    /// Returns a cell as it is; `None` if the file has no such column.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.values.get(*self.columns.places.get(name)?).map(String::as_str)
    }

    /// Returns a cell without white space at its ends; `None` if the file has no such column.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).map(str::trim)
    }

    /// Returns a cell without white space at its ends; `None` if it is empty or absent.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|text| !text.is_empty())
    }
}

impl Splitter {
    /// Creates a splitter at this character.
    pub fn new(separator: u8) -> Self {
        Self { reader: ReaderBuilder::new().delimiter(separator).build(), separator }
    }

    /// Returns the cells of a row, whose quotation marks the scanner has checked.
    pub fn split(&mut self, row: &str) -> Vec<String> {
        let most = row.bytes().filter(|byte| *byte == self.separator).count() + 1;
        let (mut text, mut ends) = (vec![0; row.len()], vec![0; most]);
        self.reader.reset();
        let (result, _, written, ended) =
            self.reader.read_record(row.as_bytes(), &mut text, &mut ends);
        let ended = match result {
            // The end of the row is the end of the input.
            ReadRecordResult::InputEmpty => {
                let rest = (&mut text[written..], &mut ends[ended..]);
                ended + self.reader.read_record(&[], rest.0, rest.1).3
            }
            _ => ended,
        };
        let mut start = 0;
        let cells = ends[..ended].iter().map(|end| {
            let cell = String::from_utf8_lossy(&text[start..*end]).into_owned();
            start = *end;
            cell
        });
        cells.collect()
    }
}

impl std::fmt::Debug for Splitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splitter").field("separator", &self.separator).finish_non_exhaustive()
    }
}

/// Returns the separator of a file's cells, by its first line: the comma, semicolon or tab that is
/// there most often outside quotation marks.
pub fn separator(head: &[u8]) -> u8 {
    let first = head.trim_ascii_start();
    let line = first.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    if let Some(separator) = std::str::from_utf8(line).ok().and_then(named_separator) {
        return separator;
    }
    let (mut counts, mut is_quoted) = ([(b',', 0), (b';', 0), (b'\t', 0)], false);
    for byte in first {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            byte if !is_quoted => {
                counts.iter_mut().filter(|(it, _)| it == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    let [comma, semicolon, tab] = counts;
    let most = if semicolon.1 > comma.1 { semicolon } else { comma };
    if tab.1 > most.1 { tab.0 } else { most.0 }
}

/// Returns the separator that a line such as `sep=;` names. Excel writes and reads such a line
/// before the header.
pub fn named_separator(line: &str) -> Option<u8> {
    let line = line.trim_end_matches([' ', '\r']);
    match line
        .get(..4)
        .filter(|name| name.eq_ignore_ascii_case("sep="))
        .map(|_| &line.as_bytes()[4..])
    {
        Some(&[separator @ (b',' | b';' | b'\t')]) => Some(separator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_one_that_the_header_has_most_of() {
        for (head, expected) in [
            ("sku,name,price\nMUG;1;2;3;4", b','),
            ("sku;name;price", b';'),
            ("sku\tname", b'\t'),
            ("Typ;\"Datum, an dem Angebotspreis beginnt\";Name", b';'),
            ("\"a;b;c\",d\r\n", b','),
            ("sku", b','),
            ("\n\n sku;name", b';'),
            ("sep=;\r\nsku;\"a,b,c\"", b';'),
            ("SEP=\t\nsku", b'\t'),
            ("sep=x,", b','),
        ] {
            assert_eq!(separator(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn a_row_is_split_into_its_cells() {
        let mut splitter = Splitter::new(b',');
        for (row, cells) in [
            ("a,b", vec!["a", "b"]),
            ("a", vec!["a"]),
            (",", vec!["", ""]),
            ("a,,", vec!["a", "", ""]),
            ("\"a, \"\"b\"\"\nc\",d", vec!["a, \"b\"\nc", "d"]),
            ("\"a\r\nb\",\"\"", vec!["a\r\nb", ""]),
            (" a , b ", vec![" a ", " b "]),
            ("Größe,😀", vec!["Größe", "😀"]),
            ("\"\"\"\"", vec!["\""]),
        ] {
            assert_eq!(splitter.split(row), cells, "{row:?}");
        }
        assert_eq!(Splitter::new(b';').split("1,5;\"x;y\""), ["1,5", "x;y"]);
    }
}
