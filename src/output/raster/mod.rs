//! Pixels straight from the scene, by an integer scan converter: the same pixel of the world is the same in every
//! picture that shows it.
//!
//! A shape becomes edges (`outline` for strokes), these become coverage (`coverage`), and that a colour over what is
//! there (`blend`) or an image (`pattern`). A stroke of many colours is put together on a sheet (`sheet`) and seen
//! through the stroke's coverage; one that fades is the mean of several (`blur`). Texts (`symbol`) are glyphs as polygons
//! (`glyph`). A layer that is blended as a whole is drawn on pixels of its own (`group`). A turned scene is turned before
//! all that, and each of its squares is a mask (`turn`).

mod blend;
mod blur;
mod coverage;
pub mod glyph;
mod group;
mod outline;
mod pattern;
mod sheet;
mod symbol;
mod turn;

use crate::bitmap::Bitmap;
use crate::limits;
use crate::output::fade;
use crate::scene::{self, Caption, Circle, Fill, Image, Item, Paint, Path, Quad, Run, Scene, Square, Stroke, UNITS};
use crate::style::Cap;
use crate::style::color::Color;
use blend::{Ink, Pixel, mix, over, share};
use coverage::{Coverage, FAR, PixelRect, Rule};
use glyph::Shapes;
use outline::{Outliner, Pen, disc, tips};
use pattern::{Area, Stretch};
use sheet::Sheet;
use turn::{Rotation, Spans};

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

/// Draws a scene.
pub fn pixels(scene: &Scene) -> Picture {
    let Some(turn) = &scene.turn else { return drawn(scene, None) };
    let turn = Rotation::new(turn);
    drawn(&turn.scene(scene), Some(&turn))
}

fn drawn(scene: &Scene, turn: Option<&Rotation>) -> Picture {
    let mut picture = Picture::blank(scene.width, scene.height);
    let (width, rows) = (scene.width as usize, limits::RASTER_ROWS as usize);
    let mut shapes = Shapes::new(&scene.outlines);
    let mut coverage = Coverage::take();
    // A band at a time, so that memory for coverage does not grow with the picture.
    for (i, pixels) in picture.pixels.chunks_mut((width * rows).max(1)).enumerate() {
        let (top, height) = ((i * rows) as i32, pixels.len() / width);
        let mut band = Band {
            window: Window { whole: [0, top, scene.width as i32, top + height as i32], turned: None },
            images: &scene.images,
            turn,
            coverage,
            outliner: Outliner::default(),
            content: Sheet::new(width, top, height),
            sums: Sheet::new(width, top, height),
            group: Vec::new(),
        };
        band.draw(scene, &mut shapes, pixels);
        coverage = band.coverage;
    }
    coverage.leave();
    picture
}

/// Some rows of a picture while they are drawn, without their pixels, and memory for what is drawn beside them.
struct Band<'a> {
    window: Window,
    images: &'a [Bitmap],
    turn: Option<&'a Rotation>,
    coverage: Coverage,
    outliner: Outliner,
    /// The colours of a stroke that has several.
    content: Sheet<Pixel>,
    /// The strokes that make one that fades, added up.
    sums: Sheet<u16>,
    /// A layer that is blended as a whole.
    group: Vec<Pixel>,
}

impl<'a> Band<'a> {
    fn draw(&mut self, scene: &Scene, shapes: &mut Shapes, pixels: &mut [Pixel]) {
        for run in &scene.runs {
            match run {
                Run::Background(_, paint) => self.background(paint, pixels),
                Run::Squares(squares) => self.squares(squares, pixels),
                Run::Blended(blending, squares) => {
                    let mut group = std::mem::take(&mut self.group);
                    group.clear();
                    group.resize(pixels.len(), 0);
                    self.squares(squares, &mut group);
                    group::lay(&group, *blending, pixels);
                    self.group = group;
                }
                Run::Circles(_, circles) => {
                    self.coverage.set_clip(self.window.whole);
                    for circle in circles {
                        self.circle(circle, pixels);
                    }
                }
                Run::Symbols(_, symbols) => self.symbols(symbols, shapes, pixels),
            }
        }
        if let Some(caption) = &scene.caption {
            self.coverage.set_clip(self.window.whole);
            self.caption(caption, pixels);
        }
    }

    fn background(&mut self, paint: &Paint, pixels: &mut [Pixel]) {
        match paint {
            Paint::Color(color) => Ink::new(*color).fill(pixels, coverage::OPAQUE),
            Paint::Pattern { image, origin, opacity } => {
                let Some(area) = self.area(*image, *origin, *opacity) else { return };
                let [_, top, width, _] = self.window.whole;
                for (y, row) in (top..).zip(pixels.chunks_mut(width as usize)) {
                    area.lay(y, 0, coverage::Run::All(coverage::OPAQUE, row.len()), row);
                }
            }
        }
    }

    fn squares(&mut self, squares: &[Square], pixels: &mut [Pixel]) {
        for square in squares {
            self.square(square, pixels);
        }
        self.window.turned = None;
    }

    fn square(&mut self, square: &Square, pixels: &mut [Pixel]) {
        let clip = square.clip.map(|c| c.clamp(i64::from(i32::MIN / 512), i64::from(i32::MAX / 512)) as i32);
        let clip = match self.turn {
            None => {
                let [left, top, right, bottom] = self.window.whole;
                [clip[0].max(left), clip[1].max(top), clip[2].min(right), clip[3].min(bottom)]
            }
            Some(turn) => {
                let (around, spans) = turn.square(clip, self.window.whole);
                self.window.turned = Some(spans);
                around
            }
        };
        if clip[0] >= clip[2] || clip[1] >= clip[3] {
            return;
        }
        self.coverage.set_clip(clip);
        for item in square.layers.iter().flat_map(|(_, items)| items) {
            match item {
                Item::Fill(fill) => self.fill(fill, pixels),
                Item::Stroke(stroke) => self.stroke(stroke, pixels),
                Item::Image(Image { image, corner, opacity }) => {
                    self.bitmap(*image, *corner, *opacity, self.turn, pixels);
                }
            }
        }
    }

    fn fill(&mut self, fill: &Fill, pixels: &mut [Pixel]) {
        for (ring, _) in fill.path.parts() {
            match fill.antialias {
                true => self.coverage.polygon(ring.iter().copied()),
                false => self.coverage.middles(ring.iter().copied()),
            }
        }
        match &fill.paint {
            Paint::Color(color) => self.lay_color(*color, Rule::NonZero, pixels),
            Paint::Pattern { image, origin, opacity } => match self.area(*image, *origin, *opacity) {
                Some(area) => self.lay(Rule::NonZero, pixels, |y, x, run, pixels| area.lay(y, x, run, pixels)),
                None => self.lay(Rule::NonZero, pixels, |_, _, _, _| ()),
            },
        }
    }

    /// An image once, pixel for pixel but for the turn.
    fn bitmap(
        &mut self,
        image: scene::ImageId,
        corner: [i64; 2],
        opacity: f64,
        turn: Option<&Rotation>,
        pixels: &mut [Pixel],
    ) {
        let Some(bitmap) = self.images.get(image) else { return };
        let Some(area) = Area::once(bitmap, corner, opacity, turn) else { return };
        let far = i64::from(FAR);
        let edge =
            |at: i64, length: u32| at.saturating_add(length.into()).saturating_mul(UNITS).clamp(-far, far) as i32;
        let [left, top] = corner.map(|c| edge(c, 0));
        let (right, bottom) = (edge(corner[0], bitmap.width), edge(corner[1], bitmap.height));
        let corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
        self.coverage.polygon(corners.map(|corner| turn.map_or(corner, |turn| turn.in_picture(corner))));
        self.lay(Rule::NonZero, pixels, |y, x, run, pixels| area.lay(y, x, run, pixels));
    }

    fn stroke(&mut self, stroke: &Stroke, pixels: &mut [Pixel]) {
        match &stroke.ink {
            scene::Ink::Color(color) => {
                let ink = Ink::new(*color);
                self.lay_stroke(stroke, pixels, |_, _, run, pixels| ink.lay(run, pixels));
            }
            scene::Ink::Gradient { opacity, runs } => {
                self.put_runs(stroke, runs);
                self.lay_content(stroke, *opacity, pixels);
            }
            scene::Ink::Pattern { opacity, quads } => {
                self.put_quads(quads);
                self.lay_content(stroke, *opacity, pixels);
            }
        }
    }

    /// Lays the sheet of colours where a stroke covers it.
    fn lay_content(&mut self, stroke: &Stroke, opacity: f64, pixels: &mut [Pixel]) {
        let (mut content, opacity) = (std::mem::replace(&mut self.content, Sheet::new(0, 0, 0)), share(opacity));
        self.lay_stroke(stroke, pixels, |y, x, run, pixels| {
            let Some(colors) = content.get(y, x, run.length()) else { return };
            for ((pixel, color), cover) in pixels.iter_mut().zip(colors).zip(run.covers()) {
                *pixel = over(*pixel, *color, opacity * cover / 256);
            }
        });
        content.clear();
        self.content = content;
    }

    /// Puts the colours along a line on the sheet, a little wider than the line.
    fn put_runs(&mut self, stroke: &Stroke, runs: &[(Color, Path)]) {
        let pen = Pen { cap: Cap::Butt, ..pen(stroke, stroke.width + 2.0) };
        for (color, path) in runs {
            self.outline(path, &pen);
            let color = blend::premultiplied(*color);
            let content = &mut self.content;
            self.coverage.sweep(Rule::NonZero, |y, x, run| {
                for (pixel, cover) in content.touch(y, x, run.length()).iter_mut().zip(run.covers()) {
                    *pixel = mix(*pixel, color, cover);
                }
            });
        }
    }

    /// Puts the images along a line on the sheet.
    fn put_quads(&mut self, quads: &[Quad]) {
        for quad in quads {
            let Some(stretch) = self.images.get(quad.image).and_then(|image| Stretch::new(quad, image, 1.0)) else {
                continue;
            };
            self.coverage.polygon(quad.corners);
            let content = &mut self.content;
            self.coverage.sweep(Rule::NonZero, |y, x, run| stretch.lay(y, x, run, content.touch(y, x, run.length())));
        }
    }

    fn circle(&mut self, circle: &Circle, pixels: &mut [Pixel]) {
        if circle.blur > 0.0 {
            return blur::circle(circle, self.window.whole, pixels);
        }
        let radius = circle.radius * UNITS as f64;
        disc(circle.center, radius, &mut self.coverage);
        self.lay_color(circle.color, Rule::NonZero, pixels);
        if circle.stroke_width > 0.0 {
            disc(circle.center, radius + circle.stroke_width * UNITS as f64, &mut self.coverage);
            disc(circle.center, radius, &mut self.coverage);
            self.lay_color(circle.stroke_color, Rule::EvenOdd, pixels);
        }
    }

    fn caption(&mut self, caption: &Caption, pixels: &mut [Pixel]) {
        let far = i64::from(FAR);
        let [left, top, right, bottom] = caption.ground.map(|c| c.saturating_mul(UNITS).clamp(-far, far) as i32);
        self.coverage.polygon([[left, top], [right, top], [right, bottom], [left, bottom]]);
        self.lay_color(caption.ground_color, Rule::NonZero, pixels);
        self.letters(&caption.text, &mut Shapes::new(&caption.outlines), pixels);
    }

    /// An image to fill with; none where there is none.
    fn area(&self, image: scene::ImageId, origin: [i64; 2], opacity: f64) -> Option<Area<'a>> {
        Area::new(self.images.get(image)?, origin, opacity, self.turn)
    }

    /// Adds the lines of a path.
    fn outline(&mut self, path: &Path, pen: &Pen) {
        for (line, closed) in path.parts() {
            self.outliner.stroke(line, closed, pen, &mut self.coverage);
        }
    }

    /// Lays a colour where the edges that were added enclose something.
    fn lay_color(&mut self, color: Color, rule: Rule, pixels: &mut [Pixel]) {
        let ink = Ink::new(color);
        self.lay(rule, pixels, |_, _, run, pixels| ink.lay(run, pixels));
    }

    /// Lays something where a stroke covers pixels.
    fn lay_stroke(
        &mut self,
        stroke: &Stroke,
        pixels: &mut [Pixel],
        paint: impl Fn(i32, i32, coverage::Run, &mut [Pixel]),
    ) {
        if stroke.blur <= 0.0 {
            self.outline(&stroke.path, &pen(stroke, stroke.width));
            tips(&stroke.tips, &mut self.coverage);
            return self.lay(Rule::NonZero, pixels, paint);
        }
        let (widths, count) = fade::widths(stroke.width, stroke.blur);
        for width in widths {
            self.outline(&stroke.path, &pen(stroke, width));
            let sums = &mut self.sums;
            self.coverage.sweep(Rule::NonZero, |y, x, run| blur::add(sums, y, x, run));
        }
        let window = &self.window;
        blur::sweep(&mut self.sums, count, |y, x, run| window.lay(y, x, run, pixels, &paint));
    }

    /// Lays something where the edges that were added enclose something.
    fn lay(&mut self, rule: Rule, pixels: &mut [Pixel], paint: impl Fn(i32, i32, coverage::Run, &mut [Pixel])) {
        let window = &self.window;
        self.coverage.sweep(rule, |y, x, run| window.lay(y, x, run, pixels, &paint));
    }
}

fn pen(stroke: &Stroke, width: f64) -> Pen {
    let Stroke { cap, join, miter_limit, .. } = *stroke;
    Pen { radius: width * UNITS as f64 / 2.0, cap, join, miter_limit }
}

/// Which pixels are drawn.
struct Window {
    /// All of the band.
    whole: PixelRect,
    /// Those of a turned square.
    turned: Option<Spans>,
}

impl Window {
    /// Lays something on what is within of a run of pixels.
    fn lay(
        &self,
        y: i32,
        x: i32,
        run: coverage::Run,
        pixels: &mut [Pixel],
        paint: &impl Fn(i32, i32, coverage::Run, &mut [Pixel]),
    ) {
        let [_, top, width, _] = self.whole;
        let row = (y - top) as usize * width as usize;
        let Some(turned) = &self.turned else {
            return paint(y, x, run, &mut pixels[row + x as usize..][..run.length()]);
        };
        let [from, to] = turned.row(y);
        let (from, to) = (from.max(x), to.min(x + run.length() as i32));
        if from < to {
            let part = run.part((from - x) as usize..(to - x) as usize);
            paint(y, from, part, &mut pixels[row + from as usize..row + to as usize]);
        }
    }
}
