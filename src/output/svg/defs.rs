//! What a document defines to refer to: clips, masks, images, gradients, glyphs. Each stands before its first use.

use super::SUBPIXELS;
use super::ink::number;
use super::path::{write_outline, write_path};
use crate::bitmap::Bitmap;
use crate::output::png;
use crate::output::raster::Picture;
use crate::output::raster::glyph::{Form, Shapes};
use crate::scene::{Image, ImageId, Quad, Scene};
use crate::style::Style;
use crate::text::Outline;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

pub struct Defs<'a> {
    style: &'a Style,
    scene: &'a Scene,
    /// What is seen of the map before it is turned, in output pixels: left, top, right, bottom.
    pub whole: [i64; 4],
    /// For each kind of id, what they begin with and how many there are.
    ids: HashMap<&'static str, (String, usize)>,
    /// The pattern that holds each image, at the origin in its own pixels.
    images: HashMap<ImageId, String>,
    /// The patterns that repeat an image from a place.
    areas: HashMap<(ImageId, [i64; 2]), String>,
    /// Gradients by what they are made of.
    gradients: HashMap<String, String>,
    /// Images that are drawn as symbols.
    icons: HashMap<ImageId, String>,
    letters: HashMap<Arc<Outline>, String>,
    /// By outline, em and radius.
    halos: HashMap<(usize, u64, u32), String>,
}

impl<'a> Defs<'a> {
    pub fn new(style: &'a Style, scene: &'a Scene, whole: [i64; 4]) -> Defs<'a> {
        Defs {
            style,
            scene,
            whole,
            ids: HashMap::new(),
            images: HashMap::new(),
            areas: HashMap::new(),
            gradients: HashMap::new(),
            icons: HashMap::new(),
            letters: HashMap::new(),
            halos: HashMap::new(),
        }
    }

    /// A new id of a kind, which no layer has.
    pub fn next(&mut self, kind: &'static str) -> String {
        let (prefix, count) = self.ids.entry(kind).or_insert_with(|| {
            let mut prefix = kind.to_string();
            while self.style.layers.iter().any(|layer| layer.id.starts_with(&prefix)) {
                prefix.insert(0, '_');
            }
            (prefix, 0)
        });
        *count += 1;
        format!("{prefix}{count}")
    }

    /// The pattern that repeats an image from a place in output pixels; written where it is new.
    pub fn area(&mut self, out: &mut String, image: ImageId, origin: [i64; 2]) -> String {
        if let Some(id) = self.areas.get(&(image, origin)) {
            return id.clone();
        }
        let base = self.image(out, image);
        let id = self.next("pattern-");
        let [x, y] = origin.map(|c| c * i64::from(SUBPIXELS));
        let _ = write!(
            out,
            r##"<pattern id="{id}" href="#{base}" patternTransform="matrix({SUBPIXELS} 0 0 {SUBPIXELS} {x} {y})"/>"##
        );
        self.areas.insert((image, origin), id.clone());
        id
    }

    /// The pattern that holds a quad's image where the quad has it.
    pub fn quad(&mut self, out: &mut String, quad: &Quad) -> String {
        let base = self.image(out, quad.image);
        let id = self.next("pattern-");
        let sub = f64::from(SUBPIXELS);
        let [a, b, c, d, e, f] = quad.transform.map(|n| (n * sub * 1e6).round() / 1e6);
        let _ =
            write!(out, r##"<pattern id="{id}" href="#{base}" patternTransform="matrix({a} {b} {c} {d} {e} {f})"/>"##);
        id
    }

    fn image(&mut self, out: &mut String, image: ImageId) -> String {
        if let Some(id) = self.images.get(&image) {
            return id.clone();
        }
        let id = self.next("image-");
        let bitmap = &self.scene.images[image];
        let (width, height, href) = (bitmap.width, bitmap.height, data_url(bitmap));
        let _ = write!(
            out,
            r#"<pattern id="{id}" patternUnits="userSpaceOnUse" width="{width}" height="{height}"><image width="{width}" height="{height}" preserveAspectRatio="none" href="{href}"/></pattern>"#
        );
        self.images.insert(image, id.clone());
        id
    }

    /// An image that is drawn once, pixel for pixel.
    pub fn write_image(&mut self, out: &mut String, image: &Image) {
        let bitmap = &self.scene.images[image.image];
        let [x, y] = image.corner.map(|c| c * i64::from(SUBPIXELS));
        let (width, height, href) = (bitmap.width * SUBPIXELS, bitmap.height * SUBPIXELS, data_url(bitmap));
        let _ = write!(out, r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none""#);
        super::ink::write_opacity(out, "opacity", image.opacity);
        let _ = write!(out, r#" href="{href}"/>"#);
    }

    /// An image that symbols show; none of one that is not there.
    pub fn icon(&mut self, out: &mut String, image: ImageId) -> Option<String> {
        if let Some(id) = self.icons.get(&image) {
            return Some(id.clone());
        }
        let bitmap = self.scene.images.get(image)?;
        let id = self.next("icon-");
        let (width, height, href) = (bitmap.width * SUBPIXELS, bitmap.height * SUBPIXELS, data_url(bitmap));
        let _ = write!(
            out,
            r#"<image id="{id}" width="{width}" height="{height}" preserveAspectRatio="none" href="{href}"/>"#
        );
        self.icons.insert(image, id.clone());
        Some(id)
    }

    /// A glyph's outline, in its font's units.
    pub fn letter(&mut self, out: &mut String, outline: &Arc<Outline>) -> String {
        if let Some(id) = self.letters.get(outline) {
            return id.clone();
        }
        let id = self.next("letter-");
        let _ = write!(out, r#"<path id="{id}" d=""#);
        write_outline(out, outline);
        out.push_str("\"/>");
        self.letters.insert(outline.clone(), id.clone());
        id
    }

    /// A glyph of the scene, grown; none of one that is not there.
    pub fn halo(&mut self, out: &mut String, outline: usize, form: Form, shapes: &mut Shapes) -> Option<String> {
        let key = (outline, form.size.to_bits(), form.radius);
        if let Some(id) = self.halos.get(&key) {
            return Some(id.clone());
        }
        let shape = shapes.get(outline, form)?;
        let id = self.next("halo-");
        let _ = write!(out, r#"<path id="{id}" d=""#);
        write_path(out, &shape.path);
        out.push_str("\"/>");
        self.halos.insert(key, id.clone());
        Some(id)
    }

    /// A mask over the whole picture; what is put between this and `</mask>` is its content.
    pub fn open_mask(&mut self, out: &mut String) -> String {
        let id = self.next("mask-");
        let [x, y, right, bottom] = self.whole.map(|c| c * i64::from(SUBPIXELS));
        let (width, height) = (right - x, bottom - y);
        let _ = write!(
            out,
            r#"<mask id="{id}" maskUnits="userSpaceOnUse" x="{x}" y="{y}" width="{width}" height="{height}">"#
        );
        id
    }

    /// A gradient from the middle of what it fills to its edge; `stops` have offsets, colours and opacities.
    pub fn radial(&mut self, out: &mut String, stops: &[(f64, String, f64)]) -> String {
        let mut content = String::new();
        for (offset, color, opacity) in stops {
            let _ = write!(content, r#"<stop offset="{}" stop-color="{color}""#, number(*offset));
            super::ink::write_opacity(&mut content, "stop-opacity", *opacity);
            content.push_str("/>");
        }
        if let Some(id) = self.gradients.get(&content) {
            return id.clone();
        }
        let id = self.next("blur-");
        let _ = write!(out, r#"<radialGradient id="{id}">{content}</radialGradient>"#);
        self.gradients.insert(content, id.clone());
        id
    }
}

/// The bitmap as a PNG within the document.
fn data_url(bitmap: &Bitmap) -> String {
    let Bitmap { width, height, .. } = *bitmap;
    let pixels = bitmap.data.chunks_exact(4).map(|p| u32::from_le_bytes([p[0], p[1], p[2], p[3]])).collect();
    // What cannot be encoded is not drawn: a bitmap always can.
    let png = png::encode(&Picture { width, height, pixels }).unwrap_or_default();
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}
