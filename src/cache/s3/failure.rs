//! What an S3 request failed of, in words: the operation, the status, the store's own code, and what to do about it.

use super::S3;
use crate::error::{Code, Error};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::error::Error as StdError;
use std::fmt;
use std::io;

/// Error codes of a 403 that blame the keys, and so never mean that an object is not there.
pub const CREDENTIALS_REFUSED: [&str; 8] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidSecurity",
    "RequestTimeTooSkewed",
    "AccountProblem",
    "NotSignedUp",
];

pub const TOO_SLOW: &str = "look whether the store can be reached from here and is in the same region; a Lambda function \
                        in a VPC needs a gateway endpoint for S3";
pub const UNREACHABLE: &str = "look whether the store is up, and at region= and endpoint= in the DSN";
const NO_CREDENTIALS: &str = "credentials= in the DSN says where they come from: iam: is the role or whatever else \
                              the AWS SDK finds, env: is AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else a profile \
                              with keys or a role, not one of SSO or credential_process";
const RIGHTS: &str = "the credentials need the rights s3:GetObject and s3:PutObject on the objects, s3:PutObjectAcl too \
                      where ACL= is set";
const UNMADE: &str = "look at bucket=, region= and endpoint= in the DSN";
const WRONG_REGION: &str = "put the region of the bucket after region= in the DSN";

impl S3 {
    pub(super) fn failed(&self, operation: &str, what: impl fmt::Display, hint: impl Into<String>) -> Error {
        Error::new(Code::Internal, format!("S3 {operation}, bucket {}: {what}", self.dsn.bucket), hint)
    }

    pub(super) fn failure<E>(&self, operation: &str, error: &SdkError<E>) -> Error
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        if let Some(status) = status(error) {
            let code = error.code().filter(|code| is_word(code)).unwrap_or("no error code");
            let hint = hint(status, code, actual_region(error).filter(|region| *region != self.dsn.region));
            return self.failed(operation, format_args!("status {status}, {code}"), hint);
        }
        if cause::<CredentialsError>(error).is_some() {
            return self.failed(operation, "no credentials were found", NO_CREDENTIALS);
        }
        let (timed_out, on_its_way) = match error {
            SdkError::TimeoutError(_) => (true, true),
            SdkError::DispatchFailure(failure) => {
                (failure.is_timeout(), failure.is_io() || failure.as_other().is_some())
            }
            _ => (false, false),
        };
        match cause::<io::Error>(error) {
            _ if timed_out => self.failed(operation, "took too long", TOO_SLOW),
            Some(cause) => self.failed(operation, format_args!("no connection: {cause}"), UNREACHABLE),
            None if on_its_way => self.failed(operation, "the connection broke", UNREACHABLE),
            None => self.failed(operation, "the request cannot be made", UNMADE),
        }
    }
}

/// The first cause of that type.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// The HTTP status of the answer, if there was one.
pub fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// The region that the bucket is in, if the answer tells: in a header, or in the body of the error.
fn actual_region<E>(error: &SdkError<E>) -> Option<&str> {
    let response = error.raw_response()?;
    let in_body = || {
        let body = std::str::from_utf8(response.body().bytes()?).ok()?;
        Some(body.split_once("<Region>")?.1.split_once("</Region>")?.0)
    };
    response.headers().get("x-amz-bucket-region").or_else(in_body).filter(|region| is_word(region))
}

/// Whether a stranger's text is harmless to print: a short word.
pub fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What to do about an answer, by its cause. `region` is the bucket's, where it is not the one of the DSN.
fn hint(status: u16, code: &str, region: Option<&str>) -> String {
    if let Some(region) = region {
        return format!("the bucket is in another region: put region={region} into the DSN");
    }
    let hint = match (status, code) {
        (_, "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed") | (301 | 307, _) => {
            WRONG_REGION
        }
        (_, "NoSuchBucket") => "there is no such bucket: make it, or put another after bucket= in the DSN",
        (_, "RequestTimeTooSkewed") => "the clock of this machine is wrong: set it",
        (_, "ExpiredToken" | "TokenRefreshRequired") => "the credentials have expired: get new ones",
        (_, code) if CREDENTIALS_REFUSED.contains(&code) => "the store refuses the credentials that the DSN points to",
        (401 | 403, _) => RIGHTS,
        (400 | 501, _) => "the store does not take the request: look at the cache options and the DSN",
        (429 | 500.., _) => "the store is busy or down",
        _ => "look the code up in the documentation of the store",
    };
    hint.to_owned()
}
