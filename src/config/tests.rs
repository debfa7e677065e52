//! From sources to settings, as a whole.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;

/// What settings are built from in a test: files by content, variables and flags.
#[derive(Default)]
struct Given<'a> {
    files: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    flags: Vec<Flag>,
}

/// Builds settings; the files are called `$0`, `$1`, … in what is returned.
fn check(given: &Given<'_>, show: impl Fn(&Loaded) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |index: usize| folder.path().join(index.to_string());
    for (index, content) in given.files.iter().enumerate() {
        fs::write(path(index), content.replace("$TMP", folder.path().to_str().unwrap())).unwrap();
        fs::set_permissions(path(index), Permissions::from_mode(0o600)).unwrap();
    }
    let variable =
        |(name, value): &(&str, &str)| ((*name).to_owned(), value.replace("$TMP", folder.path().to_str().unwrap()));
    let sources = Sources {
        files: (0..given.files.len()).map(|index| SourceFile { path: path(index), is_asked: true }).collect(),
        variables: given.variables.iter().map(variable).collect(),
        other_variables: vec!["LOGAN_DB".to_owned()],
        flags: given.flags.clone(),
    };
    let shown = match load(&sources) {
        Ok(loaded) => show(&loaded),
        Err(error) => error.to_string(),
    };
    shown.replace(&format!("{}/", folder.path().display()), "$")
}

/// Returns the settings that are not defaults.
fn set(loaded: &Loaded) -> String {
    let mut text = String::new();
    for Shown { key, value, origin } in loaded.values() {
        if origin != Origin::Default {
            _ = write!(text, "{key}={value} ({origin}); ");
        }
    }
    text.trim_end_matches("; ").to_owned()
}

fn of_files(files: &[&str]) -> String {
    check(&Given { files, ..Given::default() }, set)
}

fn of_variables(variables: &[(&str, &str)]) -> String {
    check(&Given { variables, ..Given::default() }, set)
}

#[test]
fn without_sources_everything_is_a_default_and_goes_together() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(set(&loaded), "");
    assert_eq!(loaded.settings.listen.to_string(), "127.0.0.1:7171");
    assert_eq!(loaded.settings.sign_up(), SignUp::Open);
}

#[test]
fn a_stronger_place_wins_value_by_value() {
    let given = Given {
        files: &[
            "[limits]\nfields = 1\nline = '1KiB'\nbody = '1MiB'\ndepth = 1",
            "[limits]\nfields = 2\nline = '2KiB'\nbody = '2MiB'",
        ],
        variables: &[("LOGAN_LIMITS__FIELDS", "3"), ("LOGAN_LIMITS__LINE", "3KiB"), ("LOGAN_LISTEN", "127.0.0.1:1")],
        flags: vec![Flag { name: "--listen", key: "listen", value: FlagValue::Text("127.0.0.1:2".into()) }],
    };
    assert_eq!(
        check(&given, set),
        "limits.body=\"2MiB\" ($1); limits.depth=1 ($0); limits.fields=3 (LOGAN_LIMITS__FIELDS); \
         limits.line=\"3KiB\" (LOGAN_LIMITS__LINE); listen=\"127.0.0.1:2\" (--listen)"
    );
}

#[test]
fn lists_are_replaced_as_a_whole() {
    let files = ["behind_proxy.trusted = ['10.0.0.0/8', '::1']", "behind_proxy.trusted = ['192.168.0.0/16']"];
    assert_eq!(of_files(&files), "behind_proxy.trusted=[\"192.168.0.0/16\"] ($1)");
}

#[test]
fn unknown_keys_name_the_place_and_the_key() {
    for (file, expected) in [
        ("[limits]\nbdy = '1MiB'", "$0: there is no setting limits.bdy"),
        ("[limit]\nbody = '1MiB'", "$0: there is no setting limit"),
        ("[[syslog]]\nport = 1", "$0: there is no setting syslog[0].port"),
    ] {
        assert_eq!(of_files(&[file]), expected, "{file}");
    }
    for (name, expected) in [
        ("LOGAN_LIMITS_BODY", "LOGAN_LIMITS_BODY: there is no setting limits_body"),
        ("LOGAN_LIMITS", "LOGAN_LIMITS: there is no setting limits"),
        ("LOGAN_Listen", "LOGAN_Listen: there is no setting listen"),
        ("LOGAN_LIMITS.BODY", "LOGAN_LIMITS.BODY: there is no setting limits.body"),
    ] {
        assert_eq!(of_variables(&[(name, "1")]), expected, "{name}");
    }
}

#[test]
fn variables_of_others_and_empty_ones_are_passed_over() {
    let variables = [
        ("LOGAN_DB", "x.db"),
        ("PATH", "/bin"),
        ("LOGAN_LISTEN", ""),
        ("LOGAN_PORT", "tcp://10.0.0.1:7171"),
        ("LOGAN_PORT_7171_TCP_ADDR", "10.0.0.1"),
        ("LOGAN_SERVICE_HOST", "10.0.0.1"),
        ("LOGAN_SERVICE_PORT_HTTP", "7171"),
    ];
    assert_eq!(of_variables(&variables), "");
}

#[test]
fn a_wrong_value_names_its_place_its_key_and_what_is_expected() {
    let size = "a size above zero with its unit, such as 64MiB";
    for (file, expected) in [
        ("limits.body = 'lots'", format!("$0: limits.body must be {size}, not \"lots\"")),
        ("limits.body = 1048576", "$0: limits.body must be text such as \"64MiB\"".into()),
        ("limits.fields = 2.5", "$0: limits.fields must be a whole number from 1 to 4294967295".into()),
        ("limits.fields = true", "$0: limits.fields must be a whole number from 1 to 4294967295".into()),
        ("limits.connections = 0", "$0: limits.connections must be a whole number from 1 to 4294967295".into()),
        ("insecure = 'yes'", "$0: insecure must be true or false".into()),
        ("listen = 'localhost'", "$0: listen must be an address and a port, such as 127.0.0.1:7171 or [::1]:7171, not \"localhost\"".into()),
        ("signup = 'opne'", "$0: signup must be one of auto, open, invite, closed, not \"opne\"".into()),
        ("query.time = '10'", "$0: query.time must be a length of time above zero with its unit, such as 10s, 15m or 1h30m, not \"10\"".into()),
        ("behind_proxy.trusted = ['10.0.0.0/33']", "$0: behind_proxy.trusted must be networks such as 10.0.0.0/8 or fd00::/8, not [\"10.0.0.0/33\"]".into()),
        ("behind_proxy.trusted = '10.0.0.0/8'", "$0: behind_proxy.trusted must be a list such as [\"10.0.0.0/8\"]".into()),
        ("[[syslog]]\nprotocol = 'tcp'\norg = '01ARZ3NDEKTSV4RRFFQ69G5FAV'", "$0: syslog[0].listen must be there".into()),
        ("[[syslog]]\nlisten = '127.0.0.1:1'\nprotocol = 'tcp'\norg = 'shop'", "$0: syslog[0].org must be the id of an org, 26 characters such as 01ARZ3NDEKTSV4RRFFQ69G5FAV, not \"shop\"".into()),
        ("delivery.ports = [443, 70000]", "$0: delivery.ports[1] must be an unsigned 16 bit integer, not 70000".into()),
        ("smtp.password = 5", "$0: smtp.password must be text in quotes".into()),
        ("log = 'info'", "$0: log must be a table with keys of format, level".into()),
        ("data = 2026-01-01", "$0: data must be text such as \"./logan-data\"".into()),
        ("a = 1\nb c = 2", "$0:2:3: key with no value, expected `=`".into()),
    ] {
        assert_eq!(of_files(&[file]), expected, "{file}");
    }
    for (name, value, expected) in [
        ("LOGAN_LIMITS__BODY", "lots", format!("LOGAN_LIMITS__BODY: limits.body must be {size}, not \"lots\"")),
        (
            "LOGAN_LIMITS__FIELDS",
            "-1",
            "LOGAN_LIMITS__FIELDS: limits.fields must be a whole number from 1 to 4294967295, not \"-1\"".into(),
        ),
        ("LOGAN_INSECURE", "on", "LOGAN_INSECURE: insecure must be true or false, not \"on\"".into()),
    ] {
        assert_eq!(of_variables(&[(name, value)]), expected, "{name}");
    }
}

#[test]
fn a_file_that_was_asked_for_must_be_there_and_others_need_not() {
    let file = |is_asked| SourceFile { path: PathBuf::from("/nonexistent/logan.toml"), is_asked };
    let read = |is_asked| load(&Sources { files: vec![file(is_asked)], ..Sources::default() });
    assert!(read(false).is_ok());
    let error = read(true).unwrap_err();
    assert!(
        matches!(&error, ConfigError::Read { path, .. } if path == Path::new("/nonexistent/logan.toml")),
        "{error}"
    );
}

fn mail(password: &str) -> String {
    format!("[smtp]\nhost = 'mail.example.org'\nfrom = 'a@example.org'\nuser = 'a'\n{password}")
}

#[test]
fn a_secret_comes_from_the_stronger_place_in_whichever_form() {
    let password = |loaded: &Loaded| {
        let secret = loaded.settings.smtp.password.as_ref().map_or("none", Secret::expose).to_owned();
        assert!(!format!("{loaded:?}").contains(&secret), "a secret is shown by Debug");
        assert!(!set(loaded).contains(&secret), "a secret is shown");
        format!("{secret} ({})", loaded.origin("smtp.password"))
    };
    let inline = mail("password = 'inline secret'");
    let from_file = mail("password_file = '$TMP/2'");
    let secret = "secret of a file\n";
    for (files, variables, expected) in [
        ([&inline, "", secret], [("", ""); 1], "inline secret ($0)"),
        ([&from_file, "", secret], [("", "")], "secret of a file ($2)"),
        ([&inline, "smtp.password_file = '$TMP/2'", secret], [("", "")], "secret of a file ($2)"),
        ([&from_file, "smtp.password = 'later'", secret], [("", "")], "later ($1)"),
        ([&inline, "", secret], [("LOGAN_SMTP__PASSWORD_FILE", "$TMP/2")], "secret of a file ($2)"),
        ([&from_file, "", secret], [("LOGAN_SMTP__PASSWORD", "variable")], "variable (LOGAN_SMTP__PASSWORD)"),
    ] {
        let files = &files[..if files[1].is_empty() { 1 } else { 2 }];
        let folder = tempfile::tempdir().unwrap();
        let held = folder.path().join("2");
        fs::write(&held, secret).unwrap();
        fs::set_permissions(&held, Permissions::from_mode(0o600)).unwrap();
        let place = |text: &str| text.replace("$TMP", folder.path().to_str().unwrap());
        let files: Vec<String> = files.iter().map(|file| place(file)).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let value = place(variables[0].1);
        let variables = [(variables[0].0, value.as_str())];
        let seen = check(&Given { files: &files, variables: &variables, ..Given::default() }, password);
        assert_eq!(seen.replace(&format!("{}/", folder.path().display()), "$"), expected, "{files:?} {variables:?}");
    }
}

#[test]
fn both_forms_of_a_secret_in_one_place_are_refused() {
    let file = mail("password = 'a'\npassword_file = '/b'");
    assert_eq!(of_files(&[&file]), "$0: smtp.password and smtp.password_file say the same thing twice");
}

#[test]
fn files_with_secrets_must_be_private_and_others_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logan.toml");
    let read = |content: &str, mode: u32| {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        load(&Sources { files: vec![SourceFile { path: path.clone(), is_asked: true }], ..Sources::default() })
    };
    assert!(read("listen = '127.0.0.1:80'", 0o644).is_ok());
    assert!(read(&mail("password = 'a'"), 0o600).is_ok());
    let error = read(&mail("password = 'a'"), 0o644).unwrap_err();
    assert!(matches!(error, ConfigError::NotPrivate { mode: 0o644, .. }), "{error}");
}

#[test]
fn channels_read_their_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hook");
    fs::write(&path, "signed").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let file = format!(
        "[[channels]]\norg = '01ARZ3NDEKTSV4RRFFQ69G5FAV'\nname = 'ops'\nkind = 'webhook'\nurl = 'https://example.org'\n\
         secret_file = '{}'",
        path.display()
    );
    let secret = |loaded: &Loaded| loaded.settings.channels[0].secret.as_ref().unwrap().expose().to_owned();
    assert_eq!(check(&Given { files: &[&file], ..Given::default() }, secret), "signed");
}

const TLS: &str = "tls.cert = '/c'\ntls.key = '/k'\n";
const PROXY: &str = "behind_proxy.trusted = ['10.0.0.0/8']\n";

#[test]
fn only_safe_servers_listen_beyond_this_machine() {
    let beyond = "listen = '0.0.0.0:80'\n";
    let refused = "listen ($0): 0.0.0.0:80 can be reached from other machines, and there is no TLS";
    assert_eq!(of_files(&[beyond]), refused);
    assert!(of_files(&["listen = '[::]:80'"]).starts_with("listen ($0): [::]:80 can be reached"));
    for safe in [TLS, PROXY, "insecure = true\n"] {
        let seen = of_files(&[&format!("{beyond}{safe}")]);
        assert!(seen.contains("listen=\"0.0.0.0:80\" ($0)"), "{seen}");
    }
    assert!(of_files(&["listen = '[::1]:80'"]).starts_with("listen="));
}

#[test]
fn the_other_listeners_leave_this_machine_only_when_it_is_meant() {
    let listener = "[[syslog]]\norg = '01ARZ3NDEKTSV4RRFFQ69G5FAV'\nlisten = '0.0.0.0:514'\nprotocol = 'udp'\n";
    let ops = "ops_listen = '[::]:7172'\n";
    // TLS and proxies are `listen`'s: they do nothing for these.
    for safe in ["", TLS] {
        assert!(
            of_files(&[&format!("{ops}{safe}")]).starts_with("ops_listen ($0): [::]:7172 can be reached"),
            "{safe}"
        );
        let syslog = of_files(&[&format!("{safe}{listener}")]);
        assert!(syslog.starts_with("syslog[0].listen ($0): 0.0.0.0:514 can be reached"), "{syslog}");
    }
    for meant in [format!("{ops}ops_insecure = true"), format!("{ops}insecure = true")] {
        assert!(of_files(&[&meant]).contains("ops_listen=\"[::]:7172\""), "{meant}");
    }
    for meant in [format!("{listener}insecure = true"), format!("insecure = true\n{listener}")] {
        assert!(of_files(&[&meant]).contains("syslog="), "{meant}");
    }
}

#[test]
fn anybody_may_sign_up_only_where_only_this_machine_gets_in() {
    for (file, expected) in [
        ("", SignUp::Open),
        (PROXY, SignUp::Closed),
        (TLS, SignUp::Open),
        ("listen = '0.0.0.0:80'\ninsecure = true", SignUp::Closed),
        ("listen = '0.0.0.0:80'\ninsecure = true\nsignup = 'open'", SignUp::Open),
        ("signup = 'invite'", SignUp::Invite),
    ] {
        let given = Given { files: &[file], ..Given::default() };
        assert_eq!(check(&given, |loaded| loaded.settings.sign_up().to_string()), expected.name(), "{file}");
    }
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    let org = "org = '01ARZ3NDEKTSV4RRFFQ69G5FAV'";
    let listener = format!("[[syslog]]\n{org}\nlisten = '127.0.0.1:514'\nprotocol = 'udp'\n");
    let rule = format!("[[rules]]\n{org}\nname = 'a'\n");
    let channel = format!("[[channels]]\n{org}\nname = 'a'\n");
    let other_protocol = listener.replace("udp", "tcp");
    assert!(of_files(&[&format!("{listener}{other_protocol}")]).starts_with("syslog="));
    for (file, expected) in [
        ("tls.cert = '/c'".to_owned(), "tls.cert ($0): a certificate needs its key"),
        ("tls.key = '/k'".into(), "tls.key ($0): a key needs its certificate"),
        ("behind_proxy.trusted = ['::/0']".into(), "behind_proxy.trusted ($0): ::/0 is everybody"),
        ("ops_listen = '127.0.0.1:7171'".into(), "ops_listen ($0): is the address of `listen` as well"),
        (format!("{listener}{listener}"), "syslog[1].listen ($0): two listeners share"),
        ("limits.line = '65MiB'".into(), "limits.line ($0): is above limits.body"),
        ("limits.body = '65MiB'".into(), "limits.body ($0): is above limits.queue"),
        ("limits.queue = '1GiB'".into(), "limits.queue ($0): is above limits.memory"),
        ("limits.body_idle = '2m'".into(), "limits.body_idle ($0): is above limits.body_total"),
        ("limits.connections = 99".into(), "limits.connections_per_address (default): is above limits.connections"),
        ("auth.access = '2d'".into(), "auth.access ($0): is above auth.refresh_idle"),
        ("auth.refresh_idle = '15d'".into(), "auth.refresh_idle ($0): is above auth.refresh_absolute"),
        ("auth.issuer = ''".into(), "auth.issuer ($0): must have 1 to 128 bytes"),
        (format!("auth.audience = '{}'", "x".repeat(129)), "auth.audience ($0): must have 1 to 128 bytes"),
        ("smtp.host = 'a'".into(), "smtp.host ($0): mail needs a sender"),
        ("smtp.user = 'a'".into(), "smtp.user ($0): has no password"),
        ("smtp.password = 'a'".into(), "smtp.password ($0): belongs to no user"),
        (mail("password = 'a'\ntls = 'none'"), "smtp.tls ($0): the password would be sent in the clear"),
        ("[[commands]]\nname = 'a'\nargv = ['page']".into(), "commands[0].argv ($0): does not begin with"),
        ("[[commands]]\nname = 'a'\nargv = []".into(), "commands[0].argv ($0): does not begin with"),
        ("[[commands]]\nname = 'a'\nargv = ['/a']\n".repeat(2), "commands[1].name ($0): is taken"),
        (format!("{channel}kind = 'slack'"), "channels[0].url ($0): is needed"),
        (format!("{channel}kind = 'mail'"), "channels[0].to ($0): is needed"),
        (format!("{channel}kind = 'mail'\nto = ['a@b']"), "channels[0].kind ($0): there is no mail server"),
        (format!("{rule}kind = 'threshold'"), "rules[0].above ($0): the rule has no bound"),
        (format!("{rule}kind = 'ratio'\nabove = 0.5"), "rules[0].of ($0): is needed"),
        (format!("{rule}kind = 'absence'\n").repeat(2), "rules[1].name ($0): is taken"),
        (format!("{rule}kind = 'absence'\ncommands = ['x']"), "rules[0].commands ($0): no command is called x"),
    ] {
        let seen = of_files(&[&file]);
        assert!(seen.starts_with(expected), "{file}\n{seen}");
    }
}
