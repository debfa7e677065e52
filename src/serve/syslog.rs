//! Listeners for syslog: what they hear goes to one sink, in the order it came.
//!
//! Over TCP nothing is lost while the connection stands: a sink that cannot take messages now is asked again, and
//! meanwhile nothing is read, so that the sender waits. Over UDP there is nobody to wait: datagrams that come while
//! too much waits are dropped and counted.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::auth::OrgScope;
use super::error::ApiError;
use super::ids::OrgId;
use super::intake::syslog::{Framer, Messages};
use super::intake::{Arrival, Decoded};
use super::net::Connections;
use super::receive::OrgSink;
use super::state::{AppState, StartError};
use crate::config::SyslogProtocol;
use crate::parse::{Format, UnknownZone, Zone};

/// Where messages go: the store of the org a listener is bound to.
pub trait Sink: Send + Sync + 'static {
    /// Stores what was read; on disk when it returns.
    ///
    /// # Errors
    /// When it cannot be stored now; it is asked again then.
    fn append(&self, decoded: Decoded) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Waits until there is memory for so many bytes of a message that is not there yet.
    ///
    /// # Errors
    /// Never in practice.
    fn room(&self, bytes: usize) -> impl Future<Output = Result<OwnedSemaphorePermit, ApiError>> + Send;

    /// Returns now, and what messages may have.
    fn arrival(&self) -> Arrival;
}

/// How a listener hears.
#[derive(Clone, Debug)]
pub struct Hearing {
    /// The zone of RFC 3164's timestamps.
    pub zone: Zone,
    /// Most bytes of a message; what is longer is cut and becomes a reject.
    pub max_message: usize,
    /// Most connections.
    pub connections: usize,
    /// Most connections of one address.
    pub per_address: usize,
    /// How long a connection may say nothing.
    pub idle: Duration,
    /// How long a long message may take to be complete, and how long it may wait for memory.
    pub message: Duration,
}

/// Bytes read from a connection at once.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that may wait for the rest of their message without being counted.
const UNCOUNTED_BYTES: usize = 8 * 1024;
/// Bytes of datagrams that the system is asked to hold until they are read; it may allow less (`net.core.rmem_max`).
const SOCKET_BYTES: usize = 8 << 20;
/// Bytes of datagrams that are held, and put together, while the store is busy.
const WAITING_BYTES: usize = 4 << 20;
/// Longest datagram.
const DATAGRAM_BYTES: usize = 64 * 1024;
/// Between two tries to store.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Begins to listen as the settings say, each listener for its org, until the server stops.
///
/// # Errors
/// When an address cannot be listened on, or a zone or format is not known.
pub async fn start(state: &AppState) -> Result<TaskTracker, StartError> {
    let tasks = TaskTracker::new();
    for one in &state.settings.syslog {
        let scope = OrgScope::of_server(OrgId::from_bytes(one.org.to_bytes()));
        let wrong = |source| StartError::Listen { address: format!("{} (syslog)", one.listen), source };
        let invalid = |what: String| wrong(std::io::Error::new(std::io::ErrorKind::InvalidInput, what));
        if one.format != Format::Syslog.name() {
            return Err(invalid(format!("format {:?}: a syslog listener reads syslog", one.format)));
        }
        let limits = &state.settings.limits;
        let hearing = Hearing {
            zone: one.tz.parse().map_err(|error: UnknownZone| invalid(error.to_string()))?,
            max_message: limits.line.as_usize(),
            connections: limits.connections as usize,
            per_address: limits.connections_per_address as usize,
            idle: Duration::from_secs(600),
            message: limits.body_total.into(),
        };
        let sink = Arc::new(OrgSink {
            state: state.clone(),
            scope,
            source: format!("syslog:{}:{}", one.protocol.name(), one.listen).into(),
        });
        let stop = state.stop.clone();
        match one.protocol {
            SyslogProtocol::Tcp => {
                let listener = TcpListener::bind(one.listen).await.map_err(wrong)?;
                tasks.spawn(listen_tcp(listener, sink, hearing, stop));
            }
            SyslogProtocol::Udp => {
                let socket = UdpSocket::bind(one.listen).await.map_err(wrong)?;
                let bytes = hold_bursts(&socket).map_err(wrong)?;
                tracing::info!(listen = %one.listen, bytes, "syslog over UDP: the system holds so much of a burst");
                tasks.spawn(listen_udp(socket, sink, hearing, stop));
            }
        }
    }
    tasks.close();
    Ok(tasks)
}

/// Asks the system to hold many datagrams; returns for how many bytes there is room.
fn hold_bursts(socket: &UdpSocket) -> std::io::Result<usize> {
    // Beyond the limit for all only with the right to administer the network.
    if sockopt::set_socket_recv_buffer_size_force(socket, SOCKET_BYTES).is_err() {
        sockopt::set_socket_recv_buffer_size(socket, SOCKET_BYTES)?;
    }
    Ok(sockopt::socket_recv_buffer_size(socket)?)
}

/// Listens on TCP until `stop`; messages end with a line end or have their length before them, also mixed.
/// Returns when every connection has ended.
pub async fn listen_tcp<S: Sink>(listener: TcpListener, sink: Arc<S>, hearing: Hearing, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(hearing.connections));
    let connections = Arc::new(Connections::default());
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a syslog connection could not be taken");
                tokio::time::sleep(FIRST_WAIT).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            refused("all");
            continue;
        };
        let Some(entered) = connections.enter(peer.ip(), hearing.per_address) else {
            refused("address");
            continue;
        };
        let (sink, hearing, stop) = (sink.clone(), hearing.clone(), stop.clone());
        tasks.spawn(async move {
            hear(stream, peer, &*sink, &hearing, &stop).await;
            drop((place, entered));
        });
    }
    tasks.close();
    tasks.wait().await;
}

/// Hears one connection to its end.
///
/// What waits for the rest of a long message is counted with the bodies of requests. Nothing is read while there is no room
/// for it, and the rest must come in time: else the connection ends, and what was there of the message is stored.
async fn hear<S: Sink>(stream: TcpStream, peer: SocketAddr, sink: &S, hearing: &Hearing, stop: &CancellationToken) {
    let mut framer = Framer::new(hearing.max_message);
    let mut room: Option<(OwnedSemaphorePermit, Instant)> = None;
    loop {
        let idle = Instant::now() + hearing.idle;
        let deadline = room.as_ref().map_or(idle, |(_, deadline)| idle.min(*deadline));
        let readable = tokio::select! {
            () = stop.cancelled() => break,
            readable = tokio::time::timeout_at(deadline, stream.readable()) => readable,
        };
        // Most connections are silent: a buffer is there only while something is read.
        let mut buffer = vec![0; READ_BYTES];
        let length = match readable.map(|ready| ready.and_then(|()| stream.try_read(&mut buffer))) {
            Ok(Ok(0)) | Err(_) => break,
            Ok(Ok(length)) => length,
            Ok(Err(error)) if error.kind() == ErrorKind::WouldBlock => continue,
            Ok(Err(error)) => {
                tracing::debug!(%error, %peer, "a syslog connection broke off");
                break;
            }
        };
        let mut messages = Messages::default();
        framer.push(&buffer[..length], &mut messages);
        drop(buffer);
        // Before room is asked for elsewhere: whoever waits for some has none.
        room.take_if(|_| !messages.is_empty() || framer.waiting() <= UNCOUNTED_BYTES);
        if !store(messages, sink, hearing, stop).await {
            return;
        }
        if room.is_none() && framer.waiting() > UNCOUNTED_BYTES {
            let found = tokio::select! {
                () = stop.cancelled() => break,
                found = tokio::time::timeout(hearing.message, sink.room(hearing.max_message + READ_BYTES)) => found,
            };
            let Ok(Ok(permit)) = found else {
                tracing::debug!(%peer, "a syslog connection ends: there is no room for its long message");
                refused("memory");
                break;
            };
            room = Some((permit, Instant::now() + hearing.message));
        }
    }
    drop(room);
    let mut messages = Messages::default();
    framer.finish(&mut messages);
    store(messages, sink, hearing, stop).await;
}

/// Counts a connection that was refused, or ended, because of a limit.
fn refused(cause: &'static str) {
    metrics::counter!("logan_syslog_refused_connections_total", "cause" => cause).increment(1);
}

/// Listens on UDP until `stop`: a datagram is a message.
pub async fn listen_udp<S: Sink>(socket: UdpSocket, sink: Arc<S>, hearing: Hearing, stop: CancellationToken) {
    let (sender, mut receiver) = mpsc::channel::<Messages>(1);
    let storing = {
        let (sink, hearing, stop) = (sink.clone(), hearing.clone(), stop.clone());
        tokio::spawn(async move {
            while let Some(mut messages) = receiver.recv().await {
                while messages.bytes() < WAITING_BYTES
                    && let Ok(mut others) = receiver.try_recv()
                {
                    messages.append(&mut others);
                }
                store(messages, &*sink, &hearing, &stop).await;
            }
        })
    };
    let mut buffer = vec![0; DATAGRAM_BYTES];
    // What waits is bounded by its bytes alone: a slow stream of datagrams is one each time, and a commit may take long.
    let mut held = Messages::default();
    loop {
        let received = tokio::select! {
            () = stop.cancelled() => break,
            place = sender.reserve(), if !held.is_empty() => match place {
                Ok(place) => {
                    place.send(std::mem::take(&mut held));
                    continue;
                }
                // Nobody stores any more; why is told below.
                Err(_) => break,
            },
            received = socket.recv_from(&mut buffer) => received,
        };
        let mut messages = Messages::default();
        match received {
            Ok((length, _)) => messages.add(&buffer[..length]),
            Err(error) => {
                tracing::warn!(%error, "a syslog datagram could not be read");
                continue;
            }
        }
        // What has come meanwhile goes together: one wake-up, one batch.
        while messages.bytes() < READ_BYTES
            && let Ok((length, _)) = socket.try_recv_from(&mut buffer)
        {
            messages.add(&buffer[..length]);
        }
        if held.bytes() < WAITING_BYTES {
            held.append(&mut messages);
        } else {
            metrics::counter!("logan_syslog_dropped_total", "cause" => "full").increment(messages.len() as u64);
        }
    }
    // What the system holds was sent before the stop.
    match socket.into_std() {
        Ok(socket) => {
            while held.bytes() < WAITING_BYTES
                && let Ok(length) = socket.recv(&mut buffer)
            {
                held.add(&buffer[..length]);
            }
        }
        Err(error) => tracing::warn!(%error, "the last datagrams could not be read"),
    }
    let count = held.len() as u64;
    if count > 0 && sender.send(held).await.is_err() {
        metrics::counter!("logan_syslog_dropped_total", "cause" => "stopping").increment(count);
    }
    drop(sender);
    if let Err(error) = storing.await {
        tracing::error!(%error, "the task that stores datagrams failed");
    }
}

/// Stores messages, trying again until it is done; false when the server stops before that.
async fn store<S: Sink>(messages: Messages, sink: &S, hearing: &Hearing, stop: &CancellationToken) -> bool {
    if messages.is_empty() {
        return true;
    }
    let decode = |messages: &Messages| messages.decode(sink.arrival(), hearing.zone);
    let mut wait = FIRST_WAIT;
    loop {
        let decoded = match decode(&messages) {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::error!(%error, count = messages.len(), "syslog messages could not be taken");
                metrics::counter!("logan_syslog_dropped_total", "cause" => "unreadable")
                    .increment(messages.len() as u64);
                return true;
            }
        };
        let Err(error) = sink.append(decoded).await else { return true };
        tracing::warn!(error = %error.message, "syslog messages wait to be stored");
        tokio::select! {
            () = stop.cancelled() => {
                metrics::counter!("logan_syslog_dropped_total", "cause" => "stopping").increment(messages.len() as u64);
                return false;
            }
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;

    use super::*;
    use crate::entry::Timestamp;

    /// Keeps messages; refuses the first try.
    #[derive(Debug, Default)]
    struct Kept {
        messages: Mutex<Vec<String>>,
        tries: Mutex<u32>,
        more: Notify,
        /// Memory, in bytes; `None` for as much as is asked for.
        memory: Option<Arc<Semaphore>>,
    }

    impl Sink for Kept {
        async fn append(&self, decoded: Decoded) -> Result<(), ApiError> {
            let mut tries = self.tries.lock().unwrap();
            *tries += 1;
            if *tries == 1 {
                return Err(ApiError::disk_full());
            }
            let text =
                |entry: crate::entry::EntryRef<'_>| String::from_utf8_lossy(entry.message().unwrap()).into_owned();
            self.messages.lock().unwrap().extend(decoded.batch.entries().map(text));
            self.more.notify_one();
            Ok(())
        }

        async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
            let memory = self.memory.clone().unwrap_or_else(|| Arc::new(Semaphore::new(bytes)));
            Ok(memory.acquire_many_owned(bytes as u32).await.unwrap())
        }

        fn arrival(&self) -> Arrival {
            Arrival::at(Timestamp::from_nanos(1_795_000_000_000_000_000).unwrap())
        }
    }

    impl Kept {
        async fn wait_for(&self, count: usize) -> Vec<String> {
            loop {
                let kept = self.messages.lock().unwrap().clone();
                if kept.len() >= count {
                    return kept;
                }
                self.more.notified().await;
            }
        }
    }

    fn hearing() -> Hearing {
        Hearing {
            zone: Zone::default(),
            max_message: 64 * 1024,
            connections: 4,
            per_address: 4,
            idle: LONG,
            message: LONG,
        }
    }

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn an_address_has_only_so_many_connections_and_gets_another_when_one_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sink, stop) = (Arc::new(Kept::default()), CancellationToken::new());
        let hearing = Hearing { per_address: 1, ..hearing() };
        let listening = tokio::spawn(listen_tcp(listener, sink.clone(), hearing, stop.clone()));
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"<13>Nov 22 10:00:00 web app: one\n").await.unwrap();
        assert_eq!(sink.wait_for(1).await, ["one"]);
        // Closed unread.
        let mut second = TcpStream::connect(address).await.unwrap();
        assert!(matches!(second.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        // Another of the address has its place as soon as the first has gone.
        first.shutdown().await.unwrap();
        assert_eq!(first.read(&mut [0; 1]).await.unwrap(), 0);
        loop {
            let mut third = TcpStream::connect(address).await.unwrap();
            let sent = third.write_all(b"<13>Nov 22 10:00:01 web app: two\n").await;
            if sent.is_ok() && third.shutdown().await.is_ok() && matches!(third.read(&mut [0; 1]).await, Ok(0)) {
                break;
            }
        }
        assert!(sink.wait_for(2).await.contains(&"two".to_owned()));
        stop.cancel();
        listening.await.unwrap();
    }

    #[tokio::test]
    async fn long_messages_that_are_not_there_yet_wait_for_memory_and_not_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // For one of them.
        let memory = Arc::new(Semaphore::new(64 * 1024 + READ_BYTES));
        let sink = Kept { tries: Mutex::new(1), memory: Some(memory.clone()), ..Kept::default() };
        let (sink, stop) = (Arc::new(sink), CancellationToken::new());
        let hearing = Hearing { message: Duration::from_millis(50), ..hearing() };
        let listening = tokio::spawn(listen_tcp(listener, sink.clone(), hearing, stop.clone()));
        let begun = |name: &str| format!("<13>Nov 22 10:00:00 web app: {name}{}", "x".repeat(16 * 1024));
        // The rest of this one never comes: it is stored as it is, and its place is free.
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(begun("first").as_bytes()).await.unwrap();
        assert!(sink.wait_for(1).await[0].starts_with("firstx"));
        assert_eq!(first.read(&mut [0; 1]).await.unwrap(), 0);
        assert_eq!(memory.available_permits(), 64 * 1024 + READ_BYTES);
        // One that is complete in time is whole, and one for which there is no memory is not read on.
        let held = memory.clone().acquire_owned().await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(begun("second").as_bytes()).await.unwrap();
        assert!(sink.wait_for(2).await[1].starts_with("secondx"));
        assert!(matches!(second.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        drop(held);
        let mut third = TcpStream::connect(address).await.unwrap();
        third.write_all(format!("{}end\n", begun("third")).as_bytes()).await.unwrap();
        assert!(sink.wait_for(3).await[2].ends_with("xend"));
        stop.cancel();
        listening.await.unwrap();
    }

    #[tokio::test]
    async fn tcp_brings_every_message_though_the_store_refuses_at_first() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sink, stop) = (Arc::new(Kept::default()), CancellationToken::new());
        let listening = tokio::spawn(listen_tcp(listener, sink.clone(), hearing(), stop.clone()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"<13>Nov 22 10:00:00 web app: one\n38 <13>Nov 22 10:00:01 web app: two\nlin").await.unwrap();
        stream.write_all(b"es<13>Nov 22 10:00:02 web app: three").await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(sink.wait_for(3).await, ["one", "two\nlines", "three"]);
        stop.cancel();
        listening.await.unwrap();
    }

    /// Keeps messages once it is let.
    #[derive(Debug)]
    struct Held {
        kept: Kept,
        gate: Semaphore,
    }

    impl Sink for Held {
        async fn append(&self, decoded: Decoded) -> Result<(), ApiError> {
            _ = self.gate.acquire().await.unwrap();
            self.kept.append(decoded).await
        }

        async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
            self.kept.room(bytes).await
        }

        fn arrival(&self) -> Arrival {
            self.kept.arrival()
        }
    }

    #[tokio::test]
    async fn udp_holds_what_comes_one_by_one_during_a_long_commit() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let kept = Kept { tries: Mutex::new(1), ..Kept::default() };
        let (sink, stop) = (Arc::new(Held { kept, gate: Semaphore::new(0) }), CancellationToken::new());
        let listening = tokio::spawn(listen_udp(socket, sink.clone(), hearing(), stop.clone()));
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in 0..400 {
            sender.send_to(format!("<13>Nov 22 10:00:00 web app: m{number}").as_bytes(), address).await.unwrap();
            // The only thread looks at sockets once in 61 turns: the listener takes each datagram by itself.
            for _ in 0..130 {
                tokio::task::yield_now().await;
            }
        }
        sink.gate.add_permits(1);
        let expected: Vec<_> = (0..400).map(|number| format!("m{number}")).collect();
        assert_eq!(sink.kept.wait_for(400).await, expected);
        stop.cancel();
        listening.await.unwrap();
    }

    #[tokio::test]
    async fn udp_brings_a_message_a_datagram() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (sink, stop) = (Arc::new(Kept::default()), CancellationToken::new());
        let listening = tokio::spawn(listen_udp(socket, sink.clone(), hearing(), stop.clone()));
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in 0..20 {
            let message = format!("<13>Nov 22 10:00:00 web app: m{number}\n");
            sender.send_to(message.as_bytes(), address).await.unwrap();
        }
        let expected: Vec<_> = (0..20).map(|number| format!("m{number}")).collect();
        assert_eq!(sink.wait_for(20).await, expected);
        stop.cancel();
        listening.await.unwrap();
    }

    #[tokio::test]
    async fn udp_brings_what_came_before_the_stop() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let before = sockopt::socket_recv_buffer_size(&socket).unwrap();
        assert!(hold_bursts(&socket).unwrap() >= before);
        let address = socket.local_addr().unwrap();
        let (sink, stop) = (Arc::new(Kept::default()), CancellationToken::new());
        // The first try is refused, and there is no second once the server stops.
        *sink.tries.lock().unwrap() = 1;
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for number in 0..50 {
            sender.send_to(format!("<13>Nov 22 10:00:00 web app: m{number}").as_bytes(), address).unwrap();
        }
        stop.cancel();
        listen_udp(socket, sink.clone(), hearing(), stop).await;
        let expected: Vec<_> = (0..50).map(|number| format!("m{number}")).collect();
        assert_eq!(sink.wait_for(50).await, expected);
    }
}
