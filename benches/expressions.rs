//! What an expression costs for a feature: parsed anew each time, as it was parsed, compiled, and at a zoom.
//!
//! `cargo bench --bench expressions`. The feature has the 12 properties of a road in a Tilezen tile.

use divan::{Bencher, black_box};
use rasterzen::style::expression::{Context, Expression, Type, parse, parse_filter};
use rasterzen::value::{Attributes, GeometryKind, Property};
use serde_json::{Value as Json, json};

fn main() {
    divan::main();
}

struct Road(Vec<(&'static str, Property)>);

impl Road {
    fn new() -> Road {
        let text = |text: &str| Property::String(text.into());
        Road(vec![
            ("id", Property::Int(123_456_789)),
            ("kind", text("major_road")),
            ("kind_detail", text("primary")),
            ("min_zoom", Property::Double(8.0)),
            ("name", text("Mission Street")),
            ("oneway", text("no")),
            ("ref", text("US 101")),
            ("sort_rank", Property::Int(380)),
            ("source", text("openstreetmap.org")),
            ("surface", text("asphalt")),
            ("is_bridge", Property::Bool(false)),
            ("lanes", Property::Int(4)),
        ])
    }
}

impl Attributes for Road {
    fn kind(&self) -> GeometryKind {
        GeometryKind::LineString
    }

    fn id(&self) -> Option<u64> {
        Some(7)
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        Box::new(self.0.iter().map(|(key, value)| (*key, value)))
    }
}

const ZOOM: f64 = 14.0;

/// An expression by a name, and the type that is expected of it; none for a filter.
struct Case(&'static str, Json, Option<Type>);

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case(
            "filter",
            json!([
                "all",
                ["in", ["get", "kind"], ["literal", ["highway", "major_road", "minor_road"]]],
                ["!", ["has", "is_tunnel"]],
                ["!=", ["get", "is_bridge"], true],
                [">=", ["zoom"], ["get", "min_zoom"]]
            ]),
            None,
        ),
        Case(
            "old filter",
            json!([
                "all",
                ["==", "kind", "major_road"],
                ["in", "kind_detail", "trunk", "primary"],
                ["!has", "is_tunnel"]
            ]),
            None,
        ),
        Case(
            "color",
            json!([
                "interpolate",
                ["linear"],
                ["zoom"],
                10,
                ["match", ["get", "kind"], "highway", "#f9d29c", ["major_road", "minor_road"], "#fff", "#eee"],
                18,
                ["match", ["get", "kind"], "highway", "hsl(34, 88%, 79%)", "major_road", "rgb(255 250 230)", "#ddd"]
            ]),
            Some(Type::Color),
        ),
        Case(
            "width",
            json!([
                "interpolate",
                ["exponential", 1.5],
                ["zoom"],
                5,
                0.4,
                14,
                ["case", [">", ["to-number", ["get", "lanes"], 2], 3], 4, 2],
                20,
                ["*", 3, ["max", 2, ["coalesce", ["get", "lanes"], 2]]]
            ]),
            Some(Type::Number),
        ),
        Case("zoom alone", json!(["interpolate", ["exponential", 1.5], ["zoom"], 5, 0.4, 20, 30]), Some(Type::Number)),
    ]
}

fn parsed(case: &Case) -> Expression {
    match &case.2 {
        None => parse_filter(&case.1).expect("a filter").expression,
        of => parse(&case.1, of.as_ref()).expect("an expression"),
    }
}

fn evaluate(bencher: Bencher, expression: &Expression) {
    let road = Road::new();
    let context = Context::new(ZOOM, Some(&road));
    expression.evaluate(&context).expect("a value");
    bencher.bench_local(|| black_box(expression).evaluate(black_box(&context)));
}

#[divan::bench(args = cases())]
fn a_parsed_for_each_feature(bencher: Bencher, case: &Case) {
    let road = Road::new();
    bencher.bench_local(|| parsed(black_box(case)).evaluate(&Context::new(ZOOM, Some(&road))));
}

#[divan::bench(args = cases())]
fn b_as_parsed(bencher: Bencher, case: &Case) {
    evaluate(bencher, &parsed(case));
}

#[divan::bench(args = cases())]
fn c_compiled(bencher: Bencher, case: &Case) {
    evaluate(bencher, &parsed(case).compiled());
}

#[divan::bench(args = cases())]
fn d_at_zoom(bencher: Bencher, case: &Case) {
    evaluate(bencher, &parsed(case).compiled().at_zoom(ZOOM));
}
