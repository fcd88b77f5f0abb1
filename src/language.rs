//! The language that names are wanted in: which of a feature's names is for whom.

use crate::value::{Attributes, GeometryKind, Property, TileGeometry};
use icu_locale_core::{LanguageIdentifier, Locale};
use icu_locale_fallback::{LocaleFallbackConfig, LocaleFallbackPriority, LocaleFallbacker};
use icu_properties::props::{NamedEnumeratedProperty, Script};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

static SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();

/// What is accepted as one.
pub const ACCEPTED: &str = "write a language as a BCP 47 tag: de, pt-BR or zh-Hant";

/// Bytes of a tag: RFC 5646, 4.4.1, finds none that needs more.
const LONGEST: usize = 35;

/// Tags that browsers send and the data of locales has under another (IANA Language Subtag Registry).
const SAME: [(&str, &str); 7] =
    [("nb", "no"), ("iw", "he"), ("in", "id"), ("ji", "yi"), ("tl", "fil"), ("jw", "jv"), ("mo", "ro")];

/// A language by its tag (BCP 47). Cloned, it is the same.
#[derive(Clone, Debug)]
pub struct Language(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// As BCP 47 would have it written.
    tag: String,
    /// The properties with names in it, the most exact first.
    names: Vec<String>,
    /// What it is written in (ISO 15924), if that is known.
    script: Option<String>,
}

impl Language {
    pub fn tag(&self) -> &str {
        &self.0.tag
    }

    /// Whether who reads the language can read a text: whether all its letters are of a script it is written in. Of a
    /// language of which that is not known, any.
    pub fn reads(&self, text: &str) -> bool {
        let Some(own) = &self.0.script else { return true };
        text.chars().all(|c| {
            let script = SCRIPTS.get(c);
            matches!(script, Script::Common | Script::Inherited | Script::Unknown) || is_of(script, own)
        })
    }
}

/// Whether a script is one of those that a code of ISO 15924 stands for (augmented script sets: UTS 39, 5.1).
fn is_of(script: Script, code: &str) -> bool {
    let codes: &[&str] = match script {
        Script::Han => &["Hans", "Hant", "Hanb", "Jpan", "Kore"],
        Script::Hiragana | Script::Katakana => &["Jpan"],
        Script::Hangul => &["Kore"],
        Script::Bopomofo => &["Hanb"],
        _ => &[],
    };
    script.short_name() == code || codes.contains(&code)
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Language, String> {
        let locale = text.parse::<Locale>().ok().filter(|_| text.len() <= LONGEST && !text.contains('_'));
        let Some(id) = locale.map(|locale| locale.id).filter(|id| !id.language.is_unknown()) else {
            return Err(format!("{text:?} is not a language; {ACCEPTED}"));
        };
        let mut tags = vec![id.to_string()];
        let mut script = id.script;
        let same = SAME.iter().find(|(tag, _)| *tag == id.language.as_str());
        let known =
            same.and_then(|(_, tag)| tag.parse().ok()).map(|language| LanguageIdentifier { language, ..id.clone() });
        let known = known.as_ref().unwrap_or(&id);
        // What it goes over to, region by region and in the end to its script alone (UTS 35, "Locale Inheritance").
        let mut config = LocaleFallbackConfig::default();
        config.priority = LocaleFallbackPriority::Script;
        let fallbacker = LocaleFallbacker::new().for_config(config);
        let mut wider = fallbacker.fallback_for(known.into());
        while !wider.get().is_unknown() {
            let locale = wider.get();
            script = script.or(locale.script);
            if locale.language == known.language {
                tags.push(LanguageIdentifier::from((locale.language, locale.script, locale.region)).to_string());
            }
            wider.step();
        }
        tags.extend([id.language, known.language].map(|language| language.to_string()));
        let mut names: Vec<String> = Vec::new();
        for tag in &tags {
            let name = format!("name:{tag}");
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let script = script.map(|script| script.to_string());
        Ok(Language(Arc::new(Parts { tag: tags.swap_remove(0), names, script })))
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Language) -> bool {
        self.tag() == other.tag()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The properties that [`localized`] looks at.
pub fn names(language: &Language) -> impl Iterator<Item = &str> {
    ["name", "name:en"].into_iter().chain(language.0.names.iter().map(String::as_str))
}

/// A feature whose `name` is the one for who reads a language.
pub struct Spoken<'a> {
    pub feature: &'a dyn Attributes,
    pub language: &'a Language,
}

impl Attributes for Spoken<'_> {
    fn kind(&self) -> GeometryKind {
        self.feature.kind()
    }

    fn id(&self) -> Option<u64> {
        self.feature.id()
    }

    fn property(&self, name: &str) -> Option<&Property> {
        if name == "name" { localized(self.feature, self.language) } else { self.feature.property(name) }
    }

    fn properties(&self) -> Box<dyn Iterator<Item = (&str, &Property)> + '_> {
        self.feature.properties()
    }

    fn geometry(&self) -> Option<TileGeometry> {
        self.feature.geometry()
    }
}

/// A feature's name for who reads a language: in that language, else in English where its own is in letters that the
/// reader does not know, else its own.
pub fn localized<'a>(feature: &'a dyn Attributes, language: &Language) -> Option<&'a Property> {
    let text = |name: &str| feature.property(name).filter(|name| !is_empty(name));
    let own = text("name");
    // What is asked for, and else only what is written in the script that was asked for.
    let is_readable = |name: &&Property| !matches!(name, Property::String(name) if !language.reads(name));
    let named = |(i, name): (usize, &String)| text(name).filter(|name| i == 0 || is_readable(name));
    let translated = language.0.names.iter().enumerate().find_map(named);
    translated.or_else(|| match own {
        Some(Property::String(name)) if !language.reads(name) => text("name:en").or(own),
        _ => own,
    })
}

fn is_empty(name: &Property) -> bool {
    match name {
        Property::Null => true,
        Property::String(text) => text.trim().is_empty(),
        _ => false,
    }
}
