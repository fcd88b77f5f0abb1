//! Static images: the part of the world that one shows, read from a path or the command line.

use super::{Labels, Query, parse_scale};
use crate::error::{Code, Error};
use crate::format::Format;
use crate::limits;
use crate::viewport::Viewport;

/// One map image in one form.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticRequest {
    pub viewport: Viewport,
    /// png or svg.
    pub format: Format,
    /// A served style by name; none is the default style.
    pub style: Option<String>,
    /// Whether what the sources want to be credited with stands in the picture.
    pub attribution: bool,
    pub labels: Labels,
}

/// What of the world is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View {
    /// Longitude and latitude in degrees, MapLibre zoom, and bearing in degrees clockwise from north.
    Center([f64; 2], f64, f64),
    /// West, south, east and north in degrees, at the largest zoom at which they fit.
    Box([f64; 4]),
}

const FORMS: &str = "static images are at /static/{lon},{lat},{zoom}[,{bearing}]/{w}x{h}[@{n}x].{png|svg} and \
                     /static/bbox/{west},{south},{east},{north}/{w}x{h}[@{n}x].{png|svg}, for example \
                     /static/7.42,43.735,14.5/600x400.png; a style's have /styles/{style} in front";

/// Reads what follows `static` in a path.
pub fn parse(style: Option<&str>, parts: &[&str], query: &Query) -> Result<StaticRequest, Error> {
    let (view, file): (View, &str) = match *parts {
        [view, file] => (View::parse_center(view)?, file),
        ["bbox", view, file] => (View::parse_box(view)?, file),
        _ => return Err(Error::new(Code::UnknownRoute, "no route has this path", FORMS)),
    };
    let malformed = |detail: String| Error::bad_request(detail, FORMS);
    let (name, extension) = file
        .rsplit_once('.')
        .ok_or_else(|| malformed(format!("the last part of the path, {file:?}, has no extension")))?;
    let format = Format::from_extension(extension).filter(|format| format.is_picture()).ok_or_else(|| {
        let detail = format!("there is no static image of format {extension:?}");
        Error::new(Code::UnknownRoute, detail, "png and svg are")
    })?;
    let (size, scale) = parse_scale(name)?;
    let [width, height] = parse_size(size)?;
    let viewport = view.viewport([width, height], scale, limits::STATIC_SIDE)?;
    let attribution = match query.get("attribution") {
        None | Some("" | "0") => false,
        Some("1") => true,
        Some(other) => {
            return Err(Error::bad_request(
                format!("attribution is {other:?}"),
                "1 puts it into the picture, 0 does not",
            ));
        }
    };
    let labels = Labels::parse(query)?.of(format);
    Ok(StaticRequest { viewport, format, style: style.map(str::to_string), attribution, labels })
}

/// Width and height of `{w}x{h}`, in CSS pixels.
pub fn parse_size(text: &str) -> Result<[u32; 2], Error> {
    let side = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // Too large for the type is too large for a picture, which is looked at later.
        digits.then(|| text.parse().unwrap_or(u32::MAX)).filter(|&side: &u32| side > 0)
    };
    let size = text.split_once('x').and_then(|(width, height)| Some([side(width)?, side(height)?]));
    size.ok_or_else(|| {
        let hint = "write width and height in whole pixels from 1 up: 600x400";
        Error::bad_request(format!("{text:?} is not a size"), hint)
    })
}

/// Numbers separated by commas.
fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split(',').map(|number| number.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect()
}

fn is_longitude(lon: f64) -> bool {
    (-180.0..=180.0).contains(&lon)
}

fn is_latitude(lat: f64) -> bool {
    (-90.0..=90.0).contains(&lat)
}

impl View {
    /// Reads `LON,LAT,ZOOM[,BEARING]`.
    pub fn parse_center(text: &str) -> Result<View, Error> {
        let refused = |detail: String| {
            let zooms = limits::VIEW_ZOOMS;
            let hint = format!(
                "write longitude,latitude,zoom and maybe a bearing in degrees: 7.42,43.735,14.5 or 7.42,43.735,14.5,30; \
                 longitudes are from -180 to 180, latitudes from -90 to 90, zooms from {} to {}, bearings from -360 to 360",
                zooms.start(),
                zooms.end()
            );
            Error::bad_request(detail, hint)
        };
        let (lon, lat, zoom, bearing) = match numbers(text).as_deref() {
            Some(&[lon, lat, zoom]) => (lon, lat, zoom, 0.0),
            Some(&[lon, lat, zoom, bearing]) => (lon, lat, zoom, bearing),
            _ => return Err(refused(format!("{text:?} is no place and zoom"))),
        };
        for (what, number, is_one) in [
            ("a longitude", lon, is_longitude(lon)),
            ("a latitude", lat, is_latitude(lat)),
            ("a zoom", zoom, limits::VIEW_ZOOMS.contains(&zoom)),
            ("a bearing", bearing, (-360.0..=360.0).contains(&bearing)),
        ] {
            if !is_one {
                return Err(refused(format!("{number} is not {what}")));
            }
        }
        Ok(View::Center([lon, lat], zoom, bearing))
    }

    /// Reads `WEST,SOUTH,EAST,NORTH`.
    pub fn parse_box(text: &str) -> Result<View, Error> {
        let hint = "write west,south,east,north in degrees, for example 7.40,43.72,7.44,43.76; a box whose west is greater \
                    than its east goes over the antimeridian";
        let refused = |detail: String| Error::bad_request(detail, hint);
        let Some(&[west, south, east, north]) = numbers(text).as_deref() else {
            return Err(refused(format!("{text:?} is no box")));
        };
        if let Some(lon) = [west, east].into_iter().find(|&lon| !is_longitude(lon)) {
            return Err(refused(format!("{lon} is not a longitude, which are from -180 to 180")));
        }
        if let Some(lat) = [south, north].into_iter().find(|&lat| !is_latitude(lat)) {
            return Err(refused(format!("{lat} is not a latitude, which are from -90 to 90")));
        }
        if south > north {
            return Err(refused(format!("the south of the box, {south}, is north of its north, {north}")));
        }
        Ok(View::Box([west, south, east, north]))
    }

    /// The viewport of `size` CSS pixels that shows this; a side has at most `most` output pixels.
    pub fn viewport(&self, size: [u32; 2], scale: u8, most: u32) -> Result<Viewport, Error> {
        if size.iter().any(|side| side.saturating_mul(scale.into()) > most) {
            let [width, height] = size;
            let detail = format!("{width} by {height} pixels at scale {scale} are more than {most} a side");
            return Err(Error::new(Code::TooLarge, detail, "ask for a smaller picture, or a smaller scale"));
        }
        let bounds = match *self {
            View::Center(center, zoom, bearing) => return Ok(Viewport::around(center, zoom, bearing, size, scale)),
            View::Box(bounds) => bounds,
        };
        let viewport = Viewport::fitting(bounds, size, scale).ok_or_else(|| {
            let [lon, lat, ..] = bounds;
            let hint = format!("a point fits at every zoom: say which, as {lon},{lat},16");
            Error::bad_request("the box is a single point", hint)
        })?;
        let zooms = limits::VIEW_ZOOMS;
        if viewport.zoom > *zooms.end() {
            let [lon, lat, ..] = bounds;
            let hint = format!("ask for a larger box, or a place and a zoom, as {lon},{lat},16");
            return Err(Error::bad_request(
                format!("the box is so small that it fits at zoom {:.1}", viewport.zoom),
                hint,
            ));
        }
        if viewport.zoom < *zooms.start() {
            let hint = format!(
                "ask for a larger picture or a smaller box: at zoom {} the world is 256 pixels wide",
                zooms.start()
            );
            return Err(Error::bad_request("the box does not fit the picture at any zoom", hint));
        }
        Ok(viewport)
    }
}

impl StaticRequest {
    pub(super) fn subject(&self) -> String {
        let Viewport { zoom, scale, left, top, width, height, turn } = self.viewport;
        let turn = turn.map_or(String::new(), |turn| format!(" turned {} about {:?}", turn.bearing, turn.pivot));
        let attribution = if self.attribution { " with attribution" } else { "" };
        format!("{left},{top} {width}x{height} at {zoom} @{scale}x{turn}{attribution}{}", self.labels)
    }
}
