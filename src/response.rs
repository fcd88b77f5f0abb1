//! Answers without a transport: status, headers and body, and the entity tags that spare sending them.

use crate::digest;
use crate::error::{Code, Error};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// An answer; every transport sends it as it is.
pub type Response = http::Response<Bytes>;

/// What SVG may do in a browser: nothing but be seen, with the images that it holds.
const SVG_POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox";

/// An answer with a body, and the headers that every answer has.
pub fn response(status: StatusCode, content_type: &str, body: Bytes) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_TYPE, content_type);
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if content_type == "image/svg+xml" {
        insert(headers, header::CONTENT_SECURITY_POLICY, SVG_POLICY);
    }
    response
}

/// An error as RFC 9457 problem details.
pub fn problem(error: &Error) -> Response {
    let (status, code, title) = error.code.row();
    let body = serde_json::json!({
        "type": format!("urn:rasterzen:error:{code}"),
        "title": title,
        "status": status,
        "detail": error.detail,
        "code": code,
        "hint": error.hint,
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, "application/problem+json", body.to_string().into());
    let headers = response.headers_mut();
    insert(headers, header::CACHE_CONTROL, "no-store");
    if let Some(after) = error.retry_after {
        insert(headers, header::RETRY_AFTER, &after.as_secs().max(1).to_string());
    }
    if error.code == Code::MethodNotAllowed {
        insert(headers, header::ALLOW, METHODS);
    }
    response
}

/// The methods that routes have.
pub const METHODS: &str = "GET, HEAD, OPTIONS";

/// Sets a header; a value that headers cannot hold is left out.
pub fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A strong entity tag (RFC 9110, 8.8.3) from what a body is made of.
pub fn etag(recipe: &str, content: &str) -> String {
    format!("\"{}\"", digest::of_parts([recipe, content]))
}

/// Whether an `If-None-Match` names the tag, by weak comparison (RFC 9110, 13.1.2).
pub fn matches(if_none_match: &str, etag: &str) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
