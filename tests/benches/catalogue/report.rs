//! The table of figures, each beside its bar.

use std::time::Duration;

/// How many times its bar a figure may be before the benchmark fails: another machine is slower, and
/// a change that matters is larger.
const MARGIN: u64 = 3;

/// The figures of one size.
#[derive(Debug)]
pub struct Report {
    size: usize,
    rows: Vec<[String; 3]>,
    /// The figures that miss their bars by more than the margin.
    pub missed: Vec<String>,
}

impl Report {
    /// Creates a table for so many products.
    pub fn new(size: usize) -> Self {
        Self { size, rows: Vec::new(), missed: Vec::new() }
    }

    /// Returns the bar in milliseconds at this size.
    pub fn bar(&self, at_10_000: u64, at_100_000: u64) -> Option<Duration> {
        match self.size {
            10_000 => Some(Duration::from_millis(at_10_000)),
            100_000 => Some(Duration::from_millis(at_100_000)),
            _ => None,
        }
    }

    /// Adds a figure without a bar.
    pub fn add(&mut self, name: &str, value: impl ToString) {
        self.rows.push([name.to_owned(), value.to_string(), String::new()]);
    }

    /// Adds a number with its bar.
    pub fn hold(&mut self, name: &str, value: usize, unit: &str, bar: usize) {
        self.judge(name, value as u64, bar as u64);
        self.rows.push([
            name.to_owned(),
            format!("{} {unit}", grouped(value)),
            format!("≤ {} {unit}", grouped(bar)),
        ]);
    }

    /// Adds capacity units with their bar; both in hundredths.
    pub fn hold_units(&mut self, name: &str, value: u64, bar: u64) {
        self.judge(name, value, bar);
        self.rows.push([name.to_owned(), units(value), format!("≤ {}", units(bar))]);
    }

    /// Adds a time, and its bar if it has one at this size.
    pub fn time(&mut self, name: &str, value: Duration, bar: Option<Duration>) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        bar.inspect(|bar| self.judge(name, nanos(value), nanos(*bar)));
        let bar = bar.map_or_else(String::new, |bar| format!("≤ {}", millis(bar)));
        self.rows.push([name.to_owned(), millis(value), bar]);
    }

    /// Adds the median and the largest of times, and the median's bar if it has one at this size.
    pub fn times(&mut self, name: &str, mut times: Vec<Duration>, bar: Option<Duration>) {
        times.sort_unstable();
        let [median, most] = [times[times.len() / 2], times[times.len() - 1]];
        self.time(name, median, bar);
        if let Some([_, value, _]) = self.rows.last_mut() {
            *value += &format!(", at most {}", millis(most));
        }
    }

    /// Prints the table.
    pub fn print(&self, title: &str) {
        println!("\n| {title} | | bar |\n|---|---|---|");
        for [name, value, bar] in &self.rows {
            println!("| {name} | {value} | {bar} |");
        }
    }

    fn judge(&mut self, name: &str, value: u64, bar: u64) {
        if value > bar.saturating_mul(MARGIN) {
            self.missed.push(name.to_owned());
        }
    }
}

/// Writes a number with commas between its thousands.
pub fn grouped(number: usize) -> String {
    match number / 1_000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1_000),
    }
}

/// Writes hundredths of a unit.
pub fn units(hundredths: u64) -> String {
    format!("{}.{:02}", grouped(hundredths as usize / 100), hundredths % 100)
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..100_000 => format!("{}.{:03} ms", micros / 1_000, micros % 1_000),
        _ => format!("{} ms", micros / 1_000),
    }
}
