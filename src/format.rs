//! The forms an answer can have, their names in paths, and the choice between them.

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Svg,
    Png,
    /// Tilezen JSON: an object of layer name to FeatureCollection.
    Json,
    /// One FeatureCollection, the layer's name among the properties.
    GeoJson,
    /// The source's own tile, decompressed.
    Mvt,
}

impl Format {
    /// The variant of a route's first segment, aliases included.
    pub fn from_variant(segment: &str) -> Option<Format> {
        match segment {
            "json" | "rasterzen" => Some(Format::Json),
            "mvt" | "nextzen" | "tilezen" => Some(Format::Mvt),
            _ => Format::from_extension(segment),
        }
    }

    /// The format of a file name's extension, which is also its name on the command line.
    pub fn from_extension(extension: &str) -> Option<Format> {
        match extension {
            "svg" => Some(Format::Svg),
            "png" => Some(Format::Png),
            "json" => Some(Format::Json),
            "geojson" => Some(Format::GeoJson),
            "mvt" => Some(Format::Mvt),
            _ => None,
        }
    }

    /// The variant's name in cache keys, and its extension.
    pub fn name(self) -> &'static str {
        match self {
            Format::Svg => "svg",
            Format::Png => "png",
            Format::Json => "json",
            Format::GeoJson => "geojson",
            Format::Mvt => "mvt",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Svg => "image/svg+xml",
            Format::Png => "image/png",
            Format::Json => "application/json",
            Format::GeoJson => "application/geo+json",
            Format::Mvt => "application/vnd.mapbox-vector-tile",
        }
    }

    /// Whether this is drawn: negotiable, and made with a style.
    pub fn is_picture(self) -> bool {
        matches!(self, Format::Svg | Format::Png)
    }

    /// What a picture route answers, given the values of the request's `Accept` lines (RFC 9110, 12.5.1).
    ///
    /// The other picture type wins only if it is named explicitly with a strictly higher q than the path's type has. A
    /// tie, or nothing acceptable, gives the path's type.
    pub fn negotiate<'a>(self, accept: impl Iterator<Item = &'a str>) -> Format {
        let other = match self {
            Format::Svg => Format::Png,
            Format::Png => Format::Svg,
            _ => return self,
        };
        let mut ranges = Vec::new();
        for line in accept {
            ranges.extend(line.split(',').filter_map(Range::parse));
        }
        if ranges.is_empty() {
            return self;
        }
        let named = ranges.iter().any(|range| range.name.eq_ignore_ascii_case(other.media_type()));
        if named && quality(&ranges, other.media_type()) > quality(&ranges, self.media_type()) { other } else { self }
    }
}

/// One media range of an `Accept` header.
struct Range<'a> {
    name: &'a str,
    /// The weight in thousandths (RFC 9110, 12.4.2).
    q: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Range<'a>> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| name.contains('/'))?;
        let q = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
        // What is not a weight is not a wish.
        let q = q.map_or(1000, |q| thousandths(q).unwrap_or(0));
        Some(Range { name, q })
    }
}

/// A weight (RFC 9110, 12.4.2). Decimals beyond the third say nothing, and some clients leave out the zero before the
/// point.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let whole = match whole {
        "" if decimals.is_empty() => return None,
        "" | "0" => 0,
        "1" => 1000,
        _ => return None,
    };
    let digits = decimals.bytes().map(|b| char::from(b).to_digit(10)).collect::<Option<Vec<u32>>>()?;
    let decimals = (0..3).fold(0, |sum, i| 10 * sum + digits.get(i).copied().unwrap_or(0));
    u16::try_from(whole + decimals).ok().filter(|q| *q <= 1000)
}

/// The q that the most specific matching range gives `media_type`; 0 where none matches.
fn quality(ranges: &[Range], media_type: &str) -> u16 {
    let family = media_type.split('/').next().unwrap_or_default();
    let specificity = |name: &str| match name.split_once('/') {
        _ if name.eq_ignore_ascii_case(media_type) => 3,
        Some((f, "*")) if f.eq_ignore_ascii_case(family) => 2,
        Some(("*", "*")) => 1,
        _ => 0,
    };
    let best = ranges.iter().map(|r| (specificity(r.name), r.q)).filter(|(s, _)| *s > 0).max();
    best.map_or(0, |(_, q)| q)
}
