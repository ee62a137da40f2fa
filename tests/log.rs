//! Collects the functions' log in a test.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use lambda_http::tracing::subscriber;
use lambda_http::tracing::subscriber::util::SubscriberInitExt;
use tracing::subscriber::DefaultGuard;

/// The log since [`Log::listen`]; clones share it.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects the log of this thread until the returned guard is dropped.
    #[must_use]
    pub fn listen(&self) -> DefaultGuard {
        // `tracing` caches whether a log line has a subscriber. Without a global one, a line that a
        // test without a subscriber writes first would be off in all other tests too.
        static EVERYWHERE: Once = Once::new();
        EVERYWHERE.call_once(|| subscriber::fmt().with_writer(std::io::sink).init());
        let writer = self.clone();
        let format = subscriber::fmt().json().flatten_event(true);
        format.with_writer(move || writer.clone()).set_default()
    }

    /// Returns the collected log.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock()).into_owned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
