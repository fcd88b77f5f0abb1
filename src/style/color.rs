//! Colours: sRGB with alpha, each channel 0 to 1, not premultiplied.

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    pub r: f64,
    pub g: f64,
    pub b: f64,
    pub a: f64,
}

impl Color {
    pub const BLACK: Color = Color { r: 0.0, g: 0.0, b: 0.0, a: 1.0 };
    pub const TRANSPARENT: Color = Color { r: 0.0, g: 0.0, b: 0.0, a: 0.0 };

    /// A CSS colour as the Style Spec has them: a name, `#rgb` and its longer forms, `rgb()` and `hsl()` (CSS Color 4).
    pub fn parse(text: &str) -> Option<Color> {
        let text = text.trim();
        // The parser knows other forms too, and takes digits without their #.
        let of_spec = |form: &str| text.get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form));
        let is_name = || text.bytes().all(|b| b.is_ascii_alphabetic()) && !text.bytes().all(|b| b.is_ascii_hexdigit());
        if !["#", "rgb(", "rgba(", "hsl(", "hsla("].into_iter().any(of_spec) && !is_name() {
            return None;
        }
        let c = csscolorparser::parse(text).ok()?;
        Some(Color { r: c.r.into(), g: c.g.into(), b: c.b.into(), a: c.a.into() })
    }

    /// The colour a share `t` of the way to `other`, channel by channel and not premultiplied, as MapLibre does it.
    pub fn mix(self, other: Color, t: f64) -> Color {
        let channel = |from: f64, to: f64| from + (to - from) * t;
        Color {
            r: channel(self.r, other.r),
            g: channel(self.g, other.g),
            b: channel(self.b, other.b),
            a: channel(self.a, other.a),
        }
    }

    /// Red, green, blue and alpha in 8 bits.
    pub fn to_rgba8(self) -> [u8; 4] {
        [self.r, self.g, self.b, self.a].map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8)
    }
}
