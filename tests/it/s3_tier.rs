//! The S3 tier against a real S3 server in this process: what it writes, what it takes for a miss, and how soon and
//! with which words it gives up.

use crate::s3_server::{self, Failure, Recorded, S3Server, SECRET_KEY};
use bytes::Bytes;
use rasterzen::cache::s3::{Dsn, PutSettings, S3};
use rasterzen::cache::{Cache, Entry, PutOptions, Tier};
use rasterzen::error::{Code, Error};
use rasterzen::limits;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const KEY: &str = "png/13/1315/3171.png";

fn tier(dsn: &str, settings: &str) -> S3 {
    let dsn: Dsn = dsn.parse().expect("a DSN");
    S3::new(dsn, settings.parse::<PutSettings>().expect("settings"))
}

/// The tier of the bucket `tiles` of the server, with keys under `maps`.
fn tiles(server: &S3Server, settings: &str) -> S3 {
    tier(&server.dsn("tiles", "maps"), settings)
}

fn entry(body: &'static str) -> Entry {
    Entry {
        body: Bytes::from_static(body.as_bytes()),
        content_type: "image/png".into(),
        recipe: "0123abcd".into(),
        content: "4567ef".into(),
        stored: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
    }
}

fn options() -> PutOptions {
    PutOptions { cache_control: "public, max-age=1200".into() }
}

fn puts(server: &S3Server) -> Vec<Recorded> {
    server.requests().into_iter().filter(|request| request.method == "PUT").collect()
}

/// Asserts that the work fails, and within this time, and with these words; the server's secrets must not be in them.
async fn fails<T>(within: Duration, words: &[&str], work: impl Future<Output = Result<T, Error>>) {
    let start = Instant::now();
    let Err(error) = work.await else { panic!("no error that says {words:?}") };
    assert!(start.elapsed() < within, "{error} took {:?}", start.elapsed());
    assert_eq!(error.code, Code::Internal);
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    for secret in [SECRET_KEY, "http:", "https:", "credentials'"] {
        assert!(!text.contains(secret), "{secret:?} in: {text}");
    }
}

const SOON: Duration = Duration::from_secs(2);

/// What is logged by this thread while the guard lives, as text.
fn log() -> (Arc<Mutex<Vec<u8>>>, tracing::subscriber::DefaultGuard) {
    #[derive(Clone)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("a lock").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Arc::<Mutex<Vec<u8>>>::default();
    let sink = Sink(lines.clone());
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::WARN)
        .with_writer(move || sink.clone());
    (lines, tracing::subscriber::set_default(subscriber.finish()))
}

fn logged(lines: &Mutex<Vec<u8>>, word: &str) -> usize {
    String::from_utf8_lossy(&lines.lock().expect("a lock")).lines().filter(|line| line.contains(word)).count()
}

#[tokio::test]
async fn what_is_put_is_got_again() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    assert_eq!(s3.get(KEY).await.expect("a look"), None);
    s3.put(KEY, &entry("one"), &options()).await.expect("a put");
    assert_eq!(s3.get(KEY).await.expect("a look"), Some(entry("one")));
    assert_eq!(server.objects("tiles"), ["maps/png/13/1315/3171.png"]);

    let put = &puts(&server)[0];
    assert_eq!(put.path, "/tiles/maps/png/13/1315/3171.png");
    for (name, value) in [
        ("content-type", Some("image/png")),
        ("cache-control", Some("public, max-age=1200")),
        ("x-amz-meta-rasterzen-recipe", Some("0123abcd")),
        ("x-amz-meta-rasterzen-content", Some("4567ef")),
        ("x-amz-meta-rasterzen-stored", Some("1700000000")),
        ("content-length", Some("3")),
        ("x-amz-acl", None),
        ("x-amz-storage-class", None),
        ("x-amz-server-side-encryption", None),
        // With an endpoint, only what every store understands.
        ("x-amz-sdk-checksum-algorithm", None),
        ("x-amz-checksum-crc32", None),
        ("x-amz-trailer", None),
    ] {
        assert_eq!(put.header(name), value, "{name}");
    }

    // Another process, another body.
    tiles(&server, "").put(KEY, &entry("two"), &PutOptions::default()).await.expect("a put");
    assert_eq!(puts(&server)[1].header("cache-control"), None);
    assert_eq!(s3.get(KEY).await.expect("a look"), Some(entry("two")));
}

#[tokio::test]
async fn a_prefix_is_optional_and_no_key_begins_with_a_slash() {
    let server = s3_server::start(&["tiles"]).await;
    for prefix in ["", "/", "/a/b/"] {
        tier(&server.dsn("tiles", prefix), "").put("/svg/0/0/0.svg", &entry("s"), &options()).await.expect("a put");
    }
    assert_eq!(server.objects("tiles"), ["a/b/svg/0/0/0.svg", "svg/0/0/0.svg"]);
    // Style names are the operator's own: the key's characters survive the way.
    let s3 = tiles(&server, "");
    let key = "png/été & co+1@0a1b/512@2x/0/0/0.png";
    s3.put(key, &entry("odd"), &options()).await.expect("a put");
    assert_eq!(s3.get(key).await.expect("a look"), Some(entry("odd")));
    assert!(server.objects("tiles").contains(&format!("maps/{key}")));
}

#[tokio::test]
async fn a_large_body_and_an_empty_one_survive() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    let body: Vec<u8> = (0..3_000_000u32).map(|i| ((i * 7) >> 3) as u8).collect();
    for body in [Bytes::from(body), Bytes::new()] {
        let entry = Entry { body, ..entry("") };
        s3.put(KEY, &entry, &options()).await.expect("a put");
        assert!(s3.get(KEY).await.expect("a look") == Some(entry));
    }
}

#[tokio::test]
async fn settings_are_sent_with_each_put() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "ACL=public-read&StorageClass=REDUCED_REDUNDANCY&ServerSideEncryption=AES256");
    s3.put(KEY, &entry("one"), &options()).await.expect("a put");
    let put = &puts(&server)[0];
    assert_eq!(put.header("x-amz-acl"), Some("public-read"));
    assert_eq!(put.header("x-amz-storage-class"), Some("REDUCED_REDUNDANCY"));
    assert_eq!(put.header("x-amz-server-side-encryption"), Some("AES256"));
}

#[tokio::test]
async fn a_bucket_without_acls_is_asked_for_one_once() {
    let (lines, _guard) = log();
    let server = s3_server::start(&["tiles"]).await;
    server.fail_with(Some(Failure::AclRefused));
    let s3 = tiles(&server, "ACL=public-read StorageClass=REDUCED_REDUNDANCY");
    for body in ["one", "two", "three"] {
        s3.put(KEY, &entry(body), &options()).await.expect("a put");
        assert_eq!(s3.get(KEY).await.expect("a look"), Some(entry(body)));
    }
    let acls: Vec<bool> = puts(&server).iter().map(|put| put.header("x-amz-acl").is_some()).collect();
    assert_eq!(acls, [true, false, false, false]);
    assert!(puts(&server).iter().all(|put| put.header("x-amz-storage-class").is_some()));
    assert_eq!(logged(&lines, "takes no ACLs"), 1);
}

#[tokio::test]
async fn refused_gets_are_misses_and_logged_once() {
    let (lines, _guard) = log();
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    server.fail_with(Some(Failure::Status(403, "AccessDenied")));
    for _ in 0..3 {
        assert_eq!(s3.get(KEY).await.expect("a look"), None);
    }
    assert_eq!(logged(&lines, "s3:ListBucket"), 1);
    assert_eq!(server.requests().len(), 3, "a refusal is not asked again");
    fails(SOON, &["put", "tiles", "403", "AccessDenied", "s3:PutObject"], s3.put(KEY, &entry("one"), &options())).await;
    server.fail_with(None);
    s3.put(KEY, &entry("one"), &options()).await.expect("a put");
    assert_eq!(s3.get(KEY).await.expect("a look"), Some(entry("one")));
}

#[tokio::test]
async fn answers_that_are_misses() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    for failure in [
        Failure::Status(404, "NoSuchKey"),
        Failure::Status(404, ""),
        Failure::Status(403, "InvalidObjectState"),
        // More than an object may have: declared, and not declared.
        Failure::Truncated(limits::CACHE_OBJECT_BYTES + 1),
        Failure::Endless(limits::CACHE_OBJECT_BYTES + (2 << 20)),
    ] {
        server.fail_with(Some(failure));
        assert_eq!(s3.get(KEY).await.expect("a look"), None, "{failure:?}");
    }
}

#[tokio::test]
async fn an_object_of_someone_else_is_a_miss() {
    let server = s3_server::start(&["tiles"]).await;
    // go-rasterzen's objects have no metadata.
    let client = {
        let keys = aws_sdk_s3::config::Credentials::new(s3_server::ACCESS_KEY, SECRET_KEY, None, None, "test");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .credentials_provider(keys)
            .region(aws_config::Region::new("us-east-1"))
            .endpoint_url(server.endpoint())
            .force_path_style(true)
            .http_client(
                aws_smithy_http_client::Builder::new()
                    .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                        aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
                    ))
                    .build_https(),
            );
        aws_sdk_s3::Client::from_conf(config.build())
    };
    let put = client.put_object().bucket("tiles").key(format!("maps/{KEY}"));
    put.body(Bytes::from_static(b"old").into()).send().await.expect("a put");
    let s3 = tiles(&server, "");
    assert_eq!(s3.get(KEY).await.expect("a look"), None);

    // One with digests but without the time has the time at which it was written.
    let put = client.put_object().bucket("tiles").key(format!("maps/{KEY}")).content_type("image/png");
    let put = put.metadata("rasterzen-recipe", "0123abcd").metadata("rasterzen-content", "4567ef");
    put.body(Bytes::from_static(b"one").into()).send().await.expect("a put");
    let got = s3.get(KEY).await.expect("a look").expect("a hit");
    assert!(got.age() < Duration::from_secs(60), "{:?}", got.stored);
    assert_eq!(Entry { stored: entry("").stored, ..got }, entry("one"));
}

#[tokio::test]
async fn failures_say_what_to_do() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    for (failure, words) in [
        (Failure::Status(404, "NoSuchBucket"), &["404", "NoSuchBucket", "bucket="][..]),
        (Failure::Status(403, "InvalidAccessKeyId"), &["403", "InvalidAccessKeyId", "refuses the credentials"]),
        (Failure::Status(403, "SignatureDoesNotMatch"), &["403", "refuses the credentials"]),
        (Failure::Status(403, "RequestTimeTooSkewed"), &["403", "clock"]),
        (Failure::Status(400, "ExpiredToken"), &["400", "ExpiredToken", "expired"]),
        (Failure::Status(503, "SlowDown"), &["503", "SlowDown", "busy"]),
        (Failure::Status(500, "InternalError"), &["500", "InternalError"]),
        (Failure::Status(401, ""), &["401", "s3:PutObject"]),
        (Failure::Status(418, "http://evil"), &["418", "no error code"]),
        (Failure::WrongRegion("eu-west-1"), &["301", "PermanentRedirect", "region=eu-west-1"]),
        (Failure::MalformedForRegion("eu-north-1"), &["400", "AuthorizationHeaderMalformed", "region=eu-north-1"]),
        (Failure::MalformedForRegion(""), &["400", "the region of the bucket after region="]),
        (Failure::MalformedForRegion("http://evil"), &["400", "the region of the bucket after region="]),
    ] {
        server.fail_with(Some(failure));
        fails(SOON, &[&["S3 get", "bucket tiles"], words].concat(), s3.get(KEY)).await;
        fails(SOON, &[&["S3 put", "bucket tiles"], words].concat(), s3.put(KEY, &entry("one"), &options())).await;
    }
    server.fail_with(Some(Failure::Truncated(1000)));
    fails(SOON, &["S3 get", "broke off"], s3.get(KEY)).await;
}

#[tokio::test]
async fn a_busy_store_is_asked_twice() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    server.fail_with(Some(Failure::Status(503, "SlowDown")));
    fails(SOON, &["503"], s3.get(KEY)).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn wrong_keys_are_failures_and_not_misses() {
    let server = s3_server::start(&["tiles"]).await;
    let keys = tempfile::TempDir::new().expect("a directory");
    let file = keys.path().join("keys");
    for (text, words) in [
        ("[test]\naws_access_key_id = nobody\naws_secret_access_key = x\n", &["403", "refuses the credentials"][..]),
        ("[test]\naws_access_key_id = test\naws_secret_access_key = x\n", &["403", "refuses the credentials"]),
        ("[other]\naws_access_key_id = test\n", &["no credentials", "credentials="]),
        ("[test", &["no credentials"]),
    ] {
        std::fs::write(&file, text).expect("a file");
        let dsn =
            format!("bucket=tiles region=us-east-1 endpoint={} credentials={}:test", server.endpoint(), file.display());
        let s3 = tier(&dsn, "");
        fails(SOON, words, s3.get(KEY)).await;
        fails(SOON, words, s3.put(KEY, &entry("one"), &options())).await;
    }
}

#[tokio::test]
async fn a_stopped_server_fails_quickly() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    // With a connection that lies idle when the server goes.
    s3.put(KEY, &entry("one"), &options()).await.expect("a put");
    server.stop().await;
    fails(SOON, &["S3 get", "no connection", "refused", "endpoint="], s3.get(KEY)).await;
    fails(SOON, &["S3 put", "no connection", "refused"], s3.put(KEY, &entry("one"), &options())).await;
}

#[tokio::test]
async fn a_hanging_server_is_given_up() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    server.hang(true);
    fails(limits::CACHE_GET + SOON, &["S3 get", "took too long", "VPC"], s3.get(KEY)).await;
    server.hang(false);
    server.fail_with(Some(Failure::Stalled));
    fails(limits::CACHE_GET + SOON, &["S3 get", "took too long"], s3.get(KEY)).await;
    server.fail_with(None);
    s3.put(KEY, &entry("one"), &options()).await.expect("a put");
}

#[tokio::test]
async fn a_put_to_a_hanging_server_is_given_up() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    server.hang(true);
    fails(limits::CACHE_PUT + SOON, &["S3 put", "took too long"], s3.put(KEY, &entry("one"), &options())).await;
    assert!(server.requests().len() <= 2);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_fails() {
    let server = s3_server::start(&["tiles"]).await;
    let dsn = server.dsn("tiles", "").replace(&server.endpoint(), "http://nowhere.invalid:1");
    fails(limits::CACHE_GET + SOON, &["S3 get"], tier(&dsn, "").get(KEY)).await;
}

#[tokio::test]
async fn a_bucket_that_cannot_be_fails_without_a_request() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tier(&server.dsn("arn:aws:nothing", ""), "");
    fails(SOON, &["S3 get", "cannot be made", "bucket="], s3.get(KEY)).await;
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_connection_is_used_again_until_it_has_been_idle() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = tiles(&server, "");
    for wait in [Duration::ZERO, Duration::ZERO, limits::IDLE + Duration::from_millis(500)] {
        tokio::time::sleep(wait).await;
        assert_eq!(s3.get(KEY).await.expect("a look"), None);
    }
    let requests = server.requests();
    assert_eq!(requests[0].peer, requests[1].peer);
    assert_ne!(requests[1].peer, requests[2].peer);
}

#[tokio::test]
async fn many_requests_at_once_share_one_client() {
    let server = s3_server::start(&["tiles"]).await;
    let s3 = Arc::new(tiles(&server, "ACL=public-read"));
    let work = (0..40).map(|i| {
        let s3 = s3.clone();
        tokio::spawn(async move {
            let key = format!("png/9/{i}/0.png");
            s3.put(&key, &entry("one"), &options()).await.expect("a put");
            assert_eq!(s3.get(&key).await.expect("a look"), Some(entry("one")));
        })
    });
    for task in work.collect::<Vec<_>>() {
        task.await.expect("a task");
    }
    assert_eq!(server.objects("tiles").len(), 40);
}

#[tokio::test]
async fn a_cache_over_s3_passes_by_what_fails() {
    let (lines, _guard) = log();
    let server = s3_server::start(&["tiles"]).await;
    let cache = Cache::new(vec![Tier::S3(Box::new(tiles(&server, "")))]);
    let fresh = Entry { stored: SystemTime::now(), ..entry("one") };
    cache.put_far(KEY, &fresh, &options()).await;
    assert_eq!(cache.get(KEY, "another recipe").await, None);
    let (got, tier) = cache.get(KEY, "0123abcd").await.expect("a hit");
    assert_eq!((got.body, tier), (fresh.body.clone(), "s3"));
    server.hang(true);
    let start = Instant::now();
    assert_eq!(cache.get(KEY, "0123abcd").await, None);
    assert!(start.elapsed() < limits::CACHE_GET + SOON);
    assert_eq!(logged(&lines, "VPC"), 1, "the tier's own message is the one that is logged");
    server.stop().await;
    assert_eq!(cache.get(KEY, "0123abcd").await, None);
    cache.put_far(KEY, &fresh, &options()).await;
}

#[test]
fn checksums_are_those_of_the_catalogue() {
    use crc_fast::{CrcAlgorithm, checksum};
    // "check" in https://reveng.sourceforge.io/crc-catalogue/
    assert_eq!(checksum(CrcAlgorithm::Crc32IsoHdlc, b"123456789"), 0xcbf4_3926);
    assert_eq!(checksum(CrcAlgorithm::Crc32Iscsi, b"123456789"), 0xe306_9283);
    assert_eq!(checksum(CrcAlgorithm::Crc64Nvme, b"123456789"), 0xae8b_1486_0a79_9888);
}
