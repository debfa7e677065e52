//! Values that must go together. Each rule names the key that would have to change, and what to do.

use std::collections::BTreeSet;

use super::{ChannelKind, ConfigError, Loaded, RuleKind, Settings, SmtpTls};

/// A broken rule: the key, what is wrong, what to do.
type Broken = (String, String, &'static str);

/// Asks every rule; the first that is broken is the error.
pub fn check(loaded: &Loaded) -> Result<(), ConfigError> {
    let rules: [fn(&Settings) -> Option<Broken>; 12] = [
        tls,
        exposure,
        ops_exposure,
        syslog_exposure,
        proxies,
        listeners,
        limits,
        sessions,
        mail,
        commands,
        channels,
        alerts,
    ];
    match rules.iter().find_map(|rule| rule(&loaded.settings)) {
        None => Ok(()),
        Some((key, problem, hint)) => {
            let setting = key.split('[').next().unwrap_or(&key);
            let origin = loaded.origin(setting).clone();
            Err(ConfigError::Rule { origin, key, problem, hint: hint.to_owned() })
        }
    }
}

fn broken(key: &str, problem: impl Into<String>, hint: &'static str) -> Option<Broken> {
    Some((key.to_owned(), problem.into(), hint))
}

fn tls(settings: &Settings) -> Option<Broken> {
    match (&settings.tls.cert, &settings.tls.key) {
        (Some(_), None) => broken("tls.cert", "a certificate needs its key", "set tls.key or --tls-key"),
        (None, Some(_)) => broken("tls.key", "a key needs its certificate", "set tls.cert or --tls-cert"),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// Without TLS only this machine, or proxies that are named, may be in reach.
fn exposure(settings: &Settings) -> Option<Broken> {
    let is_safe = settings.listen.ip().is_loopback()
        || settings.tls.files().is_some()
        || !settings.behind_proxy.trusted.is_empty()
        || settings.insecure;
    if is_safe {
        return None;
    }
    let problem = format!("{} can be reached from other machines, and there is no TLS", settings.listen);
    let hint = "give --tls-cert and --tls-key, or --behind-proxy CIDR when a proxy does TLS, or --insecure";
    broken("listen", problem, hint)
}

/// The operator's endpoints have neither TLS nor accounts, whatever `listen` has.
fn ops_exposure(settings: &Settings) -> Option<Broken> {
    if settings.ops_listen.ip().is_loopback() || settings.ops_insecure || settings.insecure {
        return None;
    }
    let problem = format!("{} can be reached from other machines, and asks nobody who they are", settings.ops_listen);
    broken("ops_listen", problem, "set ops_insecure = true when only the operator's machines reach it")
}

/// Syslog is plain by its nature: who listens to other machines says that they mean it.
fn syslog_exposure(settings: &Settings) -> Option<Broken> {
    let is_open = |syslog: &super::Syslog| !syslog.listen.ip().is_loopback() && !syslog.insecure;
    let place = settings.syslog.iter().position(is_open).filter(|_| !settings.insecure)?;
    let listen = settings.syslog[place].listen;
    let problem = format!("{listen} can be reached from other machines, and syslog has neither TLS nor passwords");
    let hint = "set insecure = true in this [[syslog]] when only machines that may write reach it";
    broken(&format!("syslog[{place}].listen"), problem, hint)
}

fn proxies(settings: &Settings) -> Option<Broken> {
    let all = settings.behind_proxy.trusted.iter().find(|network| network.prefix_len() == 0)?;
    let problem = format!("{all} is everybody, and anybody could then claim to come from any address");
    broken("behind_proxy.trusted", problem, "name the networks of the proxies alone")
}

fn listeners(settings: &Settings) -> Option<Broken> {
    // Port 0 asks the system for a free one each time.
    if settings.listen == settings.ops_listen && settings.listen.port() != 0 {
        return broken("ops_listen", "is the address of `listen` as well", "give each a port of its own");
    }
    let mut taken = BTreeSet::new();
    let twice = settings
        .syslog
        .iter()
        .position(|syslog| syslog.listen.port() != 0 && !taken.insert((syslog.listen, syslog.protocol.name())))?;
    let hint = "a listener belongs to one org; give each a port of its own";
    broken(&format!("syslog[{twice}].listen"), "two listeners share an address and protocol", hint)
}

/// Asks that the lesser of two values is not above the greater.
fn limits(settings: &Settings) -> Option<Broken> {
    let limits = &settings.limits;
    let pairs = [
        ("limits.line", limits.line <= limits.body, "limits.body: a line that long fits no body"),
        ("limits.body", limits.body <= limits.queue, "limits.queue: a body that long could never be queued"),
        ("limits.queue", limits.queue <= limits.memory, "limits.memory: a full queue would not fit"),
        ("limits.body_idle", limits.body_idle <= limits.body_total, "limits.body_total"),
        (
            "limits.connections_per_address",
            limits.connections_per_address <= limits.connections,
            "limits.connections: one address could not have them",
        ),
    ];
    let (key, _, above) = pairs.iter().find(|(_, fits, _)| !fits)?;
    broken(key, format!("is above {above}"), "lower the one or raise the other")
}

fn sessions(settings: &Settings) -> Option<Broken> {
    let auth = &settings.auth;
    if auth.access > auth.refresh_idle {
        return broken("auth.access", "is above auth.refresh_idle", "an access token must end before its session");
    }
    if auth.refresh_idle > auth.refresh_absolute {
        return broken("auth.refresh_idle", "is above auth.refresh_absolute", "lower the one or raise the other");
    }
    let names = [("auth.issuer", &auth.issuer), ("auth.audience", &auth.audience)];
    let is_wrong = |name: &str| name.is_empty() || name.len() > 128;
    let (key, _) = names.iter().find(|(_, name)| is_wrong(name))?;
    broken(key, "must have 1 to 128 bytes", "it stands in every access token")
}

fn mail(settings: &Settings) -> Option<Broken> {
    let smtp = &settings.smtp;
    if smtp.host.is_some() && smtp.from.is_none() {
        return broken("smtp.host", "mail needs a sender", "set smtp.from");
    }
    match (&smtp.user, &smtp.password) {
        (Some(_), None) => return broken("smtp.user", "has no password", "set smtp.password_file"),
        (None, Some(_)) => return broken("smtp.password", "belongs to no user", "set smtp.user"),
        (Some(_), Some(_)) | (None, None) => {}
    }
    if smtp.password.is_some() && smtp.tls == SmtpTls::None && !settings.insecure {
        return broken("smtp.tls", "the password would be sent in the clear", "use starttls or implicit");
    }
    None
}

/// Returns the place of the first value that stands earlier as well.
fn first_twice<T: Ord>(values: impl Iterator<Item = T>) -> Option<usize> {
    let mut seen = BTreeSet::new();
    values.enumerate().find_map(|(place, value)| (!seen.insert(value)).then_some(place))
}

fn commands(settings: &Settings) -> Option<Broken> {
    let commands = &settings.commands;
    if let Some(place) = first_twice(commands.iter().map(|command| &command.name)) {
        return broken(&format!("commands[{place}].name"), "is taken", "give each command a name of its own");
    }
    let is_relative = |program: &String| !program.starts_with('/');
    let place = commands.iter().position(|command| command.argv.first().is_none_or(is_relative))?;
    let hint = "write the program with its absolute path, then its arguments: [\"/usr/local/bin/page\", \"now\"]";
    broken(&format!("commands[{place}].argv"), "does not begin with the absolute path of a program", hint)
}

fn channels(settings: &Settings) -> Option<Broken> {
    if let Some(place) = first_twice(settings.channels.iter().map(|channel| (channel.org, &channel.name))) {
        return broken(&format!("channels[{place}].name"), "is taken", "give each channel of an org a name of its own");
    }
    settings.channels.iter().enumerate().find_map(|(place, channel)| {
        let key = |name: &str| format!("channels[{place}].{name}");
        match channel.kind {
            ChannelKind::Webhook | ChannelKind::Slack if channel.url.is_none() => {
                broken(&key("url"), "is needed", "say where the alert is posted")
            }
            ChannelKind::Mail if channel.to.is_empty() => broken(&key("to"), "is needed", "say who gets the mail"),
            ChannelKind::Mail if settings.smtp.host.is_none() => {
                broken(&key("kind"), "there is no mail server", "set smtp.host and smtp.from")
            }
            ChannelKind::Webhook | ChannelKind::Slack | ChannelKind::Mail => None,
        }
    })
}

/// The rules that alert.
fn alerts(settings: &Settings) -> Option<Broken> {
    if let Some(place) = first_twice(settings.rules.iter().map(|rule| (rule.org, &rule.name))) {
        return broken(&format!("rules[{place}].name"), "is taken", "give each rule of an org a name of its own");
    }
    settings.rules.iter().enumerate().find_map(|(place, rule)| {
        let key = |name: &str| format!("rules[{place}].{name}");
        let has_bound = rule.above.is_some() || rule.below.is_some();
        if matches!(rule.kind, RuleKind::Threshold | RuleKind::Ratio) && !has_bound {
            return broken(&key("above"), "the rule has no bound", "set above or below");
        }
        if rule.kind == RuleKind::Ratio && rule.of.is_none() {
            return broken(&key("of"), "is needed", "a ratio needs the filter of all entries");
        }
        let is_unknown = |name: &&String| !settings.commands.iter().any(|command| command.name == **name);
        let unknown = rule.commands.iter().find(is_unknown)?;
        broken(&key("commands"), format!("no command is called {unknown}"), "the commands stand under [[commands]]")
    })
}
