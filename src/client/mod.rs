//! The command line as a client of `logan serve`: the connection, the credentials, questions asked and logs pushed.
//!
//! Blocking, as all of the command line is. A question is answered in the same lines as `logan query -o json` prints
//! ([`answer`]); they become entries again ([`rebuilt`]), so that every output format is written by the code that
//! writes it for files. A push reads files as an import does, knows their contents by the same identity, and keeps a
//! journal of what the server acknowledged ([`journal`]), so that each line arrives once.
//!
//! Promises
//! - No secret is in an argument, a URL, a `Debug` output or an error.
//! - A key goes over a connection that others can read only when asked to (`--insecure`).
//! - What the journal says is acknowledged is on the server's disk.

pub mod answer;
pub mod connection;
pub mod credentials;
mod error;
pub mod journal;
pub mod login;
pub mod push;
pub mod rebuilt;
pub mod retry;
mod trust;

pub use connection::{Address, Connection, Transport};
pub use credentials::Credentials;
pub use error::{ClientError, Refusal};
