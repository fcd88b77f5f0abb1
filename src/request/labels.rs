//! How a picture is labelled: in which language, and in SVG by which means.

use super::Query;
use crate::error::Error;
use crate::format::Format;
use crate::language::{ACCEPTED, Language};
use std::fmt;

/// What texts there are, and how they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// None is each name as it stands on the spot.
    pub language: Option<Language>,
    /// Whether texts are written to be edited and searched, with the reader's fonts, and not as outlines.
    pub live: bool,
}

impl Labels {
    pub(super) fn parse(query: &Query) -> Result<Labels, Error> {
        let live = match query.get("text") {
            None | Some("" | "outlines") => false,
            Some("live") => true,
            Some(other) => {
                let hint = "outlines draws letters, live writes text for the reader's own fonts";
                return Err(Error::bad_request(format!("text is {other:?}"), hint));
            }
        };
        Ok(Labels { language: language(query)?, live })
    }

    /// What of it changes a form: pixels have no text, and JSON all names.
    pub fn of(&self, format: Format) -> Labels {
        let language = self.language.clone().filter(|_| format.is_picture());
        Labels { language, live: self.live && format == Format::Svg }
    }

    /// Whether it is what there is where nothing is said.
    pub fn is_plain(&self) -> bool {
        *self == Labels::default()
    }

    /// Its segment of a cache key, with the slash; nothing where nothing is said.
    pub(super) fn segment(&self) -> String {
        let language = self.language.as_ref().map(|language| format!("lang={language}"));
        let live = self.live.then(|| "text=live".to_string());
        let parts: Vec<String> = language.into_iter().chain(live).collect();
        if parts.is_empty() { String::new() } else { format!("{}/", parts.join(",")) }
    }
}

/// The language that is asked for.
pub(super) fn language(query: &Query) -> Result<Option<Language>, Error> {
    let tag = query.get("lang").filter(|tag| !tag.is_empty());
    let language = tag.map(|tag| tag.parse().map_err(|_| Error::bad_request(format!("lang is {tag:?}"), ACCEPTED)));
    language.transpose()
}

/// For a recipe.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(language) = &self.language {
            write!(f, " in {language}")?;
        }
        f.write_str(if self.live { " with live text" } else { "" })
    }
}
