//! The symbols that a layer's features could have: one [`Node`] an anchor, with the ways in which it could be placed.

use super::super::canvas::Located;
use super::super::path::{Point, Rect, UNITS};
use super::super::sieve::Sieve;
use super::super::trace::{Fate, Trace};
use super::area::{Area, Cell, NotThere};
use super::beyond::{self, LinesOfCells, On};
use super::course::{Along, Course, Manner, Room, Spacing};
use super::decide::{Node, Part, Place, Rank};
use super::icon::{Icons, Missing, Placed};
use super::lines::{Feature, Layout, Lines, Standing};
use super::pole;
use super::text::{Block, HALO, OVERHANG, Texts, Words, units};
use super::vocabulary::{Said, Vocabulary};
use crate::language::Language;
use crate::limits;
use crate::mvt;
use crate::style::color::Color;
use crate::style::expression::Section;
use crate::style::{
    self, Alignment, AtZoom, Condition, Layer, Overlap, Placement, Style, Symbol, TextAlignment, turned,
};
use crate::text::Shaper;
use crate::value::{Attributes, GeometryKind};
use crate::viewport::{Square, Viewport};
use foldhash::{HashMap, HashMapExt};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// A symbol layer at the zoom of a picture.
pub struct Symbols<'s> {
    pub layer: &'s Layer,
    pub symbol: &'s Symbol,
    viewport: &'s Viewport,
    conditions: &'s [Condition<'s>],
    sort_key: Option<AtZoom<'s, f64>>,
    placement: Placement,
    is_inside_tile: bool,
    texts: Option<Texts<'s>>,
    icons: Option<Icons<'s>>,
    text_alignment: TextAlignment,
    icon_alignment: AtZoom<'s, Alignment>,
    /// Of icons and of texts.
    keeps_upright: [bool; 2],
    /// Along lines, in scene units.
    spacing: f64,
    /// In radians.
    max_angle: f64,
    text: Rules,
    icon: Rules,
    halo_color: AtZoom<'s, Color>,
    /// Width and blur, in CSS pixels.
    halo_lengths: [AtZoom<'s, f64>; 2],
}

/// What is said of a part and holds for all features.
struct Rules {
    overlap: Overlap,
    is_ignored: bool,
    is_optional: bool,
    /// How far it is moved in the picture, in scene units.
    translate: Point,
}

/// A symbol that may be drawn.
pub struct Candidate<'t, M> {
    /// Among the symbol layers of the picture.
    pub layer: usize,
    pub feature: Located<'t>,
    pub mark: M,
    pub anchor: Point,
    pub sort_key: f64,
    /// What is drawn at each of its places.
    pub ways: Vec<Way>,
}

/// What is drawn at one of a symbol's places.
#[derive(Clone, Default)]
pub struct Way {
    pub icon: Option<Placed>,
    pub text: Option<(Setting, Arc<[Section]>)>,
    /// What of the picture it may change.
    pub extent: Option<Rect>,
}

/// A text that has been set.
#[derive(Clone)]
pub enum Setting {
    Block(Block),
    Along(Along),
}

impl Setting {
    fn collision(&self, padding: f64) -> Vec<Rect> {
        match self {
            Setting::Block(block) => vec![block.collision(padding)],
            Setting::Along(along) => along.collision(padding),
        }
    }

    /// What of the picture it may change, where letters and halo reach so many output pixels out of their boxes.
    fn extent(&self, reach: f64) -> Option<Rect> {
        match self {
            Setting::Block(block) => Some(block.extent(reach)),
            Setting::Along(along) => along.extent(reach),
        }
    }
}

/// A place where a symbol may stand.
struct Spot<'t> {
    feature: mvt::Feature<'t>,
    words: Option<Rc<Words>>,
    /// In scene units of the map.
    point: Point,
    /// The same, within the cell that owns it.
    home: Point,
    /// Which of its feature's, or of its cell's along lines.
    index: u64,
    standing: Option<Standing>,
    /// The line that it stands on, and how far along it.
    on: Option<(Rc<Course>, f64)>,
}

/// What could be drawn.
pub type Candidates<'t, M> = Node<Candidate<'t, M>>;

impl Rules {
    fn new(part: &style::Part, viewport: &Viewport) -> Rules {
        let (zoom, tile_zoom) = (viewport.style_zoom(), viewport.tile_zoom());
        let bearing = viewport.turn.map_or(0.0, |turn| turn.bearing);
        let scale = f64::from(viewport.scale);
        let translate = part.translate.in_picture(zoom, bearing);
        Rules {
            overlap: part.overlap(tile_zoom),
            is_ignored: part.ignore_placement.at(tile_zoom).constant(),
            is_optional: part.optional.at(tile_zoom).constant(),
            translate: translate.map(|by| units(by.clamp(-limits::MARGIN, limits::MARGIN) * scale)),
        }
    }

    fn part(&self, collision: &[Rect], anchor: Point, is_shy: bool) -> Part {
        let boxes = collision.iter().map(|rect| moved(moved(*rect, anchor), self.translate)).collect();
        Part {
            boxes,
            overlap: self.overlap,
            is_shy: is_shy && self.overlap != Overlap::Never,
            is_ignored: self.is_ignored,
        }
    }
}

fn moved(rect: Rect, by: Point) -> Rect {
    Rect { min: [0, 1].map(|i| rect.min[i] + by[i]), max: [0, 1].map(|i| rect.max[i] + by[i]) }
}

impl<'s> Symbols<'s> {
    pub fn new(
        layer: &'s Layer,
        symbol: &'s Symbol,
        style: &'s Style,
        shaper: &'s Shaper,
        language: Option<&'s Language>,
        viewport: &'s Viewport,
        conditions: &'s [Condition<'s>],
    ) -> Symbols<'s> {
        let zooms @ [_, tile_zoom] = [viewport.style_zoom(), viewport.tile_zoom()];
        let scale = f64::from(viewport.scale);
        Symbols {
            layer,
            symbol,
            viewport,
            conditions,
            sort_key: symbol.sort_key.as_ref().map(|key| key.at(tile_zoom)),
            placement: symbol.placement.at(tile_zoom).constant(),
            is_inside_tile: symbol.avoid_edges.at(tile_zoom).constant(),
            texts: Texts::new(&symbol.text, shaper, language, style, zooms, scale),
            icons: Icons::new(&symbol.icon, style, zooms, scale),
            text_alignment: symbol.text.rotation_alignment.at(tile_zoom).constant(),
            icon_alignment: symbol.icon.rotation_alignment.at(tile_zoom),
            keeps_upright: [&symbol.icon.part, &symbol.text.part]
                .map(|part| part.keep_upright.at(tile_zoom).constant()),
            spacing: symbol.spacing.at(tile_zoom).constant().clamp(1.0, limits::SYMBOL_SPACING) * scale * UNITS as f64,
            max_angle: symbol.text.max_angle.at(tile_zoom).constant().to_radians(),
            text: Rules::new(&symbol.text.part, viewport),
            icon: Rules::new(&symbol.icon.part, viewport),
            halo_color: symbol.text.part.halo_color.at(viewport.style_zoom()),
            halo_lengths: [&symbol.text.part.halo_width, &symbol.text.part.halo_blur]
                .map(|length| length.at(viewport.style_zoom())),
        }
    }

    /// How far icons and texts are moved in the picture, in scene units.
    pub fn translates(&self) -> [Point; 2] {
        [self.icon.translate, self.text.translate]
    }

    /// Adds what the layer could have in blocks of the area.
    pub fn gather<'t, T: Trace>(
        &self,
        index: usize,
        area: &mut Area<'t>,
        blocks: &BTreeSet<Point>,
        lines: &mut LinesOfCells<'t>,
        trace: &mut T,
        found: &mut Vec<Candidates<'t, T::Mark>>,
    ) {
        for (cell, near) in area.cells(&self.layer.source, blocks) {
            let Some(data) = cell.placement.tile.layer(&self.layer.source_layer) else { continue };
            let projection = cell.placement.projection(data.extent());
            let located = |feature| cell.placement.located(feature, data.extent());
            let mut spots: Vec<Spot> = Vec::new();
            if self.placement == Placement::Point {
                let mut vocabulary = Vocabulary::new(self.texts.as_ref(), data, false);
                self.each_feature(&cell, data, near, &mut vocabulary, trace, |feature, said| {
                    let points = points(&located(feature));
                    let words = said.map(|said| said.words);
                    spots.extend(points.into_iter().enumerate().map(|(index, at)| {
                        let (words, point) = (words.clone(), projection.point(at));
                        Spot { feature, words, point, home: point, index: index as u64, standing: None, on: None }
                    }));
                });
            } else {
                let key = (index, cell.square);
                let lines = lines.entry(key).or_insert_with(|| self.lines(&cell, trace));
                let Some(lines) = lines else { continue };
                lines.read_near(near, |feature, words| self.spacing(feature, words), self.telling(trace));
                // As far as one of a text keeps others of it away.
                let near = area.blocks_around(near.grown((self.spacing / 2.0).ceil() as i64));
                let standing = lines.apart(lines.standing(near, |point| area.block_of(point)), |left_out| {
                    self.telling(trace)(&located(lines.feature_of(left_out.line).feature), Fate::Crowded);
                });
                spots.extend(standing.into_iter().map(|standing| {
                    let &Feature { feature, ref words, .. } = lines.feature_of(standing.line);
                    let on = Some((lines.course(standing.line).clone(), standing.at));
                    let Standing { point, home, number, .. } = standing;
                    Spot { feature, words: words.clone(), point, home, index: number, standing: Some(standing), on }
                }));
            }
            spots.retain(|spot| cell.holds(spot.home) && blocks.contains(&area.block_of(spot.home)));
            for (mut spot, sort_key) in self.first(spots, area, located) {
                let feature = located(spot.feature);
                let mark = trace.mark(self.layer, &feature);
                match self.stand(&mut spot, &feature, (index, cell.square), area, lines, trace) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(fate) => {
                        trace.came_to(&mark, fate);
                        continue;
                    }
                }
                let anchor = self.in_picture(spot.point);
                let (places, ways) = match self.places(&feature, &spot, anchor, &cell) {
                    Ok(places) => places,
                    Err(fate) => {
                        trace.came_to(&mark, fate);
                        continue;
                    }
                };
                let rank = Rank {
                    layer: self.layer.index,
                    sort_key,
                    feature: spot.feature.place(),
                    anchor: spot.index,
                    cell: (cell.square.tile, cell.square.world),
                };
                let drawn = Candidate { layer: index, feature, mark, anchor, sort_key, ways };
                found.push(Node { rank, places, drawn });
            }
        }
    }

    /// Those of each block that come first, as many as may be there, with their sort keys.
    fn first<'t>(
        &self,
        spots: Vec<Spot<'t>>,
        area: &Area,
        located: impl Fn(mvt::Feature<'t>) -> Located<'t>,
    ) -> Vec<(Spot<'t>, f64)> {
        let key = |spot: &Spot<'t>| self.sort_key.as_ref().map_or(0.0, |key| key.of(&located(spot.feature)));
        let keyed = spots.into_iter().map(|spot| {
            let key = key(&spot);
            (spot, key)
        });
        let mut keyed: Vec<(Spot, f64)> = keyed.collect();
        if keyed.len() > limits::SYMBOLS {
            keyed.sort_by(|a, b| a.1.total_cmp(&b.1));
        }
        let mut counts: HashMap<Point, usize> = HashMap::new();
        keyed.retain(|(spot, _)| {
            let count = counts.entry(area.block_of(spot.home)).or_default();
            *count += 1;
            *count <= limits::SYMBOLS
        });
        keyed
    }

    /// Looks at the features near a place of a cell that have anything to show.
    fn each_feature<'t, T: Trace>(
        &self,
        cell: &Cell<'t>,
        data: &'t mvt::Layer,
        near: Rect,
        vocabulary: &mut Vocabulary,
        trace: &mut T,
        mut look: impl FnMut(mvt::Feature<'t>, Option<Said>),
    ) {
        let mut sieve = Sieve::new(self.conditions, data);
        let units = cell.placement.projection(data.extent()).units(near);
        for feature in data.features_within(units) {
            let located = cell.placement.located(feature, data.extent());
            let mark = trace.mark(self.layer, &located);
            if !sieve.accepts(&located) {
                trace.came_to(&mark, Fate::Filter);
                continue;
            }
            if self.placement != Placement::Point && feature.kind() == GeometryKind::Point {
                trace.came_to(&mark, Fate::Geometry);
                continue;
            }
            let said = vocabulary.of(&located);
            let icon = self.icons.as_ref().map_or(Err(Missing::Nothing), |icons| icons.placed(&located, 0.0));
            match (&said, icon) {
                (None, Err(Missing::Image)) => trace.came_to(&mark, Fate::NoImage),
                (None, Err(Missing::Nothing)) => trace.came_to(&mark, Fate::Unpainted),
                _ => look(feature, said),
            }
        }
    }

    /// What lies along lines of a cell.
    fn lines<'t, T: Trace>(&self, cell: &Cell<'t>, trace: &mut T) -> Option<Lines<'t>> {
        let data = cell.placement.tile.layer(&self.layer.source_layer)?;
        let mut vocabulary = Vocabulary::new(self.texts.as_ref(), data, true);
        let mut features: Vec<(mvt::Feature<'t>, Option<Said>)> = Vec::new();
        let whole = cell.placement.cell;
        self.each_feature(cell, data, whole, &mut vocabulary, trace, |feature, said| features.push((feature, said)));
        let layout = Layout { placement: self.placement, spacing: self.spacing, goes_over: self.goes_over() };
        Some(Lines::new(layout, cell.placement, data.extent(), features, vocabulary.said))
    }

    /// Tells what becomes of features.
    fn telling<'a, T: Trace>(&'a self, trace: &'a mut T) -> impl FnMut(&Located, Fate) + 'a {
        |feature, fate| {
            let mark = trace.mark(self.layer, feature);
            trace.came_to(&mark, fate);
        }
    }

    /// Whether texts along lines may reach over the edges of cells.
    fn goes_over(&self) -> bool {
        self.placement == Placement::Line && !self.is_inside_tile
    }

    /// How symbols of a feature stand along its lines.
    fn spacing(&self, feature: &Located, words: Option<&Words>) -> Spacing {
        let text =
            self.texts.as_ref().zip(words).map_or(0.0, |(texts, words)| texts.line(words, feature).width * words.size);
        let icon = self.icons.as_ref().and_then(|icons| icons.placed(feature, 0.0).ok());
        let icon = icon.map_or(0.0, |icon| f64::from(icon.size[0]));
        let em = words.map_or(0.0, |words| words.size);
        let [length, em] = [text.max(icon), em].map(|pixels| pixels * UNITS as f64);
        let goes_over = words.is_some() && self.goes_over();
        Spacing { spacing: self.spacing, length, em, max_angle: self.max_angle, goes_over }
    }

    /// Finds out what the line of a spot goes on into, as far as that matters; false where that is not known yet, an error
    /// where the symbol cannot stand there.
    fn stand<'t, T: Trace>(
        &self,
        spot: &mut Spot<'t>,
        feature: &Located<'t>,
        (layer, square): (usize, Square),
        area: &mut Area<'t>,
        lines: &mut LinesOfCells<'t>,
        trace: &mut T,
    ) -> Result<bool, Fate> {
        let (Some(standing), Some((course, at))) = (spot.standing, &spot.on) else { return Ok(true) };
        let words = spot.words.as_deref();
        let rule = self.spacing(feature, words);
        let text = self.texts.as_ref().zip(words).filter(|_| rule.goes_over);
        let text = text.map_or(0.0, |(texts, words)| texts.reach(words, feature) * UNITS as f64);
        if standing.room == Room::Within && !course.is_cut_within(*at, text) {
            return Ok(true);
        }
        let reach = limits::SYMBOL_REACH * f64::from(self.viewport.scale) * UNITS as f64;
        loop {
            match beyond::on(lines, layer, square, &standing, reach) {
                Some(On::Open(next)) => match area.cell(&self.layer.source, next) {
                    Ok(cell) => {
                        let read = || cell.and_then(|cell| self.lines(&cell, trace));
                        if let (Some(there), Some(words)) = (lines.entry((layer, next)).or_insert_with(read), words) {
                            let spacing = |feature: &Located, words: Option<&Words>| self.spacing(feature, words);
                            there.read_saying(&words.text(), spacing, self.telling(trace));
                        }
                    }
                    Err(NotThere) => {
                        area.leave_open(self.in_picture(spot.point), &self.layer.source, next.tile);
                        return Ok(false);
                    }
                },
                Some(On::Line(course, at)) if course.room(at, &rule) == Some(Room::Within) => {
                    spot.on = Some((course, at));
                    return Ok(true);
                }
                Some(On::Line(..)) => return Err(Fate::NoRoom),
                None => return Err(Fate::Crowded),
            }
        }
    }

    /// How far the map is turned in the picture, in degrees clockwise.
    fn turn(&self) -> f64 {
        self.viewport.turn.map_or(0.0, |turn| -turn.bearing)
    }

    fn in_picture(&self, point: Point) -> Point {
        let Some(turn) = self.viewport.turn else { return point };
        // Rounded from the pivot, which lies where it lies whatever part of the picture is drawn.
        let pivot = turn.pivot.map(units);
        let by = turned([0, 1].map(|i| (point[i] - pivot[i]) as f64 / UNITS as f64), -turn.bearing);
        [0, 1].map(|i| pivot[i] + units(by[i]))
    }

    /// The ways in which a symbol's text may be set.
    fn settings(&self, feature: &Located, spot: &Spot) -> Vec<Setting> {
        let Some((texts, words)) = self.texts.as_ref().zip(spot.words.as_deref()) else { return Vec::new() };
        let turned = |is_map: bool| if is_map { self.turn() } else { 0.0 };
        let is_map = self.text_alignment == TextAlignment::Map;
        match &spot.on {
            None => texts.blocks(words, feature, turned(is_map), true).into_iter().map(Setting::Block).collect(),
            Some(_) if self.text_alignment == TextAlignment::Viewport => {
                texts.blocks(words, feature, 0.0, false).into_iter().map(Setting::Block).collect()
            }
            Some((course, at)) => {
                let (offset, share) = texts.along(feature);
                let manner = Manner {
                    offset,
                    share,
                    keeps_upright: self.keeps_upright[1],
                    rotate: texts.rotate(feature),
                    is_upright: self.text_alignment == TextAlignment::ViewportGlyph,
                    turn: self.turn(),
                };
                let stands = manner.keeps_upright && !manner.is_upright;
                let column = if stands { texts.column(words, feature) } else { None };
                let along =
                    course.along(*at, spot.point, texts.line(words, feature), column.as_ref(), words.size, &manner);
                along.map(Setting::Along).into_iter().collect()
            }
        }
    }

    /// A feature's icon as it is turned at a spot.
    fn icon(&self, feature: &Located, spot: &Spot) -> Option<Placed> {
        let icons = self.icons.as_ref()?;
        let alignment = self.icon_alignment.of(feature);
        let angle = match &spot.on {
            Some((course, at)) if alignment != Alignment::Viewport => {
                let angle = (course.angle(*at) + self.turn()).rem_euclid(360.0);
                let is_backwards = angle > 90.0 && angle <= 270.0;
                if self.keeps_upright[0] && is_backwards { angle - 180.0 } else { angle }
            }
            None if alignment == Alignment::Map => self.turn(),
            _ => 0.0,
        };
        icons.placed(feature, angle).ok()
    }

    /// The places of a symbol, at least one, with what is drawn at each: each text with the icon; then what may stand alone.
    fn places(
        &self,
        feature: &Located,
        spot: &Spot,
        anchor: Point,
        cell: &Cell,
    ) -> Result<(Vec<Place>, Vec<Way>), Fate> {
        let (settings, icon) = (self.settings(feature, spot), self.icon(feature, spot));
        let sections = spot.words.as_ref().map_or_else(|| Vec::new().into(), |words| words.sections.clone());
        let fitted = |setting: &Setting| match (&self.icons, &icon, setting) {
            (Some(icons), Some(icon), Setting::Block(block)) if icons.fits_text() => {
                Some(icons.fitted(icon, feature, block))
            }
            (_, icon, _) => icon.clone(),
        };
        let text = |setting: &Setting| Some((setting.clone(), sections.clone()));
        // Where others may be covered, the places where none are come first.
        let shy = settings.len() > 1 && self.text.overlap != Overlap::Never;
        let passes: &[bool] = if shy { &[true, false] } else { &[false] };
        let mut ways: Vec<(Way, bool)> = Vec::new();
        for is_shy in passes {
            let way = |setting: &Setting| Way { icon: fitted(setting), text: text(setting), extent: None };
            ways.extend(settings.iter().map(|setting| (way(setting), *is_shy)));
        }
        if icon.is_some() && !settings.is_empty() && self.icon.is_optional {
            let way = |setting: &Setting| Way { icon: None, text: text(setting), extent: None };
            ways.extend(settings.iter().map(|setting| (way(setting), false)));
        }
        // What says something has its text, unless that may be left out.
        let is_alone = settings.is_empty() && spot.words.is_none() || self.text.is_optional;
        if icon.is_some() && is_alone {
            ways.push((Way { icon, ..Way::default() }, false));
        }
        let padding = self.texts.as_ref().map_or(0.0, |texts| texts.padding);
        let text_reach =
            spot.words.as_ref().map_or(0.0, |words| OVERHANG * words.size + self.halo(feature, words.size));
        let is_too_long = spot.words.as_deref().is_some_and(Words::is_too_long);
        let mut why = if spot.on.is_some() && !is_too_long { Fate::NoRoom } else { Fate::TooLarge };
        let mut places = Vec::with_capacity(ways.len());
        let mut kept = Vec::with_capacity(ways.len());
        for (mut way, is_shy) in ways {
            let icon = way
                .icon
                .as_ref()
                .map(|icon| (self.icon.part(&[icon.collision()], anchor, false), icon.extent(), &self.icon));
            let text = way.text.as_ref().and_then(|(setting, _)| {
                let part = self.text.part(&setting.collision(padding), anchor, is_shy);
                Some((part, setting.extent(text_reach + setting.shaped().stray * setting.size())?, &self.text))
            });
            let parts: Vec<(Part, Rect, &Rules)> = icon.into_iter().chain(text).collect();
            let extents = parts.iter().map(|(_, extent, rules)| moved(moved(*extent, anchor), rules.translate));
            let Some(extent) = extents.reduce(Rect::union) else { continue };
            let boxes = parts.iter().flat_map(|(part, ..)| part.boxes.iter().copied());
            if !self.is_near(boxes.fold(extent, Rect::union), anchor) {
                why = why.max(Fate::TooLarge);
                continue;
            }
            let parts: Vec<Part> = parts.into_iter().map(|(part, ..)| part).collect();
            let mut boxes = parts.iter().flat_map(|part| &part.boxes);
            if self.is_inside_tile && !boxes.all(|rect| self.is_within(*rect, cell)) {
                why = why.max(Fate::OverEdge);
                continue;
            }
            way.extent = Some(extent);
            places.push(Place { parts });
            kept.push(way);
        }
        if places.is_empty() { Err(why) } else { Ok((places, kept)) }
    }

    /// How far the halo of a feature's text reaches, in output pixels.
    fn halo(&self, feature: &Located, size: f64) -> f64 {
        let [width, blur] = self.halo_lengths.each_ref().map(|length| {
            let pixels = length.of(feature) * f64::from(self.viewport.scale);
            pixels.clamp(0.0, HALO * size)
        });
        if width > 0.0 && self.halo_color.of(feature).a > 0.0 { width + blur } else { 0.0 }
    }

    /// Whether all of a symbol is as near to its anchor as one can be.
    fn is_near(&self, rect: Rect, anchor: Point) -> bool {
        let most = limits::SYMBOL_REACH as i64 * i64::from(self.viewport.scale) * UNITS;
        (0..2).all(|i| anchor[i] - rect.min[i] <= most && rect.max[i] - anchor[i] <= most)
    }

    /// Whether a box of the picture lies within a cell.
    fn is_within(&self, rect: Rect, cell: &Cell) -> bool {
        let corners = [rect.min, [rect.max[0], rect.min[1]], rect.max, [rect.min[0], rect.max[1]]];
        corners.iter().all(|corner| {
            let on_map = match self.viewport.turn {
                None => *corner,
                Some(turn) => turn.on_map(corner.map(|c| c as f64 / UNITS as f64)).map(units),
            };
            cell.placement.cell.beyond(on_map) == 0
        })
    }
}

impl Cell<'_> {
    /// A point on an edge belongs to the cell to the east or south.
    fn holds(&self, point: Point) -> bool {
        let cell = self.placement.cell;
        (0..2).all(|i| cell.min[i] <= point[i] && point[i] < cell.max[i])
    }
}

/// Where a feature's symbols stand, in tile units: each of its points, where each line begins, and in the middle of each
/// polygon.
fn points(feature: &Located) -> Vec<[i32; 2]> {
    let parts = || feature.feature.parts();
    match feature.kind() {
        GeometryKind::Point => parts().flat_map(|part| part.vertices()).collect(),
        GeometryKind::LineString => parts().filter_map(|part| part.vertices().next()).collect(),
        GeometryKind::Polygon => {
            let rings = parts().map(|part| part.vertices().collect()).collect();
            pole::polygons(rings).iter().map(|polygon| pole::pole(polygon, feature.extent)).collect()
        }
    }
}
