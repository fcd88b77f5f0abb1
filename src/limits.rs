//! Every cap and timeout, each with what it protects. Input beyond one of them gets its own clear error.

use std::time::Duration;

// Source tiles.

/// A source tile as it travels. The heaviest real tiles are under 1 MiB; more is a mistake or an attack.
pub const TILE_BYTES_COMPRESSED: usize = 8 << 20;
/// The same tile inflated: a gzip bomb stops here instead of in memory.
pub const TILE_BYTES: usize = 16 << 20;
/// Layers of one tile; Tilezen has 9.
pub const TILE_LAYERS: usize = 256;
/// Features of one tile, all layers together; a crowded city tile has 10,000.
pub const TILE_FEATURES: usize = 500_000;
/// Key and value references of one tile: they are kept unpacked, and features may all repeat the same long list.
pub const TILE_TAGS: usize = 4_000_000;
/// Bytes of text that a tile's features refer to, counted at each reference, because JSON repeats them.
pub const TILE_TEXT_BYTES: usize = 64 << 20;
/// Vertices of one tile.
pub const TILE_VERTICES: usize = 4_000_000;
/// Units a vertex may lie outside of its tile, in extents: Tilezen's buildings overhang by one.
pub const TILE_OVERHANG_EXTENTS: i64 = 8;
/// The largest extent a layer may declare (MVT 2.1, 4.1 leaves it open).
pub const TILE_EXTENT: u32 = 1 << 16;

// PMTiles.

/// One leaf directory as stored; it inflates to a few times as much.
pub const PMTILES_DIRECTORY_BYTES: usize = 1 << 20;
/// The metadata section of an archive, as stored.
pub const PMTILES_METADATA_BYTES: u64 = 1 << 20;
/// Leaf directories of an archive kept in memory.
pub const PMTILES_DIRECTORIES: usize = 64;

// TileJSON and GeoJSON.

/// A TileJSON or GeoJSON document as read at the start.
pub const DOCUMENT_BYTES: usize = 50 << 20;
/// Vertices of one GeoJSON document, 17 bytes each in memory.
pub const GEOJSON_VERTICES: usize = 8_000_000;
/// GeometryCollections within one another (RFC 7946, 3.1.8 advises against any).
pub const GEOJSON_DEPTH: usize = 8;
/// Degrees of longitude: two turns around the world. More are no longitudes, but metres or feet of some projection.
pub const GEOJSON_LONGITUDE: f64 = 720.0;
/// Templates that one TileJSON may spread its tiles over.
pub const TILE_TEMPLATES: usize = 64;

// Styles.

/// Bytes of a style document; the largest public ones are under 1 MiB.
pub const STYLE_BYTES: u64 = 8 << 20;
/// Bytes of go-rasterzen's SVG options; its own are 1 KiB. They make a style many times as long.
pub const OPTIONS_BYTES: usize = 64 << 10;
/// Problems of a style that are told one by one; the others are counted.
pub const STYLE_PROBLEMS: usize = 1000;
/// Nesting of an expression: evaluation recurses. (JSON itself nests at most 128 deep, the limit of serde_json.)
pub const EXPRESSION_DEPTH: usize = 64;
/// Bytes of a text that an expression makes: one that puts a text together with itself doubles it at each step.
pub const EXPRESSION_TEXT_BYTES: usize = 1 << 20;
/// Bytes of a line that `style eval` reads.
pub const EVAL_LINE_BYTES: usize = 4 << 20;

/// Properties that what is read of a feature may depend on to be remembered by their values.
pub const INPUTS: usize = 8;

// Fonts.

/// A font file; the largest collections of Chinese, Japanese and Korean have 20 to 120 MiB.
pub const FONT_BYTES: u64 = 128 << 20;
/// All fonts of a folder: they stay in memory.
pub const FONTS_BYTES: u64 = 512 << 20;
/// Fonts of a folder: each of them may be asked for a character that the others lack.
pub const FONTS: usize = 4096;
/// Glyphs as polygons that are kept from one picture to the next, each at its size and turn and as a halo, half a KiB: those
/// of a style's upright texts, and of many along lines.
pub const GLYPH_SHAPES_BYTES: u64 = 8 << 20;
/// Glyphs' outlines that fonts keep from one picture to the next: some thousand.
pub const OUTLINES_BYTES: u64 = 2 << 20;
/// Folders of fonts within one another, so that a link to a folder above ends.
pub const FONT_FOLDER_DEPTH: usize = 8;

/// Texts that have been set and are kept for the next picture: some thousand names.
pub const SHAPED_BYTES: u64 = 4 << 20;

// Images as sources.

/// Pixels of one tile of images; the usual ones have 256 or 512 a side.
pub const RASTER_TILE_PIXELS: u64 = 2048 * 2048;
/// Bytes of the file of a source of type `image`.
pub const PICTURE_BYTES: usize = 32 << 20;
/// Pixels of all of a style's: 128 MiB of RGBA.
pub const PICTURE_PIXELS: u64 = 32 << 20;

// Sprites.

/// Sprites that one style may list.
pub const SPRITES: usize = 16;
/// Bytes of a sprite sheet's PNG, and of its index: room for thousands of icons.
pub const SPRITE_BYTES: usize = 4 << 20;
/// Images that an index may name, and icons of a folder.
pub const SPRITE_IMAGES: usize = 10_000;
/// Pixels of all sheets and icons of a style: 64 MiB of RGBA. 2,000 icons of 24 px, once and twice as
/// large, are 6 million.
pub const SPRITE_PIXELS: u64 = 16 << 20;
/// The longest side of one image in CSS pixels: at [`SCALE`] times it still fits a pixmap.
pub const SPRITE_IMAGE_SIDE: u32 = 1024;
/// Bytes of one SVG icon.
pub const ICON_BYTES: usize = 1 << 20;

// Pictures.

/// The largest side of a pixmap in pixels: 64 MiB of RGBA.
pub const PIXMAP_SIDE: u32 = 4096;
/// PNGs of one colour that are kept, some hundred bytes each: a style has few such, at a few sizes.
pub const PLAIN_PICTURES: usize = 256;
/// Combinations of values that a layer of a tile remembers something by.
pub const KNOWN_VALUES: usize = 4096;
/// Pixels at the cut end of a line whose look may depend on what it goes on into; lines reach out by as much more.
pub const STAY: f64 = 5.0;
/// Rows of pixels whose coverage is held at once.
pub const RASTER_ROWS: u32 = 512;
/// Points of a shape that are held at once; larger shapes go into a grid of the size of their picture bit by bit.
pub const SHAPE_POINTS: usize = 1 << 16;
/// Pieces of memory of each kind that pictures leave for the next ones, and the bytes of the largest.
pub const SPARES: usize = 4;
pub const SPARE_BYTES: usize = 4 << 20;
/// The largest side of a static image over HTTP, in output pixels.
pub const STATIC_SIDE: u32 = PIXMAP_SIDE;
/// The largest side of a static image on the command line, in output pixels: within [`COORDINATE`] whichever way it is
/// turned.
pub const IMAGE_SIDE: u32 = 32_768;
/// The side of the cells that larger pictures are drawn in, so that what each needs while it is drawn stays small.
pub const CELL_SIDE: u32 = 2048;
/// MapLibre zooms of static images. At the first a source's tile is still as wide as what may reach over its edge, so
/// that one ring of neighbours suffices.
pub const VIEW_ZOOMS: std::ops::RangeInclusive<f64> = -1.0..=ZOOM as f64;
/// Source tiles that one picture may need: all are in memory while it is drawn. A static image of 4096 pixels a side
/// needs a hundred of class 512, four times as many of class 256.
pub const SOURCE_TILES: usize = 1024;
/// Source tiles that count as one picture among [`PICTURES`]: as many as a tile of 512 pixels and what is around it
/// takes of class 256.
pub const PICTURE_TILES: usize = 16;
/// Pixel ratios that can be asked for.
pub const SCALE: u8 = 4;
/// The deepest tile that can be asked for.
pub const ZOOM: u8 = 30;
/// How far, in pixels at scale 1, drawing may reach across a source tile's edge: one ring of neighbours suffices.
pub const MARGIN: f64 = 256.0;
/// How far in CSS pixels a symbol may reach from its anchor: a quarter of a tile of 512 pixels, so that what touches the
/// symbols of another quarter is found in three neighbours.
pub const SYMBOL_REACH: f64 = 128.0;
/// Coordinates in units of 1/256 px stay below this, so that they are exact in `f32` after division by 16.
pub const COORDINATE: i64 = 1 << 26;
/// Ends of lines at one place on a tile's edge that are looked at to find which goes on into which.
pub const JOIN_CANDIDATES: usize = 64;
/// Bytes of a label: more would not fit into what one may reach, and would take long to set.
pub const LABEL_BYTES: usize = 2048;
/// Symbols of one layer and cell that may stand in 256 by 256 CSS pixels: those of the lowest sort keys, then the first.
pub const SYMBOLS: usize = 2000;
/// Pixels of all icons of one picture, each in its size and colours: 64 MiB of RGBA.
pub const ICON_PIXELS: u64 = 16 << 20;
/// Names of a `text-font` that are looked at, and bytes of one; a longer one is of no font.
pub const FONT_NAMES: usize = 32;
pub const FONT_NAME_BYTES: usize = 256;
/// Places along the lines of one layer in one cell that are tried in 256 by 256 CSS pixels; beyond, there are no symbols.
pub const SYMBOL_ANCHORS: usize = 10_000;
/// The most that symbols along a line stand apart, in CSS pixels: more than any line of a tile is long.
pub const SYMBOL_SPACING: f64 = 1_000_000.0;
/// Places along one line that are tried to find out whether there is room for any symbol but one in the middle.
pub const LINE_TRIES: usize = 1000;
/// Lines of one cell that say the same, and vertices of those that come near, that are looked at for a symbol that stands
/// too near to another one.
pub const EQUAL_VERTICES: usize = 10_000;
/// Edges of tiles that a text along a line may go over to one side: more than two are the work of lines that run to and
/// fro over one.
pub const LINE_CROSSINGS: usize = 4;
/// Dashes that one line may be cut into; beyond, it is drawn solid.
pub const DASHES: usize = 100_000;

// Requests.

/// Bytes of a path; the longest meaningful one is under 100.
pub const PATH_BYTES: usize = 2048;
/// Bytes of a caller's API key.
pub const API_KEY_BYTES: usize = 128;
/// Bytes of a response on Lambda behind API Gateway and Function URLs, after encoding as JSON.
pub const LAMBDA_RESPONSE_BYTES: usize = 6 * 1024 * 1024;
/// Bytes of a response on Lambda behind an Application Load Balancer, after encoding as JSON.
pub const ALB_RESPONSE_BYTES: usize = 1_000_000;
/// A whole request, from the first byte of work to the answer.
pub const REQUEST: Duration = Duration::from_secs(25);
/// What of a Lambda invocation's time is kept for sending the answer.
pub const LAMBDA_RESERVE: Duration = Duration::from_millis(300);
/// How long the server waits for open requests when it is told to stop.
pub const SHUTDOWN: Duration = Duration::from_secs(10);
/// Threads that read and write files, besides those that draw.
pub const FILE_THREADS: usize = 2;
/// Pictures in the making at once, from their first source tile to their last byte: each holds its tiles in memory.
pub const PICTURES: usize = 16;
/// Pictures that may wait to be made before requests are turned away.
pub const WAITING_PICTURES: usize = 512;
/// Connections the server holds open at once.
pub const CONNECTIONS: usize = 1024;
/// A client that sends its request head slower than this is cut off.
pub const REQUEST_HEAD: Duration = Duration::from_secs(15);
/// A client that takes nothing of its answer for so long is cut off.
pub const CLIENT_WRITE: Duration = Duration::from_secs(30);
/// How often `/health/source` asks the source.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30);

// Upstream.

/// Opening a connection.
pub const CONNECT: Duration = Duration::from_secs(3);
/// One upstream request, body included.
pub const FETCH: Duration = Duration::from_secs(10);
/// Tries of one upstream request that may be repeated.
pub const FETCH_TRIES: u32 = 3;
/// The wait before the first retry; it doubles, with jitter.
pub const FETCH_BACKOFF: Duration = Duration::from_millis(100);
/// Redirects followed, all on the same host.
pub const REDIRECTS: usize = 3;
/// Upstream requests under way at once.
pub const FETCHES: usize = 64;
/// Idle connections older than this are not used again: a frozen Lambda wakes up with dead sockets.
pub const IDLE: Duration = Duration::from_secs(5);

// Caches.

/// One look into a cache tier; a slower one is passed by.
pub const CACHE_GET: Duration = Duration::from_secs(2);
/// One write to a cache tier behind an answer of the server.
pub const CACHE_PUT: Duration = Duration::from_secs(10);
/// One write to a cache tier before an answer on Lambda.
pub const LAMBDA_CACHE_PUT: Duration = Duration::from_millis(500);
/// What of a Lambda request's time a cache write must leave.
pub const LAMBDA_CACHE_RESERVE: Duration = Duration::from_millis(200);
/// Cache writes waiting behind answers of the server; beyond, they are dropped and counted.
pub const CACHE_PUTS: usize = 256;
/// Bytes of one cached object.
pub const CACHE_OBJECT_BYTES: usize = 64 << 20;
/// The source tiles kept in memory, with all that is read of them: some dozens of a crowded city, so that the rings of
/// neighbours of pictures that are asked for one after another are still there.
pub const DECODED_BYTES: u64 = 21 << 20;
