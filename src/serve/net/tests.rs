//! Clients that are slow, many or late, against the accept loop alone. A time limit that a test waits for is short; one
//! that it must not meet is long.

use std::net::Ipv4Addr;

use axum::extract::{Extension, Path, State};
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::*;

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(600);

fn listening() -> Listening {
    Listening {
        name: "test",
        connections: 100,
        per_address: 100,
        head_bytes: 16 * 1024,
        patience: Patience { head: LONG, idle: LONG },
        handshake: LONG,
        drain: LONG,
        trusted: Arc::new([]),
        tls: None,
    }
}

/// What the slow handler waits for, and what it says when it was asked.
#[derive(Default)]
struct Slow {
    asked: Notify,
    answer: Notify,
}

struct Running {
    address: SocketAddr,
    slow: Arc<Slow>,
    stop: CancellationToken,
    accepting: tokio::task::JoinHandle<()>,
}

async fn start(listening: Listening) -> Running {
    let slow = Arc::new(Slow::default());
    let service = Router::new()
        .route("/", get(|Extension(client): Extension<ClientAddress>| async move { client.0.to_string() }))
        .route(
            "/credential",
            get(|headers: axum::http::HeaderMap| async move {
                String::from_utf8_lossy(headers["authorization"].as_bytes()).into_owned()
            }),
        )
        .route(
            "/body",
            post(|headers: axum::http::HeaderMap, body: String| async move {
                format!("{} {body}", headers.contains_key("content-length"))
            }),
        )
        .route("/long/{bytes}", get(|Path(bytes): Path<usize>| async move { "x".repeat(bytes) }))
        .route(
            "/slow",
            get(|State(slow): State<Arc<Slow>>| async move {
                slow.asked.notify_one();
                slow.answer.notified().await;
                "at last"
            }),
        )
        .with_state(slow.clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let accepting = tokio::spawn(accept(listener, service, listening, stop.clone()));
    Running { address, slow, stop, accepting }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends text and returns the connection.
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn end(self) {
        self.stop.cancel();
        self.accepting.await.unwrap();
    }
}

/// Reads until the server closes; a reset is an end as well.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

async fn answer(stream: &mut TcpStream, until: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(until) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

const ASK: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const ASK_AND_CLOSE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn a_client_that_does_not_finish_its_first_head_is_closed() {
    run(async {
        let patience = Patience { head: SHORT, idle: LONG };
        let server = start(Listening { patience, ..listening() }).await;
        assert_eq!(rest(&mut server.connect().await).await, "");
        assert_eq!(rest(&mut server.send("GET / HTTP/1.1\r\nHo").await).await, "");
        server.end().await;
    });
}

#[test]
fn a_later_head_has_the_same_limit_but_waiting_for_it_has_its_own() {
    run(async {
        let patience = Patience { head: SHORT, idle: LONG };
        let server = start(Listening { patience, ..listening() }).await;
        let mut stream = server.send(ASK).await;
        answer(&mut stream, "127.0.0.1").await;
        // It has been waiting for longer than a head may take, and is still there.
        tokio::time::sleep(SHORT * 3).await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        answer(&mut stream, "127.0.0.1").await;
        stream.write_all(b"GET / HT").await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
        server.end().await;
    });
}

#[test]
fn a_connection_that_asks_nothing_more_is_closed() {
    run(async {
        let patience = Patience { head: LONG, idle: SHORT };
        let server = start(Listening { patience, ..listening() }).await;
        let mut stream = server.send(ASK).await;
        assert!(rest(&mut stream).await.ends_with("127.0.0.1"));
        server.end().await;
    });
}

#[test]
fn a_client_that_does_not_read_its_answer_is_closed() {
    run(async {
        let patience = Patience { head: LONG, idle: SHORT };
        let server = start(Listening { patience, ..listening() }).await;
        // Far more than the sockets' buffers hold.
        let mut stream = server.send("GET /long/50000000 HTTP/1.1\r\nHost: x\r\n\r\n").await;
        answer(&mut stream, "200").await;
        server.stop.cancel();
        // Nothing else would end it: the drain takes long.
        server.accepting.await.unwrap();
        drop(stream);
    });
}

#[test]
fn a_head_that_is_too_long_is_answered_431() {
    run(async {
        let server = start(Listening { head_bytes: 16 * 1024, ..listening() }).await;
        let head =
            |bytes| format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(bytes));
        assert!(rest(&mut server.send(&head(15 * 1024)).await).await.starts_with("HTTP/1.1 200"));
        let refused = rest(&mut server.send(&head(17 * 1024)).await).await;
        assert!(refused.starts_with("HTTP/1.1 431 ") && refused.contains("\r\nconnection: close\r\n"), "{refused}");
        assert!(refused.contains("\r\n\r\n{\"error\":{\"code\":\"head_too_large\","), "{refused}");
        // Whatever is refused has its id and its error, also behind a request that was not.
        let refused = rest(&mut server.send(&(ASK.to_owned() + "GET nowhere\r\n\r\n")).await).await;
        let (_, refused) = refused.split_once("127.0.0.1").unwrap();
        assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("\r\nx-request-id: "), "{refused}");
        assert!(refused.contains("\"code\":\"invalid_request\""), "{refused}");
        server.end().await;
    });
}

#[test]
fn a_head_that_is_too_long_for_its_credential_alone_is_served_without_it() {
    run(async {
        let server = start(Listening { head_bytes: 16 * 1024, ..listening() }).await;
        let token = "x".repeat(1 << 20);
        let head = |path: &str, rest: &str| {
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{rest}\r\n\r\n")
        };
        // On one connection: the first request, one behind another, one with a body, and after it.
        let mut stream = server.send(&head("/credential", "Accept: */*")).await;
        assert!(answer(&mut stream, "Bearer too-long").await.starts_with("HTTP/1.1 200"));
        stream.write_all(ASK.as_bytes()).await.unwrap();
        answer(&mut stream, "127.0.0.1").await;
        stream.write_all((head("/credential", "Content-Length: 4") + "body").as_bytes()).await.unwrap();
        answer(&mut stream, "Bearer too-long").await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        answer(&mut stream, "127.0.0.1").await;
        // What else is too long closes the connection, and its answer arrives though the client sends on.
        let cookie = format!("Cookie: {}", "x".repeat(17 * 1024));
        stream.write_all(head("/credential", &cookie).as_bytes()).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
        server.end().await;
    });
}

#[test]
fn a_long_credential_has_no_more_time_than_any_head() {
    run(async {
        let patience = Patience { head: SHORT, idle: LONG };
        let server = start(Listening { patience, ..listening() }).await;
        let half = format!("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}", "x".repeat(100_000));
        assert_eq!(rest(&mut server.send(&half).await).await, "");
        server.end().await;
    });
}

#[test]
fn one_address_has_only_so_many_connections_but_a_proxy_has_as_many_as_there_are() {
    run(async {
        let server = start(Listening { per_address: 1, ..listening() }).await;
        let mut first = server.send(ASK).await;
        answer(&mut first, "127.0.0.1").await;
        assert_eq!(rest(&mut server.connect().await).await, "");
        first.write_all(ASK_AND_CLOSE.as_bytes()).await.unwrap();
        assert!(rest(&mut first).await.ends_with("127.0.0.1"));
        server.end().await;

        let trusted = Arc::new(["127.0.0.0/8".parse().unwrap()]);
        let server = start(Listening { per_address: 1, trusted, ..listening() }).await;
        let mut first = server.send(ASK).await;
        answer(&mut first, "127.0.0.1").await;
        let told = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n";
        assert!(rest(&mut server.send(told).await).await.ends_with("192.0.2.1"));
        server.end().await;
    });
}

#[test]
fn the_end_waits_for_an_open_request_and_for_nothing_else() {
    run(async {
        let server = start(listening()).await;
        let mut silent = server.connect().await;
        let mut half = server.send("GET / HT").await;
        let mut idle = server.send(ASK).await;
        answer(&mut idle, "127.0.0.1").await;
        let mut open = server.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        server.slow.asked.notified().await;
        server.stop.cancel();
        for stream in [&mut silent, &mut half, &mut idle] {
            assert_eq!(rest(stream).await, "");
        }
        assert!(!server.accepting.is_finished());
        server.slow.answer.notify_one();
        let answered = rest(&mut open).await;
        assert!(answered.starts_with("HTTP/1.1 200") && answered.ends_with("at last"), "{answered}");
        server.accepting.await.unwrap();
        assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    });
}

#[test]
fn the_end_does_not_wait_for_ever() {
    run(async {
        let server = start(Listening { drain: SHORT, ..listening() }).await;
        let mut open = server.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        server.slow.asked.notified().await;
        server.stop.cancel();
        assert_eq!(rest(&mut open).await, "");
        server.accepting.await.unwrap();
    });
}

#[test]
fn of_two_lengths_the_pieces_count_and_nothing_is_read_behind_them() {
    run(async {
        let running = start(listening()).await;
        let sent = async |lengths: &[&str], body: &str| {
            let head = format!("POST /body HTTP/1.1\r\nhost: x\r\n{}\r\n\r\n", lengths.join("\r\n"));
            // Whoever believes another length takes the rest for a request.
            let mut stream = running.send(&format!("{head}{body}GET / HTTP/1.1\r\nhost: x\r\n\r\n")).await;
            let answered = rest(&mut stream).await;
            assert_eq!(answered.matches("HTTP/1.1 ").count(), 1, "{lengths:?}: {answered}");
            assert!(answered.contains("\r\nconnection: close\r\n"), "{lengths:?}: {answered}");
            answered
        };
        let (length, pieces) = ("content-length: 3", "transfer-encoding: chunked");
        for lengths in [[length, pieces], [pieces, length]] {
            let answered = sent(&lengths, "2\r\nab\r\n0\r\n\r\n").await;
            assert!(answered.starts_with("HTTP/1.1 200 ") && answered.ends_with("\r\nfalse ab"), "{answered}");
        }
        for lengths in [
            [length, "content-length: 2"],
            [length, "transfer-encoding: identity"],
            [pieces, "transfer-encoding: identity"],
            ["content-length: +3", "x: y"],
        ] {
            let answered = sent(&lengths, "abc").await;
            assert!(answered.starts_with("HTTP/1.1 400 "), "{lengths:?}: {answered}");
        }
        running.end().await;
    });
}
