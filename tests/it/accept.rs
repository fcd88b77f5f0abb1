//! What an `Accept` header gets: the one table (`fixtures/accept.json`) that is held against the server, against what
//! is in front of the Lambda function, and, in node, against CloudFront's viewer function.

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Table {
    /// What programs send.
    pub clients: Vec<Row>,
    pub edge_cases: Vec<Row>,
}

#[derive(Deserialize)]
pub struct Row {
    pub who: String,
    /// The header's lines; none is no header.
    pub accept: Vec<String>,
    svg: Picture,
    png: Picture,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Picture {
    Svg,
    Png,
}

impl Row {
    /// Whether the svg route gives PNG, and whether the png route does.
    pub fn is_png(&self) -> [bool; 2] {
        [&self.svg, &self.png].map(|picture| *picture == Picture::Png)
    }

    pub fn lines(&self) -> Vec<&str> {
        self.accept.iter().map(String::as_str).collect()
    }
}

pub fn table() -> Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/accept.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
