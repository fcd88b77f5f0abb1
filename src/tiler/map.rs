//! A map: a style with the sources that its layers read.

use crate::output::Rasterizer;
use crate::source::{Info, Source, TileKind};
use crate::style::{Layer, Style};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub struct Map {
    pub style: Style,
    /// By the names that the style has for them.
    pub sources: BTreeMap<String, Arc<Source>>,
    /// The names of those that the operator gave; the style named the others' tiles.
    pub given: BTreeSet<String>,
    pub rasterizer: Rasterizer,
}

impl Map {
    /// The source of `/mvt/`: the first of vector tiles that a layer reads.
    pub fn first_source(&self) -> Option<(&str, &Arc<Source>)> {
        let is_vector = |(_, source): &(&String, &Arc<Source>)| source.info.tiles == TileKind::Vector;
        let source = |layer: &Layer| self.sources.get_key_value(&layer.source).filter(is_vector);
        let read = self.style.layers.iter().find_map(source);
        read.or_else(|| self.sources.iter().find(is_vector)).map(|(name, source)| (name.as_str(), source))
    }

    /// What the sources say of themselves, that of `/mvt/` first.
    pub fn infos(&self) -> Vec<&Info> {
        let first = self.first_source().map(|(name, _)| name);
        let others = self.sources.iter().filter(|(name, _)| Some(name.as_str()) != first).map(|(_, source)| source);
        self.first_source().map(|(_, source)| source).into_iter().chain(others).map(|source| &source.info).collect()
    }

    /// The sources that layers read at a zoom.
    pub fn sources_at(&self, zoom: f64) -> impl Iterator<Item = (&str, &Arc<Source>)> {
        let read = move |name: &str| self.style.drawn(name, zoom).next().is_some();
        self.sources.iter().map(|(name, source)| (name.as_str(), source)).filter(move |(name, _)| read(name))
    }

    /// What the sources want to be credited with, as HTML, each once.
    pub fn attribution(&self) -> String {
        let mut all: Vec<&str> = Vec::new();
        for source in self.sources.values() {
            let attribution = source.info.attribution.as_str();
            if !attribution.is_empty() && !all.contains(&attribution) {
                all.push(attribution);
            }
        }
        all.join(" | ")
    }

    pub fn wants_caller_key(&self) -> bool {
        self.sources.values().any(|source| source.wants_caller_key())
    }
}
