//! Styles: what expressions, filters and functions give, against the values that the reference implementation of the
//! MapLibre Style Spec gives; what is warned of and what is refused, each with its place in the document.

use crate::tile_writer::{self, Layer as TileLayer, tile};
use rasterzen::error::{Code, Error};
use rasterzen::mvt;
use rasterzen::style::color::Color;
use rasterzen::style::expression::{Context, ParseError, Type, Value, parse, parse_filter};
use rasterzen::style::{BUNDLED, Cap, Kind, Style};
use serde_json::{Value as Json, json};
use std::panic::catch_unwind;

/// The feature that everything here is evaluated for, as the only one of a tile.
fn features() -> mvt::Tile {
    let feature = tile_writer::Feature::line(&[[0, 0], [9, 9]])
        .id(7)
        .tag("s", "text")
        .tag("n", 5)
        .tag("neg", -2.5)
        .tag("t", true)
        .tag("f", false)
        .tag("num", "12.5")
        .tag("kind", "park")
        .tag("col", "#ff0000");
    mvt::Tile::parse(tile(&[TileLayer::new("a").with(feature)])).expect("a tile")
}

fn first(tile: &mvt::Tile) -> mvt::Feature<'_> {
    tile.layer("a").expect("a layer").features().next().expect("a feature")
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A value, short enough for a table.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(n) => n.to_string(),
        Value::Color(c) => color_text(*c),
        Value::String(text) => format!("{text:?}"),
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(map) => format!("object of {}", map.len()),
        other => other.to_json().expect("JSON"),
    }
}

/// Red, green, blue and alpha to three decimals, not premultiplied.
fn color_text(c: Color) -> String {
    let rounded = [c.r, c.g, c.b, c.a].map(|channel| ((channel * 1000.0).round() / 1000.0).to_string());
    format!("color {}", rounded.join(" "))
}

/// What an expression gives at zoom 6: a value, `error` (there is none, or none can ever be), or `unknown`.
fn given(text: &str, expected: &Option<Type>) -> String {
    let result = parse(&json(text), expected.as_ref()).map(|expression| {
        let tile = features();
        let feature = first(&tile);
        let context = Context::new(6.0, Some(&feature));
        let value = expression.evaluate(&context);
        // What is quick gives the same.
        let compiled = expression.compiled();
        assert_eq!(format!("{:?}", compiled.evaluate(&context)), format!("{value:?}"), "{text}");
        assert_eq!(format!("{:?}", compiled.at_zoom(6.0).evaluate(&context)), format!("{value:?}"), "{text}");
        value
    });
    match result {
        Ok(Ok(value)) => shown(&value),
        Ok(Err(error)) => {
            assert!(!error.to_string().is_empty());
            "error".into()
        }
        Err(ParseError { unknown: true, .. }) => "unknown".into(),
        Err(ParseError { message, .. }) => {
            assert!(!message.is_empty());
            "error".into()
        }
    }
}

fn check(expected: Option<Type>, table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(expression, wanted)| (expression, wanted, given(expression, &expected)))
        .filter(|(_, wanted, found)| *wanted != found)
        .map(|(expression, wanted, found)| format!("{expression} gives {found}, not {wanted}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn operators_give_what_the_style_spec_says() {
    let table = [
        // Literals and lookups.
        (r#""a""#, r#""a""#),
        ("1.5", "1.5"),
        ("null", "null"),
        (r#"["literal", [1, "a"]]"#, r#"[1,"a"]"#),
        (r#"["literal", {"a": 1}]"#, "object of 1"),
        (r#"["literal"]"#, "error"),
        (r#"["get", "n"]"#, "5"),
        (r#"["get", "s"]"#, r#""text""#),
        (r#"["get", "missing"]"#, "null"),
        (r#"["get", ["concat", "", "s"]]"#, r#""text""#),
        (r#"["get", 5]"#, "error"),
        (r#"["get"]"#, "error"),
        (r#"["get", "n", ["literal", {"n": 9}]]"#, "9"),
        (r#"["get", "n", ["literal", {}]]"#, "null"),
        (r#"["get", "n", ["get", "s"]]"#, "error"),
        (r#"["has", "n"]"#, "true"),
        (r#"["has", "missing"]"#, "false"),
        (r#"["has", ["get", "kind"]]"#, "false"),
        (r#"["has", "n", ["literal", {"n": null}]]"#, "true"),
        (r#"["at", 1, ["literal", [1, 2]]]"#, "2"),
        (r#"["at", 2, ["literal", [1, 2]]]"#, "error"),
        (r#"["at", -1, ["literal", [1, 2]]]"#, "error"),
        (r#"["at", 0.5, ["literal", [1, 2]]]"#, "error"),
        (r#"["at", 0, "text"]"#, "error"),
        (r#"["in", "ex", ["get", "s"]]"#, "true"),
        (r#"["in", "x", ["get", "missing"]]"#, "false"),
        (r#"["in", "", ["get", "s"]]"#, "true"),
        (r#"["in", 2, ["literal", [1, 2]]]"#, "true"),
        (r#"["in", "2", ["literal", [1, 2]]]"#, "false"),
        (r#"["in", 5, "12345"]"#, "true"),
        (r#"["in", ["get", "missing"], ["literal", ["a"]]]"#, "false"),
        (r#"["in", "a", ["get", "n"]]"#, "error"),
        (r#"["length", ["get", "s"]]"#, "4"),
        (r#"["length", ["literal", [1, 2, 3]]]"#, "3"),
        (r#"["length", ["get", "n"]]"#, "error"),
        (r#"["id"]"#, "7"),
        (r#"["geometry-type"]"#, r#""LineString""#),
        (r#"["zoom"]"#, "6"),
        (r#"["zoom", 1]"#, "error"),
        (r#"["properties"]"#, "object of 8"),
        // Decisions.
        (r#"["case", ["get", "t"], 1, 2]"#, "1"),
        (r#"["case", ["get", "f"], 1, ["get", "t"], 2, 3]"#, "2"),
        (r#"["case", false, 1, 2]"#, "2"),
        (r#"["case", ["get", "missing"], 1, 2]"#, "error"),
        (r#"["case", ["get", "n"], 1, 2]"#, "error"),
        (r#"["case", true, 1]"#, "error"),
        (r#"["match", ["get", "n"], 5, "five", 6, "six", "other"]"#, r#""five""#),
        (r#"["match", ["get", "s"], ["a", "text"], "hit", "other"]"#, r#""hit""#),
        (r#"["match", ["get", "missing"], "a", 1, 2]"#, "2"),
        (r#"["match", ["get", "neg"], -2, 1, 2]"#, "2"),
        (r#"["match", ["get", "t"], "true", 1, 2]"#, "2"),
        (r#"["match", ["get", "n"], "5", 1, 2]"#, "2"),
        (r#"["match", ["get", "neg"], -2.5, 1, 2]"#, "error"),
        (r#"["match", ["get", "s"], "a", 1, "a", 2, 3]"#, "error"),
        (r#"["match", ["get", "s"], "a", 1]"#, "error"),
        (r#"["coalesce", ["get", "missing"], ["get", "n"], 9]"#, "5"),
        (r#"["coalesce", ["get", "missing"]]"#, "null"),
        (r#"["coalesce", ["number", ["get", "s"]], 3]"#, "error"),
        (r#"["==", ["get", "n"], 5]"#, "true"),
        (r#"["==", ["get", "n"], "5"]"#, "false"),
        (r#"["!=", ["get", "n"], "5"]"#, "true"),
        (r#"["==", ["get", "missing"], null]"#, "true"),
        (r#"["==", "text", ["get", "s"]]"#, "true"),
        (r#"["==", ["get", "missing"], "a"]"#, "false"),
        (r#"["!=", ["get", "missing"], "a"]"#, "true"),
        (r#"["<", ["get", "n"], 6]"#, "true"),
        (r#"["<", ["get", "n"], 5]"#, "false"),
        (r#"["<=", ["get", "n"], 5]"#, "true"),
        (r#"[">", ["get", "s"], "tex"]"#, "true"),
        (r#"["<", "a", "B"]"#, "false"),
        (r#"["<", ["get", "s"], 6]"#, "error"),
        (r#"[">=", ["get", "missing"], 1]"#, "error"),
        (r#"["<", ["get", "t"], true]"#, "error"),
        (r#"["<", 1]"#, "error"),
        (r#"["all"]"#, "true"),
        (r#"["any"]"#, "false"),
        (r#"["all", ["get", "t"], ["get", "f"]]"#, "false"),
        (r#"["all", ["get", "f"], ["get", "n"]]"#, "false"),
        (r#"["all", ["get", "t"], ["get", "n"]]"#, "error"),
        (r#"["any", ["get", "t"], ["get", "n"]]"#, "true"),
        (r#"["any", ["get", "f"], ["get", "n"]]"#, "error"),
        (r#"["!", ["get", "f"]]"#, "true"),
        (r#"["!", ["get", "n"]]"#, "error"),
        // Ramps.
        (r#"["step", ["zoom"], "a", 5, "b", 10, "c"]"#, r#""b""#),
        (r#"["step", ["get", "n"], "a", 5, "b"]"#, r#""b""#),
        (r#"["step", 4.999, "a", 5, "b"]"#, r#""a""#),
        (r#"["step", ["get", "missing"], "a", 5, "b"]"#, "error"),
        (r#"["step", ["zoom"], "a", 5, "b", 5, "c"]"#, "error"),
        (r#"["interpolate", ["linear"], ["get", "n"], 0, 0, 10, 100]"#, "50"),
        (r#"["interpolate", ["linear"], ["get", "n"], 10, 1, 20, 2]"#, "1"),
        (r#"["interpolate", ["linear"], ["get", "n"], 0, 1, 2, 3]"#, "3"),
        (r#"["interpolate", ["linear"], ["get", "n"], 0, 1, 5, 3, 6, 4]"#, "3"),
        (r#"["interpolate", ["exponential", 1], ["get", "n"], 0, 0, 10, 100]"#, "50"),
        (r#"["interpolate", ["exponential", 2], ["get", "n"], 0, 0, 10, 100]"#, "3.0303030303030303"),
        (r#"["interpolate", ["linear"], ["get", "missing"], 0, 0, 10, 100]"#, "error"),
        (r#"["interpolate", ["linear"], 5, 0, ["literal", [0, 10]], 10, ["literal", [10, 0]]]"#, "[5,5]"),
        (r#"["interpolate", ["linear"], 5, 10, 0, 0, 10]"#, "error"),
        (r#"["interpolate", ["linear"], 5, 0, 0, 10]"#, "error"),
        (r#"["interpolate", ["exponential", "2"], 5, 0, 0, 10, 1]"#, "error"),
        // Arithmetic.
        (r#"["+", 1, 2, 3]"#, "6"),
        (r#"["*", 2, 3, 4]"#, "24"),
        (r#"["*"]"#, "1"),
        (r#"["-", 5]"#, "-5"),
        (r#"["-", 5, 7]"#, "-2"),
        (r#"["/", 1, 4]"#, "0.25"),
        (r#"["%", -5, 3]"#, "-2"),
        (r#"["^", 2, 10]"#, "1024"),
        (r#"["min", 3, 1, 2]"#, "1"),
        (r#"["max", 3, 1, 2]"#, "3"),
        (r#"["round", -1.5]"#, "-2"),
        (r#"["round", 2.5]"#, "3"),
        (r#"["ceil", -1.5]"#, "-1"),
        (r#"["floor", -1.5]"#, "-2"),
        (r#"["abs", ["get", "neg"]]"#, "2.5"),
        (r#"["sqrt", 9]"#, "3"),
        (r#"["log2", 8]"#, "3"),
        (r#"["ln", ["e"]]"#, "1"),
        (r#"["pi"]"#, "3.141592653589793"),
        (r#"["ln2"]"#, "0.6931471805599453"),
        (r#"["+", 1, ["get", "s"]]"#, "error"),
        (r#"["+", 1, ["get", "missing"]]"#, "error"),
        (r#"["-", 1, 2, 3]"#, "error"),
        (r#"["/", 1]"#, "error"),
        // Types.
        (r#"["number", ["get", "s"], ["get", "n"]]"#, "5"),
        (r#"["number", ["get", "s"]]"#, "error"),
        (r#"["string", ["get", "n"], "d"]"#, r#""d""#),
        (r#"["boolean", ["get", "n"], true]"#, "true"),
        (r#"["array", ["literal", [1]]]"#, "[1]"),
        (r#"["array", ["get", "n"]]"#, "error"),
        (r#"["object", ["properties"]]"#, "object of 8"),
        (r#"["object", ["get", "n"]]"#, "error"),
        (r#"["typeof", ["get", "n"]]"#, r#""number""#),
        (r#"["typeof", ["get", "missing"]]"#, r#""null""#),
        (r#"["typeof", ["to-color", "red"]]"#, r#""color""#),
        (r#"["typeof", ["literal", {}]]"#, r#""object""#),
        (r#"["to-boolean", ""]"#, "false"),
        (r#"["to-boolean", "0"]"#, "true"),
        (r#"["to-boolean", 0]"#, "false"),
        (r#"["to-boolean", ["get", "missing"]]"#, "false"),
        (r#"["to-boolean", ["literal", []]]"#, "true"),
        (r#"["to-number", ["get", "num"]]"#, "12.5"),
        (r#"["to-number", " 12 "]"#, "12"),
        (r#"["to-number", ""]"#, "0"),
        (r#"["to-number", "1e3"]"#, "1000"),
        (r#"["to-number", "+5"]"#, "5"),
        (r#"["to-number", true]"#, "1"),
        (r#"["to-number", ["get", "missing"], 3]"#, "0"),
        (r#"["to-number", "abc", ["get", "n"]]"#, "5"),
        (r#"["to-number", "nan", 4]"#, "4"),
        (r#"["to-number", "inf"]"#, "error"),
        (r#"["to-number", "1_0"]"#, "error"),
        (r#"["to-string", 1.5]"#, r#""1.5""#),
        (r#"["to-string", true]"#, r#""true""#),
        (r#"["to-string", ["get", "missing"]]"#, r#""""#),
        (r#"["to-string", ["literal", [1, "a", null]]]"#, r#""[1,\"a\",null]""#),
        (r#"["to-string", ["literal", {"a": 1.5}]]"#, r#""{\"a\":1.5}""#),
        (r#"["to-string", ["rgba", 255, 0, 0, 0.5]]"#, r#""rgba(255,0,0,0.5)""#),
        (r#"["to-color", "red"]"#, "color 1 0 0 1"),
        // The reference implementation takes an array's channels for multiplied by alpha already.
        (r#"["to-color", ["literal", [255, 0, 0, 0.5]]]"#, "color 2 0 0 0.5"),
        (r#"["to-color", ["get", "missing"], "blue"]"#, "color 0 0 1 1"),
        (r#"["to-color", ["get", "n"]]"#, "error"),
        (r#"["to-color", ["literal", [256, 0, 0]]]"#, "error"),
        (r#"["rgb", 255, 51, 0]"#, "color 1 0.2 0 1"),
        (r#"["rgba", 255, 51, 0, 0.5]"#, "color 1 0.2 0 0.5"),
        (r#"["rgb", 300, 0, 0]"#, "error"),
        (r#"["rgba", 0, 0, 0, 2]"#, "error"),
        (r#"["rgb", 0, 0]"#, "error"),
        // Texts.
        (r#"["concat", "a", ["get", "n"], ["get", "t"], ["get", "missing"]]"#, r#""a5true""#),
        (r#"["concat"]"#, r#""""#),
        (r#"["upcase", "straße é"]"#, r#""STRASSE É""#),
        (r#"["downcase", "ÀB"]"#, r#""àb""#),
        (r#"["upcase", ["get", "n"]]"#, "error"),
        // What is no expression, and what may be one elsewhere.
        ("[]", "error"),
        ("[1, 2]", "error"),
        ("{}", "error"),
        (r#"["frobnicate", 1]"#, "unknown"),
        (r#"["case", true, ["frobnicate"], 1]"#, "unknown"),
    ];
    check(None, &table);
}

#[test]
fn where_a_colour_is_wanted_texts_are_colours() {
    let table = [
        (r#""red""#, "color 1 0 0 1"),
        (r#""RED""#, "color 1 0 0 1"),
        (r##""#f00""##, "color 1 0 0 1"),
        (r##""#0f08""##, "color 0 1 0 0.533"),
        (r##""#00ff00""##, "color 0 1 0 1"),
        (r##""#00ff0080""##, "color 0 1 0 0.502"),
        (r#""rgb(50%, 0%, 0%)""#, "color 0.5 0 0 1"),
        (r#""rgba(255, 0, 0, 0.5)""#, "color 1 0 0 0.5"),
        (r#""rgb(255 0 0 / 50%)""#, "color 1 0 0 0.5"),
        (r#""hsl(120, 100%, 50%)""#, "color 0 1 0 1"),
        (r#""hsl(480, 100%, 25%)""#, "color 0 0.5 0 1"),
        (r#""hsla(0, 100%, 50%, 0.5)""#, "color 1 0 0 0.5"),
        (r#""rebeccapurple""#, "color 0.4 0.2 0.6 1"),
        (r#""transparent""#, "color 0 0 0 0"),
        (r##""#ggg""##, "error"),
        (r#""""#, "error"),
        (r#""colour""#, "error"),
        (r#"["get", "col"]"#, "color 1 0 0 1"),
        (r#"["get", "n"]"#, "error"),
        (r#"["get", "missing"]"#, "error"),
        (r#"["literal", "red"]"#, "color 1 0 0 1"),
        (r#"["case", ["get", "t"], ["get", "col"], "blue"]"#, "color 1 0 0 1"),
        (r#"["match", ["get", "kind"], "park", "lime", "blue"]"#, "color 0 1 0 1"),
        (r#"["match", ["get", "kind"], "wood", "lime", ["get", "col"]]"#, "color 1 0 0 1"),
        (r#"["step", ["zoom"], "lime", 6, ["get", "col"]]"#, "color 1 0 0 1"),
        (r#"["coalesce", ["get", "col"], "blue"]"#, "color 1 0 0 1"),
        (r##"["concat", "#", "00", "ff00"]"##, "color 0 1 0 1"),
        (r#"["interpolate", ["linear"], ["zoom"], 4, "red", 8, "blue"]"#, "color 0.5 0 0.5 1"),
        (r#"["interpolate", ["linear"], ["zoom"], 6, ["get", "col"], 8, "blue"]"#, "color 1 0 0 1"),
        (r#"["case", ["get", "t"], "colour", "blue"]"#, "error"),
    ];
    check(Some(Type::Color), &table);
}

#[test]
fn a_missing_colour_is_passed_over_by_coalesce() {
    check(
        Some(Type::Color),
        &[
            (r#"["coalesce", ["get", "missing"], "blue"]"#, "color 0 0 1 1"),
            (r#"["case", ["get", "t"], ["coalesce", ["get", "missing"], ["get", "col"]], "blue"]"#, "color 1 0 0 1"),
        ],
    );
}

#[test]
fn colours_are_mixed_as_maplibre_mixes_them() {
    // Channels by themselves, alpha beside them: fading in from transparent red goes through purple.
    let fade = r#"["interpolate", ["linear"], ["zoom"], 4, "rgba(255, 0, 0, 0)", 8, "rgba(0, 0, 255, 1)"]"#;
    check(Some(Type::Color), &[(fade, "color 0.5 0 0.5 0.5")]);
}

#[test]
fn numbers_and_texts_turn_into_each_other_as_in_ecmascript() {
    check(
        None,
        &[
            (r#"["to-number", "0x10"]"#, "16"),
            (r#"["to-number", "Infinity"]"#, "inf"),
            (r#"["to-string", 1e21]"#, r#""1e+21""#),
            (r#"["to-string", 1e-7]"#, r#""1e-7""#),
            (r#"["to-string", ["/", 1, 0]]"#, r#""Infinity""#),
            (r#"["to-string", ["*", -1, 0]]"#, r#""0""#),
            (r#"["to-string", ["+"]]"#, r#""0""#),
            (r#"["length", "🗺a"]"#, "2"),
        ],
    );
}

#[test]
fn arrays_have_a_type_and_a_length() {
    check(
        None,
        &[
            (r#"["array", "number", ["literal", [1, 2]]]"#, "[1,2]"),
            (r#"["array", "number", 2, ["literal", [1, 2]]]"#, "[1,2]"),
            (r#"["array", "string", ["literal", [1, 2]]]"#, "error"),
            (r#"["array", "number", 3, ["literal", [1, 2]]]"#, "error"),
            (r#"["typeof", ["literal", [1, 2]]]"#, r#""array<number, 2>""#),
            (r#"["typeof", ["literal", ["a", 1]]]"#, r#""array<value, 2>""#),
        ],
    );
}

#[test]
fn filters_of_both_syntaxes_pick_the_same_features_as_maplibre() {
    let cases = [
        (r#"["==", "n", 5]"#, true),
        (r#"["==", "n", "5"]"#, false),
        (r#"["!=", "n", "5"]"#, true),
        (r#"["!=", "missing", 5]"#, true),
        (r#"["==", "missing", 5]"#, false),
        (r#"["==", "t", true]"#, true),
        (r#"["==", "t", "true"]"#, false),
        (r#"["<", "n", 6]"#, true),
        (r#"["<", "n", 5]"#, false),
        (r#"["<=", "n", 5]"#, true),
        (r#"[">", "n", 5]"#, false),
        (r#"[">=", "n", 5]"#, true),
        (r#"["<", "s", 6]"#, false),
        (r#"[">", "s", 6]"#, false),
        (r#"["<", "s", "u"]"#, true),
        (r#"[">=", "missing", 0]"#, false),
        (r#"["<", "missing", 0]"#, false),
        (r#"["in", "kind", "a", "park"]"#, true),
        (r#"["in", "n", 5, "x"]"#, true),
        (r#"["in", "n", "5"]"#, false),
        (r#"["in", "missing", "a"]"#, false),
        (r#"["in", "kind"]"#, false),
        (r#"["!in", "kind", "park"]"#, false),
        (r#"["!in", "missing", "a"]"#, true),
        (r#"["has", "n"]"#, true),
        (r#"["has", "missing"]"#, false),
        (r#"["!has", "missing"]"#, true),
        (r#"["!has", "n"]"#, false),
        (r#"["all"]"#, true),
        (r#"["any"]"#, false),
        (r#"["none"]"#, true),
        (r#"["all", ["==", "n", 5], ["has", "s"]]"#, true),
        (r#"["all", ["==", "n", 5], ["has", "missing"]]"#, false),
        (r#"["any", ["==", "n", 6], ["has", "s"]]"#, true),
        (r#"["any", ["==", "n", 6], ["has", "missing"]]"#, false),
        (r#"["none", ["==", "n", 6], ["has", "missing"]]"#, true),
        (r#"["none", ["==", "n", 5], ["has", "missing"]]"#, false),
        (r#"["all", ["any", ["==", "n", 6], ["none", ["has", "missing"]]], ["!=", "n", 6]]"#, true),
        (r#"["==", "$type", "LineString"]"#, true),
        (r#"["==", "$type", "Polygon"]"#, false),
        (r#"["!=", "$type", "Polygon"]"#, true),
        (r#"["in", "$type", "Point", "LineString"]"#, true),
        (r#"["has", "$type"]"#, true),
        (r#"["==", "$id", 7]"#, true),
        (r#"["==", "$id", 8]"#, false),
        (r#"["in", "$id", 7, 8]"#, true),
        (r#"["has", "$id"]"#, true),
        (r#"["!has", "$id"]"#, false),
        // Expressions.
        ("true", true),
        ("false", false),
        (r#"["==", ["get", "n"], 5]"#, true),
        (r#"["all", ["==", ["get", "n"], 5], ["has", "s"]]"#, true),
        (r#"["all", ["==", ["geometry-type"], "LineString"], ["<", ["zoom"], 7]]"#, true),
        (r#"["in", ["get", "kind"], ["literal", ["park", "wood"]]]"#, true),
        (r#"["in", "kind", ["literal", ["park"]]]"#, false),
        (r#"["in", "ex", ["get", "s"]]"#, true),
        (r#"["!", ["has", "missing"]]"#, true),
        (r#"["match", ["get", "kind"], ["park", "wood"], true, false]"#, true),
        // What has no value, or none that is a truth, lets nothing through.
        (r#"["<", ["get", "s"], 5]"#, false),
        (r#"["any", ["<", ["get", "s"], 5], true]"#, false),
        (r#"["get", "n"]"#, false),
        (r#"["get", "t"]"#, true),
        (r#"["get", "missing"]"#, false),
    ];
    let tile = features();
    let feature = first(&tile);
    let context = Context::new(6.0, Some(&feature));
    for (filter, wanted) in cases {
        let parsed = parse_filter(&json(filter)).unwrap_or_else(|e| panic!("{filter}: {e:?}")).expression;
        assert_eq!(matches!(parsed.evaluate(&context), Ok(Value::Bool(true))), wanted, "{filter}");
        // And as a style has it.
        let style = style_of(&json!({"type": "line", "filter": json(filter)})).expect(filter);
        assert_eq!(style.layers[0].filter(6.0).accepts(&first(&tile)), wanted, "{filter}");
    }
    for filter in
        ["5", r#""a""#, "{}", "[]", "[5]", r#"["==", "n"]"#, r#"["has"]"#, r#"["==", 5, "n"]"#, r#"["all", 5]"#]
    {
        let Err(error) = parse_filter(&json(filter)) else { panic!("{filter} is accepted") };
        assert!(!error.unknown && !error.message.is_empty(), "{filter}: {error:?}");
    }
    assert!(matches!(parse_filter(&json!(["frobnicate", "n", 5])), Err(ParseError { unknown: true, .. })));
}

/// A style of one layer with the rest filled in.
fn style_of(layer: &Json) -> Result<Style, Error> {
    let mut full = json!({"id": "a", "type": "fill", "source": "s", "source-layer": "a"});
    for (key, value) in layer.as_object().expect("an object") {
        full[key] = value.clone();
    }
    style_of_layers(&json!([full]))
}

fn style_of_layers(layers: &Json) -> Result<Style, Error> {
    let sources = json!({"s": {"type": "vector"}, "r": {"type": "raster", "tiles": ["https://example.org/{z}"]}});
    Style::parse("test", &json!({"version": 8, "sources": sources, "layers": layers}).to_string())
}

/// What a property of a line layer gives for the feature: width, colour or cap, by its name.
fn line_property(name: &str, value: &str, zoom: f64) -> String {
    let part = if name == "line-cap" { "layout" } else { "paint" };
    let style = style_of(&json!({"type": "line", part: {name: json(value)}}));
    let style = style.unwrap_or_else(|e| panic!("{value}: {e}"));
    assert_eq!(style.warnings, [], "{value}");
    let Kind::Line(line) = &style.layers[0].kind else { panic!("not a line") };
    let tile = features();
    let feature = &first(&tile);
    match name {
        "line-color" => color_text(line.color.at(zoom).of(feature)),
        "line-cap" => format!("{:?}", line.cap.at(zoom).of(feature)),
        "line-dasharray" => format!("{:?}", line.dasharray.as_ref().expect("dashes").at(zoom).of(feature)),
        _ => line.width.at(zoom).of(feature).to_string(),
    }
}

#[test]
fn properties_follow_functions_and_fall_back_to_defaults() {
    let (width, color, cap, dashes) = ("line-width", "line-color", "line-cap", "line-dasharray");
    for (name, value, zoom, wanted) in [
        (width, r#"{"stops": [[5, 1], [10, 2]]}"#, 7.5, "1.5"),
        (width, r#"{"stops": [[5, 1], [10, 2]]}"#, 0.0, "1"),
        (width, r#"{"stops": [[5, 1], [10, 2]]}"#, 20.0, "2"),
        (width, r#"{"base": 2, "stops": [[0, 0], [10, 100]]}"#, 5.0, "3.0303030303030303"),
        (width, r#"{"type": "interval", "stops": [[5, 3], [10, 2]]}"#, 7.5, "3"),
        (width, r#"{"type": "interval", "stops": [[5, 3], [10, 2]]}"#, 4.0, "3"),
        (width, r#"{"type": "interval", "stops": [[5, 3], [10, 2]]}"#, 10.0, "2"),
        (width, r#"{"property": "n", "stops": [[0, 0], [10, 100]]}"#, 0.0, "50"),
        (width, r#"{"property": "n", "type": "interval", "stops": [[0, 1], [5, 2], [6, 3]]}"#, 0.0, "2"),
        (width, r#"{"property": "missing", "stops": [[0, 0], [10, 100]]}"#, 0.0, "1"),
        (width, r#"{"property": "missing", "stops": [[0, 0], [10, 100]], "default": 9}"#, 0.0, "9"),
        (width, r#"{"property": "s", "stops": [[0, 0], [10, 100]], "default": 9}"#, 0.0, "9"),
        (width, r#"{"property": "kind", "type": "categorical", "stops": [["x", 5], ["park", 4]]}"#, 0.0, "4"),
        (width, r#"{"property": "n", "type": "categorical", "stops": [[4, 3], [5, 4]]}"#, 0.0, "4"),
        (width, r#"{"property": "t", "type": "categorical", "stops": [[false, 3], [true, 4]]}"#, 0.0, "4"),
        (width, r#"{"property": "s", "type": "categorical", "stops": [["x", 5]], "default": 8}"#, 0.0, "8"),
        (width, r#"{"property": "s", "type": "categorical", "stops": [["x", 5]]}"#, 0.0, "1"),
        (width, r#"{"property": "n", "type": "identity"}"#, 0.0, "5"),
        (width, r#"{"property": "s", "type": "identity"}"#, 0.0, "1"),
        (width, r#"{"property": "missing", "type": "identity", "default": 9}"#, 0.0, "9"),
        (color, r#"{"property": "col", "type": "identity"}"#, 0.0, "color 1 0 0 1"),
        (color, r#"{"property": "s", "type": "identity", "default": "blue"}"#, 0.0, "color 0 0 1 1"),
        (color, r#"{"stops": [[0, "red"], [10, "blue"]]}"#, 5.0, "color 0.5 0 0.5 1"),
        (cap, r#"{"stops": [[5, "square"], [10, "round"]]}"#, 9.9, "Square"),
        (cap, r#"{"stops": [[5, "square"], [10, "round"]]}"#, 10.0, "Round"),
        (dashes, r#"{"stops": [[5, [1, 2]], [10, [3, 4]]]}"#, 7.5, "[1.0, 2.0]"),
        (dashes, "[1, 2]", 7.5, "[1.0, 2.0]"),
        (dashes, r#"["step", ["zoom"], ["literal", [1, 2]], 7, ["literal", [3]]]"#, 7.5, "[3.0]"),
        // Without a value, or with one of the wrong type, the property's own default counts.
        (width, r#"["get", "missing"]"#, 0.0, "1"),
        (width, r#"["get", "s"]"#, 0.0, "1"),
        (width, r#"["number", ["get", "s"]]"#, 0.0, "1"),
        (width, r#"["/", 0, 0]"#, 0.0, "1"),
        (width, r#"["get", "n"]"#, 0.0, "5"),
        (color, r#"["get", "missing"]"#, 0.0, "color 0 0 0 1"),
        (cap, r#"["get", "s"]"#, 0.0, "Butt"),
        (width, "null", 0.0, "1"),
    ] {
        assert_eq!(line_property(name, value, zoom), wanted, "{name} {value} at {zoom}");
    }
    let style = style_of(&json!({"type": "line"})).expect("a style");
    let Kind::Line(line) = &style.layers[0].kind else { panic!("not a line") };
    assert_eq!(line.cap.at(0.0).constant(), Cap::Butt);
    assert_eq!(line.miter_limit.at(0.0).constant(), 2.0);
}

#[test]
fn an_identity_function_of_the_wrong_type_gives_its_default() {
    assert_eq!(line_property("line-width", r#"{"property": "s", "type": "identity", "default": 9}"#, 0.0), "9");
}

#[test]
fn two_stops_may_stand_at_one_zoom() {
    assert_eq!(line_property("line-width", r#"{"stops": [[5, 1], [5, 2], [10, 3]]}"#, 7.5), "2.5");
}

#[test]
fn layers_are_drawn_from_minzoom_on_and_below_maxzoom() {
    let style = style_of(&json!({"minzoom": 3, "maxzoom": 5})).expect("a style");
    for (zoom, visible) in [(2.9, false), (3.0, true), (4.9, true), (5.0, false)] {
        assert_eq!(style.layers[0].is_visible(zoom), visible, "{zoom}");
    }
    let hidden = style_of(&json!({"layout": {"visibility": "none"}})).expect("a style");
    assert!(!hidden.layers[0].is_visible(4.0));
    assert!(style_of(&json!({"layout": {"visibility": "visible"}})).expect("a style").layers[0].is_visible(4.0));
}

#[test]
fn a_layer_whose_filter_lets_nothing_through_is_not_drawn() {
    for (filter, zoom, visible) in [
        (json!(false), 4.0, false),
        (json!([">=", ["zoom"], 5]), 4.9, false),
        (json!([">=", ["zoom"], 5]), 5.0, true),
        (json!(["all", ["has", "n"], ["step", ["zoom"], false, 5, true]]), 4.0, false),
        (json!(["all", ["has", "n"], ["step", ["zoom"], false, 5, true]]), 6.0, true),
        (json!(["case", ["<", ["zoom"], 5], false, ["has", "n"]]), 4.0, false),
        (json!(["none"]), 4.0, true),
        (json!(["any"]), 4.0, false),
    ] {
        let style = style_of(&json!({"filter": filter})).expect("a style");
        assert_eq!(style.layers[0].is_visible(zoom), visible, "{filter} at {zoom}");
    }
}

#[test]
fn expressions_read_the_styles_state() {
    let layers = json!([{
        "id": "a", "type": "background",
        "paint": {"background-color": ["case", ["==", ["global-state", "theme"], "dark"], "black", "white"],
                  "background-opacity": ["coalesce", ["global-state", "missing"], 0.5]}
    }]);
    let style = json!({"version": 8, "layers": layers, "state": {"theme": {"default": "dark"}}});
    let style = Style::parse("test", &style.to_string()).expect("a style");
    let Kind::Background(background) = &style.layers[0].kind else { panic!("not a background") };
    assert_eq!(color_text(background.color.at(4.0).constant()), "color 0 0 0 1");
    assert_eq!(background.opacity.at(4.0).constant(), 0.5);
}

#[test]
fn old_filters_within_expressions_are_warned_of() {
    let style =
        style_of(&json!({"filter": ["all", ["!=", "kind", "park"], ["==", ["get", "n"], 5]]})).expect("a style");
    assert_eq!(style.warnings.len(), 1, "{:?}", style.warnings);
    assert!(style.warnings[0].to_string().starts_with("layers[0].filter[1]: "), "{}", style.warnings[0]);
}

#[test]
fn bounds_hold_for_every_feature() {
    let width = |value: &str| {
        let style = style_of(&json!({"type": "line", "paint": {"line-width": json(value)}})).expect(value);
        let Kind::Line(line) = &style.layers[0].kind else { panic!("not a line") };
        (line.width.upper_bound(6.0), line.width.magnitude(6.0))
    };
    for (value, upper, magnitude) in [
        ("3", Some(3.0), Some(3.0)),
        (r#"["get", "n"]"#, None, None),
        (r#"["min", ["get", "n"], 4]"#, Some(4.0), None),
        (r#"["max", -9, ["min", ["get", "n"], 4]]"#, Some(4.0), Some(9.0)),
        (r#"["match", ["get", "kind"], "a", 2, "b", ["*", -3, 5], 1]"#, Some(2.0), Some(15.0)),
        (r#"["step", ["get", "n"], 1, 5, 8, 9, 2]"#, Some(8.0), Some(8.0)),
        (r#"["interpolate", ["linear"], ["zoom"], 0, 50, 5, 2, 10, 4, 20, 90]"#, Some(4.0), Some(4.0)),
        (r#"["let", "x", ["case", ["get", "t"], 6, 7], ["+", ["var", "x"], ["var", "x"]]]"#, Some(14.0), Some(14.0)),
        (r#"["abs", ["sin", ["number", ["get", "n"]]]]"#, Some(1.0), Some(1.0)),
        (r#"["sqrt", ["-", 20, ["length", ["to-string", ["get", "n"]]]]]"#, Some(20f64.sqrt()), Some(20f64.sqrt())),
        (r#"["/", 1, ["number", ["get", "n"]]]"#, None, None),
        (r#"["at", ["get", "n"], ["literal", [2, -7, 5]]]"#, Some(5.0), Some(7.0)),
        (r#"["number", ["at", ["get", "n"], ["literal", [2, "x", 5]]], 1]"#, Some(5.0), Some(5.0)),
        (r#"["number", ["at", 0, ["array", ["get", "n"]]]]"#, None, None),
    ] {
        assert_eq!(width(value), (upper, magnitude), "{value}");
    }
}

/// Layers with something that is not drawn: the one warning's path, and whether the layer itself is drawn.
fn undrawn() -> Vec<(Json, &'static str, bool)> {
    vec![
        (json!({"type": "symbol", "layout": {"symbol-frob": 1}}), "layers[0].layout.symbol-frob", true),
        (
            json!({"type": "symbol", "layout": {"symbol-height-offset": 1}}),
            "layers[0].layout.symbol-height-offset",
            true,
        ),
        (
            json!({"type": "symbol", "layout": {"text-field": ["format", "a", {"vertical-align": "top"}]}}),
            "layers[0].layout.text-field",
            true,
        ),
        (json!({"type": "frob", "paint": {"frob-color": 5}}), "layers[0].type", false),
        (json!({"type": "raster", "source": "s"}), "layers[0].source", false),
        (json!({"type": "line", "source": "r"}), "layers[0].source", false),
        (json!({"type": "heatmap", "paint": {"heatmap-radius": 3}}), "layers[0].type", false),
        (json!({"type": "fill-extrusion"}), "layers[0].type", false),
        (json!({"paint": {"fill-extrusion-height": 3}}), "layers[0].paint.fill-extrusion-height", true),
        (json!({"type": "line", "layout": {"line-frob": 1}}), "layers[0].layout.line-frob", true),
        (json!({"paint": {"fill-color": ["frobnicate"]}}), "layers[0].paint.fill-color", true),
        (
            json!({"paint": {"fill-color": ["case", ["==", 1, ["frobnicate"]], "red", "blue"]}}),
            "layers[0].paint.fill-color[1][2]",
            true,
        ),
        (
            json!({"paint": {"fill-opacity": {"type": "frob", "property": "n", "stops": [[0, 1]]}}}),
            "layers[0].paint.fill-opacity",
            true,
        ),
        // Without its filter a layer would draw what it should not.
        (json!({"filter": ["frobnicate", "a"]}), "layers[0].filter", false),
        (json!({"filter": ["all", ["==", "n", 5], ["frobnicate", "a"]]}), "layers[0].filter[2]", false),
    ]
}

#[test]
fn what_is_not_drawn_is_warned_of_once_with_its_path_and_the_rest_is_drawn() {
    for (layer, path, drawn) in undrawn() {
        let style = style_of(&layer).unwrap_or_else(|e| panic!("{layer}: {e}"));
        let paths: Vec<&str> = style.warnings.iter().map(|warning| warning.path.as_str()).collect();
        assert_eq!(paths, [path], "{layer}");
        assert!(!style.warnings[0].message.is_empty(), "{layer}");
        assert!(style.warnings[0].to_string().starts_with(path), "{layer}");
        assert_eq!(style.layers.len(), usize::from(drawn), "{layer}");
    }
}

#[test]
fn every_property_of_the_layers_that_are_drawn_is_known() {
    let plain = |value: Json| (value.clone(), value);
    let (number, flag) = (plain(json!(0.5)), plain(json!(true)));
    let translate = (json!([3, -4]), json!({"stops": [[5, [0, 0]], [10, [2, 4]]]}));
    let (anchor, color) = (plain(json!("viewport")), (json!("#f00"), json!({"stops": [[5, "red"], [10, "blue"]]})));
    let (image, key) = ((json!("dots"), json!(["get", "kind"])), plain(json!(["get", "n"])));
    let mode = plain(json!("multiply"));
    let gradient = plain(json!(["interpolate", ["linear"], ["line-progress"], 0, "red", 1, "blue"]));
    let dashes = (json!([1, 2]), json!({"stops": [[5, [1, 2]], [10, [3]]]}));
    let all = |kind: &str, properties: &[(&str, &str, &(Json, Json))]| {
        for (group, name, (first, second)) in properties {
            for value in [first, second, &Json::Null] {
                let layer = json!({"type": kind, *group: {format!("{kind}-{name}"): value}});
                let style = style_of(&layer).unwrap_or_else(|e| panic!("{layer}: {e}"));
                assert_eq!(style.warnings, [], "{layer}");
                assert_eq!(style.layers.len(), 1, "{layer}");
            }
        }
    };
    all("background", &[("paint", "color", &color), ("paint", "pattern", &image), ("paint", "opacity", &number)]);
    all(
        "fill",
        &[
            ("layout", "sort-key", &key),
            ("paint", "antialias", &flag),
            ("paint", "opacity", &number),
            ("paint", "layer-opacity", &number),
            ("paint", "layer-blend", &mode),
            ("paint", "color", &color),
            ("paint", "outline-color", &color),
            ("paint", "translate", &translate),
            ("paint", "translate-anchor", &anchor),
            ("paint", "pattern", &image),
        ],
    );
    all(
        "line",
        &[
            ("layout", "cap", &plain(json!("round"))),
            ("layout", "join", &plain(json!("bevel"))),
            ("layout", "miter-limit", &number),
            ("layout", "round-limit", &number),
            ("layout", "sort-key", &key),
            ("paint", "opacity", &number),
            ("paint", "layer-opacity", &number),
            ("paint", "layer-blend", &mode),
            ("paint", "color", &color),
            ("paint", "translate", &translate),
            ("paint", "translate-anchor", &anchor),
            ("paint", "width", &number),
            ("paint", "gap-width", &number),
            ("paint", "offset", &number),
            ("paint", "blur", &number),
            ("paint", "dasharray", &dashes),
            ("paint", "pattern", &image),
            ("paint", "gradient", &gradient),
        ],
    );
    all(
        "circle",
        &[
            ("layout", "sort-key", &key),
            ("paint", "radius", &number),
            ("paint", "color", &color),
            ("paint", "blur", &number),
            ("paint", "opacity", &number),
            ("paint", "translate", &translate),
            ("paint", "translate-anchor", &anchor),
            ("paint", "pitch-scale", &anchor),
            ("paint", "pitch-alignment", &anchor),
            ("paint", "stroke-width", &number),
            ("paint", "stroke-color", &color),
            ("paint", "stroke-opacity", &number),
        ],
    );
    let all_names = |group: &str, names: &[(&str, Json)]| {
        for (name, value) in names {
            let layer = json!({"type": "symbol", group: {*name: value}});
            let style = style_of(&layer).unwrap_or_else(|e| panic!("{layer}: {e}"));
            assert_eq!(style.warnings, [], "{layer}");
            assert_eq!(style.layers.len(), 1, "{layer}");
        }
    };
    let of_part = |part: &str| {
        let name = |name: &str| format!("{part}-{name}");
        let layout = [
            ("overlap", json!("cooperative")),
            ("allow-overlap", json!(true)),
            ("ignore-placement", json!(true)),
            ("optional", json!(true)),
            ("keep-upright", json!(true)),
            ("rotate", json!(["get", "n"])),
            ("anchor", json!("top-left")),
            ("rotation-alignment", json!("map")),
            ("pitch-alignment", json!("viewport")),
            ("size", json!({"stops": [[5, 1], [10, 2]]})),
            ("padding", json!(3)),
            ("offset", json!([1, 2])),
        ];
        let paint = [
            ("color", json!("red")),
            ("opacity", json!(0.5)),
            ("halo-color", json!("red")),
            ("halo-width", json!(1)),
            ("halo-blur", json!(1)),
            ("translate", json!([1, 2])),
            ("translate-anchor", json!("viewport")),
        ];
        for (end, value) in layout {
            all_names("layout", &[(&name(end), value)]);
        }
        for (end, value) in paint {
            all_names("paint", &[(&name(end), value)]);
        }
    };
    of_part("icon");
    of_part("text");
    all_names(
        "layout",
        &[
            ("symbol-placement", json!("line-center")),
            ("symbol-spacing", json!(100)),
            ("symbol-avoid-edges", json!(true)),
            ("symbol-sort-key", json!(["get", "n"])),
            ("symbol-z-order", json!("viewport-y")),
            ("icon-image", json!("{kind}-15")),
            ("icon-text-fit", json!("both")),
            ("icon-text-fit-padding", json!([1, 2, 3, 4])),
            ("icon-padding", json!([1, 2])),
            ("text-field", json!(["format", ["get", "name"], {"font-scale": 0.8}])),
            ("text-font", json!(["Noto Sans Bold", "Noto Sans Regular"])),
            ("text-font", json!(["step", ["zoom"], ["literal", ["A"]], 5, ["literal", ["B"]]])),
            ("text-max-width", json!(5)),
            ("text-line-height", json!(1.5)),
            ("text-letter-spacing", json!(0.1)),
            ("text-justify", json!("auto")),
            ("text-radial-offset", json!(1)),
            ("text-variable-anchor", json!(["top", "bottom-left"])),
            ("text-variable-anchor-offset", json!(["top", [0, 1], "left", [2, 0]])),
            ("text-max-angle", json!(30)),
            ("text-writing-mode", json!(["vertical", "horizontal"])),
            ("text-transform", json!("uppercase")),
        ],
    );
    let moved = style_of(&json!({"paint": {"fill-translate": translate.1}})).expect("a style");
    assert_eq!([5.0, 7.5, 10.0].map(|zoom| moved.layers[0].translate(zoom, 0.0)), [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]);
}

#[test]
fn what_the_style_spec_allows_is_never_refused() {
    let mut refused = Vec::new();
    for layer in [
        json!({"paint": {"fill-opacity": ["interpolate", ["cubic-bezier", 0, 0, 1, 1], ["zoom"], 0, 0, 9, 1]}}),
        json!({"paint": {"fill-opacity": {"property": "n", "stops": [[{"zoom": 0, "value": 0}, 1], [{"zoom": 9, "value": 0}, 0]]}}}),
        json!({"filter": ["==", ["get", "a"], "b", ["collator", {"case-sensitive": false}]]}),
        json!({"type": "line", "paint": {"line-dasharray": ["array", "number", ["get", "dashes"]]}}),
        json!({"paint": {"fill-opacity": {"stops": [[5, 0.5], [5, 1]]}}}),
        json!({"metadata": {"a": 1}, "paint": {"fill-color": "red"}, "layout": {}}),
    ] {
        if let Err(error) = style_of(&layer) {
            refused.push(format!("{layer}: {error}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn a_wrong_value_is_an_error_with_its_path() {
    let paint = |name: &str, value: Json| json!({"type": name.split('-').next(), "paint": {name: value}});
    let layout = |name: &str, value: Json| json!({"type": name.split('-').next(), "layout": {name: value}});
    for (layer, path) in [
        (paint("fill-color", json!("colour")), "layers[0].paint.fill-color: "),
        (paint("fill-color", json!(5)), "layers[0].paint.fill-color: "),
        (paint("fill-color", json!(["case", true, "colour", "red"])), "layers[0].paint.fill-color[2]: "),
        (paint("fill-opacity", json!("0.5")), "layers[0].paint.fill-opacity: "),
        (paint("line-width", json!(true)), "layers[0].paint.line-width: "),
        (paint("line-width", json!([1])), "layers[0].paint.line-width: "),
        (paint("line-width", json!({})), "layers[0].paint.line-width: "),
        (paint("line-width", json!({"stops": []})), "layers[0].paint.line-width: "),
        (paint("line-width", json!({"stops": [[0]]})), "layers[0].paint.line-width[0]: "),
        (paint("line-width", json!({"stops": [[5, 1], [4, 1]]})), "layers[0].paint.line-width[1]: "),
        (paint("line-width", json!({"stops": [["a", 1]]})), "layers[0].paint.line-width[0]: "),
        (paint("line-width", json!({"type": "identity"})), "layers[0].paint.line-width: "),
        (paint("line-width", json!({"base": "0", "stops": [[5, 1]]})), "layers[0].paint.line-width: "),
        (paint("line-width", json!(["literal", "a"])), "layers[0].paint.line-width: "),
        (
            paint("line-width", json!(["interpolate", ["linear"], ["zoom"], 5, 1, 4, 2])),
            "layers[0].paint.line-width[5]: ",
        ),
        (paint("line-width", json!(["case", true, ["get"], 1])), "layers[0].paint.line-width[2]: "),
        (paint("line-dasharray", json!([1, -1])), "layers[0].paint.line-dasharray: "),
        (paint("line-dasharray", json!("1, 1")), "layers[0].paint.line-dasharray: "),
        (paint("circle-radius", json!("5")), "layers[0].paint.circle-radius: "),
        (paint("fill-antialias", json!("yes")), "layers[0].paint.fill-antialias: "),
        (paint("fill-translate", json!([1])), "layers[0].paint.fill-translate: "),
        (paint("fill-translate", json!([1, 2, 3])), "layers[0].paint.fill-translate: "),
        (paint("fill-translate", json!(5)), "layers[0].paint.fill-translate: "),
        (paint("fill-translate-anchor", json!("north")), "layers[0].paint.fill-translate-anchor: "),
        (paint("fill-pattern", json!(5)), "layers[0].paint.fill-pattern: "),
        (paint("fill-layer-blend", json!("darken")), "layers[0].paint.fill-layer-blend: "),
        (paint("background-pattern", json!([1])), "layers[0].paint.background-pattern: "),
        (paint("line-blur", json!("2")), "layers[0].paint.line-blur: "),
        (paint("line-gradient", json!("red")), "layers[0].paint.line-gradient: "),
        (json!({"type": "symbol", "layout": {"text-anchor": "above"}}), "layers[0].layout.text-anchor: "),
        (
            json!({"type": "symbol", "layout": {"text-variable-anchor": ["top", "up"]}}),
            "layers[0].layout.text-variable-anchor: ",
        ),
        (
            json!({"type": "symbol", "layout": {"text-variable-anchor-offset": ["top"]}}),
            "layers[0].layout.text-variable-anchor-offset: ",
        ),
        (json!({"type": "symbol", "layout": {"icon-padding": [1, 2, 3, 4, 5]}}), "layers[0].layout.icon-padding: "),
        (json!({"type": "symbol", "layout": {"text-font": "Noto Sans"}}), "layers[0].layout.text-font: "),
        (paint("line-gradient", json!(["get", "colour"])), "layers[0].paint.line-gradient: "),
        (
            paint("line-gradient", json!(["interpolate", ["linear"], ["line-progress"], 0, "colour"])),
            "layers[0].paint.line-gradient[4]: ",
        ),
        (layout("line-round-limit", json!("a")), "layers[0].layout.line-round-limit: "),
        (paint("circle-pitch-scale", json!("screen")), "layers[0].paint.circle-pitch-scale: "),
        (paint("background-color", json!("colour")), "layers[0].paint.background-color: "),
        (layout("line-cap", json!("pointy")), "layers[0].layout.line-cap: "),
        (layout("line-join", json!(1)), "layers[0].layout.line-join: "),
        (layout("line-sort-key", json!("a")), "layers[0].layout.line-sort-key: "),
        (json!({"layout": {"visibility": false}}), "layers[0].layout.visibility: "),
        (json!({"filter": ["==", "n"]}), "layers[0].filter: "),
        (json!({"filter": ["all", ["has"]]}), "layers[0].filter[1]"),
        (json!({"filter": "n"}), "layers[0].filter: "),
        (json!({"source": "elsewhere"}), "layers[0].source: "),
    ] {
        let Err(error) = style_of(&layer) else { panic!("{layer} is accepted") };
        assert_eq!(error.code, Code::Misconfigured, "{layer}");
        assert!(error.detail.starts_with(&format!("the style \"test\": {path}")), "{layer}: {error}");
    }
    let layer = |id: &str| json!({"id": id, "type": "background"});
    let Err(error) = style_of_layers(&json!([layer("a"), layer("b"), layer("a")])) else { panic!("two are named a") };
    assert!(error.detail.contains("layers[2].id: \"a\""), "{error}");
}

#[test]
fn what_has_the_wrong_shape_is_an_error_with_its_path() {
    let mut wrong = Vec::new();
    for (layers, path) in [
        (json!([{"id": "a", "type": "background", "minzoom": "3"}]), "layers[0].minzoom"),
        (json!([{"id": "a", "type": "background"}, {"id": 5, "type": "background"}]), "layers[1].id"),
        (json!([{"type": "background"}]), "layers[0].id"),
        (json!([{"id": "a"}]), "layers[0].type"),
        (json!([{"id": "a", "type": 5}]), "layers[0].type"),
        (json!([{"id": "a", "type": "background", "paint": []}]), "layers[0].paint"),
        (json!([{"id": "a", "type": "background", "layout": "x"}]), "layers[0].layout"),
        (json!(["background"]), "layers[0]"),
        (json!({}), "layers"),
    ] {
        let Err(error) = style_of_layers(&layers) else { panic!("{layers} is accepted") };
        if !error.detail.contains(path) {
            wrong.push(format!("{layers}: no {path} in: {}", error.detail));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sprites_are_one_url_or_a_list_of_them() {
    let of = |sprite: Json| {
        Style::parse("test", &json!({"version": 8, "layers": [], "sprite": sprite}).to_string()).map(|style| {
            style.sprites.into_iter().map(|s| format!("{} {} {}", s.path, s.prefix, s.url)).collect::<Vec<_>>()
        })
    };
    assert_eq!(of(json!(null)).expect("a style"), Vec::<String>::new());
    assert_eq!(of(json!("a/b")).expect("a style"), ["sprite  a/b"]);
    let list = json!([{"id": "default", "url": "a"}, {"id": "more", "url": "b"}]);
    assert_eq!(of(list).expect("a style"), ["sprite[0].url  a", "sprite[1].url more: b"]);
    for (sprite, path) in [
        (json!(5), "sprite: 5"),
        (json!({"id": "a", "url": "b"}), "sprite: "),
        (json!(["a"]), "sprite[0]: "),
        (json!([{"id": "a", "url": "b"}, {"id": "c"}]), "sprite[1]: "),
        (json!([{"id": "a", "url": "b"}, {"id": "a", "url": "c"}]), "sprite[1].id: "),
        (json!(vec![json!({"id": "a", "url": "b"}); 1000]), "sprite: it lists more than"),
    ] {
        let Err(error) = of(sprite.clone()) else { panic!("{sprite} is accepted") };
        assert!(error.detail.starts_with(&format!("the style \"test\": {path}")), "{error}");
    }
}

#[test]
fn bad_documents_are_refused() {
    let deep = |depth: usize, before: &str, middle: &str, after: &str| {
        format!("{}{middle}{}", before.repeat(depth), after.repeat(depth))
    };
    let with_filter = |filter: &str| {
        format!(
            r#"{{"version": 8, "sources": {{"s": {{"type": "vector"}}}},
                "layers": [{{"id": "a", "type": "fill", "source": "s", "filter": {filter}}}]}}"#
        )
    };
    let legacy = deep(100, r#"["all", "#, r#"["==", "n", 5]"#, "]");
    let expression = deep(100, r#"["!", "#, "true", "]");
    for (what, text, words) in [
        ("nothing", String::new(), ""),
        ("no JSON", "<html>".into(), ""),
        ("half", BUNDLED[0].1[..30_000].into(), ""),
        ("an array", "[]".into(), ""),
        ("a number", "8".into(), ""),
        ("no version", r#"{"layers": []}"#.into(), "version"),
        ("version 7", r#"{"version": 7, "layers": []}"#.into(), "version: 7"),
        ("version \"8\"", r#"{"version": "8", "layers": []}"#.into(), "version: \"8\""),
        ("no layers", r#"{"version": 8}"#.into(), "layers"),
        ("sources of text", r#"{"version": 8, "layers": [], "sources": {"a": "b"}}"#.into(), ""),
        ("a source without type", r#"{"version": 8, "layers": [], "sources": {"a": {}}}"#.into(), "type"),
        ("a centre of text", r#"{"version": 8, "layers": [], "center": "0,0"}"#.into(), ""),
        ("10,000 arrays", deep(10_000, "[", "", "]"), ""),
        ("10,000 objects", deep(10_000, r#"{"a":"#, "1", "}"), ""),
        ("a deep filter", with_filter(&legacy), "layers[0].filter"),
        ("a deep expression", with_filter(&expression), "layers[0].filter"),
        ("a filter of 10,000", with_filter(&deep(10_000, r#"["!", "#, "true", "]")), ""),
        ("50 MB of nothing", format!("{{{}", " ".repeat(50_000_000)), ""),
        ("50 MB of text", format!(r#"{{"version": "{}", "layers": []}}"#, "8".repeat(50_000_000)), ""),
    ] {
        let Ok(result) = catch_unwind(|| Style::parse("test", &text)) else { panic!("{what}: a panic") };
        let Err(error) = result else { panic!("{what} is accepted") };
        assert_eq!(error.code, Code::Misconfigured, "{what}");
        assert!(error.detail.contains(words), "{what}: {}", &error.detail[..error.detail.len().min(300)]);
        assert!(error.detail.len() < 1000, "{what}: a message of {} bytes", error.detail.len());
    }
}

#[test]
fn the_bundled_styles_have_no_warnings() {
    for (name, text) in BUNDLED {
        let style = Style::parse(name, text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(style.warnings, [], "{name}");
        assert!(style.layers.len() > 10, "{name}");
        assert_eq!(style.name, name);
        assert_eq!(*style.digest, *Style::parse("other", text).expect("a style").digest);
        assert_ne!(*style.digest, *Style::parse(name, &format!("{text} ")).expect("a style").digest);
    }
}

/// The paths of all values in a document.
fn pointers(json: &Json, at: &str, found: &mut Vec<String>) {
    found.push(at.to_string());
    match json {
        Json::Array(items) => items.iter().enumerate().for_each(|(i, v)| pointers(v, &format!("{at}/{i}"), found)),
        Json::Object(map) => map.iter().for_each(|(k, v)| pointers(v, &format!("{at}/{k}"), found)),
        _ => {}
    }
}

#[test]
fn any_value_may_be_wrong() {
    let original = json(BUNDLED[0].1);
    let mut places = Vec::new();
    pointers(&original, "", &mut places);
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("zoom"),
        json!([]),
        json!({}),
        json!([[]]),
        json!(["get"]),
        json!(["literal", {}]),
        json!(["case"]),
        json!(["interpolate"]),
        json!(["interpolate", ["exponential", 1e-300], ["zoom"], 0, 1e308, 1e-300, -1e308]),
        json!(["step", ["zoom"]]),
        json!(["match"]),
        json!(["^", -1, 0.5]),
        json!({"stops": [[0, 1]]}),
        json!({"stops": 5, "type": "categorical", "property": "a"}),
        json!({"type": "identity", "property": "kind"}),
    ];
    let mut random = fastrand::Rng::with_seed(8);
    let mut accepted = 0;
    let tile = features();
    for round in 0..300 {
        let mut document = original.clone();
        let (place, value) = (&places[random.usize(..places.len())], &wrong[random.usize(..wrong.len())]);
        let target = document.pointer_mut(place).expect("a value");
        *target = value.clone();
        let text = document.to_string();
        let result = catch_unwind(|| {
            Style::parse("test", &text).map(|style| {
                // What is accepted can be evaluated.
                for layer_of_style in &style.layers {
                    layer_of_style.filter(12.0).accepts(&first(&tile));
                    assert!(layer_of_style.margin(12.0) >= 0.0);
                }
            })
        });
        match result {
            Ok(Ok(())) => accepted += 1,
            Ok(Err(error)) => assert_eq!(error.code, Code::Misconfigured, "round {round}: {error}"),
            Err(_) => panic!("round {round}: {place} = {value}: a panic"),
        }
    }
    assert!((20..280).contains(&accepted), "{accepted} accepted");
}
