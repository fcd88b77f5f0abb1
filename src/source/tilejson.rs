//! TileJSON (2.x and 3.0) and the `vector` and `raster` sources of styles, which say the same with the same members.
//!
//! <https://github.com/mapbox/tilejson-spec/tree/master/3.0.0>

use super::document::Base;
use super::{Info, Source, TileKind, directory, http};
use crate::error::Error;
use crate::limits;
use crate::request::ApiKey;
use crate::viewport::SizeClass;
use serde_json::{Map, Value as Json};

/// The deepest zoom where nothing says another, as in MapLibre (TileJSON 3.0 says 30, 2.1 says 22).
const MAXZOOM: u8 = 22;

/// Opens the source that these members describe.
pub fn open(members: &Map<String, Json>, base: &Base, tiles: TileKind, key: Option<ApiKey>) -> Result<Source, Error> {
    if let Some(version) = members.get("tilejson") {
        let major = version.as_str().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        if !matches!(major, Some(1..=3)) {
            return Err(wrong("tilejson", "the version is not one of 1.x, 2.x and 3.0"));
        }
    }
    let (accepted, names): (&[&str], _) = match tiles {
        TileKind::Vector => (&["mvt", "pbf"], "Mapbox Vector Tiles are"),
        TileKind::Raster => (&["png", "jpg", "jpeg", "webp"], "PNG, JPEG and WebP are"),
    };
    for member in ["encoding", "format"] {
        let said = members.get(member).filter(|said| !said.is_null());
        if let Some(said) = said.filter(|said| !said.as_str().is_some_and(|said| accepted.contains(&said))) {
            return Err(wrong(member, &format!("tiles of {} are not read; {names}", brief(said))));
        }
    }
    let south = match members.get("scheme").map(|scheme| (scheme, scheme.as_str())) {
        None | Some((_, Some("xyz"))) => false,
        Some((_, Some("tms"))) => true,
        Some((other, _)) => return Err(wrong("scheme", &format!("{} is neither \"xyz\" nor \"tms\"", brief(other)))),
    };
    let tiles = members.get("tiles").and_then(Json::as_array).filter(|tiles| !tiles.is_empty());
    let tiles = tiles.ok_or_else(|| wrong("tiles", "it is no array of URL templates"))?;
    if tiles.len() > limits::TILE_TEMPLATES {
        return Err(wrong("tiles", &format!("there are more than {}", limits::TILE_TEMPLATES)));
    }
    let mut templates = Vec::new();
    for (i, tile) in tiles.iter().enumerate() {
        let place = format!("tiles[{i}]");
        let template = tile.as_str().ok_or_else(|| wrong(&place, "it is no text"))?;
        let template = base.resolve(template).map_err(|e| e.within(place).within("the source's description"))?;
        // Rows from the south under either name, as {-y} is.
        templates.push(if south { template.replace("{y}", "{-y}") } else { template });
    }
    let is_url = |template: &String| template.starts_with("http://") || template.starts_with("https://");
    let mut source = match templates.iter().position(|template| !is_url(template)) {
        None => http::open(templates, key),
        // The others would be the same files.
        Some(i) => directory::open(&templates[i]),
    };
    if let Ok(source) = &mut source {
        source.info.maxzoom = MAXZOOM;
        apply(&mut source.info, members)?;
    }
    source.map_err(|e| e.within("the source's description"))
}

/// The size class that `tileSize` says, if it is there.
pub fn tile_size(members: &Map<String, Json>) -> Result<Option<SizeClass>, Error> {
    let Some(json) = members.get("tileSize").filter(|json| !json.is_null()) else { return Ok(None) };
    json.to_string().parse().map(Some).map_err(|e: String| wrong("tileSize", &e))
}

/// Puts what the members say of a source into what is known of it.
pub fn apply(info: &mut Info, members: &Map<String, Json>) -> Result<(), Error> {
    for (member, zoom) in [("minzoom", &mut info.minzoom), ("maxzoom", &mut info.maxzoom)] {
        if let Some(json) = members.get(member).filter(|json| !json.is_null()) {
            let number = json.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=f64::from(limits::ZOOM)).contains(n));
            let number = number.ok_or_else(|| {
                let accepted = format!("{} is no whole number from 0 to {}", brief(json), limits::ZOOM);
                wrong(member, &accepted)
            })?;
            *zoom = number as u8;
        }
    }
    if let Some(json) = members.get("bounds").filter(|json| !json.is_null()) {
        let numbers = json.as_array().map(|list| list.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>());
        info.bounds = match numbers.flatten().as_deref() {
            Some(&[w, s, e, n]) if s < n => [w, s, e, n],
            _ => return Err(wrong("bounds", "it is not [west, south, east, north] in degrees")),
        };
    }
    if members.get("emptyResponse").is_some_and(|response| response == "missing") {
        info.sparse = true;
    }
    if let Some(attribution) = members.get("attribution").and_then(Json::as_str) {
        info.attribution = attribution.to_string();
    }
    info.layers = layer_ids(members.get("vector_layers").unwrap_or(&Json::Null)).or(info.layers.take());
    Ok(())
}

/// The ids of `vector_layers` (3.0, 3.3), where it is there.
pub fn layer_ids(vector_layers: &Json) -> Option<Vec<String>> {
    let layers = vector_layers.as_array()?;
    Some(layers.iter().filter_map(|layer| layer["id"].as_str().map(str::to_string)).collect())
}

fn wrong(member: &str, what: &str) -> Error {
    let hint = "mend the document; the TileJSON specification, 3.0, says what each member accepts";
    Error::misconfigured(format!("{member}: {what}"), hint).within("the source's description")
}

/// The beginning of what a stranger wrote.
fn brief(json: &Json) -> String {
    json.to_string().chars().take(40).collect()
}
