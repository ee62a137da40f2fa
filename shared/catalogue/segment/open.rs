//! Reads products back out of a segment.

use super::super::bytes::{Reader, as_text};
use super::super::log::ListedProduct;
use super::super::words::{Fields, Token, Word, Words};
use super::search::postings;
use super::{Part, Segment, SegmentBuilder};
use crate::domain::error::Result;

/// A segment with the words of each product.
#[derive(Debug)]
pub struct OpenSegment<'s> {
    segment: &'s Segment,
    /// The words and their stems, by ordinal.
    words: Vec<(Box<str>, Box<str>)>,
    /// For each product, the ordinals of its words with the fields.
    of_product: Vec<Vec<(u32, Fields)>>,
}

impl<'s> OpenSegment<'s> {
    /// Finds the words of each product.
    pub fn new(segment: &'s Segment) -> Self {
        let mut words: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut of_product = vec![Vec::new(); segment.len()];
        let mut entries = segment.words().entries();
        while let Some(entry) = entries.next() {
            let word = as_text(entry.text);
            words.push((word.into(), word.into()));
            postings(entry.payload, |product, fields| {
                if let Some(words) = of_product.get_mut(product) {
                    words.push((entry.ordinal as u32, fields));
                }
            });
        }
        let mut stems = segment.dictionary(Part::Stems).entries();
        while let Some(entry) = stems.next() {
            let (mut ordinals, mut ordinal) = (Reader(entry.payload), 0);
            while !ordinals.is_at_end() {
                ordinal += ordinals.length();
                if let Some((_, stem)) = words.get_mut(ordinal) {
                    *stem = as_text(entry.text).into();
                }
            }
        }
        Self { segment, words, of_product }
    }

    /// Returns a product as it was added.
    pub fn product(&self, product: usize) -> Result<ListedProduct> {
        let words = self.words_of(product).map(|(word, stem, fields)| Word {
            token: Token { word: word.to_owned(), stem: stem.to_owned() },
            fields,
        });
        Ok(ListedProduct {
            card: self.segment.card(product)?,
            status: self.segment.status(product),
            tags: self.segment.tags(product)?,
            words: Words::from_sorted(words.collect()),
        })
    }

    /// Adds a product to another segment.
    pub fn add_to(&self, builder: &mut SegmentBuilder, product: usize) -> Result<()> {
        let (card, tags) = (self.segment.card(product)?, self.segment.tags(product)?);
        let status = self.segment.status(product);
        builder.add_with_words(card, status, tags, self.words_of(product));
        Ok(())
    }

    fn words_of(&self, product: usize) -> impl Iterator<Item = (&str, &str, Fields)> {
        let words = self.of_product.get(product).into_iter().flatten();
        words.filter_map(|(ordinal, fields)| {
            let (word, stem) = self.words.get(*ordinal as usize)?;
            Some((&**word, &**stem, *fields))
        })
    }
}
