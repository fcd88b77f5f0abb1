//! One feature's way through the layers.

use super::report::{Cause, FeatureReport, Geometry, Outcome, Reason};
use super::{Look, distinct, image_name};
use crate::mvt;
use crate::scene::canvas::Located;
use crate::scene::trace::Fate;
use crate::style::{Layer, Resolved};
use crate::value::{Attributes, GeometryKind, Property};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A feature by its id, which is its own or that of a property `id`; with the source layer in front, `layer/ID`, only
/// there.
#[derive(Clone, Debug)]
pub struct FeatureName(String);

impl FromStr for FeatureName {
    type Err = String;

    fn from_str(text: &str) -> Result<FeatureName, String> {
        let is_name = !text.rsplit('/').next().unwrap_or_default().trim().is_empty();
        if is_name { Ok(FeatureName(text.to_string())) } else { Err(format!("{text:?} is not ID or LAYER/ID")) }
    }
}

impl fmt::Display for FeatureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FeatureName {
    fn is_of(&self, layer: &str, feature: &mvt::Feature) -> bool {
        let within = self.0.strip_prefix(layer).and_then(|rest| rest.strip_prefix('/'));
        [Some(self.0.as_str()), within].into_iter().flatten().any(|id| {
            feature.id().is_some_and(|own| own.to_string() == id)
                || feature.property("id").is_some_and(|property| text_of(property) == id)
        })
    }
}

fn text_of(property: &Property) -> String {
    match Json::from(property) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

impl Look<'_> {
    /// All features of a name, with their ways through the layers.
    pub fn features(&self, wanted: &FeatureName) -> Vec<FeatureReport> {
        let mut found = Vec::new();
        for (name, source) in self.tiles {
            for (id, (own, tile)) in distinct(self.viewport, source) {
                for data in tile.layers() {
                    for feature in data.features().filter(|feature| wanted.is_of(data.name(), feature)) {
                        let located = Located { feature, tile: id, extent: data.extent() };
                        found.push(self.feature(name, data, tile, &located, own));
                    }
                }
            }
        }
        // The picture's own first.
        found.sort_by_key(|report| report.neighbour);
        found
    }

    fn feature(
        &self,
        source: &str,
        data: &mvt::Layer,
        tile: &mvt::Tile,
        located: &Located,
        own: bool,
    ) -> FeatureReport {
        let feature = &located.feature;
        let reads = |layer: &&Layer| {
            layer.source == source && tile.layer(&layer.source_layer).is_some_and(|read| read.name() == data.name())
        };
        FeatureReport {
            source: source.to_string(),
            source_layer: data.name().to_string(),
            tile: located.tile.to_string(),
            neighbour: !own,
            id: feature.id(),
            geometry: Geometry {
                kind: feature.kind().name(),
                parts: match feature.kind() {
                    GeometryKind::Point => feature.parts().map(|part| part.vertices().count()).sum(),
                    GeometryKind::LineString | GeometryKind::Polygon => feature.parts().count(),
                },
                vertices: feature.parts().map(|part| part.vertices().count()).sum(),
                bounds: feature.bounds,
                extent: data.extent(),
            },
            properties: feature.properties().map(|(name, value)| (name.to_string(), Json::from(value))).collect(),
            layers: self.style.layers.iter().filter(reads).map(|layer| self.outcome(layer, located)).collect(),
        }
    }

    fn outcome(&self, layer: &Layer, feature: &Located) -> Outcome {
        let fate = self.fate(layer, feature);
        let mut outcome = Outcome {
            layer: layer.id.clone(),
            drawn: fate == Some(Fate::Drawn),
            reason: None,
            properties: None,
            written: Vec::new(),
            failures: BTreeMap::new(),
        };
        let resolved = match fate {
            Some(fate) if fate > Fate::Filter => self.resolved(layer, Some(feature)),
            _ => Vec::new(),
        };
        outcome.reason = match fate {
            None => self.hidden(layer),
            Some(fate) => self.cause(layer, feature, fate).map(|cause| self.words(layer, feature, cause, &resolved)),
        };
        let document = &self.style.document["layers"][layer.place];
        let is_written = |name: &str| ["paint", "layout"].iter().any(|part| document[part].get(name).is_some());
        if !resolved.is_empty() {
            let mut properties = Map::new();
            for Resolved { name, value, failure } in resolved {
                if let Some(failure) = failure {
                    outcome.failures.insert(name.clone(), failure);
                }
                if is_written(&name) {
                    outcome.written.push(name.clone());
                }
                properties.insert(name, value);
            }
            outcome.properties = Some(properties);
        }
        outcome
    }

    /// Why a feature is not drawn, in words.
    fn words(&self, layer: &Layer, feature: &Located, cause: Cause, resolved: &[Resolved]) -> Reason {
        let tile_zoom = self.viewport.tile_zoom();
        let written = &self.style.document["layers"][layer.place]["filter"];
        let refusing = || {
            let (path, json) = layer.refusing(tile_zoom, feature, written);
            format!("filter{path}: {json}")
        };
        let text = match cause {
            Cause::Geometry => {
                let (kind, geometry) = (layer.kind.name(), feature.kind().name());
                format!("a {kind} layer does not draw a {geometry}")
            }
            Cause::Filter => format!("refused by {}", refusing()),
            Cause::FilterFailed => {
                let error = layer.filter(tile_zoom).failure(feature).map(|error| error.to_string());
                format!("{} cannot be evaluated: {}", refusing(), error.unwrap_or_default())
            }
            Cause::Outside => "nothing of it lies in the picture".to_string(),
            Cause::Joined => {
                "its line is put together with others that say the same, and one of them has the text".to_string()
            }
            Cause::NoRoom => "there is no room along the line: it is too short, or bends too much".to_string(),
            Cause::OverEdge => "it would reach over the edge of its tile, and symbol-avoid-edges is set".to_string(),
            Cause::Undecided => "whether there is room depends on too many other symbols".to_string(),
            Cause::TooLarge => "it reaches too far from its place".to_string(),
            Cause::Crowded => "other symbols take its place".to_string(),
            Cause::Unpainted => "there is nothing to paint: it is transparent, or has no width or radius".to_string(),
            Cause::NoImage => format!("there is no image {:?}", image_name(resolved).unwrap_or_default()),
        };
        Reason::new(cause.code(), text)
    }
}
