//! Tiles over HTTP, and the client that all sources share.
//!
//! Upstream is not trusted: bodies are read up to a limit, redirects stay on their host, every request ends in time.
//! URLs can hold keys, so no error and no log has one.

use super::directory::fill;
use super::inflate::inflate_to;
use super::{Backend, Fetched, Info, Source, TileKind, WORLD, inflate, refused};
use crate::error::{Code, Error};
use crate::limits;
use crate::request::ApiKey;
use crate::tile::TileId;
use crate::viewport::SizeClass;
use bytes::{Bytes, BytesMut};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, StatusCode, Url, header, redirect};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

pub struct Template {
    /// At least one; tiles are spread over them.
    templates: Vec<String>,
    key: Option<ApiKey>,
    warned: AtomicBool,
}

/// The hosts that `{s}` stands for.
const SUBDOMAINS: [&str; 3] = ["a", "b", "c"];

pub fn open(templates: Vec<String>, key: Option<ApiKey>) -> Result<Source, Error> {
    let has_all = |template: &String| {
        let has_row = template.contains("{y}") || template.contains("{-y}");
        template.contains("{z}") && template.contains("{x}") && has_row
    };
    if templates.is_empty() || !templates.iter().all(has_all) {
        return Err(refused("the URL template does not have all of {z}, {x} and {y}"));
    }
    let makes_url = |template: &String| {
        let url = TileId::new(0, 0, 0).map(|tile| filled(template, tile, Some("key")));
        url.is_some_and(|url| Url::parse(&url).is_ok())
    };
    if !templates.iter().all(makes_url) {
        return Err(refused("the URL template does not make URLs"));
    }
    let info = Info {
        // The key is not in it yet; one written out in the template goes no further than into a digest.
        identity: format!("http {}", templates.join(" ")).into(),
        minzoom: 0,
        maxzoom: 15,
        bounds: WORLD,
        class: SizeClass::C512,
        tiles: TileKind::Vector,
        buffer: 0,
        sparse: false,
        attribution: String::new(),
        layers: None,
        remote: true,
    };
    let template = Template { templates, key, warned: AtomicBool::new(false) };
    Ok(Source { info, backend: Backend::Http(template) })
}

/// The URL of a tile.
fn filled(template: &str, tile: TileId, key: Option<&str>) -> String {
    with_key(&fill(template, tile).replace("{s}", SUBDOMAINS[spread(SUBDOMAINS.len(), tile)]), key)
}

/// A URL with the key put in where it wants one.
pub fn with_key(url: &str, key: Option<&str>) -> String {
    let key = utf8_percent_encode(key.unwrap_or_default(), NON_ALPHANUMERIC).to_string();
    url.replace("{api_key}", &key)
}

/// Which of several that do the same a tile is got from: its neighbours from others.
fn spread(over: usize, tile: TileId) -> usize {
    ((u64::from(tile.x()) + u64::from(tile.y())) % over as u64) as usize
}

impl Template {
    fn wants_key(&self) -> bool {
        self.templates.iter().any(|template| template.contains("{api_key}"))
    }

    pub fn wants_caller_key(&self) -> bool {
        self.wants_key() && self.key.is_none()
    }

    pub async fn fetch(&self, tile: TileId, caller: Option<&ApiKey>) -> Result<Fetched, Error> {
        let key = self.key.as_ref().or(caller);
        if self.wants_key() && key.is_none() {
            return Err(Error::new(
                Code::MissingApiKey,
                "the source needs an API key, and there is none",
                "add ?api_key=… to the request, or set NEXTZEN_API_KEY where the server runs",
            ));
        }
        let url = filled(&self.templates[spread(self.templates.len(), tile)], tile, key.map(ApiKey::reveal));
        let answer = get(&url, None, limits::TILE_BYTES_COMPRESSED).await?;
        match answer.status {
            StatusCode::OK => inflate(answer.body).map(Fetched::Tile),
            StatusCode::NO_CONTENT => Ok(Fetched::Absent),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                if !self.warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        %tile,
                        "the source has no such tile, which is drawn as empty; if all tiles are, its URL may be mistyped"
                    );
                }
                Ok(Fetched::NotFound)
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.wants_caller_key() => Err(Error::new(
                Code::KeyRefused,
                format!("the source answered {} to this request's API key", answer.status.as_u16()),
                "use a key that is valid for the source",
            )),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::new(
                Code::SourceRefused,
                format!("the source answered {}", answer.status.as_u16()),
                "the operator of this server has to look at its source and key",
            )),
            status => Err(failure(status, answer.retry_after)),
        }
    }
}

/// What is at a URL and is no tile, inflated; none where there is nothing.
pub async fn read_url(url: &str, limit: usize) -> Result<Option<Bytes>, Error> {
    let answer = get(url, None, limit).await?;
    match answer.status {
        StatusCode::OK => inflate_to(answer.body, limit).map(Some),
        StatusCode::NO_CONTENT | StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status => Err(failure(status, answer.retry_after)),
    }
}

/// A finished upstream answer.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
    pub etag: Option<String>,
    /// Where it came from, after redirects.
    pub url: Url,
    pub retry_after: Option<Duration>,
}

/// The error for a status that is no answer.
pub fn failure(status: StatusCode, retry_after: Option<Duration>) -> Error {
    if status == StatusCode::TOO_MANY_REQUESTS {
        let hint = "come back later, or use another source";
        let mut error = Error::new(Code::SourceRateLimited, "the source answered 429", hint);
        error.retry_after = Some(retry_after.unwrap_or(Duration::from_secs(60)));
        return error;
    }
    let detail = match status.is_redirection() {
        true => format!("the source answered {} to another host, or too often", status.as_u16()),
        false => format!("the source answered {}", status.as_u16()),
    };
    Error::new(Code::SourceFailed, detail, "look whether the source's URL answers with a tile")
}

/// One upstream GET, repeated with growing, jittered waits where the failure may pass. `range` is first and last byte.
pub async fn get(url: &str, range: Option<(u64, u64)>, limit: usize) -> Result<Answer, Error> {
    static SLOTS: Semaphore = Semaphore::const_new(limits::FETCHES);
    let _slot = SLOTS.acquire().await.map_err(|e| Error::internal(e.to_string()))?;
    let mut tried = 0;
    loop {
        tried += 1;
        let result = match tokio::time::timeout(limits::FETCH, get_once(url, range, limit)).await {
            Ok(result) => result,
            Err(_) => Err(Attempt::Final(Error::new(
                Code::SourceTimeout,
                format!("the source took more than {} s", limits::FETCH.as_secs()),
                "try again; look whether the source is up",
            ))),
        };
        let wait = limits::FETCH_BACKOFF * 2u32.pow(tried - 1);
        let wait = wait.mul_f64(0.5 + fastrand::f64());
        match result {
            Ok(answer) if tried < limits::FETCH_TRIES && passes(answer.status) => tokio::time::sleep(wait).await,
            Ok(answer) => return Ok(answer),
            Err(Attempt::Again(_)) if tried < limits::FETCH_TRIES => tokio::time::sleep(wait).await,
            Err(Attempt::Again(error) | Attempt::Final(error)) => return Err(error),
        }
    }
}

/// Server errors that may be gone at the next try.
fn passes(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

enum Attempt {
    Again(Error),
    Final(Error),
}

async fn get_once(url: &str, range: Option<(u64, u64)>, limit: usize) -> Result<Answer, Attempt> {
    let mut request = client().map_err(Attempt::Final)?.get(url);
    if let Some((first, last)) = range {
        request = request.header(header::RANGE, format!("bytes={first}-{last}"));
    } else {
        request = request.header(header::ACCEPT_ENCODING, "gzip");
    }
    let broken = |error: reqwest::Error| {
        let again = error.is_connect() || error.is_request() || error.is_body() || error.is_decode();
        let what = if error.is_connect() { "the source cannot be reached" } else { "the source broke off" };
        let hint = "look whether the source's URL is right and the source is up";
        let error = match error.is_redirect() {
            true => Error::new(Code::SourceFailed, "the source redirects to another host, or too often", hint),
            false => Error::new(Code::SourceFailed, format!("{what}: {}", root_cause(&error.without_url())), hint),
        };
        if again { Attempt::Again(error) } else { Attempt::Final(error) }
    };
    let mut response = request.send().await.map_err(broken)?;
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
    let (etag, retry_after) = (text(header::ETAG), text(header::RETRY_AFTER));
    let (status, url) = (response.status(), response.url().clone());
    let mut body = BytesMut::new();
    // Where a part was asked for, the whole is not read.
    if status.is_success() && (range.is_none() || status == StatusCode::PARTIAL_CONTENT) {
        let too_long = || {
            Attempt::Final(Error::new(
                Code::BadTile,
                format!("the source's answer has more than {limit} bytes"),
                "look at what the source's URL answers for this tile",
            ))
        };
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_long());
        }
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > limit {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
    }
    let retry_after = retry_after.and_then(|s| s.parse().ok()).map(Duration::from_secs);
    Ok(Answer { status, body: body.freeze(), etag, url, retry_after })
}

/// What lies at the bottom of an error, where it says most.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The one client of the process, made when first needed: reading the system's certificates takes time.
fn client() -> Result<&'static Client, Error> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        // Fails where one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .user_agent(concat!("rasterzen/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits::CONNECT)
            .pool_idle_timeout(limits::IDLE)
            // A referrer would carry the key of the URL before.
            .referer(false)
            .redirect(redirect::Policy::custom(follow))
            .build()
            .map_err(|e| root_cause(&e))
    });
    client.as_ref().map_err(|e| Error::internal(format!("there is no HTTP client: {e}")))
}

fn follow(attempt: redirect::Attempt) -> redirect::Action {
    let allowed = attempt.previous().last().is_some_and(|from| {
        let to = attempt.url();
        let same_port = to.port_or_known_default() == from.port_or_known_default();
        let same = to.scheme() == from.scheme() && same_port;
        let upgraded = from.scheme() == "http" && to.scheme() == "https";
        to.host() == from.host() && (same || upgraded)
    });
    if allowed && attempt.previous().len() <= limits::REDIRECTS {
        attempt.follow()
    } else {
        attempt.error("not followed")
    }
}
