//! All tests through the public doors, as one binary.

mod golden;
mod lambda;
mod lambda_s3;
mod runtime_api;
mod s3_server;
mod s3_tier;
