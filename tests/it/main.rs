//! All tests through the public doors, as one binary.

mod accept;
mod caches;
mod cli;
mod gateway;
mod geojson_source;
mod golden;
mod hostile_tiles;
mod hostile_upstream;
mod http;
mod lambda;
mod lambda_s3;
mod maps;
mod page;
mod runtime_api;
mod s3_server;
mod s3_tier;
mod scene;
mod seams;
mod server;
mod sharing;
mod style;
mod svg;
mod template;
mod tile_writer;
mod tilejson_source;
mod upstream;
