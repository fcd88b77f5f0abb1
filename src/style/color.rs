//! Colours: sRGB with alpha, each channel 0 to 1, not premultiplied.

use crate::style::expression::ecma;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    pub r: f64,
    pub g: f64,
    pub b: f64,
    pub a: f64,
}

/// Where colours are mixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Space {
    Rgb,
    /// Hue, chroma and lightness.
    Hcl,
    /// CIELAB.
    Lab,
}

impl Color {
    pub const BLACK: Color = Color { r: 0.0, g: 0.0, b: 0.0, a: 1.0 };
    pub const TRANSPARENT: Color = Color { r: 0.0, g: 0.0, b: 0.0, a: 0.0 };

    /// A CSS colour in the forms of CSS Color 4 that the Style Spec takes: a name, `#rgb`, `#rgba`, `#rrggbb`,
    /// `#rrggbbaa`, and `rgb()`, `rgba()`, `hsl()` and `hsla()` with commas or spaces.
    pub fn parse(text: &str) -> Option<Color> {
        let text = text.to_lowercase();
        let text = ecma::trim(&text);
        if let Some(digits) = text.strip_prefix('#') {
            return hex(digits);
        }
        if let Some((name, arguments)) = text.split_once('(') {
            let arguments = Arguments::split(arguments.strip_suffix(')')?)?;
            return match name {
                "rgb" | "rgba" => rgb(&arguments),
                "hsl" | "hsla" => hsl(&arguments),
                _ => None,
            };
        }
        // The crate would also take hexadecimal digits without a #.
        let is_name = text.bytes().all(|b| b.is_ascii_alphabetic()) && text.bytes().any(|b| !b.is_ascii_hexdigit());
        let [r, g, b, a] = csscolorparser::parse(text).ok().filter(|_| is_name)?.to_rgba8();
        Some(Color::rgb8(r, g, b, a))
    }

    fn rgb8(r: u8, g: u8, b: u8, a: u8) -> Color {
        let [r, g, b, a] = [r, g, b, a].map(|channel| f64::from(channel) / 255.0);
        Color { r, g, b, a }
    }

    /// The colour a share `t` of the way to `other`, not premultiplied, as MapLibre does it.
    pub fn mix(self, other: Color, t: f64, space: Space) -> Color {
        let between = |from: f64, to: f64| from + t * (to - from);
        let a = between(self.a, other.a);
        match space {
            Space::Rgb => {
                Color { r: between(self.r, other.r), g: between(self.g, other.g), b: between(self.b, other.b), a }
            }
            Space::Lab => {
                let (from, to) = (Lab::of(self), Lab::of(other));
                Lab { l: between(from.l, to.l), a: between(from.a, to.a), b: between(from.b, to.b) }.color(a)
            }
            Space::Hcl => {
                let (from, to) = (Hcl::of(self), Hcl::of(other));
                from.mix(to, t).color(a)
            }
        }
    }

    /// Red, green, blue and alpha in 8 bits.
    pub fn to_rgba8(self) -> [u8; 4] {
        [self.r, self.g, self.b, self.a].map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8)
    }
}

/// As CSS writes it: `rgba(255,0,0,0.5)`.
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = [self.r, self.g, self.b].map(|channel| ecma::text(ecma::round(channel * 255.0)));
        write!(f, "rgba({r},{g},{b},{})", ecma::text(self.a))
    }
}

fn hex(digits: &str) -> Option<Color> {
    let values: Vec<u8> =
        digits.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<Vec<u8>>>()?;
    match *values {
        [r, g, b] => Some(Color::rgb8(r * 17, g * 17, b * 17, 255)),
        [r, g, b, a] => Some(Color::rgb8(r * 17, g * 17, b * 17, a * 17)),
        [r, s, g, h, b, c] => Some(Color::rgb8(r * 16 + s, g * 16 + h, b * 16 + c, 255)),
        [r, s, g, h, b, c, a, d] => Some(Color::rgb8(r * 16 + s, g * 16 + h, b * 16 + c, a * 16 + d)),
        _ => None,
    }
}

/// What stands between the brackets of a colour function: three channels, and an alpha that may be missing.
struct Arguments<'a> {
    channels: [&'a str; 3],
    alpha: Option<&'a str>,
}

impl Arguments<'_> {
    fn split(text: &str) -> Option<Arguments<'_>> {
        let text = ecma::trim(text);
        let (channels, alpha): (Vec<&str>, Option<&str>) = if text.contains(',') {
            let mut parts: Vec<&str> = text.split(',').map(ecma::trim).collect();
            let alpha = (parts.len() == 4).then(|| parts.pop()).flatten();
            (parts, alpha)
        } else {
            let (channels, alpha) = match text.split_once('/') {
                Some((channels, alpha)) => (channels, Some(ecma::trim(alpha))),
                None => (text, None),
            };
            (channels.split(ecma::is_space).filter(|part| !part.is_empty()).collect(), alpha)
        };
        Some(Arguments { channels: channels.try_into().ok()?, alpha })
    }

    fn alpha(&self) -> Option<f64> {
        let Some(alpha) = self.alpha else { return Some(1.0) };
        let alpha = match alpha.strip_suffix('%') {
            Some(percentage) => number(percentage)? / 100.0,
            None => number(alpha)?,
        };
        Some(alpha.clamp(0.0, 1.0))
    }
}

fn number(text: &str) -> Option<f64> {
    let written = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"e.+-".contains(&b));
    Some(ecma::number(text)).filter(|number| written && !number.is_nan())
}

/// Numbers up to 255, or percentages, not both.
fn rgb(arguments: &Arguments) -> Option<Color> {
    let percentages = arguments.channels.map(|channel| channel.ends_with('%'));
    let most = match percentages {
        [true, true, true] => 100.0,
        [false, false, false] => 255.0,
        _ => return None,
    };
    let [r, g, b] = arguments.channels.map(|channel| number(channel.strip_suffix('%').unwrap_or(channel)));
    let channel = |value: f64| (value / most).clamp(0.0, 1.0);
    Some(Color { r: channel(r?), g: channel(g?), b: channel(b?), a: arguments.alpha()? })
}

/// A hue in degrees, saturation and lightness in percent (CSS Color 4, 7.1).
fn hsl(arguments: &Arguments) -> Option<Color> {
    let [hue, saturation, lightness] = arguments.channels;
    let hue = number(hue.strip_suffix("deg").unwrap_or(hue))?.rem_euclid(360.0);
    let percentage = |text: &str| Some(number(text.strip_suffix('%')?)?.clamp(0.0, 100.0) / 100.0);
    let (saturation, lightness) = (percentage(saturation)?, percentage(lightness)?);
    let chroma = saturation * lightness.min(1.0 - lightness);
    let channel = |n: f64| {
        let k = (n + hue / 30.0) % 12.0;
        lightness - chroma * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    };
    Some(Color { r: channel(0.0), g: channel(8.0), b: channel(4.0), a: arguments.alpha()? })
}

/// CIELAB with the white of D50, lightness 0 to 100 (ISO 11664-4; the matrices to and from linear sRGB are B. Lindbloom's,
/// adapted to D50 by Bradford's method).
#[derive(Clone, Copy)]
struct Lab {
    l: f64,
    a: f64,
    b: f64,
}

const WHITE: [f64; 3] = [0.96422, 1.0, 0.82521];

impl Lab {
    fn of(color: Color) -> Lab {
        let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        // The curve is a cube root that runs out straight near zero.
        let curve = |t: f64| {
            let knee: f64 = 6.0 / 29.0;
            if t > knee.powi(3) { t.cbrt() } else { t / (3.0 * knee * knee) + 4.0 / 29.0 }
        };
        let [r, g, b] = [color.r, color.g, color.b].map(linear);
        let y = curve((0.2225045 * r + 0.7168786 * g + 0.0606169 * b) / WHITE[1]);
        // Greys are grey whatever the rounding of the matrices.
        let (x, z) = match r == g && g == b {
            true => (y, y),
            false => (
                curve((0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / WHITE[0]),
                curve((0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / WHITE[2]),
            ),
        };
        Lab { l: (116.0 * y - 16.0).max(0.0), a: 500.0 * (x - y), b: 200.0 * (y - z) }
    }

    fn color(self, alpha: f64) -> Color {
        let curve = |t: f64| {
            let knee: f64 = 6.0 / 29.0;
            if t > knee { t * t * t } else { 3.0 * knee * knee * (t - 4.0 / 29.0) }
        };
        let gamma = |c: f64| {
            let c = if c <= 0.00304 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
            c.clamp(0.0, 1.0)
        };
        let y = (self.l + 16.0) / 116.0;
        let [x, y, z] = [y + self.a / 500.0, y, y - self.b / 200.0].map(curve);
        let [x, y, z] = [x * WHITE[0], y * WHITE[1], z * WHITE[2]];
        Color {
            r: gamma(3.1338561 * x - 1.6168667 * y - 0.4906146 * z),
            g: gamma(-0.9787684 * x + 1.9161415 * y + 0.033454 * z),
            b: gamma(0.0719453 * x - 0.2289914 * y + 1.4052427 * z),
            a: alpha,
        }
    }
}

/// CIELAB by hue in degrees, chroma and lightness; greys have no hue.
#[derive(Clone, Copy)]
struct Hcl {
    hue: Option<f64>,
    chroma: f64,
    lightness: f64,
}

impl Hcl {
    fn of(color: Color) -> Hcl {
        let Lab { l, a, b } = Lab::of(color);
        let chroma = a.hypot(b);
        let hue = (ecma::round(chroma * 10_000.0) != 0.0).then(|| b.atan2(a).to_degrees().rem_euclid(360.0));
        Hcl { hue, chroma, lightness: l }
    }

    /// The hue goes the short way around; beside a grey it stays.
    fn mix(self, other: Hcl, t: f64) -> Hcl {
        let between = |from: f64, to: f64| from + t * (to - from);
        // Black and white take on any chroma; the reference implementation takes white's lightness for 1.
        let is_end = |lightness: f64| lightness == 0.0 || lightness == 1.0;
        let mut chroma = between(self.chroma, other.chroma);
        let hue = match (self.hue, other.hue) {
            (Some(from), Some(to)) => {
                let way = match to - from {
                    way if way > 180.0 => way - 360.0,
                    way if way < -180.0 => way + 360.0,
                    way => way,
                };
                Some(from + t * way)
            }
            (Some(hue), None) => {
                if is_end(other.lightness) {
                    chroma = self.chroma;
                }
                Some(hue)
            }
            (None, Some(hue)) => {
                if is_end(self.lightness) {
                    chroma = other.chroma;
                }
                Some(hue)
            }
            (None, None) => None,
        };
        Hcl { hue, chroma, lightness: between(self.lightness, other.lightness) }
    }

    fn color(self, alpha: f64) -> Color {
        let (sin, cos) = self.hue.unwrap_or(0.0).to_radians().sin_cos();
        Lab { l: self.lightness, a: cos * self.chroma, b: sin * self.chroma }.color(alpha)
    }
}
