//! What has been found out about features of one layer of a tile, by what it depends on.
//!
//! The values of properties are a dictionary that features share (MVT 2.1, 4.4), and many features have the same few of
//! them: what depends on no more is found out once.

use crate::limits;
use crate::mvt;
use crate::style::expression::Inputs;
use crate::value::Attributes;
use foldhash::HashMap;
use smallvec::SmallVec;

pub struct ByValues<T> {
    /// Of the properties that features have.
    keys: SmallVec<[u32; 4]>,
    geometry_type: bool,
    known: HashMap<SmallVec<[u32; 4]>, T>,
}

impl<T: Clone> ByValues<T> {
    /// Nothing yet, of features of the layer.
    pub fn new(inputs: &Inputs, data: &mvt::Layer) -> ByValues<T> {
        let keys = inputs.properties.iter().filter_map(|name| data.key(name)).collect();
        ByValues { keys, geometry_type: inputs.geometry_type, known: HashMap::default() }
    }

    /// What is known of a feature: if that is nothing yet, what is found out. Where much is known already, most features
    /// have values of their own, and no more is remembered.
    pub fn of(&mut self, feature: &mvt::Feature, find_out: impl FnOnce() -> T) -> T {
        // No property has as many values.
        let value = |&key: &u32| feature.value_of(key).unwrap_or(u32::MAX);
        let mut values: SmallVec<[u32; 4]> = self.keys.iter().map(value).collect();
        if self.geometry_type {
            values.push(feature.kind() as u32);
        }
        if let Some(known) = self.known.get(&values) {
            return known.clone();
        }
        let found = find_out();
        if self.known.len() < limits::KNOWN_VALUES {
            self.known.insert(values, found.clone());
        }
        found
    }
}
