//! All tests through the public doors, as one binary.

mod caches;
mod cli;
mod geojson_source;
mod golden;
mod hostile_tiles;
mod hostile_upstream;
mod http;
mod lambda;
mod lambda_s3;
mod page;
mod runtime_api;
mod s3_server;
mod s3_tier;
mod scene;
mod server;
mod sharing;
mod static_images;
mod static_scene;
mod style;
mod svg;
mod tile_writer;
mod tilejson_source;
mod upstream;
