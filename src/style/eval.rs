//! One line of `rasterzen style eval`: an expression, what it is evaluated for, and its value or what is wrong, as JSON.

use super::expression::{
    Context, Expression, Feature, Field, Globals, Object, ParseError, PropertySpec, Reading, Value, ecma, geometry,
    parse_legacy_or_expression, parse_property,
};
use crate::limits;
use crate::value::TileGeometry;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// Answers one line. Whatever it is, the answer is one line of JSON: `{"type", "value"}`, `{"error"}`, or
/// `{"error", "key"}` where the expression does not compile.
pub fn evaluate_line(line: &str) -> String {
    if line.len() > limits::EVAL_LINE_BYTES {
        return failed(&format!("the line has more than {} bytes", limits::EVAL_LINE_BYTES), None);
    }
    let case = match serde_json::from_str::<Json>(line) {
        Ok(Json::Object(case)) => case,
        Ok(_) => return failed("the line is not a JSON object", None),
        Err(e) => return failed(&format!("the line is not JSON: {e}"), None),
    };
    let expression = match parse(&case) {
        Ok(expression) => expression,
        Err(e) => return failed(&e.message, Some(&e.key)),
    };
    let kind = Json::from(expression.type_of().to_string());
    let globals = globals(&case);
    let feature = JsonFeature::new(&case);
    let zoom = case.get("zoom").and_then(Json::as_f64).unwrap_or(f64::NAN);
    let context = Context::new(zoom, Some(&feature)).with_globals(&globals);
    // As it is drawn.
    let value = expression.compiled().at_zoom(zoom).evaluate(&context).and_then(|value| match value {
        Value::Color(color) => Value::Array([color.r, color.g, color.b, color.a].map(Value::Number).into()).to_json(),
        other => other.to_json(),
    });
    match value {
        Ok(value) => format!(r#"{{"type":{kind},"value":{value}}}"#),
        Err(e) => failed(&e.to_string(), None),
    }
}

fn failed(message: &str, key: Option<&str>) -> String {
    let message = Json::from(message);
    match key {
        Some(key) => format!(r#"{{"error":{message},"key":{}}}"#, Json::from(key)),
        None => format!(r#"{{"error":{message}}}"#),
    }
}

fn parse(case: &Map<String, Json>) -> Result<Expression, ParseError> {
    let Some(json) = case.get("expression") else {
        return Err(ParseError::new("the line has no \"expression\""));
    };
    if case.get("filter") == Some(&Json::Bool(true)) {
        return parse_legacy_or_expression(json);
    }
    let spec = PropertySpec::from_json(case.get("spec").unwrap_or(&Json::Null));
    parse_property(json, &spec, Reading::Converted)
}

fn globals(case: &Map<String, Json>) -> Globals {
    let number = |name: &str| case.get(name).and_then(Json::as_f64).unwrap_or_default();
    let images = case.get("availableImages").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    Globals {
        heatmap_density: number("heatmapDensity"),
        line_progress: number("lineProgress"),
        elevation: number("elevation"),
        accumulated: case.get("accumulated").map(Value::from_json),
        state: object(case.get("globalState")),
        images: images.iter().filter_map(Json::as_str).map(str::to_string).collect(),
    }
}

fn object(json: Option<&Json>) -> Object {
    match json.map(Value::from_json) {
        Some(Value::Object(map)) => Arc::unwrap_or_clone(map),
        _ => Object::default(),
    }
}

/// A feature as the line has it; its place in a tile is known if the line names the tile.
struct JsonFeature {
    id: Value,
    kind: Option<String>,
    properties: Arc<Object>,
    state: Object,
    geometry: Option<TileGeometry>,
}

impl JsonFeature {
    fn new(case: &Map<String, Json>) -> JsonFeature {
        let feature = case.get("feature").and_then(Json::as_object);
        let field = |name: &str| feature.and_then(|feature| feature.get(name));
        let written = field("geometry");
        let kind = written.and_then(|geometry| geometry["type"].as_str());
        let geometry = written.and_then(|geometry| {
            let tile = case.get("canonical")?;
            let z = u8::try_from(tile["z"].as_u64()?).ok().filter(|z| *z <= limits::ZOOM)?;
            let [x, y] = ["x", "y"].map(|name| tile[name].as_u64().and_then(|at| u32::try_from(at).ok()));
            let (x, y) = (x?, y?);
            let tiles = f64::from(z).exp2();
            let on_grid = |point: [f64; 2]| {
                let [px, py] = geometry::mercator(point);
                let at = |c: f64, tile: u32| ecma::round((c * tiles - f64::from(tile)) * TileGeometry::EXTENT);
                [at(px, x), at(py, y)]
            };
            let parts = geometry::shapes(geometry)?.into_iter().flat_map(|shape| match shape {
                geometry::Shape::Points(points) => vec![points],
                geometry::Shape::Line(line) => vec![line],
                geometry::Shape::Polygon(rings) => rings,
            });
            let parts = parts.map(|part| part.into_iter().map(on_grid).collect()).collect();
            Some(TileGeometry { z, x, y, parts })
        });
        // In a tile, what has several parts is of the same type as what has one.
        let kind = kind.map(|kind| if geometry.is_some() { kind.trim_start_matches("Multi") } else { kind });
        JsonFeature {
            id: field("id").map_or(Value::Null, Value::from_json),
            kind: kind.map(str::to_string),
            properties: Arc::new(object(field("properties"))),
            state: object(field("featureState")),
            geometry,
        }
    }
}

impl Feature for JsonFeature {
    fn geometry_type(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    fn id(&self) -> Value {
        self.id.clone()
    }

    fn property(&self, name: &str) -> Option<Field<'_>> {
        self.properties.get(name).map(Field::Value)
    }

    fn properties(&self) -> Value {
        Value::Object(self.properties.clone())
    }

    fn geometry(&self) -> Option<TileGeometry> {
        self.geometry.clone()
    }

    fn state(&self, name: &str) -> Option<Field<'_>> {
        self.state.get(name).map(Field::Value)
    }
}
