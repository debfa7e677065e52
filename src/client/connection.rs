//! A connection to a server: where it is, what is trusted, who asks.

use std::io::Read;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url, redirect};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ClientError, Refusal, trust};

/// Until a connection is made.
const CONNECT: Duration = Duration::from_secs(10);
/// Most of an error's body that is read.
const ERROR_BYTES: u64 = 64 * 1024;

/// The address of a server, in one spelling: what is stored for it is found again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// Reads an address; `https://` where it names no scheme.
    ///
    /// # Errors
    /// When it is none, or has a name, a password, a query or a fragment in it.
    pub fn new(text: &str) -> Result<Address, ClientError> {
        let wrong = |reason: String| {
            // A password in it is not said again.
            let shown = text.rsplit('@').next().unwrap_or_default().to_owned();
            ClientError::Address { url: shown, reason }
        };
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&whole).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("only http and https are spoken".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("names and passwords do not belong into an address: others can read it".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("the address of a server has no ? and no #".to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("there is no host in it".to_owned()));
        }
        Ok(Address(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn url(&self) -> Url {
        Url::parse(&self.0).expect("an address was read from a URL")
    }

    /// Returns true when what is sent does not leave this machine.
    pub fn is_loopback(&self) -> bool {
        let url = self.url();
        let host = url.host_str().unwrap_or_default();
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        ip.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.to_canonical().is_loopback())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a server is reached.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// Certificates of authorities to trust beside those of the system, and of servers themselves.
    pub ca_file: Option<PathBuf>,
    /// True to send keys and logs without TLS beyond this machine.
    pub insecure: bool,
}

/// A server, and who asks it.
#[derive(Clone, Debug)]
pub struct Connection {
    address: Address,
    client: Client,
    key: Option<SecretString>,
}

/// The body of an error.
#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    code: String,
    message: String,
    #[serde(default)]
    request_id: String,
    query: Option<WrongQuery>,
}

#[derive(Deserialize)]
struct WrongQuery {
    caret: String,
    hint: Option<String>,
}

impl Connection {
    /// Makes ready to ask a server; nothing is sent yet.
    ///
    /// # Errors
    /// When it would be asked without TLS beyond this machine, or the certificates cannot be read.
    pub fn new(address: Address, transport: &Transport) -> Result<Connection, ClientError> {
        let loopback = address.is_loopback();
        if address.url().scheme() == "http" && !loopback && !transport.insecure {
            return Err(ClientError::Insecure { url: address.0 });
        }
        let mut builder = Client::builder()
            .user_agent(concat!("logan/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(None)
            // A key sent to one address is not for another.
            .redirect(redirect::Policy::none());
        if loopback {
            builder = builder.no_proxy();
        }
        if let Some(path) = &transport.ca_file {
            let wrong = |reason: String| ClientError::CaFile { path: path.clone(), reason };
            let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
            let certificates = certificates.map_err(|error| wrong(error.to_string()))?;
            if certificates.is_empty() {
                return Err(wrong("there is no certificate in it".to_owned()));
            }
            let config = trust::config(certificates).map_err(|error| wrong(error.to_string()))?;
            builder = builder.tls_backend_preconfigured(config);
        }
        let client = builder.build().map_err(|source| unreachable(&address, source))?;
        Ok(Connection { address, client, key: None })
    }

    /// The same, asked with a key or token.
    pub fn with_key(self, key: SecretString) -> Connection {
        Connection { key: Some(key), ..self }
    }

    /// Returns the address of the server.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Begins a request to a path of the API.
    ///
    /// # Errors
    /// When the key cannot be sent.
    pub fn request(&self, method: Method, path: &str, timeout: Duration) -> Result<RequestBuilder, ClientError> {
        let request = self.client.request(method, format!("{}{path}", self.address.0)).timeout(timeout);
        let Some(key) = &self.key else { return Ok(request) };
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", key.expose_secret())).map_err(|_| ClientError::WrongKey)?;
        value.set_sensitive(true);
        Ok(request.header(reqwest::header::AUTHORIZATION, value))
    }

    /// Sends a request and returns its answer when it is a success.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().map_err(|source| unreachable(&self.address, source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(self.refused(response))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// As [`Connection::send`], and when the answer is not what a logan server says.
    pub fn read<T: for<'de> Deserialize<'de>>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request)?;
        let body = response.bytes().map_err(|source| unreachable(&self.address, source))?;
        serde_json::from_slice(&body).map_err(|error| self.strange(&error.to_string()))
    }

    /// Returns the error of an answer that is not what a logan server says.
    pub fn strange(&self, detail: &str) -> ClientError {
        ClientError::Strange { url: self.address.0.clone(), detail: detail.to_owned() }
    }

    fn refused(&self, response: Response) -> ClientError {
        let status = response.status();
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let mut body = Vec::new();
        // What came of it is enough: it is only told.
        let _ = response.take(ERROR_BYTES).read_to_end(&mut body);
        let Ok(ErrorBody { error }) = serde_json::from_slice::<ErrorBody>(&body) else {
            // A proxy in front may say so; it may be over soon.
            if matches!(status.as_u16(), 429 | 502 | 503 | 504) {
                let message = status.canonical_reason().unwrap_or("busy").to_owned();
                return self.refusal(status.as_u16(), retry_after, message);
            }
            return self.strange(&format!("{status}, and no error of ours"));
        };
        let (caret, hint) = error.query.map_or((None, None), |query| (Some(query.caret), query.hint));
        ClientError::Refused(Box::new(Refusal {
            url: self.address.0.clone(),
            status: status.as_u16(),
            code: error.code,
            message: error.message,
            request_id: error.request_id,
            retry_after,
            caret,
            hint,
        }))
    }

    fn refusal(&self, status: u16, retry_after: Option<Duration>, message: String) -> ClientError {
        ClientError::Refused(Box::new(Refusal {
            url: self.address.0.clone(),
            status,
            code: String::new(),
            message,
            request_id: String::new(),
            retry_after,
            caret: None,
            hint: None,
        }))
    }
}

fn unreachable(address: &Address, source: reqwest::Error) -> ClientError {
    let doing = match () {
        () if source.is_connect() => "the server cannot be reached",
        () if source.is_timeout() => "the server did not answer in time",
        () => "the connection failed",
    };
    // The address stands in the message already.
    ClientError::Unreachable { url: address.0.clone(), doing, source: source.without_url() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, expected) in [
            ("https://Logs.Example.org/", "https://logs.example.org"),
            ("logs.example.org", "https://logs.example.org"),
            ("https://logs.example.org:443", "https://logs.example.org"),
            (" http://127.0.0.1:7171/ ", "http://127.0.0.1:7171"),
            ("https://example.org/logan/", "https://example.org/logan"),
        ] {
            assert_eq!(Address::new(text).expect(text).as_str(), expected);
        }
        for text in ["", "ftp://x", "https://", "https://x/?a", "https://x#a", "https://ada:secret@x", "http:// x"] {
            let error = Address::new(text).expect_err(text);
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn without_tls_only_this_machine_is_asked() {
        let connect = |text: &str, insecure| {
            let transport = Transport { ca_file: None, insecure };
            Connection::new(Address::new(text).expect(text), &transport)
        };
        for text in
            ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost", "https://example.org"]
        {
            assert!(connect(text, false).is_ok(), "{text}");
        }
        for text in ["http://example.org", "http://10.0.0.1", "http://localhost.example.org", "http://[fe80::1]"] {
            assert!(matches!(connect(text, false), Err(ClientError::Insecure { .. })), "{text}");
            assert!(connect(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_key_is_shown_nowhere() {
        let address = Address::new("http://localhost").expect("an address");
        let connection = Connection::new(address, &Transport::default()).expect("a connection");
        let connection = connection.with_key(SecretString::from("lgn_secret".to_owned()));
        let request = connection.request(Method::GET, "/x", CONNECT).expect("a request");
        assert!(!format!("{connection:?} {request:?}").contains("lgn_secret"));
        let broken = connection.with_key(SecretString::from("a\nb".to_owned()));
        assert!(matches!(broken.request(Method::GET, "/x", CONNECT), Err(ClientError::WrongKey)));
    }
}
