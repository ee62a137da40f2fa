//! Loads segments in a process of its own, whose memory is that of the catalogue.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use shared::catalogue::memory::Catalogue;
use shared::catalogue::query::{Filters, Sort};
use shared::catalogue::segment::Segment;

use super::log::LANGUAGE;
use super::processor_time;
use super::queries::PAGE;

/// The first argument of the process; the second is the folder of the segments.
pub const LOAD: &str = "load";

/// What loading takes.
pub struct Loaded {
    pub took: Duration,
    /// The bytes of the resident memory that came with it.
    pub resident: usize,
    /// The same at its peak, after a search that finds nearly all products.
    pub peak: usize,
}

impl Loaded {
    /// Loads the segments in a process of its own.
    pub fn measure(segments: &[Vec<u8>]) -> Self {
        let folder = std::env::temp_dir().join(format!("catalogue.{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder");
        for (number, bytes) in segments.iter().enumerate() {
            std::fs::write(folder.join(format!("{number:06}")), bytes).expect("a segment");
        }
        let this = std::env::current_exe().expect("this program");
        let output = Command::new(this).arg(LOAD).arg(&folder).output().expect("it runs");
        std::fs::remove_dir_all(&folder).expect("a folder");
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers = text.split_whitespace().map(|it| it.parse().expect("a number"));
        let [nanos, resident, peak] = numbers.collect::<Vec<usize>>()[..] else {
            panic!("no figures: {output:?}")
        };
        Self { took: Duration::from_nanos(nanos as u64), resident, peak }
    }
}

/// Loads the segments of a folder and prints what that takes.
pub fn load(folder: &Path) {
    let files = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let before = memory("VmRSS:");
    let bytes: Vec<_> = files.iter().map(|file| std::fs::read(file).expect("bytes")).collect();
    let (catalogue, took) = processor_time(|| {
        let segments =
            bytes.into_iter().map(|bytes| Segment::from_stored(bytes).expect("a segment"));
        Catalogue::new(LANGUAGE, BTreeMap::new(), segments.collect(), 0)
    });
    let resident = memory("VmRSS:") - before;
    let filters = Filters { search: Some("the and".to_owned()), ..Filters::default() };
    let found = catalogue.page(&filters, Sort::RELEVANCE, None, 0, PAGE).expect("a page");
    assert_eq!(found.cards.len(), PAGE);
    println!("{} {resident} {}", took.as_nanos(), memory("VmHWM:") - before);
}

/// Returns a figure of this process's memory, in bytes.
fn memory(figure: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux knows");
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).expect("a line");
    let kilobytes = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kilobytes * 1_024
}
