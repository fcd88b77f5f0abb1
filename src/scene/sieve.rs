//! A style layer's filter over the features of one layer of a tile.
//!
//! Most conditions of a filter read one property, and the values of properties are a dictionary that features share
//! (MVT 2.1, 4.4): such a condition is evaluated once for each value that comes up, and then known.

use super::canvas::Located;
use crate::mvt;
use crate::style::Condition;

pub struct Sieve<'a> {
    by_value: Vec<ByValue<'a>>,
    others: Vec<&'a Condition<'a>>,
}

struct ByValue<'a> {
    condition: &'a Condition<'a>,
    /// None where no feature has the property.
    key: Option<u32>,
    /// For each value whether the condition holds, once that has been asked; at the end for no value.
    known: Vec<Option<bool>>,
}

impl<'a> Sieve<'a> {
    pub fn new(conditions: &'a [Condition<'a>], data: &mvt::Layer) -> Sieve<'a> {
        let mut sieve = Sieve { by_value: Vec::new(), others: Vec::new() };
        for condition in conditions {
            match condition.property {
                Some(name) => {
                    let known = vec![None; data.value_count() + 1];
                    sieve.by_value.push(ByValue { condition, key: data.key(name), known });
                }
                None => sieve.others.push(condition),
            }
        }
        sieve
    }

    /// Whether the filter lets a feature of the layer through.
    pub fn accepts(&mut self, feature: &Located) -> bool {
        self.by_value.iter_mut().all(|by_value| by_value.holds(feature))
            && self.others.iter().all(|condition| condition.holds(feature))
    }
}

impl ByValue<'_> {
    fn holds(&mut self, feature: &Located) -> bool {
        let value = self.key.and_then(|key| feature.feature.value_of(key));
        let index = value.map_or(self.known.len() - 1, |value| value as usize);
        *self.known[index].get_or_insert_with(|| self.condition.holds(feature))
    }
}
