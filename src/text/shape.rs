//! A paragraph as glyphs in lines.

use super::breaking;
use super::fonts::{APART, FontId, Fonts, is_ignorable};
use super::paragraph::{Glyph, Image, Justify, Line, Paragraph, Section, Shaped, WritingMode};
use super::runs::{Kind, Run, Source};
use harfrust::{Buffer, BufferFlags, Direction, Script, ShapeOptions, ShaperFont};
use std::ops::Range;
use unicode_bidi::{BidiInfo, Level};

/// The middle of a line lies this far above its baseline, in ems: half the height of Noto Sans's capitals (714 of 1000),
/// so that they stand in the middle of the box. MapLibre's glyphs, which hang from the ascender of their font (1.069 of
/// Noto Sans), 17/24 em above the middle, lie there too.
const MIDDLE: f64 = 0.36;

/// The glyphs of a run in the order in which they stand, and where they may be cut.
struct Piece {
    run: Run,
    glyphs: Vec<Placed>,
}

struct Placed {
    id: u32,
    /// Where its cluster begins and ends, in bytes of the text.
    cluster: Range<usize>,
    /// In ems of the paragraph; the offset is from the baseline or the middle of a column, y down.
    advance: f64,
    offset: [f64; 2],
    /// Shaping both sides of a cut before its cluster alone would give other glyphs.
    is_bound: bool,
    /// What of the advance is letter spacing.
    spacing: f64,
}

/// Sets a paragraph. Never fails: what no font has is left out and counted.
pub fn shape(fonts: &Fonts, paragraph: &Paragraph) -> Shaped {
    let source = Source::new(paragraph);
    let bidi = source.bidi();
    let mut setter = Setter { fonts, source: &source, buffer: Buffer::new(), missing: 0 };
    let runs = source.runs(fonts, bidi.as_ref());
    let pieces: Vec<Piece> = runs.into_iter().map(|run| setter.piece(run)).collect();
    let before = widths(&source, &pieces);
    let ranges = breaking::lines(&source.text, &before, paragraph.max_width);
    let missing = setter.missing;
    let lines: Vec<Line> = ranges.into_iter().map(|range| setter.line(range, &pieces, bidi.as_ref())).collect();
    let text = source.text.clone();
    if lines.iter().all(|line| line.glyphs.is_empty() && line.images.is_empty()) {
        return Shaped { text, missing, ..Shaped::default() };
    }
    arrange(text, lines, paragraph, missing)
}

/// For each byte of the text how wide what stands before it is, and for its end.
fn widths(source: &Source, pieces: &[Piece]) -> Vec<f64> {
    let mut widths = vec![0.0; source.text.len() + 1];
    for piece in pieces {
        for glyph in &piece.glyphs {
            widths[glyph.cluster.start + 1] += glyph.advance;
        }
        if let (Kind::Image, Section::Image { width, .. }) =
            (&piece.run.kind, &source.paragraph.sections[piece.run.section])
        {
            widths[piece.run.text.start + 1] += width;
        }
    }
    let mut sum = 0.0;
    for width in &mut widths {
        sum += *width;
        *width = sum;
    }
    widths
}

struct Setter<'a> {
    fonts: &'a Fonts,
    source: &'a Source<'a>,
    buffer: Buffer,
    missing: usize,
}

impl Setter<'_> {
    fn piece(&mut self, run: Run) -> Piece {
        let glyphs = match run.kind {
            Kind::Text { font, script, is_cursive, upright } => {
                let spacing = if is_cursive { 0.0 } else { self.source.paragraph.letter_spacing };
                self.glyphs(&run, font, script, upright, spacing)
            }
            Kind::Image => Vec::new(),
            Kind::Nothing { missing } => {
                self.missing += missing;
                Vec::new()
            }
        };
        Piece { run, glyphs }
    }

    fn glyphs(&mut self, run: &Run, id: FontId, script: Option<Script>, upright: bool, spacing: f64) -> Vec<Placed> {
        let Section::Text { scale, .. } = self.source.paragraph.sections[run.section] else { return Vec::new() };
        let face = self.fonts.face(id);
        let direction = match (upright, run.level.is_rtl()) {
            (true, _) => Direction::TopToBottom,
            (false, true) => Direction::RightToLeft,
            (false, false) => Direction::LeftToRight,
        };
        let text = &self.source.text[run.text.clone()];
        let features = if spacing == 0.0 { &[][..] } else { &APART };
        let plan = face.plan((script, direction, spacing == 0.0));
        self.buffer.reset();
        // Otherwise the shaper would put a dotted circle under a mark that has no letter.
        self.buffer.set_flags(BufferFlags::DO_NOT_INSERT_DOTTED_CIRCLE);
        self.buffer.push_str(text);
        self.buffer.set_direction(direction);
        self.buffer.set_script(script);
        let options = ShapeOptions::new().plan(Some(&plan)).features(features);
        if harfrust::shape(&ShaperFont::new(&face.font), &mut self.buffer, options).is_err() {
            self.missing += text.chars().count();
            return Vec::new();
        }
        let em = scale / f64::from(face.font.units_per_em());
        let (infos, positions) = (self.buffer.glyph_infos(), self.buffer.glyph_positions());
        let ends = cluster_ends(infos.iter().map(|info| info.cluster as usize), text.len());
        let mut glyphs: Vec<Placed> = Vec::with_capacity(infos.len());
        let mut base_rise = None;
        for ((info, position), &end) in infos.iter().zip(positions).zip(&ends) {
            let cluster = run.text.start + info.cluster as usize..run.text.start + end;
            if info.glyph_id == 0 {
                self.missing += 1;
                continue;
            }
            let [x, y] = [position.x_offset, position.y_offset].map(|units| f64::from(units) * em);
            let (advance, offset) = if upright {
                // A cell of one em, whatever the font says of vertical text; marks keep their place on their letter.
                let is_first = base_rise.is_none();
                let rise = y - *base_rise.get_or_insert(y);
                (if is_first { scale } else { 0.0 }, [scale / 2.0 + MIDDLE * scale - rise, -x])
            } else {
                (f64::from(position.x_advance) * em, [x, -y])
            };
            let is_bound = info.unsafe_to_break();
            glyphs.push(Placed { id: info.glyph_id, cluster, advance, offset, is_bound, spacing: 0.0 });
        }
        if spacing != 0.0 {
            self.space(&mut glyphs, spacing);
        }
        glyphs
    }

    /// Adds the spacing after the last glyph of each cluster that is seen.
    fn space(&self, glyphs: &mut [Placed], spacing: f64) {
        for i in 0..glyphs.len() {
            let is_last = glyphs.get(i + 1).is_none_or(|next| next.cluster != glyphs[i].cluster);
            let glyph = &mut glyphs[i];
            if is_last && !self.source.text[glyph.cluster.clone()].chars().all(is_ignorable) {
                glyph.advance += spacing;
                glyph.spacing = spacing;
            }
        }
    }

    /// What of a piece stands in a range of the text. Its glyphs are cut where that gives what shaping would.
    fn part<'p>(&mut self, piece: &'p Piece, range: &Range<usize>, cut: &'p mut Option<Piece>) -> &'p Piece {
        let text = piece.run.text.start.max(range.start)..piece.run.text.end.min(range.end);
        if text == piece.run.text {
            return piece;
        }
        let is_free = |at: usize| {
            at == piece.run.text.start
                || at == piece.run.text.end
                || piece.glyphs.iter().any(|g| g.cluster.start == at && !g.is_bound)
        };
        let run = Run { text: text.clone(), ..piece.run.clone() };
        cut.insert(if is_free(text.start) && is_free(text.end) {
            let inside = piece.glyphs.iter().filter(|g| text.contains(&g.cluster.start));
            let glyphs = inside.map(|g| Placed { cluster: g.cluster.clone(), ..*g }).collect();
            Piece { run, glyphs }
        } else {
            self.piece(run)
        })
    }

    fn line(&mut self, range: Range<usize>, pieces: &[Piece], bidi: Option<&BidiInfo>) -> Line {
        let whole = &self.source.text[range.clone()];
        let start = range.end - whole.trim_start().len();
        let range = start.min(range.end)..(range.start + whole.trim_end().len()).max(start.min(range.end));
        let mut line = Line { text: range.clone(), ..Line::default() };
        let mut pen = 0.0;
        let mut spacing = 0.0;
        for (stretch, is_rtl) in stretches(&range, bidi) {
            let first = pieces.partition_point(|piece| piece.run.text.end <= stretch.start);
            let after = pieces.partition_point(|piece| piece.run.text.start < stretch.end);
            let inside = &pieces[first..after.max(first)];
            let order: Box<dyn Iterator<Item = &Piece>> =
                if is_rtl { Box::new(inside.iter().rev()) } else { Box::new(inside.iter()) };
            for piece in order {
                let mut cut = None;
                let part = self.part(piece, &stretch, &mut cut);
                match (&part.run.kind, &self.source.paragraph.sections[part.run.section]) {
                    (&Kind::Text { font, upright, .. }, &Section::Text { scale, .. }) => {
                        for placed in &part.glyphs {
                            line.glyphs.push(Glyph {
                                font,
                                id: placed.id,
                                section: part.run.section,
                                scale,
                                at: [pen, 0.0],
                                advance: placed.advance,
                                offset: placed.offset,
                                cluster: [placed.cluster.start as u32, placed.cluster.end as u32],
                                turned: !upright,
                            });
                            pen += placed.advance;
                            spacing = placed.spacing;
                        }
                    }
                    (Kind::Image, &Section::Image { width, height }) => {
                        line.images.push(Image { section: part.run.section, at: [pen, 0.0], width, height });
                        pen += width;
                        spacing = 0.0;
                    }
                    _ => {}
                }
            }
        }
        line.length = pen - spacing;
        line
    }
}

/// For each glyph's cluster where it ends: at the next larger beginning of a cluster, or the end of the text.
fn cluster_ends(starts: impl Iterator<Item = usize>, end: usize) -> Vec<usize> {
    let starts: Vec<usize> = starts.collect();
    let mut sorted = starts.clone();
    sorted.sort_unstable();
    sorted.dedup();
    starts.iter().map(|start| sorted.get(sorted.partition_point(|s| s <= start)).copied().unwrap_or(end)).collect()
}

/// The stretches of one direction in a line, from the left to the right (UAX 9, 3.4).
fn stretches(range: &Range<usize>, bidi: Option<&BidiInfo>) -> Vec<(Range<usize>, bool)> {
    let paragraph = bidi.and_then(|bidi| Some((bidi, bidi.paragraphs.iter().find(|p| p.range.end > range.start)?)));
    match paragraph {
        Some((bidi, paragraph)) if !range.is_empty() => {
            let (levels, stretches) = bidi.visual_runs(paragraph, range.clone());
            stretches.into_iter().map(|stretch| (stretch.clone(), levels[stretch.start].is_rtl())).collect()
        }
        _ => vec![(range.clone(), Level::ltr().is_rtl())],
    }
}

/// Puts the lines, each of which begins at 0, into a box.
fn arrange(text: String, mut lines: Vec<Line>, paragraph: &Paragraph, missing: usize) -> Shaped {
    let longest = lines.iter().map(|line| line.length).fold(0.0, f64::max);
    let is_vertical = paragraph.writing_mode == WritingMode::Vertical;
    let heights: Vec<f64> = lines.iter().map(|line| line_height(line, paragraph)).collect();
    let total: f64 = heights.iter().sum();
    let mut top = 0.0;
    let mut stray = 0.0f64;
    for (line, height) in lines.iter_mut().zip(heights) {
        let share = match paragraph.justify {
            Justify::Left => 0.0,
            Justify::Center => 0.5,
            Justify::Right => 1.0,
        };
        let indent = (longest - line.length) * share;
        let middle = top + height / 2.0;
        top += height;
        let scale = line.glyphs.iter().map(|glyph| glyph.scale).fold(0.0, f64::max);
        // Glyphs of all sizes share a baseline.
        let baseline = MIDDLE * if line.glyphs.is_empty() { 1.0 } else { scale };
        if is_vertical {
            let axis = total - middle;
            line.start = [axis, indent];
            for glyph in &mut line.glyphs {
                if glyph.turned {
                    glyph.offset[1] += baseline;
                } else {
                    // But for where it stands in its cell.
                    stray = stray.max((glyph.offset[0] - (0.5 + MIDDLE) * glyph.scale).abs());
                }
                glyph.at = [axis - glyph.offset[1], indent + glyph.at[0] + glyph.offset[0]];
            }
            for image in &mut line.images {
                image.at = [axis - image.width / 2.0, indent + image.at[0]];
            }
        } else {
            line.start = [indent, middle + baseline];
            for glyph in &mut line.glyphs {
                stray = glyph.offset.iter().fold(stray, |stray, by| stray.max(by.abs()));
                glyph.turned = false;
                let [along, down] = glyph.offset;
                glyph.at = [indent + glyph.at[0] + along, middle + baseline + down];
            }
            for image in &mut line.images {
                image.at = [indent + image.at[0], middle - image.height / 2.0];
            }
        }
    }
    let (width, height) = if is_vertical { (total, longest) } else { (longest, total) };
    Shaped { text, lines, width, height, stray, missing }
}

/// What a line takes up across its direction: the line height for its largest letters, and what images have over
/// an em more.
fn line_height(line: &Line, paragraph: &Paragraph) -> f64 {
    let scales = line.glyphs.iter().map(|glyph| glyph.scale);
    let scale = scales.reduce(f64::max).unwrap_or(1.0);
    let tallest = line.images.iter().map(|image| image.height).fold(0.0, f64::max);
    paragraph.line_height * scale + (tallest - scale).max(0.0)
}
