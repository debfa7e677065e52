//! The keys of the servers somebody logged in to: `$XDG_CONFIG_HOME/logan/credentials.toml`, for its owner alone.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use toml::{Table, Value};

use super::{Address, ClientError};

/// Most bytes of a file that is read.
const MOST_BYTES: u64 = 1 << 20;
const HEAD: &str =
    "# Written by `logan login`; `logan logout` removes entries. Whoever can read this can act as you.\n";

/// What is stored of a server.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The key that sends logs.
    pub push: Option<SecretString>,
    /// The key that asks questions.
    pub query: Option<SecretString>,
    /// The id of the org the keys belong to, where it is known.
    pub org: Option<String>,
    /// What the org is called.
    pub org_name: Option<String>,
    /// Who logged in.
    pub email: Option<String>,
}

/// The credentials file.
#[derive(Debug)]
pub struct Credentials {
    path: PathBuf,
    servers: BTreeMap<Address, Login>,
}

impl Credentials {
    /// Reads the file; one that is not there holds nothing.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, or it is not what was written.
    pub fn read(path: &Path) -> Result<Credentials, ClientError> {
        let failed = |source| ClientError::File { path: path.to_owned(), doing: "could not be read", source };
        let wrong = |reason: String| ClientError::Content { path: path.to_owned(), reason };
        let mut credentials = Credentials { path: path.to_owned(), servers: BTreeMap::new() };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(credentials),
            Err(error) => return Err(failed(error)),
        };
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(wrong(format!("others may read it: run `chmod 600 {}`", path.display())));
        }
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
        // The parser's own message shows the line, and with it the key.
        let table: Table = text.parse().map_err(|_| wrong("it is no TOML".to_owned()))?;
        for (name, value) in table.get("servers").and_then(Value::as_table).into_iter().flatten() {
            let server = value.as_table().ok_or_else(|| wrong(format!("servers.{name} is no table")))?;
            let text = |key: &str| server.get(key).and_then(Value::as_str).map(str::to_owned);
            let login = Login {
                push: text("push").map(SecretString::from),
                query: text("query").map(SecretString::from),
                org: text("org"),
                org_name: text("org_name"),
                email: text("email"),
            };
            credentials.servers.insert(Address::new(name)?, login);
        }
        Ok(credentials)
    }

    /// Returns what is stored of a server.
    pub fn get(&self, address: &Address) -> Option<&Login> {
        self.servers.get(address)
    }

    /// Returns the only server there is something stored of.
    pub fn only(&self) -> Option<&Address> {
        let mut servers = self.servers.keys();
        servers.next().filter(|_| servers.next().is_none())
    }

    /// Stores what is known of a server and returns what was stored before.
    pub fn set(&mut self, address: Address, login: Login) -> Option<Login> {
        self.servers.insert(address, login)
    }

    /// Forgets a server and returns what was stored.
    pub fn remove(&mut self, address: &Address) -> Option<Login> {
        self.servers.remove(address)
    }

    /// Writes the file anew: whole or not at all, readable for its owner alone at every moment.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<(), ClientError> {
        let failed = |source| ClientError::File { path: self.path.clone(), doing: "could not be written", source };
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let new = self.path.with_extension(format!("toml.{}", std::process::id()));
        let write = || -> io::Result<()> {
            // One that a killed run left may be anybody's.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(self.text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        };
        write().map_err(failed)
    }

    fn text(&self) -> String {
        let secret = |secret: &Option<SecretString>| secret.as_ref().map(|key| key.expose_secret().to_owned());
        let mut servers = Table::new();
        for (address, login) in &self.servers {
            let values = [
                ("push", secret(&login.push)),
                ("query", secret(&login.query)),
                ("org", login.org.clone()),
                ("org_name", login.org_name.clone()),
                ("email", login.email.clone()),
            ];
            let values = values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?))));
            servers.insert(address.as_str().to_owned(), Value::Table(values.collect()));
        }
        let mut whole = Table::new();
        whole.insert("servers".to_owned(), Value::Table(servers));
        format!("{HEAD}{whole}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/logan/credentials.toml");
        let address = Address::new("https://logs.example.org").expect("an address");
        let mut credentials = Credentials::read(&path).expect("none is there");
        assert!(credentials.only().is_none());
        let key = SecretString::from("lgn_a_b".to_owned());
        let login = Login { push: Some(key), email: Some("a\"b@c".to_owned()), ..Login::default() };
        assert!(credentials.set(address.clone(), login).is_none());
        credentials.write().expect("it is written");
        credentials.write().expect("it is written over");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        let mut again = Credentials::read(&path).expect("it is read");
        assert_eq!(again.only(), Some(&address));
        let login = again.remove(&address).expect("it is there");
        assert_eq!(login.push.expect("a key").expose_secret(), "lgn_a_b");
        assert_eq!((login.query.is_none(), login.email.as_deref()), (true, Some("a\"b@c")));
        assert!(!format!("{credentials:?}").contains("lgn_a_b"));
    }

    #[test]
    fn a_file_others_can_read_or_that_is_broken_is_refused_without_telling_its_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("c.toml");
        fs::write(&path, "servers = lgn_secret").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        let error = Credentials::read(&path).expect_err("others may read it");
        assert!(error.to_string().contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        let error = Credentials::read(&path).expect_err("it is broken");
        assert!(!format!("{error} {error:?}").contains("lgn_secret"), "{error:?}");
    }
}
