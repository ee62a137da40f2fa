//! The summary of a product's reviews.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::domain::invalid::{Invalid, Refused};
use crate::domain::problem_code::ProblemCode;
use crate::domain::quantity::Stars;
use crate::domain::schema;

/// How a product is rated, by its approved reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rating {
    /// The number of reviews.
    pub count: u32,
    /// The sum of their ratings, each from 1 to 5.
    pub sum: u32,
}

/// How many approved reviews give a product each number of stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct StarCounts {
    count_1: u32,
    count_2: u32,
    count_3: u32,
    count_4: u32,
    count_5: u32,
}

impl StarCounts {
    /// The name of the attribute that counts the reviews with this many stars.
    pub const fn attribute(stars: Stars) -> &'static str {
        match stars.get() {
            1 => "count_1",
            2 => "count_2",
            3 => "count_3",
            4 => "count_4",
            _ => "count_5",
        }
    }

    /// Returns the number of reviews for each number of stars, the fewest stars first.
    pub fn by_stars(self) -> [(Stars, u32); 5] {
        let Self { count_1, count_2, count_3, count_4, count_5 } = self;
        let [one, two, three, four, five] = Stars::ALL;
        [(one, count_1), (two, count_2), (three, count_3), (four, count_4), (five, count_5)]
    }

    /// Returns the summary.
    pub fn rating(self) -> Rating {
        let counts = self.by_stars();
        Rating {
            count: counts.iter().map(|(_, count)| count).sum(),
            sum: counts.iter().map(|(stars, count)| stars.get() * count).sum(),
        }
    }
}

impl Rating {
    /// Returns the average in hundredths, rounded half up; `None` without reviews.
    pub fn average(self) -> Option<u16> {
        let (count, sum) = (u64::from(self.count), u64::from(self.sum));
        let average = (sum * 200 + count).checked_div(count * 2)?;
        u16::try_from(average).ok()
    }

    /// Returns the average with two decimals, such as `4.33`; `None` without reviews.
    pub fn decimal_average(self) -> Option<String> {
        let hundredths = self.average()?;
        Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }

    /// Whether there are no reviews.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The least average that a list asks for, in hundredths: a number from 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(transform = MinRating::describe)]
#[deserr(error = Invalid, try_from(String) = MinRating::parse -> Refused)]
pub struct MinRating(u16);

impl MinRating {
    const MAX: u16 = 500;

    fn describe(schema: &mut Schema) {
        schema.insert("type".to_owned(), "number".into());
        schema.remove("format");
        schema.insert("minimum".to_owned(), 0.into());
        schema.insert("maximum".to_owned(), 5.into());
        schema::refuse(schema, &[ProblemCode::OutOfRange]);
    }

    /// Reads a number. 422 `out_of_range` if it is none from 0 to 5.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let number = text.parse().ok().filter(|number| (0.0..=5.0).contains(number));
        let number: f64 = number.ok_or_else(|| {
            Refused::new(ProblemCode::OutOfRange, "Must be a number from 0 to 5, such as 4.5.")
        })?;
        // Averages are hundredths: what is not below the number is not below the first of these.
        let is_below = |hundredths: &u16| {
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            text.parse::<f64>().is_ok_and(|hundredths| hundredths < number)
        };
        Ok(Self((0..Self::MAX).find(|hundredths| !is_below(hundredths)).unwrap_or(Self::MAX)))
    }

    /// Returns the average in hundredths.
    pub const fn hundredths(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_is_rounded_to_hundredths() {
        for (count, sum, average) in [
            (0, 0, None),
            (1, 5, Some(500)),
            (3, 10, Some(333)),
            (3, 11, Some(367)),
            (8, 21, Some(263)),
        ] {
            assert_eq!(Rating { count, sum }.average(), average, "{sum} / {count}");
        }
    }

    #[test]
    fn the_least_average_is_a_number_from_0_to_5() {
        for (text, hundredths) in [
            ("0", 0),
            ("4", 400),
            ("4.5", 450),
            ("3.001", 301),
            ("1e-3", 1),
            ("5.0", 500),
            ("-0", 0),
        ] {
            let parsed = MinRating::parse(text.to_owned()).map(MinRating::hundredths);
            assert_eq!(parsed.ok(), Some(hundredths), "{text}");
        }
        for text in ["5.01", "-1", "", "four", "NaN", "inf", "4,5"] {
            assert!(MinRating::parse(text.to_owned()).is_err(), "{text}");
        }
    }
}
