//! Common parts of the benchmarks: they run two things in turn, and compare the medians of their
//! times.

use std::time::Duration;

/// Runs `work`; returns its result and the time that `clock` measured.
pub async fn timed<T>(clock: fn() -> Duration, work: impl Future<Output = T>) -> (T, Duration) {
    let began = clock();
    let outcome = work.await;
    (outcome, clock() - began)
}

/// Runs two things in turn, so that a slow machine slows both down, and returns the median time of
/// each. The first few rounds are not counted.
pub async fn medians(
    rounds: usize,
    mut one: impl AsyncFnMut() -> Duration,
    mut other: impl AsyncFnMut() -> Duration,
) -> [Duration; 2] {
    const WARM_UP: usize = 3;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..WARM_UP + rounds {
        times[0].push(one().await);
        times[1].push(other().await);
    }
    times.map(|mut times| {
        let times = &mut times[WARM_UP..];
        times.sort();
        times[times.len() / 2]
    })
}
