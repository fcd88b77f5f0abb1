//! Sources of type `image`: a picture laid over four corners.

use crate::bitmap::Bitmap;
use crate::tile;
use serde_json::Value as Json;
use std::sync::Arc;

/// A picture and where on the map it lies.
#[derive(Clone, Debug)]
pub struct Picture {
    pub bitmap: Arc<Bitmap>,
    /// Where its corners come to lie, clockwise from the top left one: shares of the world's side, to the east and to the
    /// south of its north-west corner.
    pub corners: [[f64; 2]; 4],
}

impl Picture {
    /// The picture over the corners that the source has as `coordinates`: longitudes and latitudes.
    pub fn new(bitmap: Bitmap, coordinates: Option<&Json>) -> Result<Picture, String> {
        let corner = |json: &Json| match json.as_array()?.as_slice() {
            [lon, lat] => Some((lon.as_f64()?, lat.as_f64()?)),
            _ => None,
        };
        let list = coordinates.and_then(Json::as_array).filter(|list| list.len() == 4);
        let corners = list.and_then(|list| list.iter().map(corner).collect::<Option<Vec<(f64, f64)>>>());
        let corners = corners.ok_or("it is not four corners, each of a longitude and a latitude in degrees")?;
        let corners = [0, 1, 2, 3].map(|i| tile::world_of(corners[i].0, corners[i].1)).map(|(x, y)| [x, y]);
        let turns = [0, 1, 2, 3].map(|i| {
            let [a, b, c] = [corners[i], corners[(i + 1) % 4], corners[(i + 2) % 4]];
            (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        });
        // Mirrored, they go round the other way.
        let convex = turns.iter().all(|turn| *turn > 0.0) || turns.iter().all(|turn| *turn < 0.0);
        match convex && corners.as_flattened().iter().all(|c| c.is_finite()) {
            true => Ok(Picture { bitmap: Arc::new(bitmap), corners }),
            false => Err("the four corners are not those of a convex quadrilateral".to_string()),
        }
    }
}
