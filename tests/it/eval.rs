//! `rasterzen style eval`: the hand-written cases of every operator, and lines that are no cases.
//!
//! That the cases' values are the official package's is tested beside them (`tests/style-spec`).

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// What the command answers to these lines.
fn eval(lines: &[String]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rasterzen"))
        .args(["style", "eval"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    let mut input = child.stdin.take().expect("stdin");
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    // From a thread of its own: answers come while lines are written.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).expect("lines"));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a writer");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

/// Whether two answers agree to 6 significant digits.
fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().expect("a number"), b.as_f64().expect("a number"));
            (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| agree(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn every_operator_gives_what_was_written_down_for_it() {
    let cases: Vec<Value> = include_str!("../style-spec/operators.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let answers = eval(&cases.iter().map(|case| case["case"].to_string()).collect::<Vec<_>>());
    assert_eq!(answers.len(), cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .zip(&answers)
        .filter(|(case, answer)| !agree(&case["expected"], answer))
        .map(|(case, answer)| format!("{} gives {answer}, not {}", case["case"]["expression"], case["expected"]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_and_filters_are_read_as_such() {
    let feature = json!({"properties": {"n": 5, "kind": "park"}, "id": 7});
    let number = json!({"type": "number"});
    for (line, expected) in [
        (
            json!({"expression": {"property": "n", "stops": [[0, 0], [10, 20]]}, "spec": number}),
            json!({"type": "number", "value": 10}),
        ),
        (
            json!({"expression": {"property": "m", "stops": [[0, 0]], "default": 3}, "spec": number}),
            json!({"type": "number", "value": 3}),
        ),
        // Not the default, but why there is no value.
        (
            json!({"expression": {"property": "kind", "type": "exponential", "stops": [[0, 0], [1, 1]]}, "spec": number}),
            json!({"error": "Expected value to be of type number, but found string instead."}),
        ),
        (
            json!({"expression": {"type": "interval", "stops": [[0, "{kind}"]]}, "zoom": 3,
                "spec": {"type": "string", "tokens": true}}),
            json!({"type": "string", "value": "park"}),
        ),
        (json!({"expression": ["==", "kind", "park"], "filter": true}), json!({"type": "boolean", "value": true})),
        (json!({"expression": ["in", "$id", 1, 7], "filter": true}), json!({"type": "boolean", "value": true})),
        (
            json!({"expression": ["==", "$type", 5], "filter": true}),
            json!({"error": "Expected string but found number instead.", "key": "[1]"}),
        ),
        (
            json!({"expression": ["get", "n"], "filter": true}),
            json!({"error": "Expected value to be of type boolean, but found number instead."}),
        ),
        // What the property does not accept.
        (
            json!({"expression": ["get", "n"], "spec": {"property-type": "data-constant"}}),
            json!({"error": "data expressions not supported", "key": ""}),
        ),
        (
            json!({"expression": ["step", ["zoom"], 1, 2, 3], "spec": {"expression": {"parameters": ["feature"]}}}),
            json!({"error": "zoom expressions not supported", "key": ""}),
        ),
    ] {
        let mut line = line;
        line["feature"] = feature.clone();
        assert_eq!(eval(&[line.to_string()]), [expected], "{line}");
    }
}

#[test]
fn whatever_the_line_there_is_one_answer_in_its_place() {
    let deep =
        |before: &str, after: &str| format!(r#"{{"expression": {}1{}}}"#, before.repeat(10_000), after.repeat(10_000));
    let right = r#"{"expression": ["+", 1, 2]}"#.to_string();
    let lines = [
        ("nothing", String::new()),
        ("words", "what is this".into()),
        ("half a line", r#"{"expression": ["+", 1"#.into()),
        ("two", r#"{"expression": 1} {"expression": 2}"#.into()),
        ("an array", "[1]".into()),
        ("null", "null".into()),
        ("no expression", "{}".into()),
        ("10,000 arrays", deep("[", "]")),
        ("10,000 operators", deep(r#"["!", "#, "]")),
        ("10,000 objects", deep(r#"{"a": "#, "}")),
        ("100 operators", format!(r#"{{"expression": {}true{}}}"#, r#"["!", "#.repeat(100), "]".repeat(100))),
        ("5 MB", format!(r#"{{"expression": "{}"}}"#, "x".repeat(5_000_000))),
        ("a number too large", r#"{"expression": 1e999}"#.into()),
        ("half a character", r#"{"expression": "\ud800"}"#.into()),
        ("an unknown operator", r#"{"expression": ["frobnicate"]}"#.into()),
    ];
    let mut sent = Vec::new();
    for (_, line) in &lines {
        sent.extend([line.clone(), right.clone()]);
    }
    let answers = eval(&sent);
    assert_eq!(answers.len(), sent.len());
    for ((what, _), answer) in lines.iter().zip(answers.chunks(2)) {
        assert!(answer[0]["error"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {}", answer[0]);
        assert_eq!(answer[1], json!({"type": "number", "value": 3}), "after {what}");
    }
    // What is no number in JSON is null, as ECMAScript writes it.
    let answers = eval(&[r#"{"expression": ["/", 0, 0]}"#.into(), r#"{"expression": ["/", -1, 0]}"#.into()]);
    assert_eq!(answers, [json!({"type": "number", "value": null}), json!({"type": "number", "value": null})]);
}

/// Expressions that would take forever, or all memory, if evaluated as they are written.
#[test]
fn what_doubles_at_each_step_ends_soon() {
    let nested = |innermost: &str, step: &dyn Fn(usize, &str) -> String| {
        (0..55).rev().fold(innermost.to_string(), |inner, i| step(i, &inner))
    };
    let doubling = |make: &str| {
        nested(&format!(r#"["length", {}]"#, make.replace('x', "v54")), &|i, inner| {
            let value = match i {
                0 => r#"["get", "a"]"#.to_string(),
                _ => make.replace('x', &format!("v{}", i - 1)),
            };
            format!(r#"["let", "v{i}", {value}, {inner}]"#)
        })
    };
    let filter = nested(r#"["==", 1, "a"]"#, &|_, inner| format!(r#"["all", {inner}, true]"#));
    for (line, is_error) in [
        (format!(r#"{{"expression": {}}}"#, doubling(r#"["concat", ["var", "x"], ["var", "x"]]"#)), true),
        (
            format!(
                r#"{{"expression": {}}}"#,
                doubling(r#"["to-string", ["semiliteral", [["var", "x"], ["var", "x"]]]]"#)
            ),
            true,
        ),
        (format!(r#"{{"expression": {}}}"#, doubling(r#"["semiliteral", [["var", "x"], ["var", "x"]]]"#)), false),
        (format!(r#"{{"expression": {filter}, "filter": true}}"#), true),
    ] {
        let with_feature = line.trim_end_matches('}').to_string() + r#", "feature": {"properties": {"a": "text"}}}"#;
        let answer = &eval(&[with_feature])[0];
        assert_eq!(answer.get("error").is_some(), is_error, "{answer}");
    }
}
