//! The tree of settings with its defaults. `docs/configuration.md` tells users the same; a test compares them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::secret::Secret;
use super::units::{self, Period, Size};
use super::words::{ChannelKind, LogFormat, LogLevel, RuleKind, SignUp, SmtpTls, SyslogProtocol};

/// Makes sections: structs whose fields stand beside their defaults.
macro_rules! sections {
    ($($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $field:ident: $kind:ty = $default:expr,)* })*) => { $(
        $(#[$about])*
        #[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$what])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> $name {
                $name { $($field: $default,)* }
            }
        }
    )* };
}

/// An address of this machine.
const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port)
}

sections! {
    /// All settings of the server.
    Settings {
        /// The folder of everything the server keeps.
        data: PathBuf = "./logan-data".into(),
        /// Where requests are answered.
        #[serde(deserialize_with = "units::address")]
        listen: SocketAddr = loopback(7171),
        /// Where `/metrics`, `/livez` and `/readyz` are answered, without TLS and accounts.
        #[serde(deserialize_with = "units::address")]
        ops_listen: SocketAddr = loopback(7172),
        /// True to listen beyond this machine without TLS, and to send a mail password in the clear.
        insecure: bool = false,
        /// True to answer the operator beyond this machine.
        ops_insecure: bool = false,
        /// Who may make an account; read it through [`Settings::sign_up`].
        signup: SignUp = SignUp::Auto,
        /// The certificate.
        tls: Tls = Tls::default(),
        /// The proxies in front.
        behind_proxy: BehindProxy = BehindProxy::default(),
        /// The server's own log.
        log: Log = Log::default(),
        /// What one request and one connection may take.
        limits: Limits = Limits::default(),
        /// How often something may be asked.
        rates: Rates = Rates::default(),
        /// What one question may take.
        query: Query = Query::default(),
        /// How long entries are kept.
        retention: Retention = Retention::default(),
        /// What is done without being asked.
        background: Background = Background::default(),
        /// When the disk counts as full.
        disk: Disk = Disk::default(),
        /// Tokens and sessions.
        auth: Auth = Auth::default(),
        /// How mail is sent.
        smtp: Smtp = Smtp::default(),
        /// Where alerts may be sent.
        delivery: Delivery = Delivery::default(),
        /// Listeners for syslog.
        syslog: Vec<Syslog> = Vec::new(),
        /// Rules beside those made over HTTP.
        rules: Vec<Rule> = Vec::new(),
        /// Channels beside those made over HTTP.
        channels: Vec<Channel> = Vec::new(),
        /// Programs of the operator that alerts may start. They cannot be made over HTTP.
        commands: Vec<Command> = Vec::new(),
    }
    /// The certificate, and the key that belongs to it: both or neither, asked by `check`.
    Tls {
        /// The certificate chain, in PEM.
        cert: Option<PathBuf> = None,
        /// The key, in PEM.
        key: Option<PathBuf> = None,
    }
    /// The proxies in front.
    BehindProxy {
        /// Whose `X-Forwarded-For` is believed.
        #[serde(deserialize_with = "units::networks")]
        trusted: Vec<IpNet> = Vec::new(),
    }
    /// The server's own log.
    Log {
        /// How much is said.
        level: LogLevel = LogLevel::Info,
        /// In which form.
        format: LogFormat = LogFormat::Auto,
    }
    /// What one request and one connection may take.
    Limits {
        /// A body, after decompression.
        body: Size = Size::mib(64),
        /// How many times longer a body may become by decompression.
        compression_ratio: u32 = 200,
        /// The head of a request.
        header: Size = Size::kib(16),
        /// A line or an event of a body; what is longer is a reject.
        line: Size = Size::mib(1),
        /// Fields of an entry.
        fields: u32 = 256,
        /// The name of a field.
        field_name: Size = Size::from_bytes(128),
        /// How deep the JSON of an entry may be nested.
        depth: u32 = 64,
        /// Open connections, over HTTP and to each syslog listener.
        connections: u32 = 2000,
        /// Open connections of one address, over HTTP and to each syslog listener.
        connections_per_address: u32 = 100,
        /// Until the head of a request is there.
        header_timeout: Period = Period::seconds(10),
        /// Between two pieces of a body.
        body_idle: Period = Period::seconds(10),
        /// Until a body is there.
        body_total: Period = Period::seconds(60),
        /// The slowest body, a second.
        body_rate: Size = Size::kib(1),
        /// How long a connection may wait for its next request.
        keep_alive: Period = Period::seconds(60),
        /// Until a TLS handshake is done.
        handshake: Period = Period::seconds(5),
        /// What of one org may wait to be stored.
        queue: Size = Size::mib(64),
        /// What bodies of all orgs, and long messages of syslog, may take at once.
        memory: Size = Size::mib(128),
        /// Orgs' stores that stay open.
        stores: u32 = 200,
        /// How long requests may go on after SIGTERM.
        drain: Period = Period::seconds(25),
    }
    /// How often something may be asked.
    Rates {
        /// Requests of one org.
        org: Rate = Rate { per_second: 20_000, burst: 40_000 },
        /// Requests of one API key.
        key: Rate = Rate { per_second: 20_000, burst: 40_000 },
        /// Requests of one address.
        address: Rate = Rate { per_second: 20_000, burst: 40_000 },
        /// Bytes of logs of one org, a second, after decompression.
        ingest: Size = Size::mib(256),
        /// Bytes of logs one org may send at once.
        ingest_burst: Size = Size::mib(512),
        /// Log-ins from one address.
        login_address_per_minute: u32 = 20,
        /// Log-ins into one account.
        login_account_per_minute: u32 = 5,
        /// Log-ins of all.
        logins_per_second: u32 = 50,
        /// New accounts from one address.
        signup_address_per_hour: u32 = 5,
    }
    /// A rate of requests.
    Rate {
        /// In the long run.
        per_second: u32 = 20_000,
        /// At once.
        burst: u32 = 40_000,
    }
    /// What one question may take.
    Query {
        /// Time.
        time: Period = Period::seconds(10),
        /// Rows of the answer.
        rows: u32 = 100_000,
        /// Bytes of the answer.
        result: Size = Size::mib(16),
        /// Memory.
        memory: Size = Size::mib(64),
        /// Questions of one org at a time.
        running: u32 = 2,
        /// Questions of all orgs at a time.
        running_all: u32 = 8,
        /// Questions of one org that wait.
        queued: u32 = 8,
        /// Followers (`/api/v1/tail`) of one org.
        tails: u32 = 10,
    }
    /// How long entries are kept (what neither `days` nor `bytes` says is kept for ever), and the audit log.
    Retention {
        /// By age.
        days: Option<u32> = None,
        /// By size of an org's store.
        bytes: Option<Size> = None,
        /// How many days events of the audit log are kept.
        audit_days: u32 = 400,
    }
    /// What is done without being asked.
    Background {
        /// Looking for what is unusual.
        detect_every: Period = Period::seconds(60),
        /// Asking the rules.
        rules_every: Period = Period::seconds(60),
        /// Making big blocks of small ones.
        merge_every: Period = Period::seconds(30),
        /// Deleting what is too old or too much.
        retention_every: Period = Period::minutes(10),
        /// Sending alerts that wait.
        delivery_every: Period = Period::seconds(5),
        /// Forgetting old sessions, alerts and audit events.
        cleanup_every: Period = Period::minutes(10),
        /// The share of one core all of it may take.
        cpu_budget_percent: u32 = 50,
    }
    /// When the disk counts as full.
    Disk {
        /// With less free than this, logs are answered with 507.
        high_mark_free_bytes: Size = Size::mib(512),
    }
    /// Tokens and sessions.
    Auth {
        /// The life of an access token.
        access: Period = Period::minutes(15),
        /// How long a session lives unused.
        refresh_idle: Period = Period::minutes(24 * 60),
        /// How long a session lives.
        refresh_absolute: Period = Period::days(14),
        /// How long an invite is good.
        invite: Period = Period::days(7),
        /// Who makes the tokens.
        issuer: String = "logan".into(),
        /// Whom they are for.
        audience: String = "logan-api".into(),
    }
    /// How mail is sent. Without `host` none is.
    Smtp {
        /// The mail server.
        host: Option<String> = None,
        /// Its port.
        port: u16 = 587,
        /// The name to log in with.
        user: Option<String> = None,
        /// The password to log in with; after loading also when it came from `password_file`.
        password: Option<Secret> = None,
        /// A file with the password.
        password_file: Option<PathBuf> = None,
        /// The sender.
        from: Option<String> = None,
        /// How it is protected on its way.
        tls: SmtpTls = SmtpTls::StartTls,
    }
    /// Where alerts may be sent.
    Delivery {
        /// Private networks that webhooks may reach all the same.
        #[serde(deserialize_with = "units::networks")]
        allow: Vec<IpNet> = Vec::new(),
        /// Ports that webhooks may use.
        ports: Vec<u16> = vec![443, 8443],
        /// Until a webhook must have answered.
        timeout: Period = Period::seconds(5),
    }
}

/// A listener for syslog; all it hears belongs to one org.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// Where.
    #[serde(deserialize_with = "units::address")]
    pub listen: SocketAddr,
    /// What carries it.
    pub protocol: SyslogProtocol,
    /// Whose it is.
    #[serde(deserialize_with = "units::org")]
    pub org: Ulid,
    /// The format of the messages, a name of `logan formats` or `auto`.
    #[serde(default = "syslog_format")]
    pub format: String,
    /// The zone of times that name none.
    #[serde(default = "utc")]
    pub tz: String,
    /// True to listen beyond this machine: syslog has no TLS.
    #[serde(default)]
    pub insecure: bool,
}

fn syslog_format() -> String {
    "syslog".into()
}

fn utc() -> String {
    "UTC".into()
}

/// A rule: when somebody is to be told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whose entries it looks at.
    #[serde(deserialize_with = "units::org")]
    pub org: Ulid,
    /// Its name, unique within the org.
    pub name: String,
    /// What it asks.
    pub kind: RuleKind,
    /// The filter of the entries that count, in the query language; empty is all.
    #[serde(default)]
    pub query: String,
    /// The filter of all entries of a ratio.
    pub of: Option<String>,
    /// How far it looks back.
    #[serde(default = "five_minutes")]
    pub window: Period,
    /// Tells when the number is above this.
    pub above: Option<f64>,
    /// Tells when the number is below this.
    pub below: Option<f64>,
    /// The channels of the org that are told.
    #[serde(default)]
    pub channels: Vec<String>,
    /// The commands that are started.
    #[serde(default)]
    pub commands: Vec<String>,
}

fn five_minutes() -> Period {
    Period::minutes(5)
}

/// A way to tell somebody.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Whose it is.
    #[serde(deserialize_with = "units::org")]
    pub org: Ulid,
    /// Its name, unique within the org.
    pub name: String,
    /// How it sends.
    pub kind: ChannelKind,
    /// Where a webhook goes.
    pub url: Option<String>,
    /// Who gets mail.
    #[serde(default)]
    pub to: Vec<String>,
    /// A file with the key that signs a webhook.
    pub secret_file: Option<PathBuf>,
    /// What `secret_file` holds, after loading.
    #[serde(skip)]
    pub secret: Option<Secret>,
}

/// A program that alerts may start.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// The program, by its absolute path, and its arguments. No shell reads them.
    pub argv: Vec<String>,
    /// Until it must have ended.
    #[serde(default = "ten_seconds")]
    pub timeout: Period,
}

fn ten_seconds() -> Period {
    Period::seconds(10)
}

impl Settings {
    /// Returns who may make an account: never [`SignUp::Auto`].
    ///
    /// A proxy brings the world to a loopback address, so behind one nobody may unless it is said.
    pub fn sign_up(&self) -> SignUp {
        match self.signup {
            SignUp::Auto if self.is_local() => SignUp::Open,
            SignUp::Auto => SignUp::Closed,
            said @ (SignUp::Open | SignUp::Invite | SignUp::Closed) => said,
        }
    }

    /// Returns true when only this machine can reach the server.
    pub fn is_local(&self) -> bool {
        self.listen.ip().is_loopback() && self.behind_proxy.trusted.is_empty()
    }
}

impl Tls {
    /// Returns the files of the certificate and of its key, if there is TLS.
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.cert.as_deref().zip(self.key.as_deref())
    }
}
