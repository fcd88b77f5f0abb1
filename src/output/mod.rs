//! The forms a picture leaves in: SVG text and PNG pixels from the scene, JSON and GeoJSON from the tiles themselves.

pub mod geojson;
pub mod png;
pub mod raster;
pub mod resvg;
pub mod spritesheet;
pub mod stylejson;
pub mod svg;
pub mod tilejson;

/// What makes pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Rasterizer {
    /// The scan converter, from the scene.
    #[default]
    Direct,
    /// resvg, from the written SVG.
    Resvg,
}

impl std::str::FromStr for Rasterizer {
    type Err = String;

    fn from_str(text: &str) -> Result<Rasterizer, String> {
        match text {
            "direct" => Ok(Rasterizer::Direct),
            "resvg" => Ok(Rasterizer::Resvg),
            _ => Err(format!("{text:?} is not a rasterizer; direct and resvg are")),
        }
    }
}
