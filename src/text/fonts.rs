//! Which fonts there are, and which of them draws a character.
//!
//! The bundled ones are always there. Others come from a folder that someone named; fonts of the system are never
//! looked for, so that a picture does not depend on the machine that drew it.

use super::name::{self, Style};
use super::outline::Outline;
use crate::bounded::Bounded;
use crate::{digest, file, limits};
use harfrust::font::attribute;
use harfrust::{Direction, Feature, Font, GlyphId, Script, ShapePlan, Tag};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, RwLock};

/// What they are and how they were made stands beside them.
const BUNDLED: [&[u8]; 7] = [
    include_bytes!("../../styles/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../styles/fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../styles/fonts/NotoSans-Italic.ttf"),
    include_bytes!("../../styles/fonts/NotoSansArabic-Regular.ttf"),
    include_bytes!("../../styles/fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../../styles/fonts/NotoSansHebrew-Regular.ttf"),
    include_bytes!("../../styles/fonts/NotoSansHebrew-Bold.ttf"),
];

/// The family that stands in for one that is not there, as [`name::key`] has it.
const STANDARD: &str = "notosans";

/// A font of a [`Fonts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FontId(u16);

/// Every font, in the order in which a text asks them for its characters. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FontStack(Arc<[FontId]>);

impl FontStack {
    /// One font and no other.
    pub fn of(font: FontId) -> FontStack {
        FontStack([font].into())
    }

    pub fn fonts(&self) -> &[FontId] {
        &self.0
    }
}

/// How far a font reaches above and below the baseline, in ems; both are positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub ascent: f64,
    pub descent: f64,
}

/// What a font is called where fonts are asked for by family, weight and style (CSS Fonts 4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FontName<'a> {
    pub family: &'a str,
    pub weight: f32,
    pub italic: bool,
}

/// Fonts, ready to shape and draw with.
pub struct Fonts {
    faces: Vec<Face>,
    digest: String,
    outlines: Bounded<(FontId, u32), Option<Arc<Outline>>>,
}

pub(super) struct Face {
    pub font: Font,
    /// As the font has it.
    family: String,
    /// As [`name::key`] has them.
    families: Vec<String>,
    style: Style,
    plans: RwLock<Vec<(PlanKey, Arc<ShapePlan>)>>,
}

/// Script, direction, and whether letters may be joined to ligatures.
pub(super) type PlanKey = (Option<Script>, Direction, bool);

static STANDARD_FONTS: LazyLock<Arc<Fonts>> = LazyLock::new(|| Arc::new(Fonts::of(Vec::new())));

/// Without these a letter is drawn for each character, as far as the script allows (CSS Text 3, 8.2: optional
/// ligatures).
pub(super) const APART: [Feature; 2] = [
    Feature { tag: Tag::new(b"liga"), value: 0, start: 0, end: u32::MAX },
    Feature { tag: Tag::new(b"clig"), value: 0, start: 0, end: u32::MAX },
];

impl Fonts {
    /// Noto Sans (regular, bold, italic), Noto Sans Arabic and Hebrew (regular, bold).
    pub fn bundled() -> Arc<Fonts> {
        STANDARD_FONTS.clone()
    }

    /// The TTF, OTF, TTC and OTC files of a folder and those below it, in the order of their paths, and the bundled
    /// fonts. Beside them, of each file that cannot be used, which and why. Fails where the folder cannot be read, or
    /// there is none or too much in it.
    pub fn with_folder(folder: &Path) -> Result<(Fonts, Vec<String>), String> {
        let mut paths = Vec::new();
        find(folder, 0, &mut paths)?;
        if paths.is_empty() {
            return Err(format!("{}: there is no .ttf, .otf, .ttc or .otc file in it", folder.display()));
        }
        let mut faces = Vec::new();
        let mut refused = Vec::new();
        let mut bytes = 0;
        for path in paths {
            let data = file::read(&path, limits::FONT_BYTES).map_err(|e| format!("{}: {e}", path.display()))?;
            bytes += data.len() as u64;
            if bytes > limits::FONTS_BYTES {
                let limit = limits::FONTS_BYTES >> 20;
                return Err(format!("{}: the fonts up to {} have over {limit} MiB", folder.display(), path.display()));
            }
            match Face::all(data) {
                Ok(found) => faces.extend(found),
                Err(why) => refused.push(format!("{}: {why}", path.display())),
            }
            if faces.len() > limits::FONTS {
                return Err(format!("{}: there are over {} fonts", folder.display(), limits::FONTS));
            }
        }
        Ok((Fonts::of(faces), refused))
    }

    /// One font file in memory, before the bundled fonts. Fails, saying why, where it is none.
    pub fn with_file(data: Vec<u8>) -> Result<Fonts, String> {
        Face::all(data).map(Fonts::of)
    }

    fn of(faces: Vec<(Face, String)>) -> Fonts {
        let bundled = BUNDLED.iter().map(|data| Face::new(Font::new(*data, 0), digest::of(data)));
        let all = faces.into_iter().chain(bundled.map(|face| face.expect("a bundled font is sound")));
        let (faces, digests): (Vec<Face>, Vec<String>) = all.unzip();
        let weight = |_: &(FontId, u32), outline: &Option<Arc<Outline>>| -> u64 {
            let segments = outline.as_ref().map_or(0, |outline| size_of_val(&*outline.segments));
            (size_of::<(FontId, u32, Outline)>() + segments) as u64
        };
        let outlines = Bounded::new(limits::OUTLINES_BYTES, weight);
        Fonts { faces, digest: digest::of_parts(digests.iter().map(String::as_str)), outlines }
    }

    /// Of the bytes of all fonts, in their order: other fonts draw other pictures.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The fonts of a style's `text-font`. A family that is there gives its face nearest in width, slant and weight
    /// (CSS Fonts 4, 5.2). For a character that none of the named has, the other fonts are asked: Noto Sans, then all
    /// from the folder, then the bundled ones, those first whose style is nearest to that of the first name. No name
    /// is wrong: an unknown family is Noto Sans in the style that the name asks for.
    pub fn stack<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> FontStack {
        let mut order: Vec<FontId> = Vec::new();
        let mut wanted: Option<Style> = None;
        for name in names.into_iter().take(limits::FONT_NAMES) {
            let name = if name.len() <= limits::FONT_NAME_BYTES { name } else { "" };
            let parsed = name::parse(name, |key| self.faces.iter().any(|face| face.is_of(key)));
            wanted.get_or_insert(parsed.style);
            let family = self.ids().filter(|&id| self.face(id).is_of(&parsed.family));
            if let Some(best) = family.min_by(|&a, &b| self.nearer(&parsed.style, a, b))
                && !order.contains(&best)
            {
                order.push(best);
            }
        }
        let wanted = wanted.unwrap_or(Style::REGULAR);
        let bundled = self.faces.len() - BUNDLED.len();
        let mut others: Vec<FontId> = self.ids().filter(|id| !order.contains(id)).collect();
        let group = |id: FontId| (!self.face(id).is_of(STANDARD), usize::from(id.0) >= bundled);
        others.sort_by(|&a, &b| group(a).cmp(&group(b)).then_with(|| self.nearer(&wanted, a, b)));
        order.extend(others);
        FontStack(order.into())
    }

    fn ids(&self) -> impl Iterator<Item = FontId> {
        (0..self.faces.len() as u16).map(FontId)
    }

    fn nearer(&self, wanted: &Style, a: FontId, b: FontId) -> std::cmp::Ordering {
        wanted.compare(&self.face(a).style, &self.face(b).style).then(a.cmp(&b))
    }

    /// The outline of a glyph. None where it has none: a space, or a glyph that the font lacks or that is broken.
    pub fn outline(&self, font: FontId, glyph: u32) -> Option<Arc<Outline>> {
        let read = || Outline::of(&self.face(font).font, GlyphId::new(glyph)).map(Arc::new);
        self.outlines.get_or_make(&(font, glyph), read)
    }

    pub fn name(&self, font: FontId) -> FontName<'_> {
        let Face { family, style, .. } = self.face(font);
        FontName { family, weight: style.weight, italic: style.italic }
    }

    pub fn extent(&self, font: FontId) -> Extent {
        let font = &self.face(font).font;
        let em = f64::from(font.units_per_em());
        let line = font.metrics().h_line().map(|line| (line.ascender.to_f64() / em, -line.descender.to_f64() / em));
        let (ascent, descent) = line.unwrap_or((1.0, 0.0));
        Extent { ascent, descent }
    }

    pub(super) fn face(&self, id: FontId) -> &Face {
        &self.faces[usize::from(id.0)]
    }

    /// The font for a grapheme cluster: the first that has all its characters, as they are or composed or decomposed;
    /// else the first that has the first character. A space stays with the font of the text before it.
    pub(super) fn pick(&self, stack: &FontStack, cluster: &str, before: Option<FontId>) -> Option<FontId> {
        let has_all = |id: FontId, text: &str| text.chars().all(|c| self.face(id).has(c));
        if let Some(id) = before
            && cluster.chars().all(|c| c.is_whitespace() || is_ignorable(c))
            && has_all(id, cluster)
        {
            return before;
        }
        let first_with = |text: &str| stack.0.iter().copied().find(|&id| has_all(id, text));
        let mut chars = cluster.chars();
        let first = chars.next()?;
        let found = first_with(cluster);
        if found.is_some() || (chars.next().is_none() && first.is_ascii()) {
            return found;
        }
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(cluster);
        let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(cluster);
        let forms = [composed, decomposed];
        let other_forms = forms.iter().filter(|form| **form != cluster);
        other_forms.map(|form| first_with(form)).find(Option::is_some).flatten().or_else(|| {
            let mut encoded = [0; 4];
            first_with(first.encode_utf8(&mut encoded))
        })
    }
}

/// Characters that are never seen, whatever the font has: joiners, direction marks, variation selectors.
pub(super) fn is_ignorable(c: char) -> bool {
    static IGNORABLE: icu_properties::CodePointSetDataBorrowed<'static> =
        icu_properties::CodePointSetData::new::<icu_properties::props::DefaultIgnorableCodePoint>();
    !c.is_ascii() && IGNORABLE.contains(c)
}

impl Face {
    /// The fonts of a file, each with a digest of it.
    fn all(data: Vec<u8>) -> Result<Vec<(Face, String)>, String> {
        if data.len() as u64 > limits::FONT_BYTES {
            return Err(format!("it has over {} MiB", limits::FONT_BYTES >> 20));
        }
        let digest = digest::of(&data);
        let count = match data.get(..12) {
            Some([b't', b't', b'c', b'f', _, _, _, _, count @ ..]) => {
                u32::from_be_bytes([count[0], count[1], count[2], count[3]])
            }
            _ => 1,
        };
        if count == 0 || count as usize > limits::FONTS {
            return Err(format!("a collection of {count} fonts; 1 to {} are accepted", limits::FONTS));
        }
        let data: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(data);
        let faces = (0..count).map(|index| Face::new(Font::new(data.clone(), index), format!("{digest}#{index}")));
        faces.collect()
    }

    fn new(font: Option<Font>, digest: String) -> Result<(Face, String), String> {
        let font = font.ok_or("no TrueType or OpenType font")?;
        if font.num_glyphs() == 0 || font.outline_glyphs().is_empty() {
            return Err("it has no outlines".into());
        }
        if !font.charmap().has_unicode() {
            return Err("it has no table of Unicode characters (cmap)".into());
        }
        // OpenType 1.9, head: "Set to a value from 16 to 16384".
        if !(16..=16384).contains(&font.units_per_em()) {
            return Err(format!("{} units per em; 16 to 16384 are accepted (head)", font.units_per_em()));
        }
        // The typographic family (16) groups more styles than the family (1) does; both are names to ask for.
        let ids = [16, 1].map(harfrust::font::name::NameId::new);
        let names = font.names();
        let named: Vec<String> =
            ids.into_iter().filter_map(|id| Some(names.get(id)?.english_or_first()?.name().to_string())).collect();
        let mut families: Vec<String> = named.iter().map(|name| name::key(name)).collect();
        families.retain(|family| !family.is_empty());
        let Some(family) = named.into_iter().find(|name| !name::key(name).is_empty()) else {
            return Err("it names no family (name)".into());
        };
        let attributes = font.default_attributes();
        let style = Style {
            width: attributes.width.ratio(),
            weight: attributes.weight.value(),
            italic: attributes.style != attribute::Style::Normal,
        };
        Ok((Face { font, family, families, style, plans: RwLock::default() }, digest))
    }

    fn is_of(&self, family: &str) -> bool {
        self.families.iter().any(|own| own == family)
    }

    /// Whether the character can be shown. The shaper makes spaces of other widths of the plain one.
    fn has(&self, c: char) -> bool {
        let c = if c.is_whitespace() { ' ' } else { c };
        is_ignorable(c) || self.font.charmap().map_unicode(c).is_some()
    }

    /// What the shaper does for a script in a direction, worked out once.
    pub fn plan(&self, key: PlanKey) -> Arc<ShapePlan> {
        let known = |plans: &Vec<(PlanKey, Arc<ShapePlan>)>| {
            plans.iter().find(|(other, _)| *other == key).map(|(_, plan)| plan.clone())
        };
        if let Some(plan) = known(&self.plans.read().expect("no holder panics")) {
            return plan;
        }
        let (script, direction, ligatures) = key;
        let features: &[Feature] = if ligatures { &[] } else { &APART };
        let plan = Arc::new(ShapePlan::new(&self.font, direction, script, None, features));
        let mut plans = self.plans.write().expect("no holder panics");
        known(&plans).unwrap_or_else(|| {
            plans.push((key, plan.clone()));
            plan
        })
    }
}

/// The font files below a folder, sorted.
fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), String> {
    if depth > limits::FONT_FOLDER_DEPTH {
        return Err(format!("{}: folders are nested over {} deep", folder.display(), limits::FONT_FOLDER_DEPTH));
    }
    let failed = |e| format!("{}: {e}", folder.display());
    let entries =
        std::fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>()).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        if path.is_dir() {
            find(&path, depth + 1, found)?;
        } else if path.is_file() && matches!(extension.as_deref(), Some("ttf" | "otf" | "ttc" | "otc")) {
            found.push(path);
        }
        if found.len() > limits::FONTS {
            return Err(format!("{}: there are over {} font files", folder.display(), limits::FONTS));
        }
    }
    Ok(())
}
