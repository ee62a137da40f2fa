//! The different values of a member of all products, such as their brands.

use std::collections::{BTreeSet, HashMap};

use super::super::segment::{Member, Segment, Values};

/// Values with numbers that hold for all segments, so that products are counted and compared by
/// number.
#[derive(Debug, Default)]
pub(super) struct ValueIndex {
    numbers: HashMap<String, u32>,
    groups: HashMap<String, u32>,
    values: Vec<String>,
    /// The group of each value: the values of one group differ in case only.
    group_of: Vec<u32>,
}

/// An index for each member.
#[derive(Debug, Default)]
pub(super) struct ValueIndexes([ValueIndex; 4]);

/// The numbers of a segment's values of each member, by their numbers in the segment.
#[derive(Debug)]
pub(super) struct ValueNumbers([Vec<u32>; 4]);

impl ValueIndexes {
    /// Returns the numbers of the values of a segment. New ones are added.
    pub fn add(&mut self, segment: &Segment) -> ValueNumbers {
        let members = [Member::Category, Member::Brand, Member::Size, Member::Tag];
        ValueNumbers(members.map(|member| self.0[member as usize].add(segment.values(member))))
    }

    /// Returns the index of a member.
    pub fn of(&self, member: Member) -> &ValueIndex {
        &self.0[member as usize]
    }
}

impl ValueNumbers {
    /// Returns the numbers of the values of a member.
    pub fn of(&self, member: Member) -> &[u32] {
        &self.0[member as usize]
    }

    /// Returns the bytes that they take in memory.
    pub fn memory(&self) -> usize {
        self.0.iter().map(|numbers| numbers.capacity() * size_of::<u32>()).sum()
    }
}

impl ValueIndex {
    fn add(&mut self, values: Values<'_>) -> Vec<u32> {
        (0..values.count()).map(|ordinal| self.number(values, ordinal)).collect()
    }

    fn number(&mut self, values: Values<'_>, ordinal: usize) -> u32 {
        let value = values.get(ordinal);
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let (number, next) = (self.values.len() as u32, self.groups.len() as u32);
        let group = *self.groups.entry(values.key(ordinal).to_owned()).or_insert(next);
        self.values.push(value.to_owned());
        self.group_of.push(group);
        self.numbers.insert(value.to_owned(), number);
        number
    }

    /// Returns for each value, by number, whether it has this key.
    pub fn with_key(&self, key: &str) -> Vec<bool> {
        let wanted = self.groups.get(key);
        self.group_of.iter().map(|group| Some(group) == wanted).collect()
    }

    /// Returns for each value, by number, whether it is one of these.
    pub fn among(&self, wanted: &BTreeSet<&str>) -> Vec<bool> {
        self.values.iter().map(|value| wanted.contains(&**value)).collect()
    }

    /// Returns the values by their numbers.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Returns for each value, by number, the number of its group.
    pub fn group_of(&self) -> &[u32] {
        &self.group_of
    }

    /// Returns the number of groups.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
}
