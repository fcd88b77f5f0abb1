//! What can go wrong, and the one table that turns it into an HTTP status.
//!
//! An [`Error`] says what was wrong and where (`detail`) and what to do next (`hint`). Neither ever holds a key, a
//! URL with a query, or a path of the machine. Each module makes its own errors; this one knows none of their types.

use std::fmt;
use std::time::Duration;

/// The kinds of failure; each has one row in [`Code::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    BadRequest,
    MissingApiKey,
    KeyRefused,
    UnknownRoute,
    OutsideWorld,
    UnknownStyle,
    AboveMaxzoom,
    MethodNotAllowed,
    TooLarge,
    SourceRateLimited,
    SourceFailed,
    SourceRefused,
    BadTile,
    Overloaded,
    SourceTimeout,
    Timeout,
    Misconfigured,
    Internal,
}

impl Code {
    pub const ALL: [Code; 18] = [
        Code::BadRequest,
        Code::MissingApiKey,
        Code::KeyRefused,
        Code::UnknownRoute,
        Code::OutsideWorld,
        Code::UnknownStyle,
        Code::AboveMaxzoom,
        Code::MethodNotAllowed,
        Code::TooLarge,
        Code::SourceRateLimited,
        Code::SourceFailed,
        Code::SourceRefused,
        Code::BadTile,
        Code::Overloaded,
        Code::SourceTimeout,
        Code::Timeout,
        Code::Misconfigured,
        Code::Internal,
    ];

    /// Status, machine-readable code, and title: the status table. (What hyper answers before this program sees a
    /// request, 414 and 431 for a path or headers too long, is not in it.)
    pub fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Code::BadRequest => (400, "bad_request", "The request is malformed"),
            Code::MissingApiKey => (401, "missing_api_key", "The source needs an API key"),
            Code::KeyRefused => (403, "key_refused", "The source refused the API key of this request"),
            Code::UnknownRoute => (404, "unknown_route", "There is nothing at this path"),
            Code::OutsideWorld => (404, "outside_world", "The tile is outside of the world"),
            Code::UnknownStyle => (404, "unknown_style", "There is no such style"),
            Code::AboveMaxzoom => (404, "above_maxzoom", "The source has no tiles at this zoom"),
            Code::MethodNotAllowed => (405, "method_not_allowed", "The method is not allowed"),
            Code::TooLarge => (413, "too_large", "The answer would be too large"),
            Code::SourceRateLimited => (429, "source_rate_limited", "The source asks to slow down"),
            Code::SourceFailed => (502, "source_failed", "The source failed"),
            Code::SourceRefused => (502, "source_refused", "The source refused this server"),
            Code::BadTile => (502, "bad_tile", "The source sent something that is not a vector tile"),
            Code::Overloaded => (503, "overloaded", "The server has too much to do"),
            Code::SourceTimeout => (504, "source_timeout", "The source was too slow"),
            Code::Timeout => (504, "timeout", "The request took too long"),
            Code::Misconfigured => (500, "misconfigured", "The settings are wrong"),
            Code::Internal => (500, "internal", "This is a bug of the server"),
        }
    }

    pub fn status(self) -> u16 {
        self.row().0
    }
}

/// A failure with its place and its mend.
#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    /// What was wrong, and where.
    pub detail: String,
    /// What to do next, or what is accepted.
    pub hint: String,
    /// For [`Code::SourceRateLimited`] and [`Code::Overloaded`]: when to come back.
    pub retry_after: Option<Duration>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(code: Code, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Error { code, detail: detail.into(), hint: hint.into(), retry_after: None }
    }

    pub fn bad_request(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new(Code::BadRequest, detail, hint)
    }

    pub fn misconfigured(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new(Code::Misconfigured, detail, hint)
    }

    pub fn internal(detail: impl Into<String>) -> Self {
        Error::new(Code::Internal, detail, "try again; if it happens again, report it with the path that was asked for")
    }

    /// The same error with where it happened put in front.
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.detail = format!("{place}: {}", self.detail);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.detail)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
