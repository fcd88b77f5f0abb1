//! A real S3 server in this process, on a port of its own, for tests: s3s over a temporary directory, with signatures
//! checked. A thin layer before it records the requests and can be told to fail in S3's ways.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What the server lets in; the profile `test` of the credentials file has it.
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "testsecret";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    /// The client's end of the connection that it came over.
    pub peer: SocketAddr,
}

impl Recorded {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// How the layer answers in place of the server.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// This status and S3 error code.
    Status(u16, &'static str),
    /// A 400 to writes that carry an ACL, and to nothing else: a bucket with ACLs turned off.
    AclRefused,
    /// A 301 that names the region in a header.
    WrongRegion(&'static str),
    /// A 400 that names the region in its body.
    MalformedForRegion(&'static str),
    /// A good head that promises so many bytes, ten of them, and the end of the connection.
    Truncated(usize),
    /// A good head, ten bytes, and then nothing.
    Stalled,
    /// A good head without a length, and this many bytes.
    Endless(usize),
}

#[derive(Default)]
struct State {
    requests: Vec<Recorded>,
    failure: Option<Failure>,
    hang: bool,
    open: usize,
}

/// A request under way; dropped with its answer or its connection.
struct Open(Arc<Mutex<State>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().expect("no test panics with the lock").open -= 1;
    }
}

pub struct S3Server {
    address: SocketAddr,
    directory: TempDir,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// Starts a server with these empty buckets (at least three characters each) on the runtime of the caller.
pub async fn start(buckets: &[&str]) -> S3Server {
    let directory = TempDir::new().expect("a temporary directory");
    let root = directory.path().join("buckets");
    for bucket in buckets {
        fs::create_dir_all(root.join(bucket)).expect("a bucket");
    }
    let keys = format!("[test]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n");
    fs::write(directory.path().join("credentials"), keys).expect("a credentials file");

    let mut builder = S3ServiceBuilder::new(FileSystem::new(&root).expect("a file system"));
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let state = Arc::<Mutex<State>>::default();
    let task = tokio::spawn(serve(listener, builder.build(), state.clone()));
    S3Server { address, directory, state, task }
}

impl S3Server {
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A DSN for a bucket of this server, with keys from a file, so that tests need not touch the environment.
    pub fn dsn(&self, bucket: &str, prefix: &str) -> String {
        let file = self.directory.path().join("credentials");
        let endpoint = self.endpoint();
        format!(
            "bucket={bucket} prefix='{prefix}' region=us-east-1 endpoint={endpoint} credentials='{}:test'",
            file.display()
        )
    }

    /// Everything that arrived so far, in its order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    /// Answers every request from now on in this way, or again as it should.
    pub fn fail_with(&self, failure: Option<Failure>) {
        self.lock().failure = failure;
    }

    /// Reads requests from now on, and never answers them.
    pub fn hang(&self, hang: bool) {
        self.lock().hang = hang;
    }

    /// Requests that were not answered yet and whose clients still wait.
    pub fn open(&self) -> usize {
        self.lock().open
    }

    /// The keys in a bucket, sorted.
    pub fn objects(&self, bucket: &str) -> Vec<String> {
        let root = self.directory.path().join("buckets").join(bucket);
        let mut keys = Vec::new();
        walk(&root, &root, &mut keys);
        keys.sort();
        keys
    }

    /// Closes the listener and every connection.
    pub async fn stop(mut self) {
        self.task.abort();
        // The task owns the connections: they are gone when it is.
        let _ = (&mut self.task).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with the lock")
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn walk(root: &Path, directory: &Path, keys: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a bucket's directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => walk(root, &path, keys),
            false => keys.push(path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned()),
        }
    }
}

/// Long enough for a head to be sent before its connection is closed.
const SHORTLY: Duration = Duration::from_millis(50);

type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

async fn serve(listener: TcpListener, service: S3Service, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, peer)) = listener.accept().await {
        let (service, state) = (service.clone(), state.clone());
        let answers = service_fn(move |request| answer(peer, request, service.clone(), state.clone()));
        connections.spawn(async move {
            // A client that goes away is no failure of the server.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answers).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    peer: SocketAddr,
    request: Request<Incoming>,
    service: S3Service,
    state: Arc<Mutex<State>>,
) -> Result<Response<Body>, Infallible> {
    let (failure, hang) = {
        let mut state = state.lock().expect("no test panics with the lock");
        state.requests.push(Recorded {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            headers: request.headers().clone(),
            peer,
        });
        state.open += 1;
        (state.failure, state.hang)
    };
    let _open = Open(state);
    if hang {
        // With the body still to be read, nobody would see the client hang up.
        let _ = request.into_body().collect().await;
        return std::future::pending().await;
    }
    let with_acl = request.headers().contains_key("x-amz-acl");
    Ok(match failure.filter(|failure| with_acl || !matches!(failure, Failure::AclRefused)) {
        Some(failure) => fail(failure),
        None => match Service::call(&service, request).await {
            Ok(response) => response.map(|body| body.boxed_unsync()),
            Err(error) => panic!("the S3 server failed: {error:?}"),
        },
    })
}

fn fail(failure: Failure) -> Response<Body> {
    match failure {
        Failure::Status(status, code) => error(status, code, ""),
        Failure::AclRefused => error(400, "AccessControlListNotSupported", ""),
        Failure::WrongRegion(region) => {
            let mut response = error(301, "PermanentRedirect", "");
            response.headers_mut().insert("x-amz-bucket-region", region.parse().expect("a header"));
            response
        }
        Failure::MalformedForRegion(region) => {
            error(400, "AuthorizationHeaderMalformed", &format!("<Region>{region}</Region>"))
        }
        Failure::Truncated(promised) => object(Some(promised), ten_bytes_and(tokio::time::sleep(SHORTLY))),
        Failure::Stalled => object(Some(1000), ten_bytes_and(std::future::pending())),
        Failure::Endless(bytes) => {
            let chunks = std::iter::repeat_with(|| chunk(1 << 20)).take(bytes >> 20);
            object(None, StreamBody::new(stream::iter(chunks)).boxed_unsync())
        }
    }
}

/// A body that ends when the work behind its first bytes does.
fn ten_bytes_and(work: impl Future<Output = ()> + Send + 'static) -> Body {
    let rest = stream::once(work).filter_map(async |()| None);
    StreamBody::new(Box::pin(stream::iter([chunk(10)]).chain(rest))).boxed_unsync()
}

fn chunk(bytes: usize) -> Result<Frame<Bytes>, Box<dyn Error + Send + Sync>> {
    Ok(Frame::data(Bytes::from(vec![b'x'; bytes])))
}

fn error(status: u16, code: &str, more: &str) -> Response<Body> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>A test says so</Message>{more}\
         <RequestId>1</RequestId></Error>"
    );
    let body = Full::new(Bytes::from(xml)).map_err(|never| match never {}).boxed_unsync();
    let response = Response::builder().status(status).header("content-type", "application/xml");
    response.body(body).expect("a response")
}

/// The head of an object that looks like one of ours.
fn object(length: Option<usize>, body: Body) -> Response<Body> {
    let mut response = Response::builder()
        .header("content-type", "image/png")
        .header("x-amz-meta-rasterzen-recipe", "recipe")
        .header("x-amz-meta-rasterzen-content", "content");
    if let Some(length) = length {
        response = response.header("content-length", length);
    }
    response.body(body).expect("a response")
}
