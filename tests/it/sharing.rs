//! Work that many ask for at once is done once, and what one caller may not have is given to nobody.

use crate::server::{Reply, Server, named, wait_until, water_style};
use crate::upstream::{Act, Upstream, sample};
use std::collections::HashSet;
use std::io::Read;
use std::net::TcpStream;
use std::thread;

/// Drawn from one source tile and, by the bundled style, three neighbours; large, so that drawing takes its time.
const CORNER: &str = "/png/15/17059/11949@4x.png";
const TILE: &str = "/png/14/8529/5974.png?tile_size=512";

fn read(streams: Vec<TcpStream>) -> Vec<Reply> {
    streams.into_iter().map(|stream| Reply::read(stream, "GET").unwrap()).collect()
}

/// The stages of drawing in `Server-Timing`: to a tenth of a millisecond each, so that no two drawings are alike. How
/// long the source tiles took is each caller's own.
fn drawing(reply: &Reply) -> String {
    let timing = reply.header("server-timing").expect("no Server-Timing");
    timing.split(", ").filter(|entry| !entry.starts_with("fetch;")).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_crowd_costs_one_fetch_and_one_drawing() {
    let upstream = Upstream::sample();
    let server = Server::start(&["--source", &upstream.template()], &[]);
    upstream.hold();
    let crowd: Vec<TcpStream> = (0..200).map(|_| server.ask("GET", CORNER, &[])).collect();
    upstream.wait_for_requests(4);
    server.settle();
    upstream.release();
    let replies = read(crowd);
    for reply in &replies {
        assert_eq!((reply.status, reply.header("x-rasterzen-missing")), (200, None), "{reply:?}");
        assert!(reply.body == replies[0].body && reply.header("etag") == replies[0].header("etag"));
    }
    let mut fetched = upstream.requests();
    fetched.sort();
    assert_eq!(fetched, ["/14/8529/5974.mvt", "/14/8529/5975.mvt", "/14/8530/5974.mvt", "/14/8530/5975.mvt"]);
    let drawings: HashSet<String> = replies.iter().filter(|reply| reply.tier() == "miss").map(drawing).collect();
    assert_eq!(drawings.len(), 1, "{drawings:?}");
}

#[test]
fn forms_of_a_tile_share_its_fetch() {
    let upstream = Upstream::sample();
    let style = water_style("#00f");
    let server = Server::start(&["--source", &upstream.template(), "--style", &named(&style)], &[]);
    upstream.hold();
    let targets = ["png", "svg", "json", "geojson", "mvt"].map(|form| TILE.replace("png", form));
    let crowd = targets.iter().map(|target| server.ask("GET", target, &[])).collect();
    upstream.wait_for_requests(1);
    server.settle();
    upstream.release();
    assert!(read(crowd).iter().all(|reply| reply.tier() == "miss"));
    assert_eq!(upstream.requests(), ["/14/8529/5974.mvt"]);
}

#[test]
fn callers_are_joined_by_their_key() {
    let upstream = Upstream::start(|target| match target.ends_with("=good") {
        true => sample(target),
        false => Act::status(403),
    });
    let style = water_style("#00f");
    let server = Server::start(&["--source", &upstream.keyed_template(), "--style", &named(&style)], &[]);
    let ask = |key: &str| server.ask("GET", &format!("{TILE}&api_key={key}"), &[]);
    upstream.hold();
    // The one with the refused key asks first.
    let mut crowd = vec![ask("bad")];
    upstream.wait_for_requests(1);
    crowd.extend([ask("good"), ask("bad"), ask("good"), server.ask("GET", TILE, &[])]);
    upstream.wait_for_requests(2);
    server.settle();
    upstream.release();
    let replies = read(crowd);
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [403, 200, 403, 200, 401]);
    replies[0].assert_problem(403, "key_refused", "the refused key");
    replies[4].assert_problem(401, "missing_api_key", "no key");
    let mut fetched = upstream.requests();
    fetched.sort();
    assert_eq!(fetched, ["/14/8529/5974.mvt?api_key=bad", "/14/8529/5974.mvt?api_key=good"]);
    // A refusal is not kept.
    server.get(&format!("{}&api_key=bad", TILE.replace("8529", "8530"))).assert_problem(403, "key_refused", "again");
    upstream.now(sample);
    assert_eq!(server.get(&format!("{}&api_key=bad", TILE.replace("8529", "8530"))).status, 200);
}

#[test]
fn keys_that_go_nowhere_part_nobody() {
    // Where the configured key counts, and where the source takes none.
    let style = water_style("#00f");
    for (keyed, envs) in [(true, &[("NEXTZEN_API_KEY", "ours")][..]), (false, &[])] {
        let upstream = Upstream::sample();
        let source = if keyed { upstream.keyed_template() } else { upstream.template() };
        let server = Server::start(&["--source", &source, "--style", &named(&style)], envs);
        upstream.hold();
        let keys = ["", "&api_key=one", "&api_key=two"];
        let crowd = keys.iter().map(|key| server.ask("GET", &format!("{TILE}{key}"), &[])).collect();
        upstream.wait_for_requests(1);
        server.settle();
        upstream.release();
        assert!(read(crowd).iter().all(|reply| reply.status == 200));
        assert_eq!(upstream.requests().len(), 1, "{:?}", upstream.requests());
    }
}

#[test]
fn a_client_that_goes_away_breaks_nothing_for_others() {
    let upstream = Upstream::sample();
    let style = water_style("#00f");
    let server = Server::start(&["--source", &upstream.template(), "--style", &named(&style)], &[]);
    upstream.hold();
    // The one that began the work leaves, and so does one in between.
    let first = server.ask("GET", TILE, &[]);
    upstream.wait_for_requests(1);
    let second = server.ask("GET", TILE, &[]);
    let third = server.ask("GET", TILE, &[]);
    server.settle();
    drop((first, third));
    server.settle();
    let fourth = server.ask("GET", TILE, &[]);
    server.settle();
    upstream.release();
    for reply in read(vec![second, fourth]) {
        assert_eq!(reply.tier(), "miss");
        assert!(reply.body.starts_with(b"\x89PNG"));
    }
    assert_eq!(upstream.requests().len(), 1);
    // All leave: the next one is not told of a work that nobody does.
    let target = TILE.replace("8529", "8530");
    upstream.hold();
    drop(server.ask("GET", &target, &[]));
    server.settle();
    upstream.release();
    assert_eq!(server.get(&target).status, 200);
}

#[test]
fn a_failure_is_shared_and_forgotten() {
    let upstream = Upstream::start(|_| Act::tile(b"<html>".to_vec()));
    let style = water_style("#00f");
    let server = Server::start(&["--source", &upstream.template(), "--style", &named(&style)], &[]);
    upstream.hold();
    let crowd = (0..20).map(|_| server.ask("GET", TILE, &[])).collect();
    upstream.wait_for_requests(1);
    server.settle();
    upstream.release();
    read(crowd).iter().for_each(|reply| reply.assert_problem(502, "bad_tile", "one of many"));
    assert_eq!(upstream.requests().len(), 1);
    upstream.now(sample);
    assert_eq!(server.get(TILE).tier(), "miss");
}

#[test]
fn neighbouring_tiles_fetch_each_source_tile_once() {
    let upstream = Upstream::sample();
    let server = Server::start(&["--source", &upstream.template()], &[]);
    thread::scope(|scope| {
        for half in 0..2 {
            let server = &server;
            scope.spawn(move || {
                for (x, y) in (0..8).flat_map(|x| (0..4).map(move |y| (x, 4 * half + y))) {
                    let reply = server.get(&format!("/png/6/{}/{}.png", 32 + x, 16 + y));
                    assert_eq!((reply.tier(), reply.header("x-rasterzen-missing")), ("miss", None));
                }
            });
        }
    });
    let fetched = upstream.requests();
    let distinct: HashSet<&String> = fetched.iter().collect();
    assert_eq!(distinct.len(), fetched.len(), "{fetched:?}");
    // Those that the pictures lie in, and the ring around them that lines reach out of.
    for x in 15..=20 {
        for y in 7..=12 {
            assert!(distinct.contains(&format!("/5/{x}/{y}.mvt")), "{x}/{y} is not in {fetched:?}");
        }
    }
    assert_eq!(distinct.len(), 36);
}

#[test]
fn a_server_that_is_told_to_stop_finishes_what_is_under_way() {
    let upstream = Upstream::sample();
    let style = water_style("#00f");
    let mut server = Server::start(&["--source", &upstream.template(), "--style", &named(&style)], &[]);
    upstream.hold();
    let open = server.ask("GET", TILE, &[]);
    upstream.wait_for_requests(1);
    // One that was answered and lies idle is not waited for.
    let mut idle = server.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    idle.read_exact(&mut [0; 12]).unwrap();
    server.terminate();
    // It has heard of it when nobody is let in any more.
    wait_until("the server takes no connections", || TcpStream::connect(server.address()).is_err());
    upstream.release();
    assert_eq!(Reply::read(open, "GET").unwrap().status, 200);
    assert!(server.wait().success(), "{}", server.log());
    assert!(!server.log().contains("still open"), "{}", server.log());
}
