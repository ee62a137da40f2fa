//! Where the rows of a file lie, product by product.

use std::collections::HashMap;

use super::row::Refused;

/// The most bytes of a product's rows together. They are in memory at the same time.
const MAX_GROUP: u64 = 64 * 1024 * 1024;

/// Where a row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of bytes before it.
    pub offset: u64,
    /// The number of its bytes.
    pub length: u64,
    /// The line where it begins, from 1.
    pub line: u64,
}

/// Which product a row belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// To one of its own.
    Alone,
    /// To that of all rows with this key.
    Shared(String),
    /// It is a product that other rows know by these names.
    Parent(Vec<String>),
    /// To the product with this name, before or after it in the file.
    Child(String),
}

/// What the file has, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A product's rows.
    Product(Vec<Place>),
    /// Rows of one product that are too many to read.
    TooLarge(Vec<Place>),
    /// A row that can't be read.
    Refused(Refused, Place),
}

/// Collects rows.
#[derive(Debug, Default)]
pub struct Builder {
    items: Vec<Item>,
    products: HashMap<String, usize>,
    children: Vec<(String, Place)>,
}

impl Builder {
    /// Adds a row.
    pub fn add(&mut self, place: Place, key: Key) {
        let next = self.items.len();
        match key {
            Key::Alone => self.items.push(Item::Product(vec![place])),
            Key::Shared(key) => {
                let product = *self.products.entry(key).or_insert(next);
                self.push(product, place);
            }
            Key::Parent(names) => {
                for name in names {
                    self.products.entry(name).or_insert(next);
                }
                self.items.push(Item::Product(vec![place]));
            }
            Key::Child(parent) => self.children.push((parent, place)),
        }
    }

    /// Adds a row that can't be read.
    pub fn refuse(&mut self, refused: Refused, place: Place) {
        self.items.push(Item::Refused(refused, place));
    }

    /// Returns the products. Rows whose parent is not in the file are products by themselves.
    pub fn finish(mut self) -> Vec<Item> {
        for (parent, place) in std::mem::take(&mut self.children) {
            let next = self.items.len();
            let product = *self.products.entry(parent).or_insert(next);
            self.push(product, place);
        }
        for item in &mut self.items {
            if let Item::Product(places) = item
                && places.iter().map(|place| place.length).sum::<u64>() > MAX_GROUP
            {
                *item = Item::TooLarge(std::mem::take(places));
            }
        }
        self.items
    }

    fn push(&mut self, product: usize, place: Place) {
        match self.items.get_mut(product) {
            Some(Item::Product(places)) => places.push(place),
            _ => self.items.push(Item::Product(vec![place])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Place {
        Place { offset: 0, length: 1, line }
    }

    fn lines(rows: Vec<Key>) -> Vec<Vec<u64>> {
        let mut builder = Builder::default();
        for (key, line) in rows.into_iter().zip(1..) {
            builder.add(place(line), key);
        }
        let lines = builder.finish().into_iter().map(|item| match item {
            Item::Product(places) => places.iter().map(|place| place.line).collect(),
            other => panic!("{other:?}"),
        });
        lines.collect()
    }

    #[test]
    fn rows_with_a_key_lie_together_in_the_place_of_their_first() {
        let shared = |key: &str| Key::Shared(key.to_owned());
        let rows = vec![shared("a"), shared("b"), Key::Alone, shared("a"), Key::Alone];
        assert_eq!(lines(rows), [vec![1, 4], vec![2], vec![3], vec![5]]);
    }

    #[test]
    fn a_child_finds_its_parent_before_and_after_it() {
        let (parent, child) = (
            |names: &[&str]| Key::Parent(names.iter().map(|&name| name.to_owned()).collect()),
            |name: &str| Key::Child(name.to_owned()),
        );
        let rows = vec![
            child("TEE"),
            parent(&["id:1", "TEE"]),
            parent(&["id:2", "MUG"]),
            child("id:1"),
            child("LOST"),
            child("MUG"),
            child("LOST"),
        ];
        assert_eq!(lines(rows), [vec![2, 1, 4], vec![3, 6], vec![5, 7]]);
    }

    #[test]
    fn rows_of_one_product_that_are_too_many_are_not_read() {
        let mut builder = Builder::default();
        for line in 1..=3 {
            let place = Place { offset: 0, length: MAX_GROUP / 2, line };
            builder.add(place, Key::Shared("a".to_owned()));
        }
        assert!(matches!(&builder.finish()[..], [Item::TooLarge(places)] if places.len() == 3));
    }
}
