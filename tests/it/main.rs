//! All tests through the public doors, as one binary.

mod caches;
mod hostile_upstream;
mod http;
mod lambda;
mod runtime_api;
mod s3_server;
mod s3_tier;
mod server;
mod sharing;
mod upstream;
