//! The map page and the files that it loads, within the binary. All its URLs are relative, so that it works wherever a
//! proxy or a gateway puts it.

use crate::digest;
use std::sync::LazyLock;

/// What the page may do: load and show what is of this server, and nothing else. Leaflet's empty picture is a `data:`.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                          connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
pub struct File {
    pub content_type: &'static str,
    pub body: &'static [u8],
    /// SHA-256 of the body, in hexadecimal.
    pub digest: String,
}

/// The page itself.
pub static INDEX: LazyLock<File> = LazyLock::new(|| File::new(HTML, include_bytes!("index.html")));

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

static FILES: LazyLock<[(&str, File); 5]> = LazyLock::new(|| {
    [
        ("icon.svg", File::new(SVG, include_bytes!("icon.svg"))),
        ("leaflet.css", File::new(CSS, include_bytes!("leaflet/leaflet.css"))),
        ("leaflet.js", File::new(JAVASCRIPT, include_bytes!("leaflet/leaflet.js"))),
        ("map.css", File::new(CSS, include_bytes!("map.css"))),
        ("map.js", File::new(JAVASCRIPT, include_bytes!("map.js"))),
    ]
});

/// A file that the page loads, by name.
pub fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|(other, _)| *other == name).map(|(_, file)| file)
}

impl File {
    fn new(content_type: &'static str, body: &'static [u8]) -> File {
        File { content_type, body, digest: digest::of(body) }
    }
}
