//! Pixels straight from the scene, by an integer scan converter: the same pixel of the world is the same in every
//! picture that shows it.
//!
//! A shape becomes edges (`outline` for strokes), these become coverage (`coverage`), and that a colour over what is
//! there (`blend`).

mod blend;
mod coverage;
mod outline;

use crate::bitmap::Bitmap;
use crate::limits;
use crate::scene::{self, Caption, Circle, Fill, Image, Item, Paint, Run, Scene, Square, Stroke, UNITS};
use crate::style::color::Color;
use blend::{Ink, Pixel};
use coverage::{Coverage, PixelRect, Rule};
use outline::{Outliner, Pen, disc};

/// A picture: rows of premultiplied pixels.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<Pixel>,
}

impl Picture {
    /// Where nothing is drawn yet.
    pub fn blank(width: u32, height: u32) -> Picture {
        Picture { width, height, pixels: vec![0; width as usize * height as usize] }
    }

    /// Copies a part into a larger picture, its top left corner to `at`.
    pub fn put(&mut self, part: &Picture, [left, top]: [u32; 2]) {
        let rows = self.pixels.chunks_exact_mut(self.width as usize).skip(top as usize);
        for (to, from) in rows.zip(part.pixels.chunks_exact(part.width as usize)) {
            to[left as usize..][..from.len()].copy_from_slice(from);
        }
    }

    /// Red, green, blue and alpha, premultiplied.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[y as usize * self.width as usize + x as usize].to_le_bytes()
    }
}

/// Whether a scene has nothing but what is drawn here; resvg draws the rest.
pub fn draws(scene: &Scene) -> bool {
    let is_drawn = |item: &Item| match item {
        Item::Fill(fill) => fill_color(fill).is_some(),
        Item::Stroke(stroke) => stroke_color(stroke).is_some(),
        Item::Image(_) => true,
    };
    let are_drawn = |run: &Run| match run {
        Run::Background(_, paint) => plain_color(paint).is_some(),
        Run::Squares(squares) => {
            squares.iter().flat_map(|square| &square.layers).flat_map(|(_, items)| items).all(is_drawn)
        }
        Run::Blended(..) => false,
        Run::Circles(_, circles) => circles.iter().all(|circle| circle.blur == 0.0),
    };
    scene.turn.is_none() && scene.runs.iter().all(are_drawn)
}

fn plain_color(paint: &Paint) -> Option<Color> {
    match paint {
        Paint::Color(color) => Some(*color),
        Paint::Pattern { .. } => None,
    }
}

/// The colour of a fill that is no more than one.
fn fill_color(fill: &Fill) -> Option<Color> {
    plain_color(&fill.paint).filter(|_| fill.antialias)
}

/// The colour of a stroke that is no more than a line in one.
fn stroke_color(stroke: &Stroke) -> Option<Color> {
    match stroke.ink {
        scene::Ink::Color(color) => Some(color).filter(|_| stroke.blur == 0.0 && stroke.tips.is_empty()),
        scene::Ink::Gradient { .. } | scene::Ink::Pattern { .. } => None,
    }
}

/// Draws a scene; what is none of what [`draws`] names is left out.
pub fn pixels(scene: &Scene) -> Picture {
    let mut pixels = vec![0; scene.width as usize * scene.height as usize];
    let rows = limits::RASTER_ROWS;
    // A band at a time, so that memory for coverage does not grow with the picture.
    for (i, band) in pixels.chunks_mut(scene.width as usize * rows as usize).enumerate() {
        let top = i as i32 * rows as i32;
        let height = rows.min(scene.height - top as u32);
        let coverage = Coverage::new(scene.width, top, height);
        Band {
            width: scene.width as i32,
            top,
            bottom: top + height as i32,
            pixels: band,
            coverage,
            outliner: Outliner::default(),
        }
        .draw(scene);
    }
    Picture { width: scene.width, height: scene.height, pixels }
}

/// Some rows of a picture while they are drawn.
struct Band<'a> {
    width: i32,
    top: i32,
    bottom: i32,
    pixels: &'a mut [Pixel],
    coverage: Coverage,
    outliner: Outliner,
}

impl Band<'_> {
    fn draw(&mut self, scene: &Scene) {
        let whole = [0, self.top, self.width, self.bottom];
        for run in &scene.runs {
            match run {
                Run::Background(_, paint) => {
                    if let Some(color) = plain_color(paint) {
                        Ink::new(color).fill(self.pixels, coverage::OPAQUE);
                    }
                }
                Run::Squares(squares) => {
                    for square in squares {
                        self.square(square, scene, whole);
                    }
                }
                Run::Blended(..) => {}
                Run::Circles(_, circles) => {
                    self.coverage.set_clip(whole);
                    for circle in circles {
                        self.circle(circle);
                    }
                }
            }
        }
        if let Some(caption) = &scene.caption {
            self.coverage.set_clip(whole);
            self.caption(caption);
        }
    }

    fn square(&mut self, square: &Square, scene: &Scene, [left, top, right, bottom]: PixelRect) {
        let [x0, y0, x1, y1] =
            square.clip.map(|c| c.clamp(i64::from(i32::MIN / 512), i64::from(i32::MAX / 512)) as i32);
        let clip = [x0.max(left), y0.max(top), x1.min(right), y1.min(bottom)];
        if clip[0] >= clip[2] || clip[1] >= clip[3] {
            return;
        }
        self.coverage.set_clip(clip);
        for item in square.layers.iter().flat_map(|(_, items)| items) {
            match item {
                Item::Fill(fill) => self.fill(fill),
                Item::Stroke(stroke) => self.stroke(stroke),
                Item::Image(image) => self.image(image, &scene.images[image.image], clip),
            }
        }
    }

    /// Lays an image's pixels over those within a rectangle.
    fn image(&mut self, image: &Image, bitmap: &Bitmap, [left, top, right, bottom]: PixelRect) {
        let [x0, y0] = image.corner;
        let alpha = (image.opacity * 256.0).round() as u32;
        let range = |low: i32, high: i32, from: i64, length: u32| {
            i64::from(low).max(from)..i64::from(high).min(from + i64::from(length))
        };
        for y in range(top, bottom, y0, bitmap.height) {
            for x in range(left, right, x0, bitmap.width) {
                let over = u32::from_le_bytes(bitmap.pixel((x - x0) as u32, (y - y0) as u32));
                let at = (y - i64::from(self.top)) as usize * self.width as usize + x as usize;
                self.pixels[at] = blend::over(self.pixels[at], over, alpha);
            }
        }
    }

    fn fill(&mut self, fill: &Fill) {
        let Some(color) = fill_color(fill) else { return };
        for (ring, _) in fill.path.parts() {
            self.coverage.polygon(ring);
        }
        self.lay(color, Rule::NonZero);
    }

    fn stroke(&mut self, stroke: &Stroke) {
        let Some(color) = stroke_color(stroke) else { return };
        let Stroke { width, cap, join, miter_limit, .. } = *stroke;
        let pen = Pen { radius: width * UNITS as f64 / 2.0, cap, join, miter_limit };
        for (line, closed) in stroke.path.parts() {
            self.outliner.stroke(line, closed, &pen, &mut self.coverage);
        }
        self.lay(color, Rule::NonZero);
    }

    fn circle(&mut self, circle: &Circle) {
        let radius = circle.radius * UNITS as f64;
        disc(circle.center, radius, &mut self.coverage);
        self.lay(circle.color, Rule::NonZero);
        if circle.stroke_width > 0.0 {
            disc(circle.center, radius + circle.stroke_width * UNITS as f64, &mut self.coverage);
            disc(circle.center, radius, &mut self.coverage);
            self.lay(circle.stroke_color, Rule::EvenOdd);
        }
    }

    fn caption(&mut self, caption: &Caption) {
        let [left, top, right, bottom] = caption.ground.map(|c| (c * UNITS) as i32);
        self.coverage.polygon(&[[left, top], [right, top], [right, bottom], [left, bottom]]);
        self.lay(caption.ground_color, Rule::NonZero);
        let mut points = Vec::new();
        for &(outline, at) in &caption.letters {
            for (ring, _) in caption.outlines[outline].parts() {
                points.clear();
                points.extend(ring.iter().map(|p| [p[0] + at[0], p[1] + at[1]]));
                self.coverage.polygon(&points);
            }
        }
        self.lay(caption.color, Rule::NonZero);
    }

    /// Lays a colour where the edges that were added enclose something.
    fn lay(&mut self, color: Color, rule: Rule) {
        let ink = Ink::new(color);
        let (width, top) = (self.width as usize, self.top);
        self.coverage.sweep(rule, |y, x, run| {
            let at = (y - top) as usize * width + x as usize;
            match run {
                coverage::Run::All(cover, length) => ink.fill(&mut self.pixels[at..at + length], cover),
                coverage::Run::Each(covers) => ink.cover(&mut self.pixels[at..at + covers.len()], covers),
            }
        });
    }
}
