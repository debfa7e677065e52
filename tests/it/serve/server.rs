//! A server of a test's own: its data in a temporary folder, its port chosen by the system, stopped on drop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

use logan::config::Settings;
use logan::entry::Timestamp;
use logan::serve::{AppState, Clock, ManualClock, Server, StartError, SystemClock};
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// The password of every account that [`TestServer::sign_up`] makes.
pub const PASSWORD: &str = "seven herons wade upstream";

/// A server that runs while this lives.
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it answers the operator.
    pub ops_address: SocketAddr,
    /// What its handlers share.
    pub state: AppState,
    folder: Arc<tempfile::TempDir>,
    client: Client,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Somebody who signed up and logged in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The address they log in with; the password is [`PASSWORD`].
    pub email: String,
    /// Their access token.
    pub token: String,
    /// What gets them the next one.
    pub refresh_token: String,
    /// Their org's id.
    pub org: String,
    /// Their own id.
    pub user: String,
}

/// What was answered.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers but for `Date`, by name.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    /// The body as JSON; null when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The code of the error it is.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned()
    }

    /// The same, when it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

impl TestServer {
    /// Starts one with default settings, but for limits of log-ins by address and by second, since a test's all come
    /// from one.
    pub fn start() -> TestServer {
        TestServer::start_with(Arc::new(SystemClock), |_| {})
    }

    /// Starts one whose clock the test moves.
    pub fn start_at(seconds: i64) -> (TestServer, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(seconds, 0).expect("a time")));
        (TestServer::start_with(clock.clone(), |_| {}), clock)
    }

    /// Starts one with this clock and settings changed like this.
    pub fn start_with(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Settings)) -> TestServer {
        TestServer::start_in(Arc::new(tempfile::tempdir().expect("a temporary folder")), clock, change)
    }

    /// Starts one on a data folder that another has left, or on an empty one.
    pub fn start_in(
        folder: Arc<tempfile::TempDir>,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Settings),
    ) -> TestServer {
        let mut settings = Settings {
            data: folder.path().join("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ops_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..Settings::default()
        };
        settings.rates.login_address_per_minute = 100_000;
        settings.rates.logins_per_second = 100_000;
        change(&mut settings);
        let (started, starting) = std::sync::mpsc::channel();
        let (stop, stopping) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let server = start_when_free(settings, clock).await;
                started.send((server.address, server.ops_address, server.state().clone())).expect("the test waits");
                // A dropped sender means the same.
                let _ = stopping.await;
                server.stop().await.expect("the server stops");
            });
        });
        let (address, ops_address, state) = starting.recv().expect("the server starts");
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        TestServer { address, ops_address, state, folder, client, stop: Some(stop), thread: Some(thread) }
    }

    /// Stops it and returns its folder, to be looked into or started on again.
    pub fn stop(mut self) -> Arc<tempfile::TempDir> {
        self.end();
        self.folder.clone()
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// The data folder.
    pub fn data(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("data")
    }

    /// A request to build on, as whoever has this token or key; an empty one is nobody.
    pub fn request(&self, method: Method, token: &str, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// Sends a request and reads its answer.
    pub fn send(&self, request: RequestBuilder) -> Answer {
        let (response, answer) = self.answered(request);
        Answer { body: response.bytes().expect("a body").to_vec(), ..answer }
    }

    /// Sends a request and reads how its answer begins: for answers that do not end.
    pub fn begin(&self, request: RequestBuilder) -> Answer {
        self.answered(request).1
    }

    fn answered(&self, request: RequestBuilder) -> (Response, Answer) {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = client.execute(request).expect("an answer");
        let status = response.status().as_u16();
        check_described(&method, &path, status);
        let mut headers: Vec<(String, String)> = (response.headers().iter())
            .filter(|(name, _)| *name != "date")
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        (response, Answer { status, headers, body: Vec::new() })
    }

    /// GET.
    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.send(self.request(Method::GET, token, path))
    }

    /// GET from the operator's listener.
    pub fn get_ops(&self, path: &str) -> Answer {
        self.send(self.client.get(format!("http://{}{path}", self.ops_address)))
    }

    /// POST with a JSON body.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, token, path).json(body))
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, token, path).json(body))
    }

    /// DELETE.
    pub fn delete(&self, token: &str, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, token, path))
    }

    /// Makes an account with an org of its own, whose owner it is, and logs in.
    pub fn sign_up(&self, email: &str) -> Account {
        let body = json!({"email": email, "password": PASSWORD, "name": "Somebody", "org": format!("org of {email}")});
        self.post("", "/api/v1/users", &body).expect(201);
        self.log_in(email)
    }

    /// Makes an account that is in the org of `owner` alone, with this role, and logs in.
    pub fn sign_up_into(&self, owner: &Account, email: &str, role: &str) -> Account {
        let path = format!("/api/v1/orgs/{}/invites", owner.org);
        let invite = self.post(&owner.token, &path, &json!({"role": role})).expect(201).json();
        let body = json!({"email": email, "password": PASSWORD, "name": "Somebody", "invite": invite["token"]});
        self.post("", "/api/v1/users", &body).expect(201);
        self.log_in(email)
    }

    /// Makes an account in a new org of its own with an address that no other has.
    pub fn somebody(&self) -> Account {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        self.sign_up(&format!("somebody{}@example.org", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Logs in with [`PASSWORD`].
    pub fn log_in(&self, email: &str) -> Account {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self.post("", "/api/v1/auth/login", &body).expect(200).json();
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Account {
            email: email.to_owned(),
            token: text(&answer["access_token"]),
            refresh_token: text(&answer["refresh_token"]),
            org: text(&answer["org"]["id"]),
            user: text(&answer["user"]["id"]),
        }
    }

    /// Makes an API key with this scope and returns its text.
    pub fn key(&self, account: &Account, scope: &str) -> String {
        let body = json!({"name": format!("{scope} key"), "scope": scope});
        let answer = self.post(&account.token, "/api/v1/keys", &body).expect(201).json();
        answer["key"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

/// Starts a server. A program that another test is just starting holds this process's files, and so the lock of a server
/// that has stopped, until it runs itself.
async fn start_when_free(settings: Settings, clock: Arc<dyn Clock>) -> Server {
    for _ in 0..100 {
        match Server::start(settings.clone(), clock.clone()).await {
            Err(StartError::Running(_)) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            started => return started.expect("the server starts"),
        }
    }
    panic!("the data folder stays in use");
}

/// Fails when the API's description knows this route but not this answer of it.
fn check_described(method: &Method, path: &str, status: u16) {
    static DESCRIPTION: LazyLock<Value> =
        LazyLock::new(|| serde_json::to_value(logan::serve::openapi()).expect("a description"));
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(part, given)| part == given || part.starts_with('{'))
    };
    let paths = DESCRIPTION["paths"].as_object().expect("paths");
    let method = method.as_str().to_lowercase();
    // The one without variables first: `/users/me` is no `/users/{user}`.
    let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    if let Some(operation) = fitting.first().and_then(|(_, path)| path.get(&method)) {
        let described = &operation["responses"][status.to_string()];
        assert!(!described.is_null(), "{method} {path} is described without the answer {status}");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.end();
    }
}
