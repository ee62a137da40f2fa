//! Decimal numbers as shops and spreadsheets write them, without floats.

/// The character before a number's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `19.99`
    Point,
    /// `19,99`
    Comma,
}

/// A number of 0 or more: the digits before its decimals, and its decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    whole: String,
    fraction: String,
}

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It has other characters, a sign, or separators in places where a number has none.
    NotANumber,
    /// Its only separator may group thousands or begin the decimals: `1.234`.
    Ambiguous,
}

/// What the numbers of a file tell of its decimal separator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    points: bool,
    commas: bool,
}

impl Separator {
    const fn character(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

impl Evidence {
    /// Takes note of a number that has only one reading.
    pub fn add(&mut self, text: &str) {
        if let Ok((_, Some(separator))) = split(text.trim(), None) {
            match separator {
                Separator::Point => self.points = true,
                Separator::Comma => self.commas = true,
            }
        }
    }

    /// Returns the separator of the file's decimals; `usual` if no number shows it, `None` if the
    /// file has both.
    pub const fn separator(self, usual: Option<Separator>) -> Option<Separator> {
        match (self.points, self.commas) {
            (true, false) => Some(Separator::Point),
            (false, true) => Some(Separator::Comma),
            (false, false) => usual,
            (true, true) => None,
        }
    }
}

impl Decimal {
    /// Reads a number. Where it has both separators, the last begins the decimals and the other
    /// groups thousands. One that occurs several times groups thousands. `file` decides what the
    /// only separator of a number such as `1.234` is; without it, the number is ambiguous.
    pub fn read(text: &str, file: Option<Separator>) -> Result<Self, Unreadable> {
        split(text.trim(), file).map(|(number, _)| number)
    }

    /// Returns the number times 10 to the power of `decimals`; `None` if that is not a whole number
    /// or is too large for the type.
    pub fn scaled(&self, decimals: usize) -> Option<i64> {
        let fraction = self.fraction.trim_end_matches('0');
        if fraction.len() > decimals {
            return None;
        }
        format!("{}{fraction:0<decimals$}", self.whole).parse().ok()
    }

    /// Whether it has more decimals than these, not counting zeros at the end.
    pub fn exceeds(&self, decimals: usize) -> bool {
        self.fraction.trim_end_matches('0').len() > decimals
    }

    /// Returns the number as `n` and `d`, of which it is n / 10^d; `None` if it has more than 18
    /// digits.
    pub fn digits(&self) -> Option<(u128, u32)> {
        let fraction = self.fraction.trim_end_matches('0');
        let digits = format!("{}{fraction}", self.whole.trim_start_matches('0'));
        let scale = u32::try_from(fraction.len()).ok()?;
        match digits.len() {
            0 => Some((0, scale)),
            1..=18 => Some((digits.parse().ok()?, scale)),
            _ => None,
        }
    }
}

/// Splits a number; returns its decimal separator too, if it has one that shows without `file`.
fn split(text: &str, file: Option<Separator>) -> Result<(Decimal, Option<Separator>), Unreadable> {
    let whole = |whole: String| Decimal { whole, fraction: String::new() };
    let count = |separator: Separator| text.matches(separator.character()).count();
    let (points, commas) = (count(Separator::Point), count(Separator::Comma));
    if points + commas == 0 {
        return Ok((whole(digits(text)?), None));
    }
    let last = if text.rfind('.') > text.rfind(',') { Separator::Point } else { Separator::Comma };
    if count(last) > 1 {
        return match count(last.other()) {
            0 => Ok((whole(grouped(text, last)?), None)),
            _ => Err(Unreadable::NotANumber),
        };
    }
    let (before, after) = text.split_once(last.character()).ok_or(Unreadable::NotANumber)?;
    let fraction = digits(after)?;
    if points + commas > 1 {
        let number = Decimal { whole: grouped(before, last.other())?, fraction };
        return Ok((number, Some(last)));
    }
    let before = if before.is_empty() { "0".to_owned() } else { digits(before)? };
    let may_group = fraction.len() == 3 && before.len() <= 3 && !before.starts_with('0');
    if !may_group {
        return Ok((Decimal { whole: before, fraction }, Some(last)));
    }
    match file {
        None => Err(Unreadable::Ambiguous),
        Some(separator) if separator == last => Ok((Decimal { whole: before, fraction }, None)),
        Some(_) => Ok((whole(format!("{before}{fraction}")), None)),
    }
}

/// Reads digits in groups of three.
fn grouped(text: &str, separator: Separator) -> Result<String, Unreadable> {
    let groups: Vec<_> = text.split(separator.character()).collect();
    let is_grouped = groups.iter().enumerate().all(|(index, group)| match index {
        0 => (1..=3).contains(&group.len()),
        _ => group.len() == 3,
    });
    if is_grouped { digits(&groups.concat()) } else { Err(Unreadable::NotANumber) }
}

fn digits(text: &str) -> Result<String, Unreadable> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Ok(text.to_owned()) } else { Err(Unreadable::NotANumber) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_separators_begins_the_decimals() {
        for (text, cents) in [
            ("1.234,50", 123_450),
            ("1,234.50", 123_450),
            ("1.234.567", 123_456_700),
            ("12,345,678.9", 1_234_567_890),
            (" 19.99 ", 1999),
            ("19,99", 1999),
            ("19,9", 1990),
            ("0.500", 50),
            (".5", 50),
            ("1234.560", 123_456),
            ("007", 700),
        ] {
            let number = Decimal::read(text, None).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!(number.scaled(2), Some(cents), "{text}");
        }
    }

    #[test]
    fn three_digits_after_the_only_separator_are_read_as_the_file_writes_numbers() {
        let read = |text, file| Decimal::read(text, file).map(|number| number.scaled(3));
        for text in ["1.234", "1,234", "999,000"] {
            assert_eq!(read(text, None), Err(Unreadable::Ambiguous), "{text}");
        }
        assert_eq!(read("1.234", Some(Separator::Point)), Ok(Some(1234)));
        assert_eq!(read("1.234", Some(Separator::Comma)), Ok(Some(1_234_000)));
        assert_eq!(read("1,234", Some(Separator::Comma)), Ok(Some(1234)));
        assert_eq!(read("1,234", Some(Separator::Point)), Ok(Some(1_234_000)));
    }

    #[test]
    fn what_is_not_a_number_is_not_guessed_at() {
        for text in [
            "",
            " ",
            ".",
            ",",
            "5.",
            "$5",
            "5 €",
            "-5",
            "+5",
            "1e3",
            "1 234",
            "1'234.50",
            "1.2.3",
            "1,23,456",
            "1.234,567.89",
            "1,234.56,78",
            "12.34,5.6",
            "1.23,45",
            "٣",
            "5,",
            ",,",
        ] {
            assert_eq!(Decimal::read(text, None), Err(Unreadable::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn a_files_separator_shows_in_numbers_with_one_reading_only() {
        let separator = |texts: &[&str], usual| {
            let mut evidence = Evidence::default();
            texts.iter().for_each(|text| evidence.add(text));
            evidence.separator(usual)
        };
        assert_eq!(separator(&["1.234", "5", "x", ""], None), None);
        assert_eq!(separator(&["1.234"], Some(Separator::Point)), Some(Separator::Point));
        assert_eq!(separator(&["1.234", "19,99"], None), Some(Separator::Comma));
        assert_eq!(separator(&["0.50", "5"], Some(Separator::Comma)), Some(Separator::Point));
        assert_eq!(separator(&["0.50", "0,50"], Some(Separator::Point)), None);
    }
}
