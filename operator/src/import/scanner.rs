//! Finds where the rows of a file begin and end.
//!
//! A CSV row may have line breaks in quotation marks, so a lone mark would swallow the rows after
//! it. The scanner refuses such a row at its first line and goes on with the next.

use std::io::{self, BufRead, Seek, SeekFrom};

/// The most bytes of a cell, or of a line of NDJSON.
pub const MAX_CELL: usize = 1024 * 1024;

/// The most bytes of a row. What is in quotation marks for longer has lost its closing one.
const MAX_ROW: u64 = 64 * 1024 * 1024;

/// Reads rows, one after the other.
#[derive(Debug)]
pub struct Scanner<R> {
    input: R,
    layout: Layout,
    /// Where the next row begins.
    offset: u64,
    /// Its line, from 1.
    line: u64,
    text: Vec<u8>,
}

/// How a file is divided into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Each line is a row.
    Lines,
    /// Rows of cells with this character between them, which may be in quotation marks.
    Cells(u8),
}

/// A row of the file. Blank lines are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The number of bytes before it.
    pub offset: u64,
    /// The number of its bytes, without the line end.
    pub length: u64,
    /// The line where it begins, from 1.
    pub line: u64,
    /// The line where it ends.
    pub last_line: u64,
    /// Why it can't be read, if it can't.
    pub fault: Option<Fault>,
}

/// Why a row can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A quotation mark that opens or closes nothing.
    LoneQuote,
    /// A cell of more than [`MAX_CELL`] bytes.
    TooLarge,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// After a quotation mark in a quoted cell: it closes the cell, or is the first of two.
    Quote,
}

/// The row that is being read.
struct Progress {
    state: State,
    row: Scanned,
    /// The bytes of the cell so far.
    cell: usize,
    after_cr: bool,
    /// Where the second line of the row begins.
    second: Option<u64>,
}

impl<R: BufRead + Seek> Scanner<R> {
    /// Creates a scanner of a text whose first byte is at `offset`.
    pub fn new(input: R, layout: Layout, offset: u64) -> Self {
        Self { input, layout, offset, line: 1, text: Vec::new() }
    }

    /// The bytes of the last row without its line end; empty if it can't be read.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the next row; `None` at the end of the file.
    pub fn next_row(&mut self) -> io::Result<Option<Scanned>> {
        loop {
            let Some(row) = self.scan()? else { return Ok(None) };
            if row.fault.is_some() || !self.text.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(row));
            }
        }
    }

    fn scan(&mut self) -> io::Result<Option<Scanned>> {
        let (offset, line) = (self.offset, self.line);
        let row = Scanned { offset, length: 0, line, last_line: line, fault: None };
        let (state, cell, after_cr, second) = (State::Start, 0, false, None);
        let mut progress = Progress { state, row, cell, after_cr, second };
        self.text.clear();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return self.end_of_file(progress);
            }
            let available = buffer.len();
            for (index, byte) in buffer.iter().enumerate() {
                match progress.step(*byte, self.layout) {
                    Step::On => self.text.push(*byte),
                    Step::End => {
                        let (byte, used) = (*byte, index + 1);
                        self.input.consume(used);
                        return self.end_of_row(progress, byte);
                    }
                    Step::Lost => return self.skip_first_line(progress),
                }
            }
            if progress.row.fault.is_some() {
                self.text.clear();
            }
            self.input.consume(available);
        }
    }

    fn end_of_row(&mut self, progress: Progress, byte: u8) -> io::Result<Option<Scanned>> {
        let Progress { row, .. } = progress;
        self.offset = row.offset + row.length + 1;
        self.line = row.last_line + 1;
        if byte == b'\r' && self.input.fill_buf()?.first() == Some(&b'\n') {
            self.input.consume(1);
            self.offset += 1;
        }
        Ok(Some(self.finish(row)))
    }

    fn end_of_file(&mut self, progress: Progress) -> io::Result<Option<Scanned>> {
        if progress.row.length == 0 {
            return Ok(None);
        }
        if progress.state == State::Quoted {
            return self.skip_first_line(progress);
        }
        let row = progress.row;
        self.offset = row.offset + row.length;
        Ok(Some(self.finish(row)))
    }

    fn finish(&mut self, row: Scanned) -> Scanned {
        if row.fault.is_some() {
            self.text.clear();
        }
        row
    }

    /// Refuses the first line of a row for its lone quotation mark, and goes on after it.
    fn skip_first_line(&mut self, progress: Progress) -> io::Result<Option<Scanned>> {
        let Progress { mut row, second, .. } = progress;
        row.fault = Some(Fault::LoneQuote);
        self.text.clear();
        if let Some(second) = second {
            (row.last_line, self.line) = (row.line, row.line + 1);
            row.length = second - row.offset;
            self.offset = second;
            self.input.seek(SeekFrom::Start(second))?;
            return Ok(Some(row));
        }
        // It has one line: read on to its end.
        self.input.seek(SeekFrom::Start(row.offset))?;
        (self.layout, row.length) = {
            let layout = std::mem::replace(&mut self.layout, Layout::Lines);
            let whole = self.scan()?;
            self.text.clear();
            (layout, whole.map_or(row.length, |whole| whole.length))
        };
        Ok(Some(row))
    }
}

enum Step {
    /// The byte belongs to the row.
    On,
    /// The byte ends the row.
    End,
    /// A quotation mark stands alone, and the row has no sure end.
    Lost,
}

impl Progress {
    fn step(&mut self, byte: u8, layout: Layout) -> Step {
        let is_line_end = matches!(byte, b'\n' | b'\r');
        let state = match (layout, self.state, byte) {
            (Layout::Lines, ..) if is_line_end => return Step::End,
            (Layout::Lines, ..) => State::Plain,
            (_, State::Quoted, b'"') => State::Quote,
            (_, State::Quoted, _) => State::Quoted,
            (_, State::Quote, b'"') => State::Quoted,
            _ if is_line_end => return Step::End,
            (Layout::Cells(separator), ..) if byte == separator => State::Start,
            (_, State::Quote, _) => return Step::Lost,
            (_, State::Start, b'"') => State::Quoted,
            (_, State::Plain, b'"') => {
                self.row.fault = Some(Fault::LoneQuote);
                State::Plain
            }
            _ => State::Plain,
        };
        self.count(byte, state);
        if self.row.length > MAX_ROW && state == State::Quoted { Step::Lost } else { Step::On }
    }

    fn count(&mut self, byte: u8, state: State) {
        self.row.length += 1;
        self.cell = if state == State::Start { 0 } else { self.cell + 1 };
        self.state = state;
        if self.cell > MAX_CELL && self.row.fault.is_none() {
            self.row.fault = Some(Fault::TooLarge);
        }
        // A line break in quotation marks.
        let end = self.row.offset + self.row.length;
        match byte {
            b'\n' if self.after_cr && self.second == Some(end - 1) => self.second = Some(end),
            b'\n' if self.after_cr => {}
            b'\n' | b'\r' => {
                self.row.last_line += 1;
                self.second = self.second.or(Some(end));
            }
            _ => {}
        }
        self.after_cr = byte == b'\r';
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    /// Returns the rows of a text, each as its first line, last line and text or fault.
    fn rows(text: &str, layout: Layout) -> Vec<(u64, u64, Result<String, Fault>)> {
        // A small buffer, so that rows lie across its ends.
        let input = BufReader::with_capacity(3, Cursor::new(text.as_bytes().to_vec()));
        let mut scanner = Scanner::new(input, layout, 0);
        let mut rows = Vec::new();
        while let Some(row) = scanner.next_row().unwrap() {
            let read = String::from_utf8(scanner.text().to_vec()).unwrap();
            if row.fault.is_none() {
                let (from, length) = (row.offset as usize, row.length as usize);
                assert_eq!(read, text[from..from + length], "the row's place in {text:?}");
            }
            rows.push((row.line, row.last_line, row.fault.map_or(Ok(read), Err)));
        }
        rows
    }

    fn cells(text: &str) -> Vec<(u64, u64, Result<String, Fault>)> {
        rows(text, Layout::Cells(b','))
    }

    fn whole(line: u64, last: u64, text: &str) -> (u64, u64, Result<String, Fault>) {
        (line, last, Ok(text.to_owned()))
    }

    #[test]
    fn any_line_end_ends_a_row_and_blank_lines_are_none() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "1,2", "  ", "3,4", ""].join(end);
            let expected = [whole(1, 1, "a,b"), whole(3, 3, "1,2"), whole(5, 5, "3,4")];
            assert_eq!(cells(&text), expected, "{end:?}");
            assert_eq!(cells(text.trim_end()), expected, "without the last {end:?}");
            assert_eq!(rows(&text, Layout::Lines), expected, "{end:?}");
        }
        assert_eq!(cells(""), []);
    }

    #[test]
    fn a_line_break_in_quotation_marks_belongs_to_the_row() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,\"b", "\"\"c\"\"", "d\",e", "1,2"].join(end);
            let first = ["a,\"b", "\"\"c\"\"", "d\",e"].join(end);
            assert_eq!(cells(&text), [whole(1, 3, &first), whole(4, 4, "1,2")], "{end:?}");
        }
    }

    #[test]
    fn a_lone_quotation_mark_refuses_its_own_line_only() {
        let lone = |line| (line, line, Err(Fault::LoneQuote));
        for (text, expected) in [
            ("a,5\" pipe\nb,1", vec![lone(1), whole(2, 2, "b,1")]),
            ("a,\"pipe\nb,1\nc,2", vec![lone(1), whole(2, 2, "b,1"), whole(3, 3, "c,2")]),
            ("a,\"pipe\r\nb,1\r\n", vec![lone(1), whole(2, 2, "b,1")]),
            ("a,\"pipe\rb,1\r", vec![lone(1), whole(2, 2, "b,1")]),
            ("a,\"pipe\n\n\nb,\"x\"y\nc", vec![lone(1), lone(4), whole(5, 5, "c")]),
            ("a,\"x\" y,1\nb,1", vec![lone(1), whole(2, 2, "b,1")]),
            ("a\nb,\"", vec![whole(1, 1, "a"), lone(2)]),
            ("a,\"b\nc,\"d,e\"", vec![lone(1), whole(2, 2, "c,\"d,e\"")]),
        ] {
            assert_eq!(cells(text), expected, "{text:?}");
        }
        assert_eq!(rows("{\"a\":\"b\n{", Layout::Lines)[1], whole(2, 2, "{"));
    }

    #[test]
    fn a_large_cell_refuses_its_row_whatever_is_in_it() {
        let large = "x\n".repeat(MAX_CELL * 5);
        let text = format!("a,\"{large}\"\nb,1");
        let lines = MAX_CELL as u64 * 5 + 1;
        let expected = [(1, lines, Err(Fault::TooLarge)), whole(lines + 1, lines + 1, "b,1")];
        assert_eq!(cells(&text), expected);
        let largest = format!("a,{}\nb,1", "x".repeat(MAX_CELL));
        assert_eq!(cells(&largest)[0].2.as_ref().map(String::len), Ok(MAX_CELL + 2));
    }
}
