//! Tile addresses: checked z/x/y in the XYZ scheme of Web Mercator, y down from the north.

use crate::limits;
use std::fmt;

/// A tile that exists: `z` at most [`limits::ZOOM`], `x` and `y` below 2^z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

impl TileId {
    /// None outside of the world.
    pub fn new(z: u8, x: u32, y: u32) -> Option<TileId> {
        (z <= limits::ZOOM && u64::from(x) < 1 << z && u64::from(y) < 1 << z).then_some(TileId { z, x, y })
    }

    pub fn z(self) -> u8 {
        self.z
    }

    pub fn x(self) -> u32 {
        self.x
    }

    pub fn y(self) -> u32 {
        self.y
    }

    /// The tile at zoom `z` that this one lies in: itself where `z` is not above it.
    pub fn ancestor(self, z: u8) -> TileId {
        let up = self.z.saturating_sub(z);
        TileId { z: self.z - up, x: self.x >> up, y: self.y >> up }
    }

    /// The tile `dx` columns to the east and `dy` rows to the south. x wraps at the antimeridian, y ends at the poles.
    pub fn neighbour(self, dx: i32, dy: i32) -> Option<TileId> {
        let side = 1i64 << self.z;
        let y = i64::from(self.y) + i64::from(dy);
        let x = (i64::from(self.x) + i64::from(dx)).rem_euclid(side);
        (0..side).contains(&y).then_some(TileId { z: self.z, x: x as u32, y: y as u32 })
    }

    /// West, south, east and north in degrees.
    pub fn bounds(self) -> [f64; 4] {
        let side = (1u64 << self.z) as f64;
        let (w, n) = lon_lat_of(f64::from(self.x) / side, f64::from(self.y) / side);
        let (e, s) = lon_lat_of(f64::from(self.x + 1) / side, f64::from(self.y + 1) / side);
        [w, s, e, n]
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

impl std::str::FromStr for TileId {
    type Err = String;

    fn from_str(text: &str) -> Result<TileId, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [z, x, y] = parts[..] else {
            return Err(format!("{text:?} is not a tile; write Z/X/Y, for example 13/1315/3171"));
        };
        let number = |s: &str| s.parse::<u32>().map_err(|_| format!("{s:?} in {text:?} is not a whole number"));
        let (z, x, y) = (number(z)?, number(x)?, number(y)?);
        u8::try_from(z).ok().and_then(|z| TileId::new(z, x, y)).ok_or_else(|| {
            format!("{text} is outside of the world; z is at most {}, x and y are below 2^z", limits::ZOOM)
        })
    }
}

/// Longitude and latitude in degrees of a point of the world; `u` and `v` go from 0 to 1, east and south.
///
/// The inverse of spherical Mercator (EPSG:3857).
pub fn lon_lat_of(u: f64, v: f64) -> (f64, f64) {
    let northing = std::f64::consts::PI * (1.0 - 2.0 * v);
    (u * 360.0 - 180.0, northing.sinh().atan().to_degrees())
}

/// The latitude in degrees where the world of Web Mercator ends in the north: it is a square.
pub const MERCATOR_LATITUDE: f64 = 85.0511287798066;

/// The point of the world at a longitude and latitude in degrees, from 0 to 1 east and south; latitudes nearer to a pole
/// than the world goes are its edge.
///
/// Spherical Mercator (EPSG:3857), the inverse of [`lon_lat_of`].
pub fn world_of(lon: f64, lat: f64) -> (f64, f64) {
    let northing = lat.clamp(-MERCATOR_LATITUDE, MERCATOR_LATITUDE).to_radians().tan().asinh();
    ((lon + 180.0) / 360.0, (0.5 - northing / std::f64::consts::TAU).clamp(0.0, 1.0))
}
