//! Names of locales (BCP 47), and which of them there are.

use super::{Eval, fail};
use icu_locale_core::LanguageIdentifier;

/// The locale of texts that name none.
pub const DEFAULT: &str = "en-US";

pub struct Locale(LanguageIdentifier);

pub fn parse(tag: &str) -> Eval<Locale> {
    // What follows a singleton are wishes, which are not granted here.
    match tag.parse::<icu_locale_core::Locale>() {
        Ok(locale) if !tag.contains('_') && !locale.id.is_unknown() => Ok(Locale(locale.id)),
        _ => fail("Incorrect locale information provided"),
    }
}

impl Locale {
    pub fn language(&self) -> &str {
        self.0.language.as_str()
    }

    /// The names under which to look for the locale, from the most to the least exact.
    pub fn lookups(&self) -> Vec<String> {
        let language = match self.0.language.as_str() {
            // Names from before ISO 639 was mended, and of languages that are written as another.
            "iw" => "he",
            "in" => "id",
            "tl" => "fil",
            "mo" => "ro",
            "no" => "nb",
            other => other,
        };
        let script = self.0.script.map(|script| script.as_str().to_string());
        let region = self.0.region.map(|region| region.as_str().to_string());
        let mut names = Vec::new();
        if let (Some(script), Some(region)) = (&script, &region) {
            names.push(format!("{language}-{script}-{region}"));
        }
        // Chinese in traditional characters is that of Taiwan where no region says otherwise.
        if language == "zh" && script.as_deref() == Some("Hant") {
            names.push(format!("zh-{}", region.as_deref().filter(|region| *region == "HK").unwrap_or("TW")));
        }
        // A script that is not a language's own would make another locale of it; none such is known here.
        names.extend(region.as_ref().map(|region| format!("{language}-{region}")));
        // The Spanish of Latin America stands for its regions.
        let latin_america = [
            "AR", "BO", "BR", "BZ", "CL", "CO", "CR", "CU", "DO", "EC", "GT", "HN", "NI", "PA", "PE", "PR", "PY", "SV",
            "US", "UY", "VE",
        ];
        if language == "es" && region.as_deref().is_some_and(|region| latin_america.contains(&region)) {
            names.push("es-419".to_string());
        }
        names.extend(script.as_ref().map(|script| format!("{language}-{script}")));
        names.push(language.to_string());
        names
    }
}

/// The locales that have rules for the order of texts (`resolved-locale`), those of the Unicode CLDR.
const ORDERED: &str = "af am ar ar-SA as az be bg blo bn bo br bs bs-Cyrl ca ceb chr cs cy da de de-AT dsb dz ee el en \
    en-US eo es et fa fa-AF ff fi fil fo fr fr-CA fy ga gl gu ha haw he he-IL hi hr hsb hu hy id id-ID ig is it ja ka kk \
    kk-Arab kl km kn ko kok ku ky lb lij lkt ln lo lt lv mk ml mn mr ms mt my nb nb-NO ne nl nn no nso om or pa pa-Guru \
    pa-IN pl ps pt ro ru sa se si sk sl smn sq sr sr-BA sr-Cyrl sr-Cyrl-ME sr-Latn sr-Latn-BA sr-Latn-RS sr-ME sr-RS st \
    sv sw ta te th tk tn to tr ug uk ur uz vi wae wo xh yi yo zh zh-CN zh-HK zh-Hans zh-Hant zh-MO zh-SG zh-TW zu";

/// The locale by whose rules texts are ordered where this one is asked for.
pub fn ordered_by(locale: &Locale) -> String {
    let id = &locale.0;
    let is_ordered = |name: &String| ORDERED.split_ascii_whitespace().any(|known| known == name);
    let exact = match id.language.as_str() {
        "no" => Some("no".to_string()),
        _ => None,
    };
    exact.or_else(|| locale.lookups().into_iter().find(is_ordered)).unwrap_or_else(|| DEFAULT.to_string())
}
