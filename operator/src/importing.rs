//! `cargo shop import`: brings the products of a file into a shop, through its API.
//!
//! The file is read twice: once for what it is and which categories it names, then product by
//! product. Products are sent in calls of up to 1,000 rows; after each, the progress is stored beside
//! the file, so that an import that was cut off goes on where it was.
//!
//! | module | what |
//! |---|---|
//! | [`categories`] | makes the categories that a file names |
//! | [`calls`] | sends rows, and reads what became of them |
//! | [`progress`] | the files beside the imported one: progress, refused rows, report |
//! | [`report`] | a line for each row that was refused or taken differently |
//! | [`tally`] | counts what became of the rows |

pub mod calls;
pub mod categories;
pub mod progress;
pub mod report;
pub mod tally;

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::http::StatusCode;
use shared::domain::money::Currency;
use shared::domain::time::Timestamp;

use self::calls::{Call, Entry};
use self::categories::Categories;
use self::progress::Progress;
use self::tally::Tally;
use crate::Output;
use crate::api::Api;
use crate::failure::{Failure, Result};
use crate::import::{Group, Settings, Source};
use crate::options::ImportOptions;
use crate::password;

/// Imports a file; returns what became of its rows. Fails if the file can't be read, the shop can't
/// be reached, or the login is not an admin's; started again, it goes on.
pub async fn run(
    options: &ImportOptions,
    variable: &impl Fn(&'static str) -> Option<String>,
) -> Result<Output> {
    let mut api = Api::at(&options.api)?;
    if let Some(email) = options.email.as_ref().filter(|_| !options.is_dry) {
        api.log_in(email, &password::read(email, variable)?).await?;
    }
    let currency = match options.currency {
        Some(currency) => currency,
        None => currency_of(&mut api).await?,
    };
    let settings = Settings { currency, now: now(), columns: options.columns.clone() };
    let mut source = Source::open(&options.file, &settings)?;
    eprintln!("{}: {}, {} rows", options.file.display(), source.format(), source.rows());
    let paths = category_paths(&mut source)?;
    let mut categories = Categories::read(&mut api).await?;
    if options.is_dry {
        return try_out(options, &mut source, &categories.missing(&paths));
    }
    let made = categories.make(&mut api, &paths).await?;
    if made > 0 {
        eprintln!("{made} categories made");
    }
    let mut import = Import {
        progress: Progress::open(options, &mut source)?,
        rows: source.rows(),
        begun: Instant::now(),
        sent: 0,
        api,
        categories,
    };
    import.send(&mut source).await?;
    let text = import.progress.finish(options.is_json)?;
    Ok(Output { text, is_complete: import.progress.tally().has_taken_all() })
}

/// An import that is sending.
struct Import {
    api: Api,
    categories: Categories,
    progress: Progress,
    rows: u64,
    begun: Instant,
    sent: u64,
}

impl Import {
    /// Sends what was not sent before.
    async fn send(&mut self, source: &mut Source) -> Result<()> {
        let mut call = Call::default();
        let mut groups = source.groups();
        let mut index = 0;
        while let Some(group) = groups.next() {
            let group = group?;
            index += 1;
            if index <= self.progress.groups() {
                continue;
            }
            let entry = Entry::new(group, groups.texts()?, &self.categories)?;
            if !call.has_room_for(&entry) {
                let full = std::mem::take(&mut call);
                self.carry_out(full, index - 1).await?;
            }
            call.add(entry);
        }
        self.carry_out(call, index).await
    }

    /// Sends a call, and stores that the first `groups` groups are done.
    async fn carry_out(&mut self, call: Call, groups: usize) -> Result<()> {
        let rows = call.lines();
        let done = call.send(&mut self.api, self.progress.import_id()).await?;
        self.progress.store(groups, &done)?;
        self.sent += rows;
        self.show();
        Ok(())
    }

    /// Writes how far the import is to stderr.
    fn show(&self) {
        let done = self.progress.tally().rows();
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = self.sent.saturating_mul(1000) / millis;
        let left = self.rows.saturating_sub(done).saturating_mul(millis) / self.sent.max(1);
        let left = told(Duration::from_millis(left));
        eprintln!("{done} of {} rows, {rate} a second, {left} left", self.rows);
    }
}

/// Returns what an import would do, as far as the file and the shop's categories tell.
fn try_out(options: &ImportOptions, source: &mut Source, missing: &[String]) -> Result<Output> {
    let mut tally = Tally::default();
    let mut report = String::new();
    for group in source.groups() {
        let group = group?;
        tally.add_reading(&group);
        tally.would_send(group.rows.len());
        report.push_str(&report::report_of(&group));
    }
    let text = match options.is_json {
        true => tally.to_json(&[("categories", missing.into())])?,
        false => {
            let categories = missing.iter().map(|path| format!("would make the category {path}\n"));
            let categories: String = categories.collect();
            format!("{categories}{report}{tally}nothing was sent\n")
        }
    };
    Ok(Output { text, is_complete: tally.has_taken_all() })
}

/// Returns the paths of all categories that the file names.
fn category_paths(source: &mut Source) -> Result<BTreeSet<Vec<String>>> {
    let mut paths = BTreeSet::new();
    for group in source.groups() {
        let Group { rows, .. } = group?;
        paths.extend(rows.into_iter().filter_map(|row| row.category));
    }
    Ok(paths)
}

/// Returns the currency of the shop, which every price has.
async fn currency_of(api: &mut Api) -> Result<Currency> {
    let products = api.get("/products?limit=1").await?;
    let products = products.expect(StatusCode::OK, "reading a product")?;
    let code = products["data"][0]["price"]["currency"].as_str();
    let currency = code.and_then(|code| Currency::parse(code.to_owned()).ok());
    currency.ok_or_else(|| {
        Failure::new("the shop has no product that tells its currency: name it with --currency")
    })
}

/// Returns this machine's time.
#[expect(clippy::disallowed_methods, reason = "a command has no context that tells the time")]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// Returns a time as a person says it, such as `3 min 20 s`.
fn told(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
