//! `rasterzen explain`: what each style layer draws of a tile and leaves out, and why, as a table or as JSON.

use crate::cache::Cache;
use crate::cli::output::write;
use crate::cli::render::size;
use crate::error::{Code, Error};
use crate::format::Format;
use crate::language::Language;
use crate::limits;
use crate::request::{Labels, TileRequest};
use crate::runtime;
use crate::scene::{Explanation, FeatureName, FeatureReport, LayerReport, Outcome};
use crate::settings::{Drawing, Place};
use crate::tile::TileId;
use crate::tiler::{Freshness, Tiler};
use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// Say what each style layer draws of a tile and leaves out, and why
///
/// Layers stand in drawing order. For each: how many features its source layer has in the tile, how many of them it
/// draws (after a +, those of neighbouring tiles), and why not the others: "geometry", a type that the layer does not
/// draw; "filter", the filter says no; "filter failed", it cannot be evaluated; "outside", nothing of it lies in the
/// picture; "joined", a line whose text stands on one that it is put together with; "no room", a line that is too short or
/// bent for its symbol; "too large", a symbol that reaches too far from its place; "over edge", one that would stand over
/// a tile's edge and must not; "crowded", one whose place others take; "undecided", one that depends on too many others;
/// "unpainted", transparent, or without width or radius; "no image", an image that the sprites lack.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rasterzen explain 14/8529/5974
  rasterzen explain 14/8529/5974 --size 512 --feature roads/4097656
  rasterzen explain 14/8529/5974 --json > explained.json")]
pub struct Explain {
    /// The tile as Z/X/Y
    #[arg(value_name = "Z/X/Y")]
    tile: TileId,
    /// Follow one feature, by its id or that of its property "id", through all layers
    #[arg(long, value_name = "[LAYER/]ID")]
    feature: Option<FeatureName>,
    /// Write a JSON object
    #[arg(long)]
    json: bool,
    /// CSS pixels of the tile's side: 256 or 512
    #[arg(long, default_value_t = 256, value_parser = size, value_name = "PX")]
    size: u32,
    /// Output pixels for each CSS pixel: 1 to 4
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(limits::SCALE)))]
    scale: u8,
    /// The language of the names, as a BCP 47 tag such as de or zh-Hant [default: each as it stands on the spot]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    #[command(flatten)]
    drawing: Drawing,
}

pub fn run(settings: Explain) -> Result<(), Error> {
    let Explain { tile, feature, size, scale, .. } = settings;
    let (explanation, style) = runtime::start()?.block_on(async {
        let maps = settings.drawing.open_maps(Place::Here).await?;
        if maps.len() > 1 {
            return Err(Error::misconfigured("several styles are given", "explain one --style at a time"));
        }
        let style = maps[0].style.name.clone();
        let tiler = Arc::new(Tiler::new(maps, Cache::new(Vec::new()), Freshness::default()));
        let labels = Labels { language: settings.lang.clone(), live: false };
        let request = TileRequest { tile, format: Format::Png, size, scale, style: None, labels };
        let explanation = tiler.explain(&request, feature.clone(), None).await;
        Ok((explanation.map_err(|error| error.within(tile))?, style))
    })?;
    if let (Some(name), Some([])) = (&feature, explanation.features.as_deref()) {
        let detail = format!("{tile}: no feature of the tile or those around it has the id {name}");
        let hint = format!("`rasterzen render {tile} --format geojson -o -` shows the features with their ids");
        return Err(Error::new(Code::BadRequest, detail, hint));
    }
    let text = match settings.json {
        true => {
            let mut object = json!({ "tile": tile.to_string(), "size": size, "scale": scale, "style": style });
            let members = serde_json::to_value(&explanation).map_err(|e| Error::internal(e.to_string()))?;
            if let (Some(object), Value::Object(members)) = (object.as_object_mut(), members) {
                object.extend(members);
            }
            format!("{object}\n")
        }
        false => {
            let sources = explanation.sources.iter().map(|source| match source.tiles.len() {
                0 => format!("{} has no tile here", source.source),
                _ => format!("{} {}", source.source, source.tiles.join(" ")),
            });
            let sources = sources.collect::<Vec<_>>().join(", ");
            let zoom = explanation.zoom;
            let header = format!("{tile}, {size} px: style {style}, zoom {zoom}; source {sources}\n\n");
            let text = match &explanation.features {
                Some(features) => features.iter().map(follow).collect::<Vec<_>>().join("\n"),
                None => table(&explanation),
            };
            // Names come from strangers, and this may be a terminal.
            (header + &text).replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
        }
    };
    write(Path::new("-"), text.as_bytes())
}

/// A row for each layer, and below it what else there is to say of it.
fn table(explanation: &Explanation) -> String {
    let layers = &explanation.layers;
    let width = |of: fn(&LayerReport) -> &str, name: &str| {
        layers.iter().map(|layer| of(layer).chars().count()).fold(name.len(), usize::max)
    };
    let (ids, kinds) = (width(|layer| &layer.id, "layer"), width(|layer| &layer.kind, "type"));
    let mut text = format!("{:ids$}  {:kinds$}  {:>8}  {:>9}  left out\n", "layer", "type", "features", "drawn");
    for layer in layers {
        let drawn = match layer.drawn_from_neighbours {
            0 => layer.drawn.to_string(),
            more => format!("{} +{more}", layer.drawn),
        };
        let left_out = match &layer.reason {
            Some(reason) => format!("all: {}", reason.text),
            None => {
                let causes = layer.left_out.iter().map(|(cause, n)| format!("{} {n}", cause.code().replace('_', " ")));
                causes.collect::<Vec<_>>().join(", ")
            }
        };
        let row = format!("{:ids$}  {:kinds$}  {:>8}  {drawn:>9}  {left_out}", layer.id, layer.kind, layer.features);
        text.push_str(row.trim_end());
        text.push('\n');
        let is_dropped = layer.reason.as_ref().is_some_and(|reason| reason.code == "unsupported");
        let warnings = layer.warnings.iter().filter(|_| !is_dropped).cloned();
        let images = layer.missing_images.iter().map(|name| format!("there is no image {name:?}"));
        let failures = layer.failures.iter().map(|failure| {
            format!("{} has its default for {}: {}", failure.property, failure.features, failure.message)
        });
        for note in warnings.chain(images).chain(failures) {
            let _ = writeln!(text, "{:ids$}  ! {note}", "");
        }
    }
    text
}

/// A feature with what became of it in each layer.
fn follow(feature: &FeatureReport) -> String {
    let FeatureReport { source, source_layer, tile, neighbour, id, geometry, properties, layers } = feature;
    let id = id.map_or_else(String::new, |id| format!(" {id}"));
    let place = if *neighbour { "the neighbouring tile" } else { "tile" };
    let [west, north, east, south] = geometry.bounds;
    let mut text = format!("feature{id} of {source_layer} in {source}, {place} {tile}\n");
    let _ = writeln!(
        text,
        "  {}: parts {}, vertices {}, x {west} to {east}, y {north} to {south} of {}",
        geometry.kind, geometry.parts, geometry.vertices, geometry.extent
    );
    let _ = writeln!(text, "  {}", in_short(properties));
    let width = layers.iter().map(|outcome| outcome.layer.chars().count()).max().unwrap_or_default();
    for Outcome { layer, drawn, reason, properties, written, failures } in layers {
        let mut said = Vec::new();
        if *drawn {
            said.push("drawn".to_string());
        }
        said.extend(reason.iter().map(|reason| format!("not drawn: {}", reason.text)));
        let of = |name: &String| Some(format!("{name} {}", plain(properties.as_ref()?.get(name)?)));
        said.extend(written.iter().filter_map(of));
        said.extend(failures.iter().map(|(name, message)| format!("{name} has its default: {message}")));
        let _ = writeln!(text, "  {layer:width$}  {}", said.join("; "));
    }
    if layers.is_empty() {
        let _ = writeln!(text, "  no layer of the style reads {source_layer}");
    }
    text
}

/// Properties in a line.
fn in_short(properties: &Map<String, Value>) -> String {
    const CHARACTERS: usize = 40;
    let shown = properties.iter().map(|(name, value)| {
        let text = plain(value);
        match text.char_indices().nth(CHARACTERS) {
            Some((end, _)) => format!("{name}={}…", &text[..end]),
            None => format!("{name}={text}"),
        }
    });
    let all: Vec<String> = shown.collect();
    if all.is_empty() { "no properties".to_string() } else { all.join(" ") }
}

/// A value without the quotes of a text, in one line.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    text.replace(char::is_control, "\u{fffd}")
}
