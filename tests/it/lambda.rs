//! The program as a Lambda function: the real binary under an emulated Runtime API, given the events that the
//! services in front of it send (`fixtures/events/`).

use crate::runtime_api::{Answer, Lambda, answer};
use crate::server::Server;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const SAMPLE: (&str, &str) = ("RASTERZEN_SOURCE", "sample");
const MAPS: (&str, &str) = ("RASTERZEN_BASE_PATH", "/maps");
pub const SVG: &str = "/svg/13/1315/3171.json";
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const KEY: &str = "CANARYKEY123";

/// The events that ask for [`SVG`], all but the one behind a base path mapping.
const SHAPES: [&str; 8] = [
    "rest-console",
    "rest-execute-api",
    "http-default",
    "http-named-stage",
    "function-url",
    "alb",
    "alb-multi-value",
    "path-only",
];
/// One event for each form of an answer.
const DOORS: [&str; 3] = ["rest-execute-api", "http-default", "alb"];

fn fixture(shape: &str) -> String {
    let path = format!("{}/fixtures/events/{shape}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The event of `shape` for another method, path and query, each in all the places where that service puts it.
pub fn event(shape: &str, method: &str, target: &str) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let text = fixture(shape).replace(&SVG[1..], &path[1..]).replace("\"GET\"", &format!("\"{method}\""));
    let mut event: Value = serde_json::from_str(&text).unwrap();
    let pairs = || query.split('&').filter_map(|pair| pair.split_once('='));
    let single: Value = pairs().map(|(k, v)| (k, json!(v))).collect();
    let multi: Value = pairs().map(|(k, v)| (k, json!([v]))).collect();
    // REST APIs send null where there is no query.
    let null = query.is_empty() && event.get("resource").is_some();
    for (field, value) in [("queryStringParameters", single), ("multiValueQueryStringParameters", multi)] {
        if event.get(field).is_some() {
            event[field] = if null { Value::Null } else { value };
        }
    }
    if event.get("rawQueryString").is_some() {
        event["rawQueryString"] = query.into();
    }
    event
}

/// Sets the lines of a header in the maps that the event has, or in `headers` if it has none; no lines take it out.
/// The single-value map holds the last line, as the services have it.
pub fn with_header(mut event: Value, name: &str, lines: &[&str]) -> Value {
    // The gateway of REST APIs leaves names as the client wrote them, the others make them lower-case.
    let name = if event.get("resource").is_some() { name.to_owned() } else { name.to_ascii_lowercase() };
    if event.get("multiValueHeaders").is_none() && event.get("headers").is_none() {
        event["headers"] = json!({});
    }
    for field in ["headers", "multiValueHeaders"] {
        if event.get(field).is_some_and(|map| map.is_null() && !lines.is_empty()) {
            event[field] = json!({});
        }
        let Some(map) = event.get_mut(field).and_then(Value::as_object_mut) else { continue };
        map.retain(|key, _| !key.eq_ignore_ascii_case(&name));
        if let Some(last) = lines.last() {
            map.insert(name.clone(), if field == "headers" { json!(last) } else { json!(lines) });
        }
    }
    event
}

pub fn invoke(lambda: &Lambda, event: &Value) -> Answer {
    answer(&lambda.invoke(event).unwrap_or_else(|error| panic!("{error} for {event}")))
}

fn get(lambda: &Lambda, shape: &str, target: &str) -> Answer {
    invoke(lambda, &event(shape, "GET", target))
}

/// Checks that an error leaves as problem details in plain text.
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.media_type()), (status, "application/problem+json"), "{}", answer.raw);
    assert_eq!((answer.base64, answer.header("cache-control")), (false, Some("no-store")), "{}", answer.raw);
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
    for member in ["type", "title", "detail", "hint"] {
        assert!(problem[member].is_string(), "no {member} in {problem}");
    }
}

/// The key of a request may be nowhere: not in what leaves the function and not in what it writes.
fn assert_no_key(answer: &Answer, lambda: &Lambda) {
    let body = String::from_utf8_lossy(&answer.body);
    for (place, text) in [("answer", &answer.raw.to_string()), ("body", &body.into_owned()), ("log", &lambda.logs())] {
        assert!(!text.contains(KEY), "the key is in the {place}: {text}");
    }
}

/// An upstream that gives every request this answer, and the request lines that it got.
fn upstream(answer: String) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (sender, answer) = (sender.clone(), answer.clone());
            thread::spawn(move || {
                let mut head = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
                // The test may have seen enough.
                let _ = sender.send(head.next().unwrap_or_default());
                head.take_while(|line| !line.is_empty()).for_each(drop);
                stream.write_all(answer.as_bytes())
            });
        }
    });
    (address, requests)
}

fn template(address: SocketAddr) -> String {
    format!("http://{address}/{{z}}/{{x}}/{{y}}.mvt?api_key={{api_key}}")
}

#[test]
fn every_event_gets_the_same_pictures() {
    let (plain, mapped) = (Lambda::start(&[SAMPLE]), Lambda::start(&[SAMPLE, MAPS]));
    // The server's are the same bytes.
    let server = Server::start(&["--source", "sample"], &[]);
    let served = [&[][..], &[("Accept", "image/png")]].map(|headers| server.request("GET", SVG, headers).body);
    for shape in SHAPES.into_iter().chain(["rest-custom-domain"]) {
        let lambda = if shape == "rest-custom-domain" { &mapped } else { &plain };
        let event: Value = serde_json::from_str(&fixture(shape)).unwrap();
        // What browsers send explicitly names neither type above the other.
        let svg = invoke(lambda, &event);
        let svg_without_accept = invoke(lambda, &with_header(event.clone(), "Accept", &[]));
        let png = invoke(lambda, &with_header(event, "Accept", &["image/png"]));
        for (answer, media_type, base64, start) in [
            (&svg, "image/svg+xml", false, &b"<svg"[..]),
            (&svg_without_accept, "image/svg+xml", false, b"<svg"),
            (&png, "image/png", true, PNG_SIGNATURE),
        ] {
            let form = (answer.status, answer.media_type(), answer.base64, answer.header("vary"));
            assert_eq!(form, (200, media_type, base64, Some("Accept")), "{shape}: {}", answer.raw);
            assert!(answer.body.starts_with(start), "{shape}: {}", answer.raw);
        }
        assert!(svg.body == svg_without_accept.body, "{shape}: the SVG is another without Accept");
        let pictures = [svg.body, png.body];
        assert!(pictures == served, "{shape}: the pictures differ");
    }
}

#[test]
fn the_event_of_the_seeding_worker_gets_its_tile() {
    let lambda = Lambda::start(&[SAMPLE]);
    let worker = invoke(&lambda, &serde_json::from_str(&fixture("worker")).unwrap());
    assert_eq!((worker.status, worker.media_type()), (200, "image/png"));
    // A v1 answer, as the worker has no other form.
    assert!(worker.raw["multiValueHeaders"]["content-type"].is_array(), "{}", worker.raw);
}

#[test]
fn each_door_gets_its_form_of_answer() {
    let lambda = Lambda::start(&[SAMPLE]);
    let forms = [
        ("rest-console", false, true, Value::Null),
        ("rest-execute-api", false, true, Value::Null),
        ("path-only", false, true, Value::Null),
        ("http-default", true, false, Value::Null),
        ("http-named-stage", true, false, Value::Null),
        ("function-url", true, false, Value::Null),
        ("alb", true, true, json!("200 OK")),
        ("alb-multi-value", true, true, json!("200 OK")),
    ];
    for (shape, single, multi, description) in forms {
        let raw = get(&lambda, shape, SVG).raw;
        // A gateway merges the two maps, so that a header in both would be sent twice.
        assert_eq!(raw["headers"]["content-type"] == "image/svg+xml", single, "{shape}: {raw}");
        assert_eq!(raw["multiValueHeaders"]["content-type"] == json!(["image/svg+xml"]), multi, "{shape}: {raw}");
        assert_eq!(raw["statusDescription"], description, "{shape}: {raw}");
    }
}

#[test]
fn what_is_not_text_is_encoded() {
    let lambda = Lambda::start(&[SAMPLE]);
    for door in DOORS {
        for (target, media_type, base64) in [
            ("/png/13/1315/3171.png", "image/png", true),
            ("/mvt/0/0/0.mvt", "application/vnd.mapbox-vector-tile", true),
            (SVG, "image/svg+xml", false),
            ("/json/13/1315/3171.json", "application/json", false),
            ("/geojson/13/1315/3171.geojson", "application/geo+json", false),
            ("/tilejson.json", "application/json", false),
        ] {
            let answer = get(&lambda, door, target);
            let form = (answer.status, answer.media_type(), answer.base64);
            assert_eq!(form, (200, media_type, base64), "{door} {target}: {}", answer.raw);
            assert!(!answer.body.is_empty(), "{door} {target}");
            if media_type.ends_with("json") {
                assert!(answer.json().is_object(), "{door} {target}");
            }
        }
        let health = get(&lambda, door, "/health");
        assert_eq!((health.status, health.base64), (200, false));
        assert!(health.text().contains(env!("CARGO_PKG_VERSION")), "{}", health.text());
    }
}

#[test]
fn the_page_leaves_as_text() {
    let (plain, mapped) = (Lambda::start(&[SAMPLE]), Lambda::start(&[SAMPLE, MAPS]));
    for shape in SHAPES.into_iter().chain(["rest-custom-domain"]) {
        let lambda = if shape == "rest-custom-domain" { &mapped } else { &plain };
        for (target, media_type, start) in [
            ("/", "text/html", "<!doctype html>"),
            ("/page/map.js", "text/javascript", ""),
            ("/page/map.css", "text/css", ""),
            ("/page/icon.svg", "image/svg+xml", "<svg"),
        ] {
            let answer = get(lambda, shape, target);
            let form = (answer.status, answer.media_type(), answer.base64);
            assert_eq!(form, (200, media_type, false), "{shape} {target}: {}", answer.raw);
            assert!(answer.text().starts_with(start), "{shape} {target}: {}", answer.raw);
        }
        let policy = get(lambda, shape, "/").header("content-security-policy").map(str::to_owned);
        assert!(policy.is_some_and(|policy| policy.starts_with("default-src 'none'")), "{shape}");
    }
}

#[test]
fn a_stage_without_its_slash_leads_to_the_page() {
    let (plain, mapped) = (Lambda::start(&[SAMPLE]), Lambda::start(&[SAMPLE, MAPS]));
    let without_slash = |shape: &str, with: &str, without: &str| -> Value {
        let text = event(shape, "GET", "/").to_string();
        assert!(text.contains(&format!("\"{with}\"")), "{text}");
        serde_json::from_str(&text.replace(&format!("\"{with}\""), &format!("\"{without}\""))).unwrap()
    };
    for (lambda, event, location) in [
        (&plain, without_slash("rest-execute-api", "/prod/", "/prod"), "prod/"),
        (&plain, without_slash("http-named-stage", "/prod/", "/prod"), "prod/"),
        (&mapped, without_slash("rest-custom-domain", "/maps/", "/maps"), "maps/"),
    ] {
        let answer = invoke(lambda, &event);
        assert_eq!((answer.status, answer.header("location")), (308, Some(location)), "{}", answer.raw);
    }
}

#[test]
fn lines_of_accept_are_one_list() {
    let lambda = Lambda::start(&[SAMPLE]);
    for shape in ["rest-execute-api", "alb-multi-value"] {
        for (lines, media_type) in [
            (["image/svg+xml;q=0.5", "image/png"], "image/png"),
            (["image/png", "image/svg+xml;q=0.5"], "image/png"),
            (["image/png;q=0.5", "image/svg+xml"], "image/svg+xml"),
        ] {
            let answer = invoke(&lambda, &with_header(event(shape, "GET", SVG), "Accept", &lines));
            assert_eq!(answer.media_type(), media_type, "{shape} {lines:?}");
        }
    }
}

#[test]
fn head_has_the_headers_and_no_body() {
    let lambda = Lambda::start(&[SAMPLE]);
    for door in DOORS {
        for target in [SVG, "/png/13/1315/3171.png"] {
            let head = invoke(&lambda, &event(door, "HEAD", target));
            let mut headers = get(&lambda, door, target).headers;
            let own = ["content-length", "server-timing", "x-rasterzen-cache"];
            // These say how this one answer was made.
            headers.retain(|(name, _)| !own.contains(&name.as_str()));
            assert_eq!((head.status, head.body.len()), (200, 0), "{door} {target}: {}", head.raw);
            for header in headers {
                assert!(head.headers.contains(&header), "{door} {target}: {header:?} is not in {}", head.raw);
            }
        }
    }
}

#[test]
fn a_known_etag_gets_304() {
    let lambda = Lambda::start(&[SAMPLE]);
    for door in DOORS {
        for target in [SVG, "/png/13/1315/3171.png"] {
            let full = get(&lambda, door, target);
            let etag = full.header("etag").expect("no ETag");
            for (known, status) in [(etag, 304), ("\"another\"", 200)] {
                let answer = invoke(&lambda, &with_header(event(door, "GET", target), "If-None-Match", &[known]));
                assert_eq!((answer.status, answer.header("etag")), (status, Some(etag)), "{door} {target} {known}");
                assert_eq!(answer.header("cache-control"), full.header("cache-control"));
                assert!(answer.body == if status == 304 { &b""[..] } else { &full.body }, "{door} {target} {known}");
            }
        }
    }
}

#[test]
fn urls_are_those_that_the_client_used() {
    let (plain, mapped) = (Lambda::start(&[SAMPLE]), Lambda::start(&[SAMPLE, MAPS]));
    for (lambda, shape, base) in [
        (&plain, "rest-execute-api", "https://abc123.execute-api.eu-central-1.amazonaws.com/prod/"),
        (&mapped, "rest-custom-domain", "https://tiles.example.com/maps/"),
        (&plain, "http-default", "https://abc123.execute-api.eu-central-1.amazonaws.com/"),
        (&plain, "http-named-stage", "https://abc123.execute-api.eu-central-1.amazonaws.com/prod/"),
        (&plain, "function-url", "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws/"),
    ] {
        let tilejson = get(lambda, shape, "/tilejson.json").json();
        let url = tilejson["tiles"][0].as_str().unwrap();
        let path = url.strip_prefix(base).unwrap_or_else(|| panic!("{shape}: {url} is not under {base}"));
        // Asked for where the client would, the tile is there.
        let tile = get(lambda, shape, &format!("/{}", path.replace("{z}/{x}/{y}", "0/0/0")));
        assert_eq!((tile.status, tile.media_type()), (200, "image/png"), "{shape}: {url}");
    }
}

#[test]
fn errors_are_problems_in_text() {
    let lambda = Lambda::start(&[SAMPLE]);
    for door in DOORS {
        for (method, target, status, code) in [
            ("GET", "/svg/one/0/0.svg", 400, "bad_request"),
            ("GET", "/svg/1/-1/0.svg", 400, "bad_request"),
            ("GET", "/png/1/0/0@9x.png", 400, "bad_request"),
            ("GET", "/png/1/0/0.png?tile_size=300", 400, "bad_request"),
            ("GET", "/svg/1/2/0.svg", 404, "outside_world"),
            ("GET", "/svg/31/0/0.svg", 404, "outside_world"),
            ("GET", "/svg/1/0/0.svg?style=none", 404, "unknown_style"),
            ("GET", "/none/1/0/0.svg", 404, "unknown_route"),
            ("POST", SVG, 405, "method_not_allowed"),
        ] {
            let answer = invoke(&lambda, &event(door, method, target));
            assert_problem(&answer, status, code);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{door} {target}");
            assert_eq!(answer.header("allow").is_some(), status == 405, "{door} {target}");
        }
    }
}

#[test]
fn a_balancer_refuses_what_a_gateway_takes() {
    let lambda = Lambda::start(&[SAMPLE]);
    // The fullest tile of the sample: 1.5 MB as GeoJSON, between the 1 MB and the 6 MiB that the doors allow.
    let full = "/geojson/14/8529/5974.geojson?tile_size=512";
    for shape in ["alb", "alb-multi-value"] {
        let answer = get(&lambda, shape, full);
        assert_problem(&answer, 413, "too_large");
        assert_eq!(answer.raw["statusDescription"], "413 Payload Too Large");
        assert_eq!(get(&lambda, shape, "/mvt/14/8529/5974.mvt").status, 200);
    }
    for door in ["rest-execute-api", "http-default"] {
        let answer = get(&lambda, door, full);
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() > 1_000_000, "{} bytes do not test the balancer", answer.body.len());
    }
}

#[test]
fn an_odd_event_is_no_end() {
    let lambda = Lambda::start(&[SAMPLE]);
    for odd in [
        json!({"Records": [{"eventSource": "aws:sqs", "body": KEY}]}),
        json!({"Records": []}),
        json!(KEY),
        Value::Null,
        json!([]),
        json!([{"path": SVG}]),
        json!(7),
        json!({}),
        json!({"path": null, "api_key": KEY}),
        json!({"path": 7}),
        json!({"path": ""}),
        json!({"path": "no-slash"}),
        json!({"path": ":99999"}),
        json!({"path": "/svg/\u{0}/\u{fffd}"}),
        json!({"path": SVG, "httpMethod": "NO METHOD"}),
        json!({"path": SVG, "headers": {"Accept": 7, "Bad name": "x", "Bad-Value": "\n"}}),
        json!({"path": SVG, "headers": KEY}),
        json!({"path": SVG, "queryStringParameters": [KEY]}),
        json!({"path": "/svg/x", "requestContext": KEY}),
        with_header(event("rest-execute-api", "GET", "/svg/x"), "Host", &["["]),
        with_header(event("alb", "GET", "/svg/x"), "Host", &["host:99999"]),
        with_header(event("http-default", "GET", "/svg/x"), "X-Forwarded-Proto", &["no scheme"]),
    ] {
        match lambda.invoke(&odd) {
            Ok(posted) => {
                let answer = answer(&posted);
                // Of some, the odd part does not matter.
                assert!([200, 400, 404, 405].contains(&answer.status), "{odd}: {posted}");
                assert_no_key(&answer, &lambda);
            }
            Err(error) => assert!(!format!("{error}{}", lambda.logs()).contains(KEY), "{odd}: {error}"),
        }
        assert_eq!(get(&lambda, "path-only", "/health").status, 200, "after {odd}");
    }
}

#[test]
fn a_source_that_never_answers_is_given_up_before_the_deadline() {
    // The kernel takes connections to it; nobody reads them.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let lambda = Lambda::start(&[("RASTERZEN_SOURCE", &template(hole.local_addr().unwrap()))]);
    for door in DOORS {
        let event = event(door, "GET", &format!("{SVG}?api_key={KEY}"));
        let posted = lambda.invoke_with_deadline(&event, Duration::from_millis(400)).unwrap();
        let answer = answer(&posted);
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(["timeout", "source_timeout"].contains(&code.as_str()), "{posted}");
        assert_problem(&answer, 504, &code);
        assert_no_key(&answer, &lambda);
    }
}

#[test]
fn nextzen_is_the_source_and_needs_a_key() {
    for envs in [&[][..], &[("RASTERZEN_SOURCE", "nextzen")]] {
        let lambda = Lambda::start(envs);
        for door in DOORS {
            assert_problem(&get(&lambda, door, SVG), 401, "missing_api_key");
        }
    }
}

#[test]
fn the_key_of_a_request_goes_upstream_and_nowhere_else() {
    let http = |status: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nX-Key: {KEY}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    };
    let text = format!("about the key {KEY}");
    let elsewhere = format!("302 Found\r\nLocation: http://elsewhere.invalid/?api_key={KEY}");
    for (upstream_answer, status, code) in [
        (http("403 Forbidden", &text), 403, "key_refused"),
        (http("401 Unauthorized", &text), 403, "key_refused"),
        (http("429 Too Many Requests\r\nRetry-After: 7", &text), 429, "source_rate_limited"),
        (http("500 Internal Server Error", &text), 502, "source_failed"),
        (http("200 OK", &text), 502, "bad_tile"),
        (http(&elsewhere, &text), 502, "source_failed"),
        (String::new(), 502, "source_failed"),
    ] {
        let (address, requests) = upstream(upstream_answer);
        let lambda = Lambda::start(&[("RASTERZEN_SOURCE", &template(address))]);
        let answer = get(&lambda, "http-default", &format!("{SVG}?api_key={KEY}"));
        assert_problem(&answer, status, code);
        assert_eq!(answer.header("retry-after"), (status == 429).then_some("7"));
        assert_no_key(&answer, &lambda);
        let lines: Vec<String> = requests.try_iter().collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(KEY)), "{code}: {lines:?}");
    }
}

#[test]
fn a_refused_request_does_not_repeat_its_key() {
    let lambda = Lambda::start(&[SAMPLE]);
    let long = KEY.repeat(11);
    for (target, status) in [
        (format!("/svg/one/0/0.svg?api_key={KEY}"), 400),
        (format!("{SVG}?api_key={long}"), 400),
        (format!("{SVG}?tile_size=300&api_key={KEY}"), 400),
        (format!("/svg/31/0/0.svg?api_key={KEY}"), 404),
        (format!("/none?api_key={KEY}"), 404),
    ] {
        for door in DOORS {
            let answer = get(&lambda, door, &target);
            assert_eq!(answer.status, status, "{door} {target}: {}", answer.raw);
            assert_no_key(&answer, &lambda);
        }
    }
}

#[test]
fn it_is_ready_within_the_init_phase() {
    let lambda = Lambda::start(&[]);
    // Lambda starts a function again that is not, and bills for it.
    assert!(lambda.init_time() < Duration::from_secs(10), "{:?}", lambda.init_time());
}
