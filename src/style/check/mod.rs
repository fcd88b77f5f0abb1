//! What is wrong with a style, and what of it is not drawn: `rasterzen style check`.
//!
//! The errors and their paths are those that the official validator (`validateStyleMin` of
//! @maplibre/maplibre-gl-style-spec) gives, found with the official reference (`reference.json`); where that validator
//! names a member of `light`, `sky`, `projection`, `terrain` or a raster-dem source by its bare name, the path here is
//! whole. `tests/style-check` holds both against each other. To these come what only this program can say: what it
//! does not draw, what it refuses, and which source layers are not there.

mod expression;
mod filter;
mod function;
mod layer;
mod member;
mod reference;
mod source;
mod walk;

use crate::limits;
use crate::style::{self, Source, Style, options};
use serde::Serialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// Whether the Style Spec's reference names a member in one of its groups: `$root`, `layer`, `source_vector` and so on.
pub fn is_known(group: &str, member: &str) -> bool {
    reference::REFERENCE.group(group).contains_key(member)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// What a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The file is no JSON, or beyond a limit.
    Document,
    /// A value of another type is expected.
    Type,
    /// A text is not a colour.
    Color,
    /// The value is none of an enumeration.
    Enum,
    Minimum,
    Maximum,
    /// An array has too few or too many items.
    Length,
    /// There is no such member.
    Unknown,
    /// A member that must be there is not.
    Missing,
    DuplicateId,
    /// A layer that refers to another cannot.
    Ref,
    /// A layer and its source do not go together.
    Source,
    Filter,
    /// A stop function.
    Function,
    Expression,
    /// `{name}` in a text that takes none.
    Token,
    Glyphs,
    Sprite,
    UnicodeRange,
    Deprecated,
    /// A deprecated filter within an expression.
    MixedFilter,
    /// The Style Spec allows it; this program does not read it.
    Refused,
    /// This program leaves it out.
    NotDrawn,
    /// The source has no such layer.
    SourceLayer,
}

/// One thing that is wrong, or not drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// Where, for example `layers[3].paint.fill-color`; empty for the whole document.
    pub path: String,
    pub severity: Severity,
    pub kind: Kind,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{severity}: {}{separator}{}", self.path, self.message)
    }
}

/// What there is to say of a style.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub problems: Vec<Problem>,
    /// How many more there are than [`limits::STYLE_PROBLEMS`].
    pub more: usize,
}

impl Report {
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }

    fn add(&mut self, severity: Severity, kind: Kind, path: impl Into<String>, message: impl Into<String>) {
        if self.problems.len() == limits::STYLE_PROBLEMS {
            self.more += 1;
            return;
        }
        self.problems.push(Problem { path: path.into(), severity, kind, message: message.into() });
    }

    fn error(&mut self, kind: Kind, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, kind, path, message);
    }
}

/// What is known of the layers of the source that a style is drawn with.
#[derive(Clone, Copy, Debug)]
pub struct SourceLayers<'a> {
    pub names: &'a [String],
    /// Whether the source stands in for those too that name their own tiles.
    pub for_all: bool,
}

/// Checks a style, or go-rasterzen's SVG options, as the bytes of a file.
pub fn check(bytes: &[u8], source_layers: Option<SourceLayers>) -> Report {
    let mut report = Report::default();
    let (text, style) = match read(bytes) {
        Ok(read) => read,
        Err(problem) => {
            report.problems.push(problem);
            return report;
        }
    };
    walk::style(&style, &mut report);
    if report.more == 0 {
        not_drawn(&style, &mut report);
    }
    if let Some(known) = source_layers {
        unknown_source_layers(&style, known, &mut report);
    }
    // Whatever is found right can be drawn.
    if report.count(Severity::Error) == 0
        && report.more == 0
        && let Err(error) = Style::parse("style", &text)
    {
        report.error(Kind::Refused, "", error.detail);
    }
    report
}

/// The style of a file, as text and as JSON; options are made a style first.
fn read(bytes: &[u8]) -> Result<(Cow<'_, str>, Json), Problem> {
    let wrong = |path: String, message: String| {
        let kind = if path.is_empty() { Kind::Document } else { Kind::Type };
        Problem { path, severity: Severity::Error, kind, message }
    };
    let document = |message: String| wrong(String::new(), message);
    if bytes.len() as u64 > limits::STYLE_BYTES {
        return Err(document(format!("the file has more than {} bytes", limits::STYLE_BYTES)));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| document(format!("the file is not text in UTF-8: {e}")))?;
    let text = options::as_style("options", text).map_err(|e| wrong(e.path, e.message))?;
    let json = serde_json::from_str(&text).map_err(|e| document(format!("the file is not JSON: {e}")))?;
    Ok((text, json))
}

/// Adds what this program does not draw, and what it does not read though the Style Spec allows it.
fn not_drawn(style: &Json, report: &mut Report) {
    for name in ["light", "pitch", "projection", "roll", "sky", "terrain"] {
        let Some(json) = style.get(name) else { continue };
        let flat = json.as_f64() == Some(0.0) || json["type"] == "mercator";
        if !flat {
            let message = "it is not drawn: pictures are flat maps in Web Mercator";
            report.add(Severity::Warning, Kind::NotDrawn, name, message);
        }
    }
    let sources = style["sources"].as_object().into_iter().flatten();
    let sources: BTreeMap<String, Source> =
        sources.filter_map(|(name, json)| Some((name.clone(), serde_json::from_value(json.clone()).ok()?))).collect();
    // What is wrong with each layer, as paths below it.
    let mut wrong: HashMap<usize, Vec<String>> = HashMap::new();
    for problem in report.problems.iter().filter(|problem| problem.severity == Severity::Error) {
        let Some((i, rest)) = problem.path.strip_prefix("layers[").and_then(|path| path.split_once(']')) else {
            continue;
        };
        if let Ok(i) = i.parse() {
            wrong.entry(i).or_default().push(rest.to_string());
        }
    }
    for (i, layer) in style["layers"].as_array().into_iter().flatten().enumerate() {
        let mut layer = layer.clone();
        let wrong = wrong.get(&i).map_or(&[][..], Vec::as_slice);
        // The rest of a layer is looked at without its wrong properties, if nothing else of it is wrong.
        if !wrong.iter().all(|path| remove_property(&mut layer, path)) {
            continue;
        }
        let (warnings, refusal) = style::read_alone(i, layer, &sources);
        for warning in warnings {
            report.add(Severity::Warning, Kind::NotDrawn, warning.path, warning.message);
        }
        if let Some(refusal) = refusal {
            report.error(Kind::Refused, refusal.path, refusal.message);
        }
    }
}

/// Takes the property out of a layer that a path such as `.paint.fill-color[1]` leads to; whether it leads to one.
fn remove_property(layer: &mut Json, path: &str) -> bool {
    let found = ["layout", "paint"].into_iter().find_map(|part| {
        let rest = path.strip_prefix('.')?.strip_prefix(part)?.strip_prefix('.')?;
        Some((part, rest.split(['[', '.']).next().unwrap_or_default()))
    });
    if let Some((part, name)) = found {
        layer[part].as_object_mut().map(|map| map.remove(name));
    }
    found.is_some()
}

/// Adds the layers whose source layer is none of the source's.
fn unknown_source_layers(style: &Json, known: SourceLayers, report: &mut Report) {
    for (i, layer) in style["layers"].as_array().into_iter().flatten().enumerate() {
        let Some(source) = layer["source"].as_str().and_then(|name| style["sources"].get(name)) else { continue };
        let names_its_own = source.get("url").is_some() || source.get("tiles").is_some();
        let Some(name) = layer["source-layer"].as_str().filter(|_| source["type"] == "vector") else { continue };
        if (names_its_own && !known.for_all) || known.names.iter().any(|known| known == name) {
            continue;
        }
        let message = format!("the source has no layer {:?}; it has {}", brief(name), brief(&known.names.join(", ")));
        report.add(Severity::Warning, Kind::SourceLayer, format!("layers[{i}].source-layer"), message);
    }
}

/// The beginning of what a stranger wrote, for a message.
fn brief(text: &str) -> String {
    style::brief(text)
}
