//! How well a product matches a search: a function of the product and the words only, so that a
//! product keeps its place whatever other products are written.
//!
//! Each word of the search counts by the best of the product's words that it matches: first by the
//! field, then by how well it does. The score of the product is the sum.

use super::segment::Match;
use super::words::{Field, Fields};

/// The fields and their weights. A word in the name or the brand outranks one in the description
/// even together with any other word there.
const WEIGHTS: [(Field, u8); 7] = [
    (Field::Name, 12),
    (Field::Brand, 10),
    (Field::Sku, 10),
    (Field::Barcode, 10),
    (Field::Category, 5),
    (Field::Tags, 5),
    (Field::Description, 1),
];

/// Returns the score of a word that is found in these fields; at least 1.
pub(super) fn score(how: Match, fields: Fields) -> u8 {
    let weights = WEIGHTS.iter().filter(|(field, _)| fields.contains(*field));
    let weight = weights.map(|(_, weight)| *weight).max().unwrap_or(0);
    weight * 4 + how as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(how: Match, fields: &[Field]) -> u8 {
        let mut set = Fields::default();
        fields.iter().for_each(|field| set.add(*field));
        score(how, set)
    }

    #[test]
    fn the_field_counts_before_how_well_a_word_matches() {
        let worst_in_name = of(Match::Prefix, &[Field::Name]);
        assert!(worst_in_name > of(Match::Exact, &[Field::Brand, Field::Description]));
        assert!(of(Match::Prefix, &[Field::Brand]) > of(Match::Exact, &[Field::Tags]));
        assert!(of(Match::Prefix, &[Field::Tags]) > of(Match::Exact, &[Field::Description]));
        let [exact, stem, prefix] =
            [Match::Exact, Match::Stem, Match::Prefix].map(|how| of(how, &[Field::Description]));
        assert!(exact > stem && stem > prefix && prefix > 0);
    }
}
