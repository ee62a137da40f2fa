//! When the command began that runs this program.

use std::time::{Duration, Instant};

/// Linux counts a process's time in hundredths of a second, whatever its clock does
/// (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>, `USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Returns when this process began. `cargo run` replaces itself by the program, so that is when Cargo
/// began to build it. Where the system does not tell, returns now.
pub fn process() -> Instant {
    let now = Instant::now();
    let age = || {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        age(&stat, &uptime)
    };
    age().and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// Returns the age of a process from its `stat` and the system's `uptime`.
fn age(stat: &str, uptime: &str) -> Option<Duration> {
    let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    // The second field is the program's name in parentheses, and may have spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    let began: u32 = after_name.split_whitespace().nth(19)?.parse().ok()?;
    Duration::try_from_secs_f64(uptime).ok()?.checked_sub(TICK * began)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_process_is_read() {
        let stat = "23 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 2500 20 21";
        assert_eq!(age(stat, "40.50 70.00\n"), Some(Duration::from_millis(15_500)));
        assert_eq!(age("", ""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_began_before_this_test() {
        let age = process().elapsed();
        assert!(age < Duration::from_secs(3600), "{age:?}");
    }
}
