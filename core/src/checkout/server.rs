//! [`Server`]: a PostgreSQL server, as its URL names it.

use std::path::PathBuf;

use url::Url;
use zeroize::Zeroizing;

use super::url::{percent_decoded, refuse};
use crate::error::Error;

/// A PostgreSQL server and what to say to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Option<Zeroizing<String>>,
    pub(crate) database: String,
    pub(crate) ssl_mode: SslMode,
    pub(crate) ssl_root_cert: Option<PathBuf>,
    /// A direct connection, for LISTEN.
    pub(crate) listen: Option<Box<Server>>,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SslMode {
    Disable,
    Allow,
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Reads `postgres://user:password@host:port/database?sslmode=…` as libpq does.
pub(super) fn parse(text: &str) -> Result<Server, Error> {
    let url = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
    let mut server = Server {
        host: percent_decoded(url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost"))?,
        port: url.port().unwrap_or(5432),
        user: percent_decoded(url.username())?,
        password: url.password().map(percent_decoded).transpose()?.map(Zeroizing::new),
        database: percent_decoded(url.path().trim_start_matches('/'))?,
        ssl_mode: SslMode::default(),
        ssl_root_cert: None,
        listen: None,
    };
    for (name, value) in url.query_pairs() {
        server.take(&name, &value)?;
    }
    if server.user.is_empty() {
        return Err(refuse("names no user"));
    }
    if server.database.is_empty() {
        server.database.clone_from(&server.user);
    }
    Ok(server)
}

impl Server {
    /// One parameter of the URL, as libpq reads it.
    fn take(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "sslmode" | "ssl-mode" => self.ssl_mode = SslMode::parse(value)?,
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => self.ssl_root_cert = Some(PathBuf::from(value)),
            "host" | "hostaddr" => value.clone_into(&mut self.host),
            "port" => self.port = value.parse().map_err(|_| refuse("has a port that is no number"))?,
            "user" => value.clone_into(&mut self.user),
            "password" => self.password = Some(Zeroizing::new(value.to_owned())),
            "dbname" => value.clone_into(&mut self.database),
            // Written by frameworks and hosts, and of no meaning here.
            "application_name" | "connect_timeout" | "channel_binding" | "pgbouncer" | "schema"
            | "connection_limit" => {}
            _ => return Err(refuse("has a parameter that is not known here").with_hint(known_parameters())),
        }
        Ok(())
    }
}

fn known_parameters() -> &'static str {
    "known are sslmode, sslrootcert, host, port, user, password and dbname"
}

impl SslMode {
    fn parse(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                let hint = "sslmode is disable, allow, prefer, require, verify-ca or verify-full";
                return Err(refuse("has an sslmode that does not exist").with_hint(hint));
            }
        })
    }
}
