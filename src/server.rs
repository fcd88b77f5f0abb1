//! The HTTP door: one axum router for the server and for Lambda. It translates to [`Request`] and from [`Response`]
//! and decides nothing.

use crate::error::{Code, Error};
use crate::limits;
use crate::output::{spritesheet, stylejson, tilejson};
use crate::page;
use crate::request::{BaseUrl, Query, Request, Route, parse_route, unknown_route};
use crate::response::{self, METHODS, Response, insert, problem};
use crate::source::Info;
use crate::tiler::Tiler;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio_io_timeout::TimeoutStream;

/// What the door needs to know besides the tiler.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where clients reach this program, without a slash at the end.
    pub public_url: Option<String>,
    /// Whose `X-Forwarded-…` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origin: String,
    /// Taken off the front of paths.
    pub base_path: String,
}

pub struct App {
    pub tiler: Arc<Tiler>,
    pub options: Options,
    health: Mutex<Option<(Instant, Result<(), Error>)>>,
}

/// What a door other than HTTP knows better than the request's own URI and headers; put in as an extension.
#[derive(Clone, Debug)]
pub struct Door {
    pub path: String,
    /// The path as the client used it.
    pub client_path: String,
    pub base_url: BaseUrl,
    pub deadline: Instant,
}

/// The address a connection came from, as an extension.
#[derive(Clone, Copy, Debug)]
struct Peer(IpAddr);

impl App {
    pub fn new(tiler: Tiler, options: Options) -> Arc<App> {
        Arc::new(App { tiler: Arc::new(tiler), options, health: Mutex::new(None) })
    }
}

/// The whole program as a service.
pub fn router(app: Arc<App>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(app)
}

async fn handle(State(app): State<Arc<App>>, request: HttpRequest) -> http::Response<Body> {
    let started = Instant::now();
    let (parts, _) = request.into_parts();
    let answer = AssertUnwindSafe(answer(&app, &parts)).catch_unwind().await;
    let answer = answer.unwrap_or_else(|_| Err(Error::internal("answering panicked")));
    let mut response = answer.unwrap_or_else(|error| {
        if error.code.status() >= 500 {
            tracing::warn!(code = error.code.row().1, "{error}");
        }
        problem(&error)
    });
    let bytes = response.body().len();
    if parts.method == Method::HEAD && response.status() != StatusCode::NOT_MODIFIED {
        insert(response.headers_mut(), header::CONTENT_LENGTH, &bytes.to_string());
        *response.body_mut() = Bytes::new();
    }
    insert(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, &app.options.cors_origin);
    let path = parts.extensions.get::<Door>().map_or(parts.uri.path(), |door| &door.path);
    let cache = response.headers().get("x-rasterzen-cache").and_then(|value| value.to_str().ok());
    tracing::info!(
        method = %parts.method,
        path,
        status = response.status().as_u16(),
        bytes,
        ms = started.elapsed().as_millis() as u64,
        cache,
    );
    match response.status() {
        // A length in a 304 is that of the 200 (RFC 9110, 8.6); axum would say 0 of a body that is known to be empty.
        StatusCode::NOT_MODIFIED => response.map(|_| Body::from_stream(stream::empty::<Result<Bytes, Infallible>>())),
        _ => response.map(Body::from),
    }
}

async fn answer(app: &App, parts: &Parts) -> Result<Response, Error> {
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return Ok(preflight()),
        _ => {
            let detail = format!("{} is not a method of this server", parts.method);
            return Err(Error::new(Code::MethodNotAllowed, detail, format!("{METHODS} are")));
        }
    }
    let door = parts.extensions.get::<Door>();
    let path = door.map_or(parts.uri.path(), |door| &door.path);
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    let request = Request {
        route: parse_route(path, &query, &parts.headers, &app.options.base_path)?,
        if_none_match: if_none_match(&parts.headers),
        api_key: query.api_key()?,
        deadline: door.map_or_else(|| Instant::now() + limits::REQUEST, |door| door.deadline),
        base_url: base_url(app, parts, door),
    };
    match &request.route {
        Route::Tile(tile) | Route::StyleTile(tile) => app.tiler.get(&request, &tile.into()).await,
        Route::Static(image) => app.tiler.get(&request, &image.into()).await,
        Route::Page => Ok(page(&request)),
        Route::PageWithoutSlash => Ok(with_slash(door.map_or(parts.uri.path(), |door| &door.client_path))),
        Route::PageFile(name) => page::file(name).map(|file| page_file(&request, file)).ok_or_else(unknown_route),
        Route::TileJson { style: name, language } => {
            let map = app.tiler.map(name.as_deref())?;
            // The way to a style's tiles from the base URL.
            let tiles = name.as_ref().map_or("png".to_string(), |name| format!("styles/{name}"));
            let query = language.as_ref().map_or(String::new(), |language| format!("?lang={language}"));
            let document = |base: &str| {
                let tiles = format!("{base}/{tiles}/{{z}}/{{x}}/{{y}}.png{query}");
                let styles: Vec<&str> = app.tiler.maps.iter().map(|map| map.style.name.as_str()).collect();
                tilejson::document(&map.style, &map.infos(), &map.attribution(), &tiles, &styles)
            };
            Ok(with_base_url(app, &request, document))
        }
        Route::StyleJson(name) => {
            let map = app.tiler.map(Some(name))?;
            let tiles = match Arc::ptr_eq(map, app.tiler.default_map()) {
                true => "mvt".to_string(),
                false => format!("styles/{name}"),
            };
            let document = |base: &str| {
                let tiles = format!("{base}/{tiles}/{{z}}/{{x}}/{{y}}.mvt");
                let sprite = format!("{base}/styles/{}/sprite", utf8_percent_encode(name, NON_ALPHANUMERIC));
                let source = map.first_source().map(|(_, source)| &source.info);
                let is_it = |info: &Info| source.is_some_and(|source| source.identity == info.identity);
                let names = map.sources.iter().filter(|(_, source)| is_it(&source.info));
                let names = names.map(|(name, _)| name.as_str()).collect();
                let given = map.given.iter().map(String::as_str).collect();
                let served = stylejson::Served { source, names, given, tiles: &tiles, sprite: &sprite };
                stylejson::document(&map.style, &served)
            };
            Ok(with_base_url(app, &request, document))
        }
        Route::Sprite { style, scale, is_index } => {
            let map = app.tiler.map(Some(style))?.clone();
            let (scale, is_index) = (*scale, *is_index);
            if map.style.sprite.is_empty() {
                let hint = "a sprite is served where the style names one for its layers' images, or with --sprites";
                return Err(Error::new(Code::UnknownRoute, format!("the style {style:?} has no images"), hint));
            }
            let tag = response::etag(&format!("sprite {scale} {is_index}"), &map.style.digest);
            let known = request.if_none_match.as_deref().is_some_and(|given| response::matches(given, &tag));
            let content_type = if is_index { "application/json" } else { "image/png" };
            let write = move || match (known, is_index) {
                (true, _) => Ok(Bytes::new()),
                (_, true) => Ok(spritesheet::index(&map.style.sprite, scale).to_string().into()),
                (_, false) => spritesheet::sheet(&map.style.sprite, scale),
            };
            let body = app.tiler.on_a_processor(write).await?;
            let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
            let mut response = response::response(status, content_type, body);
            insert(response.headers_mut(), header::ETAG, &tag);
            insert(response.headers_mut(), header::CACHE_CONTROL, &app.tiler.cache_control());
            Ok(response)
        }
        Route::Health => {
            let body = serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
            Ok(uncached_json(body))
        }
        Route::SourceHealth => source_health(app, &request).await,
    }
}

fn preflight() -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::ALLOW, METHODS);
    insert(headers, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    insert(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, If-None-Match");
    insert(headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
    response
}

/// Several lines of `If-None-Match` are one list.
fn if_none_match(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn base_url(app: &App, parts: &Parts, door: Option<&Door>) -> BaseUrl {
    if let Some(url) = &app.options.public_url {
        return BaseUrl::Public(url.clone());
    }
    if let Some(door) = door {
        return door.base_url.clone();
    }
    let peer = parts.extensions.get::<Peer>();
    let trusted = peer.is_some_and(|peer| app.options.trusted_proxies.iter().any(|net| net.contains(&peer.0)));
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    // The first of a list is what the client itself used.
    let forwarded = |name: &str| text(name).filter(|_| trusted).and_then(|list| list.split(',').next()).map(str::trim);
    let scheme = forwarded("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    let host = forwarded("x-forwarded-host").or_else(|| text("host"));
    match host.filter(|host| is_host(host)) {
        Some(host) => BaseUrl::FromHeaders(format!("{scheme}://{host}{}", app.options.base_path)),
        None => BaseUrl::Unknown,
    }
}

/// Whether a Host header holds a name or address, and maybe a port, and nothing else.
pub fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

fn page(request: &Request) -> Response {
    let mut response = page_file(request, &page::INDEX);
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_SECURITY_POLICY, page::POLICY);
    // The page's own URL may hold a key.
    insert(headers, header::REFERRER_POLICY, "no-referrer");
    response
}

/// A file of the page, to be asked for again every time: another version of this program may have another.
fn page_file(request: &Request, file: &'static page::File) -> Response {
    let tag = response::etag("page", &file.digest);
    let known = request.if_none_match.as_deref().is_some_and(|given| response::matches(given, &tag));
    let (status, body) = match known {
        true => (StatusCode::NOT_MODIFIED, Bytes::new()),
        false => (StatusCode::OK, Bytes::from_static(file.body)),
    };
    let mut response = response::response(status, file.content_type, body);
    insert(response.headers_mut(), header::ETAG, &tag);
    insert(response.headers_mut(), header::CACHE_CONTROL, "no-cache");
    response
}

/// To the same path with a slash, as a relative URL: what stands before the path is known to the client alone. The query
/// is left behind: it may hold a key.
fn with_slash(client_path: &str) -> Response {
    // What a path may hold as it is (RFC 3986, 3.3), escapes included, but for what could be read as more than a path.
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'%');
    let name = client_path.rsplit('/').next().unwrap_or_default();
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let headers = response.headers_mut();
    insert(headers, header::LOCATION, &format!("{}/", utf8_percent_encode(name, ESCAPED)));
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::CACHE_CONTROL, "no-store");
    response
}

/// A document with absolute URLs.
fn with_base_url(app: &App, request: &Request, document: impl FnOnce(&str) -> serde_json::Value) -> Response {
    let (base, public) = match &request.base_url {
        BaseUrl::Public(url) => (url.as_str(), true),
        BaseUrl::FromHeaders(url) => (url.as_str(), false),
        BaseUrl::Unknown => (app.options.base_path.as_str(), false),
    };
    let mut response = uncached_json(document(base));
    // With a URL from this client's headers, it is this client's answer only.
    let caching = if public { app.tiler.cache_control() } else { "private, no-store".to_string() };
    insert(response.headers_mut(), header::CACHE_CONTROL, &caching);
    response
}

fn uncached_json(body: serde_json::Value) -> Response {
    let mut response = response::response(StatusCode::OK, "application/json", body.to_string().into());
    insert(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// Whether the source answers; it is asked at most once in [`limits::HEALTH_INTERVAL`], whoever's key it is.
async fn source_health(app: &App, request: &Request) -> Result<Response, Error> {
    let look = async {
        let mut last = app.health.lock().await;
        if let Some((_, result)) = last.as_ref().filter(|(at, _)| at.elapsed() < limits::HEALTH_INTERVAL) {
            return result.clone();
        }
        let result = match app.tiler.check_source(request.api_key.as_ref()).await {
            // Refusing a key is an answer; without one nobody was asked.
            Err(error) if error.code == Code::KeyRefused => Ok(()),
            Err(error) if error.code == Code::MissingApiKey => return Err(error),
            result => result,
        };
        *last = Some((Instant::now(), result.clone()));
        result
    };
    let late = |_| Error::new(Code::SourceTimeout, "the source was too slow", "look whether the source is up");
    tokio::time::timeout_at(request.deadline.into(), look).await.map_err(late)??;
    Ok(uncached_json(serde_json::json!({ "status": "ok", "source": "answers" })))
}

/// Serves until `stop` is done, then finishes what is under way.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let router = router(app.clone());
    let connections = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits::CLIENT_WRITE));
        let router = router.clone();
        let service = tower::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            tower::ServiceExt::oneshot(router.clone(), request)
        });
        let mut builder = hyper::server::conn::http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits::REQUEST_HEAD);
        let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off is its own business.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        app.tiler.settle().await;
    };
    if tokio::time::timeout(limits::SHUTDOWN, finished).await.is_err() {
        tracing::warn!("some requests were still open at the end");
    }
}

type Accepted = (tokio::net::TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> Option<Accepted> {
    let permit = connections.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, address.ip(), permit))
        }
        Err(error) => {
            // Out of file descriptors, mostly: wait for some to close.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(limits::FETCH_BACKOFF).await;
            None
        }
    }
}
