//! A style layer's filter over the features of one layer of a tile.
//!
//! Most conditions of a filter read a property or a few: such a condition is evaluated once for the values that come up,
//! and then known.

use super::by_values::ByValues;
use super::canvas::Located;
use crate::mvt;
use crate::style::Condition;
use crate::style::expression::Inputs;
use crate::value::Attributes;

pub struct Sieve<'a> {
    by_type: Vec<ByType<'a>>,
    by_value: Vec<ByValue<'a>>,
    by_values: Vec<(&'a Condition<'a>, ByValues<bool>)>,
    others: Vec<&'a Condition<'a>>,
}

/// A condition on a feature's type alone.
struct ByType<'a> {
    condition: &'a Condition<'a>,
    /// For each type whether the condition holds, once that has been asked.
    known: [Option<bool>; 3],
}

/// A condition on one property.
struct ByValue<'a> {
    condition: &'a Condition<'a>,
    /// None where no feature has the property.
    key: Option<u32>,
    /// For each value whether the condition holds, once that has been asked; at the end for no value.
    known: Vec<Option<bool>>,
}

impl<'a> Sieve<'a> {
    pub fn new(conditions: &'a [Condition<'a>], data: &mvt::Layer) -> Sieve<'a> {
        let mut sieve = Sieve { by_type: Vec::new(), by_value: Vec::new(), by_values: Vec::new(), others: Vec::new() };
        for condition in conditions {
            match &condition.inputs {
                None => sieve.others.push(condition),
                Some(Inputs { properties, .. }) if properties.is_empty() => {
                    sieve.by_type.push(ByType { condition, known: [None; 3] });
                }
                Some(Inputs { properties, geometry_type: false }) if properties.len() == 1 => {
                    let known = vec![None; data.value_count() + 1];
                    sieve.by_value.push(ByValue { condition, key: data.key(properties[0]), known });
                }
                Some(inputs) => sieve.by_values.push((condition, ByValues::new(inputs, data))),
            }
        }
        sieve
    }

    /// Whether the filter lets a feature of the layer through.
    pub fn accepts(&mut self, feature: &Located) -> bool {
        self.by_type.iter_mut().all(|by_type| by_type.holds(feature))
            && self.by_value.iter_mut().all(|by_value| by_value.holds(feature))
            && self
                .by_values
                .iter_mut()
                .all(|(condition, known)| known.of(&feature.feature, || condition.holds(feature)))
            && self.others.iter().all(|condition| condition.holds(feature))
    }
}

impl ByType<'_> {
    fn holds(&mut self, feature: &Located) -> bool {
        *self.known[feature.kind() as usize].get_or_insert_with(|| self.condition.holds(feature))
    }
}

impl ByValue<'_> {
    fn holds(&mut self, feature: &Located) -> bool {
        let value = self.key.and_then(|key| feature.feature.value_of(key));
        let index = value.map_or(self.known.len() - 1, |value| value as usize);
        *self.known[index].get_or_insert_with(|| self.condition.holds(feature))
    }
}
