//! The binary: the Lambda function where Lambda runs it, else the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    rasterzen::settings::drop_empty_variables();
    match std::env::var_os("AWS_LAMBDA_RUNTIME_API") {
        Some(_) => rasterzen::lambda::start(),
        None => rasterzen::cli::run(),
    }
}
