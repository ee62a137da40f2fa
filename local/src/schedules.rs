//! Emulates EventBridge's schedules: invokes functions at fixed intervals.
//!
//! Supports `Schedule` events in `template.yaml` with `rate(… minutes)`, and no other form. The
//! first run is one period after the start. A run is skipped while the function's previous run has
//! not ended.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::{Clock, millis};
use crate::failure::{Explain, Failure, Result};
use crate::pump::{Functions, InvokeError, to_the_second};
use crate::template::Template;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// A function and how often it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The function's binary.
    pub function: String,
    /// The event's name in the template.
    pub event: String,
    /// In milliseconds.
    period: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    schedule: String,
}

/// Runs functions by their schedules.
#[derive(Debug)]
pub struct Schedules {
    schedules: Vec<Schedule>,
    /// When each runs next.
    due: Vec<i64>,
    running: BTreeSet<String>,
}

impl Schedule {
    /// Reads all schedules of a template; fails for a property or an expression that is not
    /// supported.
    pub fn all(template: &Template) -> Result<Vec<Self>> {
        let mut schedules = Vec::new();
        for (function, event, properties) in template.events("Schedule") {
            let of = || format!("the local cloud doesn't emulate the event {event} of {function}");
            let Properties { schedule } = serde_json::from_value(properties.clone()).explain(of)?;
            schedules.push(Self {
                function: function.to_owned(),
                event: event.to_owned(),
                period: millis(period(&schedule).explain(of)?),
            });
        }
        Ok(schedules)
    }

    /// Returns the event that the function is invoked with.
    /// <https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-structure.html>
    fn event(&self, at: i64) -> Value {
        let Self { function, event, .. } = self;
        json!({
            "version": "0",
            "id": Uuid::now_v7().to_string(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": to_the_second(at),
            "region": REGION,
            "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{function}-{event}")],
            "detail": {},
        })
    }
}

/// Parses `rate(1 minute)` or `rate(5 minutes)`; fails for any other expression.
fn period(expression: &str) -> Result<Duration> {
    let inside = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let minutes = inside.and_then(|rate| match rate.split_once(' ')? {
        ("1", "minute") => Some(1),
        (number, "minutes") => number.parse().ok().filter(|minutes| *minutes > 1),
        _ => None,
    });
    let minutes: u32 = minutes.ok_or_else(|| {
        Failure::new(format!("«{expression}»: only rate(N minutes) is supported"))
    })?;
    Ok(Duration::from_secs(60).saturating_mul(minutes))
}

impl Schedules {
    /// Creates schedules whose first run is one period from now.
    pub fn new(schedules: Vec<Schedule>) -> Self {
        Self::starting(schedules, Clock::default().now())
    }

    fn starting(schedules: Vec<Schedule>, now: i64) -> Self {
        let due = schedules.iter().map(|schedule| now.saturating_add(schedule.period)).collect();
        Self { schedules, due, running: BTreeSet::new() }
    }

    /// Invokes functions when they are due; never returns.
    pub async fn run(mut self, functions: &impl Functions) {
        let clock = Clock::default();
        let mut under_way = FuturesUnordered::new();
        loop {
            let due = self.take_due(clock.now());
            under_way.extend(due.into_iter().map(|(function, event)| async move {
                let outcome = functions.invoke(&function, event).await;
                (function, outcome)
            }));
            let wait = self.next().map_or(Duration::MAX, |at| clock.until(at));
            tokio::select! {
                Some((function, outcome)) = under_way.next() => self.ended(&function, outcome),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Returns the time of the next run; `None` without schedules.
    fn next(&self) -> Option<i64> {
        self.due.iter().min().copied()
    }

    /// Returns the functions to run now, each with its event, and plans their next runs.
    fn take_due(&mut self, now: i64) -> Vec<(String, Value)> {
        let mut runs = Vec::new();
        for (schedule, due) in self.schedules.iter().zip(&mut self.due) {
            if *due > now {
                continue;
            }
            let at = *due;
            // Runs that were missed while the machine was asleep are not repeated.
            let missed = (now - at) / schedule.period;
            *due = at.saturating_add(schedule.period.saturating_mul(missed + 1));
            if self.running.insert(schedule.function.clone()) {
                runs.push((schedule.function.clone(), schedule.event(at)));
            }
        }
        runs
    }

    fn ended(&mut self, function: &str, outcome: std::result::Result<Value, InvokeError>) {
        self.running.remove(function);
        match outcome {
            Ok(_) => {}
            Err(InvokeError::Failed(why)) => {
                eprintln!("{function}: its scheduled run failed: {why}")
            }
            Err(InvokeError::Unavailable(why)) => {
                eprintln!("{function}: its scheduled run could not be started: {why}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(events: &str) -> Template {
        Template::parse(&format!(
            "Resources:
  EraseUsersFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/erase-users/
      Events: {{{events}}}
"
        ))
        .unwrap()
    }

    fn schedules(events: &str) -> Vec<Schedule> {
        Schedule::all(&template(events)).unwrap()
    }

    const EVERY_FIVE_MINUTES: &str =
        "Daily: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}";
    const FIVE_MINUTES: i64 = 5 * 60 * 1000;

    #[test]
    fn a_rate_is_a_period() {
        for (expression, minutes) in [
            ("rate(1 minute)", Some(1)),
            ("rate(5 minutes)", Some(5)),
            ("rate(1 minutes)", None),
            ("rate(5 minute)", None),
            ("rate(1 hour)", None),
            ("rate(2 days)", None),
            ("rate(0 minutes)", None),
            ("rate(-1 minutes)", None),
            ("rate(5 seconds)", None),
            ("rate(5)", None),
            ("cron(0 3 * * ? *)", None),
        ] {
            let read = period(expression).ok();
            assert_eq!(
                read,
                minutes.map(|minutes| Duration::from_secs(60 * minutes)),
                "{expression}"
            );
        }
    }

    #[test]
    fn an_unsupported_schedule_is_an_error_that_names_it() {
        for (properties, named) in [
            ("Schedule: cron(0 3 * * ? *)", "cron(0 3 * * ? *)"),
            ("Schedule: rate(5 minutes), Enabled: false", "Enabled"),
            ("Schedule: rate(5 minutes), State: DISABLED", "State"),
            ("Schedule: rate(5 minutes), Input: '{}'", "Input"),
            ("Name: nightly", "Name"),
        ] {
            let events = format!("Nightly: {{Type: Schedule, Properties: {{{properties}}}}}");
            let words = Schedule::all(&template(&events)).unwrap_err().to_string();
            for named in ["Nightly", "erase-users", named] {
                assert!(words.contains(named), "{words}");
            }
        }
    }

    #[test]
    fn the_event_has_the_form_of_eventbridge() {
        let mut event = schedules(EVERY_FIVE_MINUTES)[0].event(1_767_225_600_123);
        assert!(event["id"].take().is_string());
        assert_eq!(
            event,
            json!({
                "version": "0",
                "id": null,
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": "000000000000",
                "time": "2026-01-01T00:00:00Z",
                "region": "us-east-1",
                "resources": ["arn:aws:events:us-east-1:000000000000:rule/erase-users-Daily"],
                "detail": {},
            })
        );
    }

    #[test]
    fn the_first_run_is_one_period_after_the_start() {
        let mut schedules = Schedules::starting(schedules(EVERY_FIVE_MINUTES), 0);
        assert!(schedules.take_due(FIVE_MINUTES - 1).is_empty());
        let runs = schedules.take_due(FIVE_MINUTES);
        assert_eq!(runs[0].0, "erase-users");
        assert_eq!(runs[0].1["time"], "1970-01-01T00:05:00Z");
        assert_eq!(schedules.next(), Some(2 * FIVE_MINUTES));
    }

    #[test]
    fn a_function_never_runs_twice_at_a_time() {
        let two = format!(
            "{EVERY_FIVE_MINUTES}, Often: {{Type: Schedule, Properties: {{Schedule: rate(1 minute)}}}}"
        );
        let mut schedules = Schedules::starting(schedules(&two), 0);
        assert_eq!(schedules.take_due(60_000).len(), 1);
        assert!(schedules.take_due(FIVE_MINUTES).is_empty(), "it still runs");
        schedules.ended("erase-users", Ok(Value::Null));
        assert_eq!(schedules.take_due(FIVE_MINUTES + 60_000).len(), 1);
    }

    #[test]
    fn missed_runs_are_not_repeated() {
        let mut schedules = Schedules::starting(schedules(EVERY_FIVE_MINUTES), 0);
        assert_eq!(schedules.take_due(10 * FIVE_MINUTES + 1).len(), 1);
        schedules.ended("erase-users", Ok(Value::Null));
        assert!(schedules.take_due(10 * FIVE_MINUTES + 2).is_empty());
        assert_eq!(schedules.next(), Some(11 * FIVE_MINUTES));
    }

    #[tokio::test]
    async fn a_function_is_invoked_again_after_its_run_has_ended() {
        use std::cell::Cell;

        struct Counting(Cell<u32>);
        impl Functions for Counting {
            async fn invoke(&self, _: &str, _: Value) -> std::result::Result<Value, InvokeError> {
                self.0.set(self.0.get() + 1);
                Err(InvokeError::Failed("a failed run does not stop the schedule".to_owned()))
            }
        }
        let mut often = schedules(EVERY_FIVE_MINUTES);
        often[0].period = 2;
        let functions = Counting(Cell::new(0));
        let runs = Schedules::new(often).run(&functions);
        let _ = tokio::time::timeout(Duration::from_millis(300), async {
            tokio::select! {
                () = runs => {}
                () = async { while functions.0.get() < 3 { tokio::time::sleep(Duration::from_millis(1)).await } } => {}
            }
        })
        .await;
        assert!(functions.0.get() >= 3, "{} runs", functions.0.get());
    }
}
