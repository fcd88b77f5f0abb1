//! The Lambda function with its cache in S3: what it writes is written before it answers.

use crate::runtime_api::{Answer, Lambda, answer};
use crate::s3_server::{self, S3Server};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

const TILE: &str = "/png/3/4/2.png";

fn lambda(server: &S3Server) -> Lambda {
    let dsn = server.dsn("tiles", "map");
    block_in_place(|| Lambda::start(&[("RASTERZEN_SOURCE", "sample"), ("RASTERZEN_S3_DSN", &dsn)]))
}

fn get(lambda: &Lambda) -> Answer {
    let answer = answer(&block_in_place(|| lambda.invoke(&json!({ "path": TILE }))).unwrap());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")), "{}", answer.raw);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tile_is_in_s3_when_the_answer_is_there() {
    let server = s3_server::start(&["tiles"]).await;
    let first = get(&lambda(&server));
    assert_eq!(first.header("x-rasterzen-cache"), Some("miss"));
    assert!(
        server.objects("tiles").iter().any(|key| key.ends_with("map/png/3/4/2.png")),
        "{:?}",
        server.objects("tiles")
    );
    assert_eq!(server.open(), 0);
    // Another instance of the function, with empty memory.
    let second = get(&lambda(&server));
    assert_eq!((second.header("x-rasterzen-cache"), &second.body), (Some("s3"), &first.body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_that_hangs_is_dropped_before_the_answer() {
    let server = s3_server::start(&["tiles"]).await;
    let lambda = lambda(&server);
    server.hang(true);
    get(&lambda);
    let puts = server.requests().iter().filter(|request| request.method == "PUT").count();
    assert_eq!(puts, 1);
    // The client has hung up; the server's side of it may take a moment to see that.
    let guard = Instant::now() + Duration::from_secs(10);
    while server.open() > 0 {
        assert!(Instant::now() < guard, "{} requests are still open", server.open());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(lambda.logs().contains("dropped"), "{}", lambda.logs());
}
