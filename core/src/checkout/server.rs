//! [`Server`]: a PostgreSQL server, as its URL names it.

use std::path::{Path, PathBuf};

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
    let url = Url::parse(&with_host(text)).map_err(|_| refuse("is not a URL"))?;
    if url.fragment().is_some() {
        return Err(refuse("has a #, which is written %23"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let mut server = Server {
        // Brackets stand around a number with colons in a URL only.
        host: percent_decoded(host.trim_start_matches('[').trim_end_matches(']'))?,
        port: url.port().unwrap_or(5432),
        user: percent_decoded(url.username())?,
        password: url.password().map(percent_decoded).transpose()?.map(Zeroizing::new),
        database: percent_decoded(url.path().trim_start_matches('/'))?,
        ssl_mode: SslMode::default(),
        ssl_root_cert: None,
        listen: None,
    };
    // Not as a form's, where a plus is a space.
    for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        server.take(&percent_decoded(name)?, &percent_decoded(value)?)?;
    }
    if server.user.is_empty() {
        return Err(refuse("names no user"));
    }
    if server.database.is_empty() {
        server.database.clone_from(&server.user);
    }
    server.check()?;
    Ok(server)
}

/// `user@/database` and `user@:5432/database` name no host, which is right where a parameter does: libpq takes it, and no URL
/// parser.
fn with_host(text: &str) -> String {
    let begin = text.find("://").map_or(text.len(), |at| at + 3);
    let (scheme, rest) = text.split_at(begin);
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((user, port)) if port.is_empty() || port.starts_with(':') => {
            format!("{scheme}{user}@localhost{port}{path}")
        }
        _ => text.to_owned(),
    }
}

impl Server {
    fn check(&mut self) -> Result<(), Error> {
        // As in libpq: whoever names an authority wants it to be asked. `system` are the public ones, who sign for anybody's
        // host: it must be ours, whatever sslmode says before or after.
        if self.ssl_root_cert.as_deref() == Some(Path::new("system")) {
            (self.ssl_root_cert, self.ssl_mode) = (None, SslMode::VerifyFull);
        }
        if self.ssl_mode == SslMode::Require && self.ssl_root_cert.is_some() {
            self.ssl_mode = SslMode::VerifyCa;
        }
        if self.host.contains(',') {
            return Err(
                refuse("names several hosts").with_hint("name one, or a proxy that knows which one takes writes")
            );
        }
        if [&self.host, &self.user, &self.database].iter().any(|text| text.contains('\0')) {
            return Err(refuse("holds a NUL"));
        }
        Ok(())
    }

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
            "application_name" | "connect_timeout" | "channel_binding" | "pgbouncer" | "connection_limit" => {}
            "schema" if value == "public" => {}
            "schema" => {
                let hint = "tables are made in the role's search_path: ALTER ROLE … SET search_path";
                return Err(refuse("names a schema").with_hint(hint));
            }
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
