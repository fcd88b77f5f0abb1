//! What is in front of the Lambda function, as a model: how a client's `Accept` reaches it, and what of its answer
//! reaches the client. A PNG leaves the function as base64 text; whether it arrives as a PNG is the gateway's doing.
//!
//! The rules are those of "Binary media types for REST APIs" in the API Gateway Developer Guide, and for the other two
//! of the payload format 2.0, which has none: what is flagged is decoded.

use crate::accept::{Row, table};
use crate::lambda::{SVG, event, invoke, with_header};
use crate::runtime_api::{Lambda, decode_base64};
use crate::server::Server;
use crate::template::template;

const PNG: &str = "/png/13/1315/3171.png";
const MVT: &str = "/mvt/13/1315/3171.mvt";

enum Gateway {
    /// A REST API and its binary media types.
    Rest(Vec<String>),
    HttpApi,
    FunctionUrl,
}

use Gateway::{FunctionUrl, HttpApi, Rest};

/// The template's REST API.
fn templates() -> Gateway {
    let types = &template()["Resources"]["RestApi"]["Properties"]["BinaryMediaTypes"];
    Rest(serde_json::from_value(types.clone()).unwrap())
}

/// A REST API as it is often set up.
fn png_alone() -> Gateway {
    Rest(vec!["image/png".to_owned()])
}

/// What a client receives.
struct Received {
    media_type: String,
    body: Vec<u8>,
}

impl Gateway {
    fn name(&self) -> String {
        match self {
            Rest(types) => format!("REST API with {types:?}"),
            HttpApi => "HTTP API".to_owned(),
            FunctionUrl => "Function URL".to_owned(),
        }
    }

    fn get(&self, lambda: &Lambda, target: &str, accept: &[&str]) -> Received {
        let joined = [accept.join(",")];
        let joined: Vec<&str> = joined.iter().map(String::as_str).filter(|_| !accept.is_empty()).collect();
        let (shape, lines) = match self {
            Rest(_) => ("rest-execute-api", accept),
            HttpApi => ("http-default", &joined[..]),
            FunctionUrl => ("function-url", &joined[..]),
        };
        let answer = invoke(lambda, &with_header(event(shape, "GET", target), "Accept", lines));
        assert_eq!(answer.status, 200, "{}", answer.raw);
        let media_type = answer.media_type().to_owned();
        let body = match answer.base64 && self.decodes(accept) {
            true => answer.body,
            false => answer.raw["body"].as_str().unwrap().as_bytes().to_vec(),
        };
        Received { media_type, body }
    }

    /// Whether a body that the function flagged as base64 is decoded. A REST API looks at the first type of `Accept`
    /// and nothing else; `*/*` among its types takes in any request, also one without the header.
    fn decodes(&self, accept: &[&str]) -> bool {
        let Rest(types) = self else { return true };
        let first = accept.first().and_then(|line| line.split([',', ';']).next()).map(str::trim);
        types.iter().any(|binary| binary == "*/*" || Some(binary.as_str()) == first)
    }
}

fn sample() -> (Lambda, Server) {
    (Lambda::start(&[("RASTERZEN_SOURCE", "sample")]), Server::start(&["--source", "sample"], &[]))
}

fn from_server(server: &Server, target: &str, row: &Row) -> Received {
    let headers: Vec<(&str, &str)> = row.lines().into_iter().map(|line| ("Accept", line)).collect();
    let reply = server.request("GET", target, &headers);
    assert_eq!(reply.status, 200, "{target} for {}", row.who);
    Received { media_type: reply.header("content-type").unwrap().to_owned(), body: reply.body }
}

/// Through the template's doors everyone gets what the server itself would have sent, byte for byte.
#[test]
fn every_client_gets_the_servers_bytes() {
    let (lambda, server) = sample();
    let table = table();
    let gateways = [templates(), HttpApi, FunctionUrl];
    for row in table.clients.iter().chain(&table.edge_cases) {
        let [svg, png] = row.is_png();
        for (target, is_png) in [(SVG, svg), (PNG, png), (MVT, false)] {
            let expected = from_server(&server, target, row);
            for gateway in &gateways {
                let received = gateway.get(&lambda, target, &row.lines());
                let what = format!("{target} for {} through {}", row.who, gateway.name());
                assert_eq!(received.media_type, expected.media_type, "{what}");
                assert!(received.body == expected.body, "{what}");
                assert_eq!(received.body.starts_with(b"\x89PNG\r\n\x1a\n"), is_png, "{what}");
            }
        }
    }
}

/// With `image/png` alone among the binary media types, a PNG arrives as one where the client's `Accept` begins with
/// that type. No browser's `<img>` of today is among those: they get base64 text, called image/png.
#[test]
fn with_image_png_alone_only_who_names_it_first_gets_binary() {
    let (lambda, server) = sample();
    let gateway = png_alone();
    let mut binary = Vec::new();
    let table = table();
    for row in &table.clients {
        let expected = from_server(&server, PNG, row);
        let received = gateway.get(&lambda, PNG, &row.lines());
        assert_eq!((received.media_type.as_str(), expected.media_type.as_str()), ("image/png", "image/png"));
        if received.body == expected.body {
            binary.push(row.who.as_str());
        } else {
            let text = String::from_utf8(received.body).unwrap();
            assert!(text.starts_with("iVBORw0KGgo") && decode_base64(&text) == expected.body, "{}: {text}", row.who);
        }
        // Text is text: the SVG of the same tile arrives.
        if !row.is_png()[0] {
            let svg = gateway.get(&lambda, SVG, &row.lines());
            assert!(svg.body == from_server(&server, SVG, row).body, "{}", row.who);
        }
    }
    assert_eq!(binary, ["Safari 13 <img>", "Firefox 46 and earlier <img>", "curl -H 'Accept: image/png'"]);
}

/// What CloudFront sends on: the viewer function's two values on svg routes, nothing on png routes.
#[test]
fn behind_cloudfront_a_rest_api_still_needs_every_type() {
    let (lambda, server) = sample();
    for (target, accept) in [(SVG, &["image/png"][..]), (SVG, &["*/*"]), (PNG, &[])] {
        let headers: Vec<(&str, &str)> = accept.iter().map(|line| ("Accept", *line)).collect();
        let expected = server.request("GET", target, &headers).body;
        let with_all = templates().get(&lambda, target, accept);
        assert!(with_all.body == expected, "{target} with {accept:?}");
        let with_png = png_alone().get(&lambda, target, accept);
        assert_eq!(with_png.body == expected, target == SVG, "{target} with {accept:?}");
    }
}
