//! JSON documents that say where tiles are (TileJSON) or are the data themselves (GeoJSON), read once, at the start.

use super::http::{self, with_key};
use super::inflate::inflate_to;
use super::refused;
use crate::error::{Code, Error};
use crate::limits;
use crate::request::ApiKey;
use bytes::Bytes;
use reqwest::{StatusCode, Url};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where a document came from: what the relative URLs in it are resolved against.
#[derive(Clone, Debug)]
pub enum Base {
    /// What came over the network names nothing but URLs.
    Url(Url),
    /// The file itself.
    File(PathBuf),
    /// A style within the binary: it names nothing but the icons there.
    Bundled,
}

impl Base {
    /// A place as a source's URI names it.
    pub fn of(uri: &str) -> Result<Base, Error> {
        match uri.starts_with("http://") || uri.starts_with("https://") {
            true => Url::parse(uri).map(Base::Url).map_err(|_| refused("the URL is not one")),
            false => Ok(Base::File(uri.strip_prefix("file://").unwrap_or(uri).into())),
        }
    }

    /// What the document means by a URL or a template for URLs, as the URI of a source.
    pub fn resolve(&self, reference: &str) -> Result<String, Error> {
        let scheme = reference.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let scheme = scheme.filter(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)));
        match (scheme.as_deref(), self) {
            (_, Base::Bundled) => Err(refused("a bundled style names what is not in the binary")),
            (Some(scheme @ ("http" | "https")), _) => Ok(format!("{scheme}{}", &reference[scheme.len()..])),
            (Some("file"), Base::File(_)) => {
                let path = &reference["file:".len()..];
                Ok(path.strip_prefix("//").unwrap_or(path).to_string())
            }
            (Some("file"), Base::Url(_)) => Err(refused("a document from the network names a file")),
            (Some(_), _) => Err(refused("a URL is neither http nor https")),
            // `//host/…`: the host may hold {s}, which a URL cannot.
            (None, Base::Url(base)) if reference.starts_with("//") => Ok(format!("{}:{reference}", base.scheme())),
            (None, Base::Url(base)) => {
                let joined = base.join(reference).map_err(|_| refused("a relative URL leads nowhere"))?;
                // Joining has encoded the braces of a template.
                Ok(joined.as_str().replace("%7B", "{").replace("%7D", "}"))
            }
            (None, Base::File(file)) => {
                let path = file.parent().unwrap_or(Path::new("")).join(reference);
                path.to_str().map(str::to_string).ok_or_else(|| refused("a path is not UTF-8"))
            }
        }
    }
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    TileJson,
    GeoJson,
}

/// A document's bytes, and what its relative URLs are resolved against.
pub struct Document {
    pub json: Bytes,
    pub base: Base,
}

/// Reads the document at a URI; a URL gets the configured key where it says {api_key}.
pub async fn read(uri: &str, key: Option<&ApiKey>) -> Result<Document, Error> {
    let mut base = Base::of(uri)?;
    let bytes = match &base {
        Base::Url(_) => {
            if uri.contains("{api_key}") && key.is_none() {
                let hint = "set NEXTZEN_API_KEY: it is read once, at the start, before any request";
                return Err(Error::new(Code::MissingApiKey, "the source's document needs an API key", hint));
            }
            let answer = http::get(&with_key(uri, key.map(ApiKey::reveal)), None, limits::DOCUMENT_BYTES).await;
            let answer = answer.map_err(about)?;
            match answer.status {
                StatusCode::OK => {
                    base = Base::Url(answer.url);
                    answer.body
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    let detail = format!("the source answered {}", answer.status.as_u16());
                    return Err(about(Error::new(Code::SourceRefused, detail, "look at the source's URL and key")));
                }
                status => return Err(about(http::failure(status, answer.retry_after))),
            }
        }
        Base::File(path) => {
            let file = std::fs::File::open(path);
            let file = file.map_err(|e| refused(&format!("what is given is not a source; as a file, {}", said(&e))))?;
            let mut bytes = Vec::new();
            let read = file.take(limits::DOCUMENT_BYTES as u64 + 1).read_to_end(&mut bytes);
            read.map_err(|e| refused(&format!("the source's file cannot be read: {}", said(&e))))?;
            bytes.into()
        }
        Base::Bundled => return Err(refused("no document is within the binary")),
    };
    let bytes = inflate_to(bytes, limits::DOCUMENT_BYTES).map_err(about)?;
    if bytes.len() > limits::DOCUMENT_BYTES {
        return Err(refused(&format!("the source's document has more than {} bytes", limits::DOCUMENT_BYTES)));
    }
    // Some editors put a byte order mark in front, which JSON does not know.
    let json = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => bytes.slice_ref(rest),
        None => bytes,
    };
    Ok(Document { json, base })
}

fn about(error: Error) -> Error {
    Error { hint: "look what the source's URL answers".to_string(), ..error }.within("the source's document")
}

/// The operating system's words, without a path.
fn said(error: &std::io::Error) -> String {
    error.kind().to_string()
}

/// Told by the first member that only one of them has. None for what is neither.
pub fn kind(json: &[u8]) -> Option<Kind> {
    struct Members<'a>(&'a mut Option<Kind>);
    impl<'de> Visitor<'de> for Members<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<String>()? {
                *self.0 = match name.as_str() {
                    "tilejson" | "tiles" | "vector_layers" => Some(Kind::TileJson),
                    "features" | "geometry" | "geometries" | "coordinates" => Some(Kind::GeoJson),
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                };
                // The rest is not looked at.
                break;
            }
            Ok(())
        }
    }
    let mut found = None;
    // What is wrong with it is found when it is read.
    let _ = serde_json::Deserializer::from_slice(json).deserialize_map(Members(&mut found));
    found
}
