//! An emulated Lambda Runtime API: it starts the program as Lambda does, hands it one event at a time and takes what
//! it posts back. A thread per connection reads requests; whoever calls [`Lambda::invoke`] answers them.

use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::NamedTempFile;

const API: &str = "/2018-06-01/runtime";
/// What the function may take beyond its time before it counts as hung.
const GUARD: Duration = Duration::from_secs(15);
/// The largest answer that Lambda takes from a function: 6 MiB and 100 bytes.
const RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// The program, started as a Lambda function and waiting for events.
pub struct Lambda {
    child: RefCell<Child>,
    calls: Receiver<Call>,
    /// The call for the next event that is open while the function is idle.
    idle: Cell<Option<Call>>,
    invocations: Cell<u32>,
    init_time: Duration,
    /// A file and not a pipe: what was written before an answer is there to read once the answer is.
    log: NamedTempFile,
}

/// A request of the function to the Runtime API.
struct Call {
    /// Method and path.
    target: String,
    body: Vec<u8>,
    connection: Sender<String>,
}

impl Lambda {
    /// Starts the function with these environment variables and none of the test's own, and waits until it is idle.
    pub fn start(envs: &[(&str, &str)]) -> Lambda {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = listener.local_addr().unwrap().to_string();
        let (sender, calls) = channel();
        // It ends with the test process: nothing but the function connects.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || read_calls(stream, &sender));
            }
        });
        let log = NamedTempFile::new().unwrap();
        let started = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_rasterzen"))
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", api.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "Rasterzen"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/Rasterzen"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2025/11/21/[$LATEST]0123456789abcdef0123456789abcdef"),
                ("AWS_REGION", "eu-central-1"),
                ("LAMBDA_TASK_ROOT", "/var/task"),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("TZ", ":UTC"),
                ("_HANDLER", "bootstrap"),
            ])
            .envs(envs.iter().copied())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.as_file().try_clone().unwrap())
            .stderr(log.as_file().try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut lambda = Lambda {
            child: RefCell::new(child),
            calls,
            idle: Cell::default(),
            invocations: Cell::default(),
            init_time: Duration::ZERO,
            log,
        };
        lambda.wait_until_idle();
        lambda.init_time = started.elapsed();
        lambda
    }

    /// From the start of the process to its first call for an event.
    pub fn init_time(&self) -> Duration {
        self.init_time
    }

    /// What the function posts for the event, given 30 s: a response, or an error.
    pub fn invoke(&self, event: &Value) -> Result<Value, Value> {
        self.invoke_with_deadline(event, Duration::from_secs(30))
    }

    /// The same with another deadline. It returns when the function is idle again: by then it has logged all it will.
    pub fn invoke_with_deadline(&self, event: &Value, time: Duration) -> Result<Value, Value> {
        self.invocations.update(|n| n + 1);
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", self.invocations.get());
        let deadline = (SystemTime::now() + time).duration_since(UNIX_EPOCH).unwrap().as_millis();
        let headers = format!(
            "Lambda-Runtime-Aws-Request-Id: {id}\r\n\
             Lambda-Runtime-Deadline-Ms: {deadline}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:Rasterzen\r\n\
             Lambda-Runtime-Trace-Id: Root=1-69200a6b-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0\r\n"
        );
        let sent = Instant::now();
        self.idle.take().expect("an earlier invocation failed").answer("200 OK", &headers, &event.to_string());
        let call = self.next_call(time + GUARD);
        let took = sent.elapsed();
        let posted = || serde_json::from_slice(&call.body).expect("the function posted something that is not JSON");
        let outcome = match call.target.strip_prefix(&format!("POST {API}/invocation/{id}")) {
            Some("/response") => Ok(posted()),
            Some("/error") => Err(posted()),
            _ => panic!("{} instead of an answer to {id}: {}", call.target, self.logs()),
        };
        assert!(took <= time, "Lambda ends a function at its deadline of {time:?}; it answered after {took:?}");
        assert!(call.body.len() <= RESPONSE_BYTES, "Lambda does not take {} bytes", call.body.len());
        call.answer("202 Accepted", "", r#"{"status":"OK"}"#);
        self.wait_until_idle();
        outcome
    }

    /// Everything that the function has written to stdout and stderr.
    pub fn logs(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log.path()).unwrap()).into_owned()
    }

    fn wait_until_idle(&self) {
        let call = self.next_call(GUARD);
        assert_eq!(call.target, format!("GET {API}/invocation/next"), "{}", String::from_utf8_lossy(&call.body));
        self.idle.set(Some(call));
    }

    fn next_call(&self, patience: Duration) -> Call {
        let start = Instant::now();
        loop {
            // Short, to see that the function has died.
            if let Ok(call) = self.calls.recv_timeout(Duration::from_millis(20)) {
                return call;
            }
            if let Some(status) = self.child.borrow_mut().try_wait().unwrap() {
                panic!("the function has ended ({status}), having written: {}", self.logs());
            }
            assert!(start.elapsed() < patience, "the function hangs, having written: {}", self.logs());
        }
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        // Both fail only if it has ended.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Call {
    fn answer(&self, status: &str, headers: &str, body: &str) {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.connection.send(format!("{head}{headers}\r\n{body}")).expect("the function has closed its connection");
    }
}

/// Passes on the requests of one connection, each when the one before is answered.
fn read_calls(stream: TcpStream, calls: &Sender<Call>) -> io::Result<()> {
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if input.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let (line, headers) = head.split_once("\r\n").unwrap_or_default();
        let header = |name: &str| {
            headers.lines().filter_map(|h| h.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|h| h.1)
        };
        let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
        input.read_exact(&mut body)?;
        let target = line.trim_end_matches(" HTTP/1.1").to_owned();
        let (connection, answer) = channel();
        // Both fail when the test is over.
        if calls.send(Call { target, body, connection }).is_err() {
            return Ok(());
        }
        let Ok(answer) = answer.recv() else { return Ok(()) };
        output.write_all(answer.as_bytes())?;
    }
}

/// A posted response, as the service in front turns it into HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In the order of their names, which are lower-case.
    pub headers: Vec<(String, String)>,
    /// Decoded.
    pub body: Vec<u8>,
    /// Whether the body came base64-encoded.
    pub base64: bool,
    pub raw: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The Content-Type without its parameters.
    pub fn media_type(&self) -> &str {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is not UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_else(|e| panic!("{e} in {}", self.text()))
    }
}

pub fn answer(value: &Value) -> Answer {
    let entries = |map: &str| value[map].as_object().into_iter().flatten();
    let string = |v: &Value| v.as_str().unwrap_or_else(|| panic!("a header is {v}")).to_owned();
    let mut headers = Vec::new();
    for (name, values) in entries("multiValueHeaders") {
        headers.extend(values.as_array().into_iter().flatten().map(|v| (name.to_ascii_lowercase(), string(v))));
    }
    if headers.is_empty() {
        headers.extend(entries("headers").map(|(name, v)| (name.to_ascii_lowercase(), string(v))));
    }
    headers.sort();
    let base64 = value["isBase64Encoded"].as_bool().unwrap_or(false);
    let body = value["body"].as_str().unwrap_or_default();
    let body = if base64 { decode_base64(body) } else { body.as_bytes().to_vec() };
    let status = value["statusCode"].as_u64().unwrap_or_else(|| panic!("no status in {value}")) as u16;
    Answer { status, headers, body, base64, raw: value.clone() }
}

pub fn decode_base64(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 4, 0, "the base64 is not padded");
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => panic!("{:?} in base64", char::from(c)),
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
