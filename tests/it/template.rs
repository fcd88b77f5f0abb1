//! The CloudFormation template (`binary-media/template.yaml`) against the program that it deploys: its lists are those
//! of the code, its rights those of the calls, and the function starts with the environment that it sets.

use crate::lambda::{event, invoke, with_header};
use crate::runtime_api::Lambda;
use crate::s3_server::{self, ACCESS_KEY, SECRET_KEY};
use rasterzen::error::Code;
use rasterzen::limits;
use rasterzen::request::PICTURE_PARAMETERS;
use rasterzen::response::METHODS;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tokio::task::block_in_place;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The template with its short forms as the long ones: `!Sub x` is `{"Fn::Sub": x}`.
pub fn template() -> Value {
    let text = read("binary-media/template.yaml");
    let documents = Yaml::load_from_str(&text).unwrap();
    assert_eq!(documents.len(), 1);
    long_form(&documents[0])
}

fn long_form(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(long_form).collect(),
        Yaml::Mapping(entries) => {
            entries.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), long_form(value))).collect()
        }
        Yaml::Tagged(tag, value) => {
            let name = match tag.suffix.as_str() {
                "Ref" | "Condition" => tag.suffix.clone(),
                function => format!("Fn::{function}"),
            };
            json!({ name: long_form(value) })
        }
        other => panic!("CloudFormation does not take {other:?}"),
    }
}

fn properties<'a>(template: &'a Value, resource: &str) -> &'a Value {
    let properties = &template["Resources"][resource]["Properties"];
    assert!(properties.is_object(), "there is no {resource}");
    properties
}

fn texts(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list} is no list"));
    list.iter().map(|item| item.as_str().unwrap_or_else(|| panic!("{item} is no text"))).collect()
}

/// What CloudFormation makes of a value, for these parameters (else their defaults) and other references; none where it
/// is left out.
fn resolve(template: &Value, value: &Value, given: &[(&str, &str)]) -> Option<String> {
    let look_up = |name: &str| {
        let given = given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let default = template["Parameters"][name]["Default"].as_str().map(str::to_owned);
        given.or(default).unwrap_or_else(|| panic!("nothing is known of {name}"))
    };
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(name) = value["Ref"].as_str() {
        return (name != "AWS::NoValue").then(|| look_up(name));
    }
    if let Some(mut rest) = value["Fn::Sub"].as_str() {
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap();
            text += before;
            text += &look_up(name);
            rest = after;
        }
        return Some(text + rest);
    }
    let branches = value["Fn::If"].as_array().unwrap_or_else(|| panic!("{value} is not understood here"));
    let condition = branches[0].as_str().unwrap();
    let branch = if holds(template, &template["Conditions"][condition], given) { 1 } else { 2 };
    resolve(template, &branches[branch], given)
}

fn holds(template: &Value, condition: &Value, given: &[(&str, &str)]) -> bool {
    if let Some(operand) = condition["Fn::Not"].as_array() {
        return !holds(template, &operand[0], given);
    }
    let operands = condition["Fn::Equals"].as_array().unwrap_or_else(|| panic!("{condition} is not understood here"));
    resolve(template, &operands[0], given) == resolve(template, &operands[1], given)
}

#[test]
fn the_cache_keys_have_what_changes_a_picture_and_no_more() {
    let template = template();
    for (policy, headers) in [
        ("NegotiatedTiles", json!({ "HeaderBehavior": "whitelist", "Headers": ["Accept"] })),
        ("Tiles", json!({ "HeaderBehavior": "none" })),
    ] {
        let key = &properties(&template, policy)["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"];
        assert_eq!(key["QueryStringsConfig"]["QueryStringBehavior"], "whitelist");
        assert_eq!(texts(&key["QueryStringsConfig"]["QueryStrings"]), BTreeSet::from(PICTURE_PARAMETERS), "{policy}");
        assert_eq!(key["HeadersConfig"], headers, "{policy}");
        assert_eq!(key["CookiesConfig"]["CookieBehavior"], "none", "{policy}");
    }
    let beside = &properties(&template, "CallersKey")["OriginRequestPolicyConfig"];
    assert_eq!(
        beside["QueryStringsConfig"],
        json!({ "QueryStringBehavior": "whitelist", "QueryStrings": ["api_key"] })
    );
    // Not Host either.
    assert_eq!(beside["HeadersConfig"], json!({ "HeaderBehavior": "none" }));
}

#[test]
fn only_what_negotiates_depends_on_accept() {
    let template = template();
    let config = &properties(&template, "Distribution")["DistributionConfig"];
    let by_default = &config["DefaultCacheBehavior"];
    assert_eq!(by_default["CachePolicyId"], json!({ "Ref": "NegotiatedTiles" }));
    assert_eq!(
        by_default["FunctionAssociations"],
        json!([{ "EventType": "viewer-request", "FunctionARN": { "Fn::GetAtt": "ReduceAccept.FunctionARN" } }])
    );
    let others = config["CacheBehaviors"].as_array().unwrap();
    let paths: Vec<&str> = others.iter().map(|behavior| behavior["PathPattern"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/png/*", "/json/*", "/geojson/*", "/mvt/*", "/styles/*"]);
    for behavior in others {
        assert_eq!(behavior["CachePolicyId"], json!({ "Ref": "Tiles" }), "{behavior}");
        assert_eq!(behavior.get("FunctionAssociations"), None, "{behavior}");
    }
    for behavior in others.iter().chain([by_default]) {
        assert_eq!(texts(&behavior["AllowedMethods"]), METHODS.split(", ").collect(), "{behavior}");
        assert_eq!(behavior["OriginRequestPolicyId"], json!({ "Ref": "CallersKey" }), "{behavior}");
        assert_eq!(behavior["Compress"], true, "{behavior}");
    }
}

#[test]
fn the_viewer_function_is_the_tested_one() {
    let template = template();
    let function = properties(&template, "ReduceAccept");
    assert_eq!(
        function["FunctionCode"].as_str().unwrap().trim_end(),
        read("binary-media/viewer-request.js").trim_end()
    );
    assert_eq!(function["FunctionConfig"]["Runtime"], "cloudfront-js-2.0");
}

/// The statuses that `CustomErrorResponses` takes ("Create a custom error page for specific HTTP status codes" in the
/// CloudFront Developer Guide).
const LISTABLE: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

#[test]
fn cloudfront_keeps_no_error() {
    let template = template();
    let entries = &properties(&template, "Distribution")["DistributionConfig"]["CustomErrorResponses"];
    let listed: BTreeSet<u64> = entries.as_array().unwrap().iter().map(|e| e["ErrorCode"].as_u64().unwrap()).collect();
    for entry in entries.as_array().unwrap() {
        assert_eq!(entry, &json!({ "ErrorCode": entry["ErrorCode"], "ErrorCachingMinTTL": 0 }));
    }
    // 414 and 431 are what answers before the program does.
    let ours: BTreeSet<u16> = Code::ALL.iter().map(|code| code.status()).chain([414, 431]).collect();
    let (can, cannot): (BTreeSet<u16>, BTreeSet<u16>) = ours.into_iter().partition(|s| LISTABLE.contains(s));
    assert_eq!(listed, can.into_iter().map(u64::from).collect());
    // CloudFront caches none of these ("HTTP 4xx and 5xx status codes that CloudFront caches"): another needs a look.
    assert_eq!(cannot, BTreeSet::from([401, 413, 429, 431]));
}

#[test]
fn the_doors_are_what_the_gateway_tests_stand_for() {
    let template = template();
    assert_eq!(properties(&template, "RestApi")["EndpointConfiguration"], json!({ "Types": ["REGIONAL"] }));
    assert_eq!(properties(&template, "RestProxy")["PathPart"], "{proxy+}");
    for (method, resource) in
        [("RestRoot", json!({ "Fn::GetAtt": "RestApi.RootResourceId" })), ("RestAny", json!({ "Ref": "RestProxy" }))]
    {
        let method = properties(&template, method);
        assert_eq!((&method["HttpMethod"], &method["ResourceId"]), (&json!("ANY"), &resource));
        assert_eq!(method["Integration"]["Type"], "AWS_PROXY");
        let waits = method["Integration"]["TimeoutInMillis"].as_u64().unwrap();
        assert!(limits::REQUEST.as_millis() < waits.into(), "{waits}");
    }
    assert_eq!(properties(&template, "HttpIntegration")["PayloadFormatVersion"], "2.0");
    assert_eq!(properties(&template, "FunctionUrl")["AuthType"], "AWS_IAM");
    let function = properties(&template, "Function");
    assert_eq!((&function["Runtime"], &function["Handler"]), (&json!("provided.al2023"), &json!("bootstrap")));
    // The function's own limit ends a request, with an answer, before Lambda does.
    let timeout = function["Timeout"].as_u64().unwrap();
    assert!((limits::REQUEST + limits::LAMBDA_RESERVE).as_secs() < timeout, "{timeout}");
}

/// What a call to S3 needs.
const RIGHTS: [(&str, &str); 2] = [("get_object", "s3:GetObject"), ("put_object", "s3:PutObject")];

#[test]
fn the_role_may_what_the_cache_calls() {
    let mut calls = BTreeSet::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cache/s3")).unwrap() {
        let code = fs::read_to_string(entry.unwrap().path()).unwrap();
        let after = code.split("client().await.").skip(1);
        calls.extend(after.map(|call| call.split('(').next().unwrap().to_owned()));
    }
    let needed: BTreeSet<&str> = calls
        .iter()
        .map(|call| RIGHTS.iter().find(|(known, _)| known == call).unwrap_or_else(|| panic!("{call} needs a right")).1)
        .collect();
    let template = template();
    let policy = &properties(&template, "Role")["Policies"][0]["PolicyDocument"]["Statement"];
    let tiles = json!({ "Fn::Sub": "${Bucket.Arn}/${Prefix}/*" });
    assert_eq!(texts(&policy[0]["Action"]), needed);
    assert_eq!(policy[0]["Resource"], tiles);
    // No call lists; the right makes a get of what is not there a 404.
    assert_eq!(
        (&policy[1]["Action"], &policy[1]["Resource"]),
        (&json!("s3:ListBucket"), &json!({ "Fn::GetAtt": "Bucket.Arn" }))
    );
    assert_eq!(policy[1]["Condition"], json!({ "StringLikeIfExists": { "s3:prefix": { "Fn::Sub": "${Prefix}/*" } } }));
    let public = &policy[2]["Fn::If"];
    assert_eq!((&public[0], &public[2]), (&json!("IsPublicRead"), &json!({ "Ref": "AWS::NoValue" })));
    assert_eq!((&public[1]["Action"], &public[1]["Resource"]), (&json!("s3:PutObjectAcl"), &tiles));
    assert_eq!(policy.as_array().unwrap().len(), 3);
}

/// The function's environment, as CloudFormation would set it.
fn environment(template: &Value, given: &[(&str, &str)]) -> Vec<(String, String)> {
    let variables = properties(template, "Function")["Environment"]["Variables"].as_object().unwrap();
    let resolved = |value| resolve(template, value, given);
    variables.iter().filter_map(|(name, value)| Some((name.clone(), resolved(value)?))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function_starts_with_the_templates_environment() {
    let server = s3_server::start(&["tiles"]).await;
    let template = template();
    let url = "https://d111111abcdef8.cloudfront.net";
    let references = [("Bucket", "tiles"), ("AWS::Region", "us-east-1"), ("Source", "sample"), ("PublicUrl", url)];
    for (public, acl) in [("false", None), ("true", Some("public-read"))] {
        let prefix = format!("maps/{public}");
        let given = [&references[..], &[("PublicRead", public), ("Prefix", &prefix)]].concat();
        let mut variables = environment(&template, &given);
        for (name, value) in &mut variables {
            if name == "RASTERZEN_S3_DSN" {
                // Where S3 is, for this test.
                *value += &format!(" endpoint={} path_style=true", server.endpoint());
            }
        }
        // What a role gives.
        let role = [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)];
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(role).collect();
        let lambda = block_in_place(|| Lambda::start(&variables));
        let ask = |target: &str| block_in_place(|| invoke(&lambda, &event("rest-execute-api", "GET", target)));
        assert_eq!(ask("/png/3/4/2.png").media_type(), "image/png");
        let key = format!("{prefix}/png/3/4/2.png");
        assert!(server.objects("tiles").contains(&key), "{:?}", server.objects("tiles"));
        let puts = server.requests().into_iter().filter(|r| r.method == "PUT" && r.path.ends_with(&key));
        assert_eq!(
            puts.map(|put| put.header("x-amz-acl").map(str::to_owned)).collect::<Vec<_>>(),
            [acl.map(str::to_owned)]
        );
        assert_eq!(ask("/tilejson.json").json()["tiles"], json!([format!("{url}/png/{{z}}/{{x}}/{{y}}.png")]));
        // What the metric filter counts: a number of that name in a line of the log.
        assert_eq!(properties(&template, "ServerErrorCount")["FilterPattern"], "{ $.status >= 500 }");
        let lines = lambda.logs();
        let statuses = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["status"].as_u64());
        assert_eq!(statuses.collect::<Vec<_>>(), [200, 200], "{lines}");
    }
}

#[test]
fn a_key_comes_from_one_place_or_from_callers() {
    let template = template();
    let key = |given: &[(&str, &str)]| {
        let given = [&[("Bucket", "tiles"), ("AWS::Region", "eu-central-1")], given].concat();
        environment(&template, &given).into_iter().find(|(name, _)| name == "NEXTZEN_API_KEY").map(|(_, value)| value)
    };
    assert_eq!(key(&[]), None);
    assert_eq!(key(&[("ApiKeyParameter", "/maps/key")]).as_deref(), Some("{{resolve:ssm:/maps/key}}"));
    assert_eq!(
        key(&[("ApiKeySecret", "maps/key")]).as_deref(),
        Some("{{resolve:secretsmanager:maps/key:SecretString}}")
    );
    // Without either, and without a caller's, there is no tile.
    let variables = environment(&template, &[("Bucket", "tiles"), ("AWS::Region", "eu-central-1")]);
    let source = variables.iter().find(|(name, _)| name == "RASTERZEN_SOURCE").unwrap();
    let lambda = Lambda::start(&[("RASTERZEN_SOURCE", &source.1)]);
    let answer = invoke(&lambda, &with_header(event("rest-execute-api", "GET", "/png/3/4/2.png"), "Accept", &[]));
    assert_eq!(answer.status, 401, "{}", answer.raw);
}
