//! The program as a server: the real binary as a child process on a port of its own, and a small HTTP client that can
//! also send what no client should.

use rasterzen::error::Code;
use serde_json::Value;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How long anything may take before it counts as hung; nothing that works comes near it.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A running server; it is killed when this goes.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Where it says that it listens: without a reader, later lines would end it.
    _stdout: BufReader<ChildStdout>,
    /// A file and not a pipe: what was written before an answer is there to read once the answer is.
    log: NamedTempFile,
}

impl Server {
    /// Starts `rasterzen serve` with these arguments, with these environment variables and none of the test's own, and
    /// waits until it listens.
    pub fn start(args: &[&str], envs: &[(&str, &str)]) -> Server {
        let log = NamedTempFile::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rasterzen"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .env_clear()
            .envs(envs.iter().copied())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.as_file().try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let before = said.len();
            // It ends at the latest with the process.
            if stdout.read_line(&mut said).unwrap() == 0 {
                panic!("{args:?} does not listen: {}", std::fs::read_to_string(log.path()).unwrap());
            }
            if let Some(url) = said[before..].strip_prefix("TileJSON: http://") {
                let (address, _) = url.split_once('/').unwrap();
                break address.parse().unwrap();
            }
        };
        Server { child, address, _stdout: stdout, log }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn get(&self, target: &str) -> Reply {
        self.request("GET", target, &[])
    }

    pub fn request(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
        let stream = self.ask(method, target, headers);
        Reply::read(stream, method).unwrap_or_else(|e| panic!("{method} {target}: {e}; {}", self.log()))
    }

    /// Sends a request; its answer is for [`Reply::read`].
    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {}\r\n", self.address);
        }
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        self.send(format!("{head}\r\n").as_bytes())
    }

    /// Sends bytes as they are.
    pub fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap_or_else(|e| panic!("{e}; {}", self.log()));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }

    /// Everything that the server has written to stderr.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log.path()).unwrap()).into_owned()
    }

    /// The most memory, in bytes, that it has held so far.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("no peak");
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    pub fn assert_alive(&self, after: &str) {
        assert_eq!(self.get("/health").status, 200, "after {after}");
    }

    /// Lets everything that was sent to the server come under way: connections are taken in their order, and each of
    /// these answers needs a task that was made later.
    pub fn settle(&self) {
        (0..20).for_each(|_| self.assert_alive("requests were sent"));
    }

    /// Asks the server to end. Once it has, what it writes behind its answers is written.
    pub fn stop(mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "{status}: {}", self.log());
    }

    pub fn terminate(&self) {
        let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(kill.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let mut ended = None;
        wait_until("the server has ended", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until it is so.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A style that fills water in one colour: it draws fast, and needs no neighbouring tiles.
pub fn water_style(colour: &str) -> NamedTempFile {
    let style = serde_json::json!({
        "version": 8,
        "sources": {"tilezen": {"type": "vector"}},
        "layers": [
            {"id": "land", "type": "background", "paint": {"background-color": "#eee"}},
            {"id": "water", "type": "fill", "source": "tilezen", "source-layer": "water", "paint": {"fill-color": colour}},
        ],
    });
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), style.to_string()).unwrap();
    file
}

/// How `--style` names a file, so that all have the same name.
pub fn named(file: &NamedTempFile) -> String {
    format!("water={}", file.path().display())
}

/// An answer.
pub struct Reply {
    pub status: u16,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    /// As much as a failed test needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} ", self.status, self.headers)?;
        match std::str::from_utf8(&self.body) {
            Ok(text) => write!(f, "{text:.1000}"),
            Err(_) => write!(f, "and {} bytes", self.body.len()),
        }
    }
}

impl Reply {
    /// Reads an answer to its end, and checks that it is as long as it says.
    pub fn read(mut stream: TcpStream, method: &str) -> io::Result<Reply> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        let end = end.ok_or_else(|| io::Error::other(format!("no answer: {:?}", String::from_utf8_lossy(&bytes))))?;
        let head = std::str::from_utf8(&bytes[..end]).expect("the head is not UTF-8");
        let (line, lines) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = line.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
        let headers = lines.lines().map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?} is no header"));
            (name.to_ascii_lowercase(), value.to_owned())
        });
        let reply = Reply { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() };
        match method == "HEAD" || status == 304 || status == 204 {
            true => assert!(reply.body.is_empty(), "{line} to {method} has a body"),
            false => assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()), "{line}"),
        }
        Ok(reply)
    }

    /// A header that may stand there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is not UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_else(|e| panic!("{e} in {}", self.text()))
    }

    /// Where the answer came from: a cache tier, or `miss`.
    pub fn tier(&self) -> &str {
        assert_eq!(self.status, 200, "{self:?}");
        self.header("x-rasterzen-cache").expect("no X-Rasterzen-Cache")
    }

    /// Checks that this is an error as problem details, as its row of the status table says.
    pub fn assert_problem(&self, status: u16, code: &str, what: &str) {
        let got = (self.status, self.header("content-type"));
        assert_eq!(got, (status, Some("application/problem+json")), "{what}: {self:?}");
        let problem = self.json();
        let row = Code::ALL.into_iter().map(Code::row).find(|(_, c, _)| problem["code"] == *c);
        let (_, _, title) = row.unwrap_or_else(|| panic!("{what}: no row has {problem}"));
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{what}: {problem}");
        assert_eq!(
            (&problem["title"], &problem["type"]),
            (&title.into(), &format!("urn:rasterzen:error:{code}").into())
        );
        for member in ["detail", "hint"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{what}: no {member} in {problem}");
        }
        assert_eq!(self.header("cache-control"), Some("no-store"), "{what}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(self.header("access-control-allow-origin"), Some("*"), "{what}");
    }
}
