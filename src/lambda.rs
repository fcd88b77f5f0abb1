//! The Lambda door: events of API Gateway (REST and HTTP APIs), Function URLs and load balancers, through the server's
//! router.
//!
//! lambda_http reads the events and shapes the answers: images and MVT leave as base64, text as text. Before it, events
//! that only have a path are made whole; after it, answers larger than the door allows become an error.

use crate::error::{Code, Error};
use crate::limits;
use crate::logging;
use crate::request::BaseUrl;
use crate::response::{insert, problem};
use crate::runtime;
use crate::server::{App, Door, is_host, router};
use crate::settings::{Drawing, Place, Serving};
use bytes::Bytes;
use http::header;
use http_body_util::BodyExt;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::tower::{Service, ServiceExt};
use lambda_http::{Adapter, RequestExt, service_fn};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tracing_subscriber::filter::LevelFilter;

/// Answers invocations until the runtime ends the process.
pub async fn run(app: Arc<App>) -> Result<(), lambda_http::Error> {
    let router = router(app.clone());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let (app, router) = (app.clone(), router.clone());
        async move {
            let LambdaEvent { payload, context, .. } = event;
            let Some(Ok(request)) = whole(payload).map(serde_json::from_value::<LambdaRequest>) else {
                return Ok::<Value, lambda_http::Error>(not_a_request());
            };
            let handler = service_fn(move |request| answer(app.clone(), router.clone(), request));
            let response = Adapter::from(handler).call(LambdaEvent::new(request, context)).await?;
            Ok(serde_json::to_value(response)?)
        }
    }))
    .await
}

/// The event as lambda_http expects it; none where it is no event with a path.
fn whole(mut event: Value) -> Option<Value> {
    let map = event.as_object_mut()?;
    if map.get("path").is_some_and(Value::is_string) && map.get("requestContext").is_none_or(Value::is_null) {
        let method = map.entry("httpMethod").or_insert(json!("GET")).clone();
        map.insert("requestContext".into(), json!({ "httpMethod": method }));
    }
    // lambda_http lets the one line of `headers` replace the several of the other.
    if map.get("multiValueHeaders").and_then(Value::as_object).is_some_and(|lines| !lines.is_empty()) {
        map.remove("headers");
    }
    Some(event)
}

fn not_a_request() -> Value {
    let error = Error::bad_request(
        "the event is not an HTTP request",
        "send an event of API Gateway, a Function URL or a load balancer, or {\"path\": \"/png/1/0/0.png\"}",
    );
    let response = problem(&error);
    json!({
        "statusCode": response.status().as_u16(),
        "multiValueHeaders": { "content-type": ["application/problem+json"], "cache-control": ["no-store"] },
        "body": String::from_utf8_lossy(response.body()),
        "isBase64Encoded": false,
    })
}

async fn answer(
    app: Arc<App>,
    router: axum::Router,
    mut request: lambda_http::Request,
) -> Result<http::Response<http_body_util::Full<Bytes>>, lambda_http::Error> {
    let context = request.request_context_ref().cloned();
    let limit = match context {
        Some(RequestContext::Alb(_)) => limits::ALB_RESPONSE_BYTES,
        _ => limits::LAMBDA_RESPONSE_BYTES,
    };
    let door = door(&app, &request, context);
    request.extensions_mut().insert(door);
    let Ok(response) = router.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    let response = http::Response::from_parts(parts, body);
    let length = encoded_length(&response);
    let response = if length > limit {
        let detail = format!("the answer takes {length} bytes as an event, of which {limit} may leave here");
        let hint = "ask for a smaller tile_size or scale, a deeper zoom, or svg or png instead of json";
        let mut refused = problem(&Error::new(Code::TooLarge, detail, hint));
        insert(refused.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, &app.options.cors_origin);
        refused
    } else {
        response
    };
    Ok(response.map(http_body_util::Full::new))
}

/// Where the client stands: the path without stage, the URL it used, and until when it waits.
fn door(app: &App, request: &lambda_http::Request, context: Option<RequestContext>) -> Door {
    let raw = request.raw_http_path();
    let mut path = if raw.is_empty() { "/".to_string() } else { raw.to_string() };
    let mut client_path = path.clone();
    let mut base = String::new();
    match context {
        // The path of a named stage of an HTTP API begins with it.
        Some(RequestContext::ApiGatewayV2(context)) => {
            let stage = context.stage.filter(|stage| stage != "$default").map(|stage| format!("/{stage}"));
            if let Some(stage) = stage
                && let Some(rest) = path.strip_prefix(&stage).filter(|rest| rest.is_empty() || rest.starts_with('/'))
            {
                path = rest.to_string();
                base = stage;
            }
        }
        // That of a REST API does not; what the client used is told beside it.
        Some(RequestContext::ApiGatewayV1(context)) => {
            let used = context.path.unwrap_or_default();
            // The console's test has the resource there.
            if path == "/" && !used.is_empty() && !used.ends_with(['/', '}']) {
                (path, client_path) = (String::new(), used.clone());
            }
            base = used.strip_suffix(&path).unwrap_or_default().to_string();
        }
        _ => {}
    }
    if path.starts_with(&app.options.base_path) {
        base.push_str(&app.options.base_path);
    }
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let base_url = match host.filter(|host| is_host(host)) {
        Some(host) => BaseUrl::FromHeaders(format!("https://{host}{base}")),
        None => BaseUrl::Unknown,
    };
    let left = request.lambda_context_ref().map(|context| {
        context.deadline().duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(limits::LAMBDA_RESERVE)
    });
    Door {
        path,
        client_path,
        base_url,
        deadline: Instant::now() + left.unwrap_or(limits::REQUEST).min(limits::REQUEST),
    }
}

/// The bytes of an answer within the JSON that leaves the function, to within its fixed parts.
fn encoded_length(response: &http::Response<Bytes>) -> usize {
    let media_type = response.headers().get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_text =
        media_type.is_some_and(|name| name.starts_with("text/") || name.contains("json") || name.contains("xml"));
    let body = match is_text {
        // What JSON escapes takes two bytes, control characters six.
        true => response
            .body()
            .iter()
            .map(|b| match b {
                b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
                0..0x20 => 6,
                _ => 1,
            })
            .sum(),
        false => response.body().len().div_ceil(3) * 4,
    };
    let headers: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 10).sum();
    // The headers stand twice in a balancer's answer.
    body + 2 * headers + 200
}

/// The function from its environment to its end; arguments are not looked at.
pub fn start() -> ExitCode {
    let done = environment().and_then(|environment| {
        logging::start(environment.log, true);
        runtime::start()?.block_on(async {
            let maps = environment.drawing.open_maps(Place::Lambda).await?;
            let tiler = environment.serving.tiler(maps, Place::Lambda)?;
            let app = App::new(tiler, environment.serving.options()?);
            run(app).await.map_err(|e| Error::internal(format!("the Lambda runtime ended: {e}")))
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rasterzen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The settings as the environment gives them.
#[derive(clap::Parser)]
struct Environment {
    #[arg(long, env = "RASTERZEN_LOG", default_value = "info")]
    log: LevelFilter,
    #[command(flatten)]
    drawing: Drawing,
    #[command(flatten)]
    serving: Serving,
}

fn environment() -> Result<Environment, Error> {
    let parsed = <Environment as clap::Parser>::try_parse_from(["rasterzen"]);
    parsed.map_err(|e| Error::misconfigured(e.to_string(), "mend the function's environment variables"))
}
