//! A source of tiles that does as it is told: a thread per connection, one request on each.

use crate::server::{PATIENCE, wait_until};
use flate2::Compression;
use flate2::write::GzEncoder;
use rasterzen::source::{Fetched, Overrides, Source};
use rasterzen::tile::TileId;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// What is done with one request.
#[derive(Clone, Debug)]
pub enum Act {
    /// A status, further header lines, and a body with its length.
    Answer(u16, Vec<String>, Vec<u8>),
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Hang,
    /// A good head, and then a byte now and then.
    Drip,
}

impl Act {
    pub fn tile(bytes: Vec<u8>) -> Act {
        Act::Answer(200, vec!["Content-Type: application/x-protobuf".into()], bytes)
    }

    pub fn status(status: u16) -> Act {
        Act::Answer(status, Vec::new(), format!("the source's words for {status}").into_bytes())
    }

    pub fn redirect(to: &str) -> Act {
        Act::Answer(302, vec![format!("Location: {to}")], Vec::new())
    }
}

type Rule = Arc<dyn Fn(&str) -> Act + Send + Sync>;

#[derive(Default)]
struct State {
    rule: Mutex<Option<Rule>>,
    requests: Mutex<Vec<String>>,
    /// Whether answers are held back.
    held: Mutex<bool>,
    released: Condvar,
}

pub struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
}

impl Upstream {
    /// Starts a source that does what `rule` says of a request's target.
    pub fn start(rule: impl Fn(&str) -> Act + Send + Sync + 'static) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = Upstream { address, state: Arc::default() };
        upstream.now(rule);
        let state = upstream.state.clone();
        // It ends with the test process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = state.clone();
                // A client that goes away is no failure of the source.
                thread::spawn(move || serve(stream, &state));
            }
        });
        upstream
    }

    /// A source of the sample map's tiles as they are there; of others it says that there are none.
    pub fn sample() -> Upstream {
        Upstream::start(sample)
    }

    /// Does something else from now on.
    pub fn now(&self, rule: impl Fn(&str) -> Act + Send + Sync + 'static) {
        *self.state.rule.lock().unwrap() = Some(Arc::new(rule));
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn template(&self) -> String {
        format!("http://{}/{{z}}/{{x}}/{{y}}.mvt", self.address)
    }

    pub fn keyed_template(&self) -> String {
        format!("{}?api_key={{api_key}}", self.template())
    }

    /// The targets of all requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    /// How many requests began with this.
    pub fn count(&self, start: &str) -> usize {
        self.requests().iter().filter(|target| target.starts_with(start)).count()
    }

    pub fn wait_for_requests(&self, count: usize) {
        wait_until(&format!("the source has {count} requests"), || self.requests().len() >= count);
    }

    /// Holds all answers back until [`Upstream::release`].
    pub fn hold(&self) {
        *self.state.held.lock().unwrap() = true;
    }

    pub fn release(&self) {
        *self.state.held.lock().unwrap() = false;
        self.state.released.notify_all();
    }
}

fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    let mut line = String::new();
    input.read_line(&mut line)?;
    let mut header = String::new();
    while input.read_line(&mut header)? > 2 {
        header.clear();
    }
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    state.requests.lock().unwrap().push(target.clone());
    let held = state.held.lock().unwrap();
    let (held, waited) = state.released.wait_timeout_while(held, PATIENCE, |held| *held).unwrap();
    assert!(!waited.timed_out(), "the answers were never released");
    drop(held);
    let rule = state.rule.lock().unwrap().clone().expect("set at the start");
    match rule(&target) {
        Act::Answer(status, headers, body) => {
            let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
            write!(output, "HTTP/1.1 {status} Said\r\nConnection: close\r\n{length}{headers}\r\n")?;
            output.write_all(&body)
        }
        Act::Raw(bytes) => output.write_all(&bytes),
        Act::Hang => input.read_to_end(&mut Vec::new()).map(drop),
        Act::Drip => {
            write!(output, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n")?;
            loop {
                output.write_all(b"\x1a")?;
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// The sample map's tile for the target `/z/x/y.…`.
pub fn sample(target: &str) -> Act {
    let address = target.trim_start_matches('/').split('.').next().unwrap_or_default();
    match sample_tile(address) {
        Some(bytes) => Act::tile(bytes),
        None => Act::Answer(204, Vec::new(), Vec::new()),
    }
}

/// The sample map's tile `z/x/y`, inflated.
pub fn sample_tile(address: &str) -> Option<Vec<u8>> {
    let tile: TileId = address.parse().unwrap_or_else(|e| panic!("{e}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fetched = runtime.block_on(async {
        let source = Source::open("sample", &Overrides::default(), None).await?;
        source.fetch(tile, None).await
    });
    match fetched.unwrap() {
        Fetched::Tile(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_all(bytes)
}

/// Many zeros in few bytes.
pub fn gzip_zeros(count: u64) -> Vec<u8> {
    gzip_all(io::repeat(0).take(count))
}

fn gzip_all(mut bytes: impl Read) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    io::copy(&mut bytes, &mut encoder).unwrap();
    encoder.finish().unwrap()
}
