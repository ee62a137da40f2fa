//! What a benchmark is made of: two things done in turn, a clock, and the medians.

use std::time::Duration;

/// How much of a clock's time something takes.
pub async fn timed<T>(clock: fn() -> Duration, work: impl Future<Output = T>) -> (T, Duration) {
    let began = clock();
    let outcome = work.await;
    (outcome, clock() - began)
}

/// Does two things in turn, so that what slows the machine down slows down both, and gives the
/// median of what each took. The first few rounds don't count.
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
