//! Icons and texts: icons one for one or sampled, halos as one coverage for a whole text, letters as one for a run.

use super::Band;
use super::blend::{Ink, Pixel};
use super::blur;
use super::coverage::{FAR, Rule, Run};
use super::glyph::{Form, Shapes, radii};
use super::pattern::Stretch;
use crate::scene::symbol::{GlyphRun, Icon, Pose, Symbols, Text};
use crate::scene::{Quad, UNITS};

/// Binary places of where in a pixel a turned icon begins.
const CORNER: f64 = 65_536.0;

impl Band<'_> {
    pub fn symbols(&mut self, symbols: &Symbols, shapes: &mut Shapes, pixels: &mut [Pixel]) {
        self.coverage.set_clip(self.window.whole);
        for icon in &symbols.icons {
            self.icon(icon, pixels);
        }
        for text in &symbols.texts {
            self.halo(text, shapes, pixels);
        }
        for text in &symbols.texts {
            self.letters(text, shapes, pixels);
        }
    }

    fn icon(&mut self, icon: &Icon, pixels: &mut [Pixel]) {
        let transform = match icon.pose {
            Pose::Upright(corner) => return self.bitmap(icon.image, corner, icon.opacity, None, pixels),
            Pose::Turned(transform) => transform,
        };
        let Some(bitmap) = self.images.get(icon.image) else { return };
        let [a, b, c, d, e, f] = transform;
        let place = [e, f].map(|n| (n * CORNER).round() / CORNER);
        let [width, height] = [bitmap.width, bitmap.height].map(f64::from);
        let corners = [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]].map(|[x, y]| {
            // Rounded from the icon's own corner, so that it is the same wherever the icon lies.
            let from_corner = [a * x + c * y, b * x + d * y].map(|n| (n * CORNER).round() / CORNER);
            let far = f64::from(FAR);
            [0, 1].map(|i| ((from_corner[i] + place[i]) * UNITS as f64 + 0.5).floor().clamp(-far, far) as i32)
        });
        let quad = Quad { image: icon.image, corners, transform: [a, b, c, d, place[0], place[1]] };
        let Some(stretch) = Stretch::new(&quad, bitmap, icon.opacity) else { return };
        self.coverage.polygon(corners);
        self.lay(Rule::NonZero, pixels, |y, x, run, pixels| stretch.lay(y, x, run, pixels));
    }

    fn halo(&mut self, text: &Text, shapes: &mut Shapes, pixels: &mut [Pixel]) {
        let Some(halo) = &text.halo else { return };
        let radii = radii(halo);
        if let [radius] = radii[..] {
            self.glyphs(text, radius, shapes);
            return self.lay_color(halo.color, Rule::NonZero, pixels);
        }
        for &radius in &radii {
            self.glyphs(text, radius, shapes);
            let sums = &mut self.sums;
            self.coverage.sweep(Rule::NonZero, |y, x, run| blur::add(sums, y, x, run));
        }
        let (ink, window) = (Ink::new(halo.color), &self.window);
        let paint = |_, _, run: Run, pixels: &mut [Pixel]| ink.lay(run, pixels);
        blur::sweep(&mut self.sums, radii.len() as u16, |y, x, run| window.lay(y, x, run, pixels, &paint));
    }

    /// Adds all glyphs of a text, grown.
    fn glyphs(&mut self, text: &Text, radius: u32, shapes: &mut Shapes) {
        for run in &text.runs {
            self.run(run, radius, shapes);
        }
    }

    pub fn letters(&mut self, text: &Text, shapes: &mut Shapes, pixels: &mut [Pixel]) {
        for run in &text.runs {
            self.run(run, 0, shapes);
            self.lay_color(run.color, Rule::NonZero, pixels);
        }
    }

    fn run(&mut self, run: &GlyphRun, radius: u32, shapes: &mut Shapes) {
        let within = self.window.whole.map(|c| c.saturating_mul(UNITS as i32));
        for glyph in &run.glyphs {
            let form = Form { size: run.size, turn: glyph.turn, radius };
            let Some(shape) = shapes.get(glyph.outline, form) else { continue };
            let at = [0, 1, 2, 3].map(|i| shape.bounds[i].saturating_add(glyph.at[i % 2]));
            if at[0] >= within[2] || at[1] >= within[3] || at[2] <= within[0] || at[3] <= within[1] {
                continue;
            }
            for (ring, _) in shape.path.parts() {
                self.coverage.polygon(ring.iter().map(|p| [0, 1].map(|i| p[i].saturating_add(glyph.at[i]))));
            }
        }
    }
}
