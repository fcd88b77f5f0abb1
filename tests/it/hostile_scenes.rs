//! Scenes that no map has: whatever is in one, it is drawn, in the time and memory of its size.

use rasterzen::bitmap::Bitmap;
use rasterzen::output::raster;
use rasterzen::scene::{Blending, Circle, Fill, Ink, Item, Paint, Path, Quad, Rect, Run, Scene, Square, Stroke};
use rasterzen::style::color::Color;
use rasterzen::style::{BlendMode, Cap, Join};
use rasterzen::viewport::Turn;

struct Hostile(fastrand::Rng);

impl Hostile {
    fn coordinate(&mut self) -> i32 {
        match self.0.u8(..6) {
            0 => i32::MAX - self.0.i32(0..3),
            1 => i32::MIN + self.0.i32(0..3),
            2 => self.0.i32(..),
            3 => 256 * self.0.i32(-2..70),
            _ => self.0.i32(-999..20_000),
        }
    }

    fn point(&mut self) -> [i32; 2] {
        [self.coordinate(), self.coordinate()]
    }

    /// A length, share or factor, of any size.
    fn number(&mut self) -> f64 {
        let extremes = [0.0, -1.0, 1e-300, 1e-9, 1e9, 1e300, -1e300, f64::MAX, f64::MIN_POSITIVE];
        if self.0.bool() { extremes[self.0.usize(..extremes.len())] } else { 40.0 * self.0.f64() }
    }

    fn path(&mut self) -> Path {
        let count = self.0.usize(..7);
        let points: Vec<[i32; 2]> = (0..count).map(|_| self.point()).collect();
        if self.0.bool() || points.is_empty() {
            return Path::of_rings(&[points]);
        }
        let mut path = Path::default();
        let visible = Rect { min: [-(1 << 40); 2], max: [1 << 40; 2] };
        path.push_line(&points.iter().map(|p| p.map(i64::from)).collect::<Vec<_>>(), false, visible, [0, 0]);
        path
    }

    fn color(&mut self) -> Color {
        Color { r: self.number(), g: 0.5, b: self.0.f64(), a: self.number() }
    }

    fn paint(&mut self) -> Paint {
        if self.0.bool() {
            return Paint::Color(self.color());
        }
        let extremes = [i64::MIN, i64::MAX, -1, 0, 7];
        let origin = [0, 1].map(|_| extremes[self.0.usize(..extremes.len())]);
        // One more than there are.
        Paint::Pattern { image: self.0.usize(..5), origin, opacity: self.number() }
    }

    fn quad(&mut self) -> Quad {
        let transform = [0; 6].map(|_| self.number());
        Quad { image: self.0.usize(..5), corners: [0; 4].map(|_| self.point()), transform }
    }

    fn ink(&mut self) -> Ink {
        let count = self.0.usize(..4);
        match self.0.u8(..3) {
            0 => Ink::Color(self.color()),
            1 => {
                let runs = (0..count).map(|_| (self.color(), self.path())).collect();
                Ink::Gradient { opacity: self.number(), runs }
            }
            _ => Ink::Pattern { opacity: self.number(), quads: (0..count).map(|_| self.quad()).collect() },
        }
    }

    fn item(&mut self) -> Item {
        if self.0.bool() {
            return Item::Fill(Fill { paint: self.paint(), antialias: self.0.bool(), path: self.path() });
        }
        Item::Stroke(Stroke {
            ink: self.ink(),
            width: self.number(),
            cap: [Cap::Butt, Cap::Round, Cap::Square][self.0.usize(..3)],
            join: [Join::Miter, Join::Round, Join::Bevel][self.0.usize(..3)],
            miter_limit: self.number(),
            blur: self.number(),
            path: self.path(),
            tips: self.path(),
        })
    }

    fn square(&mut self) -> Square {
        let extremes = [i64::MIN, -1, 0, 13, 64, i64::MAX];
        let clip = [0; 4].map(|_| extremes[self.0.usize(..extremes.len())]);
        let clip = if self.0.bool() { clip } else { [0, 0, 64, 64] };
        let items = (0..self.0.usize(..5)).map(|_| self.item()).collect();
        Square { clip, layers: vec![(0, items)] }
    }

    fn circle(&mut self) -> Circle {
        Circle {
            center: self.point(),
            radius: self.number(),
            color: self.color(),
            stroke_width: self.number(),
            stroke_color: self.color(),
            blur: self.number(),
        }
    }

    fn run(&mut self) -> Run {
        let squares = |hostile: &mut Hostile| (0..hostile.0.usize(..3)).map(|_| hostile.square()).collect();
        let modes = [BlendMode::Normal, BlendMode::Multiply, BlendMode::Color, BlendMode::PlusLighter];
        match self.0.u8(..4) {
            0 => Run::Background(0, self.paint()),
            1 => Run::Squares(squares(self)),
            2 => {
                let mode = modes[self.0.usize(..modes.len())];
                Run::Blended(Blending { opacity: self.number(), mode }, squares(self))
            }
            _ => Run::Circles(0, (0..3).map(|_| self.circle()).collect()),
        }
    }

    fn scene(&mut self) -> Scene {
        let sides = [0, 1, 63, 64, 600];
        let [width, height] = [0; 2].map(|_| sides[self.0.usize(..sides.len())]);
        let turn = self.0.bool().then(|| Turn { bearing: self.number(), pivot: [0; 2].map(|_| self.number()) });
        let image = |width: u32, height: u32| {
            let data = (0..width * height).flat_map(|i| [i as u8, 0, 0, 255]).collect();
            Bitmap { width, height, data }
        };
        let images = vec![image(0, 5), image(5, 0), image(1, 1), image(7, 3)];
        let runs = (0..self.0.usize(..4)).map(|_| self.run()).collect();
        Scene { width, height, turn, runs, images, outlines: Vec::new(), caption: None }
    }
}

#[test]
fn whatever_is_in_a_scene_is_drawn() {
    let mut hostile = Hostile(fastrand::Rng::with_seed(1));
    let mut seen = 0;
    for _ in 0..600 {
        let scene = hostile.scene();
        let drawn = raster::pixels(&scene);
        assert_eq!(drawn.pixels.len(), scene.width as usize * scene.height as usize);
        // Premultiplied: no channel is more than alpha.
        for pixel in &drawn.pixels {
            let [r, g, b, a] = pixel.to_le_bytes();
            assert!(r.max(g).max(b) <= a, "{pixel:x} of {scene:?}");
        }
        seen += usize::from(drawn.pixels.iter().any(|pixel| *pixel != 0));
    }
    assert!(seen > 100, "only {seen} have anything to see");
}

#[test]
fn thousands_of_rings_over_one_another_are_one() {
    let ring = vec![[256, 256], [2000, 256], [2000, 2000], [256, 2000]];
    let path = Path::of_rings(&vec![ring; 20_001]);
    let paint = Paint::Color(Color::BLACK);
    let items = vec![Item::Fill(Fill { paint, antialias: true, path })];
    let runs = vec![Run::Squares(vec![Square { clip: [0, 0, 10, 10], layers: vec![(0, items)] }])];
    let drawn = raster::pixels(&Scene {
        width: 10,
        height: 10,
        turn: None,
        runs,
        images: Vec::new(),
        outlines: Vec::new(),
        caption: None,
    });
    assert_eq!([[0, 4], [1, 4], [6, 4], [9, 4], [4, 9]].map(|[x, y]| drawn.pixel(x, y)[3]), [0, 255, 255, 0, 0]);
}
