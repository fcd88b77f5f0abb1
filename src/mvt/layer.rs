//! A layer and its features as they are read: nothing is decoded before it is asked for.

use super::index::{self, Bounds, Index, Record};
use super::{value, wire};
use crate::value::{Attributes, GeometryKind, Property};
use bytes::Bytes;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A layer that has been checked.
pub struct Layer {
    name: Arc<str>,
    tile: Bytes,
    index: Index,
    dictionary: OnceLock<Dictionary>,
}

/// The keys and values that the features of a layer share (4.4).
pub(super) struct Dictionary {
    /// The index of each key, the first where several are the same text.
    keys: HashMap<Box<str>, u32, RandomState>,
    /// The index of the first key of the same text, for each key; empty where no two are.
    aliases: Vec<u32>,
    /// None within for values without a type.
    values: Vec<OnceLock<Property>>,
}

/// A feature of a layer. Its properties and vertices are read off the tile's bytes.
#[derive(Clone, Copy)]
pub struct Feature<'a> {
    layer: &'a Layer,
    dictionary: &'a Dictionary,
    record: &'a Record,
    /// West, north, east and south of all vertices, in tile units.
    pub bounds: Bounds,
}

/// A line, a ring without its closing vertex, or all the points of a feature.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// West, north, east and south of its vertices, in tile units.
    pub bounds: Bounds,
    cursor: [i32; 2],
    commands: &'a [u8],
}

impl Layer {
    pub(super) fn new(name: Arc<str>, tile: Bytes, index: Index) -> Layer {
        Layer { name, tile, index, dictionary: OnceLock::new() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tile units along a side of the tile.
    pub fn extent(&self) -> u32 {
        self.index.extent
    }

    pub fn features(&self) -> impl Iterator<Item = Feature<'_>> {
        self.features_within([i32::MIN, i32::MIN, i32::MAX, i32::MAX])
    }

    /// The features whose bounds have something in common with these: west, north, east and south in tile units.
    pub fn features_within(&self, within: Bounds) -> impl Iterator<Item = Feature<'_>> {
        let dictionary = self.dictionary();
        let all = self.index.bounds.iter().zip(&self.index.features);
        all.filter(move |(bounds, _)| index::meet(**bounds, within)).map(move |(&bounds, record)| Feature {
            layer: self,
            dictionary,
            record,
            bounds,
        })
    }

    /// Reads the keys, once.
    pub(super) fn dictionary(&self) -> &Dictionary {
        self.dictionary.get_or_init(|| {
            let mut keys = HashMap::with_capacity_and_hasher(self.index.keys.len(), RandomState::default());
            let firsts =
                (0..self.index.keys.len() as u32).map(|key| *keys.entry(self.name_of(key).into()).or_insert(key));
            let aliases: Vec<u32> = firsts.collect();
            let distinct = keys.len() == aliases.len();
            let values = self.index.values.iter().map(|_| OnceLock::new()).collect();
            Dictionary { keys, aliases: if distinct { Vec::new() } else { aliases }, values }
        })
    }

    /// The index of a key; none where no feature has it.
    pub fn key(&self, name: &str) -> Option<u32> {
        self.dictionary().keys.get(name).copied()
    }

    /// How many values the features share: indices are below that.
    pub fn value_count(&self) -> usize {
        self.index.values.len()
    }

    fn name_of(&self, key: u32) -> &str {
        // Checked when the layer was.
        std::str::from_utf8(self.index.keys[key as usize].of_tile(&self.tile)).unwrap_or_default()
    }

    /// Bytes of memory, about: as if all that can be read had been.
    pub(super) fn size(&self) -> usize {
        let dictionary = self.index.keys.len() * 64 + self.index.values.len() * 64;
        let text: usize = self.index.keys.iter().chain(&self.index.values).map(|span| span.len()).sum();
        self.index.size() + dictionary + text
    }
}

impl<'a> Feature<'a> {
    /// Whether its bounds have something in common with these.
    pub fn meets(&self, bounds: Bounds) -> bool {
        index::meet(self.bounds, bounds)
    }

    /// Which of its layer's features it is.
    pub fn place(&self) -> usize {
        let first = self.layer.index.features.as_ptr() as usize;
        (std::ptr::from_ref(self.record) as usize - first) / size_of::<Record>()
    }

    /// The lines or rings in order; of points, all of them as one part.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let Layer { tile, index, .. } = self.layer;
        let range = self.record.parts.start as usize..self.record.parts.end as usize;
        index.parts[range].iter().map(|&index::Part { bounds, cursor, commands }| Part {
            bounds,
            cursor,
            commands: commands.of_tile(tile),
        })
    }

    /// The index of its value for a key, of which it has the index.
    pub fn value_of(&self, key: u32) -> Option<u32> {
        // Of a key that comes twice, the last counts.
        let (aliases, mut tags) = (&self.dictionary.aliases, self.tags().iter().rev());
        let tag = match aliases.is_empty() {
            true => tags.find(|[other, _]| *other == key),
            false => tags.find(|[other, _]| aliases[*other as usize] == key),
        };
        tag.map(|[_, value]| *value)
    }

    fn tags(&self) -> &'a [[u32; 2]] {
        &self.layer.index.tags[self.record.tags.start as usize..self.record.tags.end as usize]
    }

    fn value(&self, value: u32) -> &'a Property {
        let decode = || value::decode(self.layer.index.values[value as usize].of_tile(&self.layer.tile));
        self.dictionary.values[value as usize].get_or_init(decode)
    }
}

impl Attributes for Feature<'_> {
    fn kind(&self) -> GeometryKind {
        self.record.kind
    }

    fn id(&self) -> Option<u64> {
        self.record.id
    }

    fn property(&self, name: &str) -> Option<&Property> {
        let key = *self.dictionary.keys.get(name)?;
        Some(self.value(self.value_of(key)?))
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        let mut tags: Vec<(&str, u32)> =
            self.tags().iter().rev().map(|&[key, value]| (self.layer.name_of(key), value)).collect();
        tags.sort_by_key(|(key, _)| *key);
        tags.dedup_by_key(|(key, _)| *key);
        Box::new(tags.into_iter().map(|(key, value)| (key, self.value(value))))
    }
}

impl<'a> Part<'a> {
    /// The vertices in order (4.3.3), in tile units.
    pub fn vertices(&self) -> Vertices<'a> {
        Vertices { cursor: self.cursor, commands: self.commands, left: 0 }
    }
}

/// The vertices of a part, read off its commands.
pub struct Vertices<'a> {
    cursor: [i32; 2],
    commands: &'a [u8],
    /// How many the command under way has yet.
    left: u32,
}

impl Iterator for Vertices<'_> {
    type Item = [i32; 2];

    #[inline]
    fn next(&mut self) -> Option<[i32; 2]> {
        // Checked when the layer was: nothing here fails, and sums stay in 32 bits.
        while self.left == 0 {
            if self.commands.is_empty() {
                return None;
            }
            self.left = wire::varint32(&mut self.commands).ok()? >> 3;
        }
        self.left -= 1;
        let by = wire::pair32(&mut self.commands).ok()?;
        self.cursor = [0, 1].map(|i| self.cursor[i] + wire::unzigzag(by[i]));
        Some(self.cursor)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.commands.len() / 2))
    }
}
