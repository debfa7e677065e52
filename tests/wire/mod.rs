//! A server as a process and HTTP by hand, for tests that look from outside and for the loader: nothing but the
//! standard library, so that what is measured is the server.

#![allow(dead_code, reason = "each of its two users leaves something out")]

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server in a process of its own, killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts one on the data in `folder`, with these settings as variables, and waits until it listens.
    pub fn start(binary: &Path, folder: &Path, settings: &[(&str, &str)]) -> Server {
        // Into a file: a pipe that nobody reads would stop it.
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("server.log"));
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--log-level", "warn", "--data"])
            .arg(folder.join("data"))
            .env_clear()
            .envs(settings.iter().copied())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("the server's log can be written"))
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("stdout is a pipe");
        BufReader::with_capacity(1, stdout).read_line(&mut line).expect("the server says where it listens");
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.split(',').next());
        let Some(address) = address.and_then(|text| text.parse().ok()) else {
            let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            panic!("the server did not start: {line:?}: {log}");
        };
        Server { child, address }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it by SIGKILL, as nothing it could prepare for.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
    }

    /// Makes an account with an org of its own; returns the org's id, an access token and an API key of this scope.
    pub fn sign_up(&self, scope: &str) -> (String, String, String) {
        const PASSWORD: &str = "seven herons wade upstream";
        let mut connection = Connection::open(self.address).expect("the server takes connections");
        let mut post = |path: &str, token: &str, body: String| {
            let asked = request("POST", path, token, &[("Content-Type", "application/json")], body.as_bytes());
            let (status, body) = connection.ask(&asked).expect("the server answers");
            let body = String::from_utf8(body).expect("JSON is UTF-8");
            assert!(matches!(status, 200 | 201), "{path}: {status} {body}");
            body
        };
        let email = "load@example.org";
        post("/api/v1/users", "", format!(r#"{{"email":"{email}","password":"{PASSWORD}","org":"herons"}}"#));
        let login = post("/api/v1/auth/login", "", format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#));
        let token = text_after(&login, "\"access_token\":\"").to_owned();
        let org = text_after(text_from(&login, "\"org\":"), "\"id\":\"").to_owned();
        let made = post("/api/v1/keys", &token, format!(r#"{{"name":"a key","scope":"{scope}"}}"#));
        (org, token, text_after(&made, "\"key\":\"").to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn text_from<'t>(text: &'t str, start: &str) -> &'t str {
    let at = text.find(start).unwrap_or_else(|| panic!("no {start} in {text}"));
    &text[at..]
}

/// Returns what stands between `start` and the next quotation mark.
pub fn text_after<'t>(text: &'t str, start: &str) -> &'t str {
    let rest = &text_from(text, start)[start.len()..];
    rest.split('"').next().unwrap_or(rest)
}

/// Writes a request.
pub fn request(method: &str, path: &str, token: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: logan\r\nContent-Length: {}\r\n", body.len());
    if !token.is_empty() {
        text += &format!("Authorization: Bearer {token}\r\n");
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A connection that stays open.
#[derive(Debug)]
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// Sends a request and reads its answer: status and body.
    pub fn ask(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.0.get_mut().write_all(request)?;
        let wrong = |what: &str| Error::new(ErrorKind::InvalidData, what.to_owned());
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(|| wrong(&status))?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| wrong(&line))?;
            }
            is_chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        }
        let mut body = Vec::new();
        while is_chunked {
            let line = self.line()?;
            length = usize::from_str_radix(&line, 16).map_err(|_| wrong(&line))?;
            self.piece(length, &mut body)?;
            self.line()?;
            is_chunked = length > 0;
            length = 0;
        }
        self.piece(length, &mut body)?;
        Ok((status, body))
    }

    fn piece(&mut self, length: usize, body: &mut Vec<u8>) -> Result<()> {
        let start = body.len();
        body.resize(start + length, 0);
        self.0.read_exact(&mut body[start..])
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
