//! All tests through the public doors, as one binary.

mod caches;
mod cli;
mod eval;
mod golden;
mod hostile_tiles;
mod hostile_upstream;
mod http;
mod lambda;
mod lambda_s3;
mod runtime_api;
mod s3_server;
mod s3_tier;
mod scene;
mod server;
mod sharing;
mod style;
mod svg;
mod tile_writer;
mod upstream;
