//! All tests through the public doors, as one binary.

mod cli;
mod hostile_tiles;
mod lambda;
mod runtime_api;
mod s3_server;
mod s3_tier;
mod scene;
mod style;
mod svg;
mod tile_writer;
