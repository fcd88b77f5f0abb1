//! The forms a picture leaves in: SVG text and PNG pixels from the scene, JSON and GeoJSON from the tiles themselves.

pub mod geojson;
pub mod raster;
pub mod stylejson;
pub mod svg;
pub mod tilejson;
