//! How pictures are labelled.

use crate::format::Format;
use crate::language::Language;
use crate::request::Labels;
use clap::Args;

#[derive(Args)]
pub struct Labelling {
    /// The language of the names, as a BCP 47 tag such as de or zh-Hant [default: each as it stands on the spot]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    /// How texts are written as SVG: `outlines` of letters, or `live` to be edited and set in the reader's fonts
    #[arg(long, value_name = "HOW", default_value = "outlines", value_parser = ["outlines", "live"])]
    text: String,
}

impl Labelling {
    /// What of it changes a form.
    pub fn labels(&self, format: Format) -> Labels {
        Labels { language: self.lang.clone(), live: self.text == "live" }.of(format)
    }
}
