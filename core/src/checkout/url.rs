//! [`DatabaseUrl`]: where the checkout keeps its records. A URL is a secret: it is never printed.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;

#[cfg(feature = "postgres")]
use super::server::{self, Server};
use crate::error::{Error, ErrorCode};

/// A database URL, read. The same rules in three languages.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Box<Server>),
}

impl DatabaseUrl {
    /// Reads `sqlite:paymento.db`, `sqlite:///srv/shop/paymento.db`, `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// `config.database_url`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or_else(|| refuse("has no scheme"))?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => postgres(text),
            _ => Err(refuse("is for another kind of database")),
        }
    }

    /// The SQLite file.
    #[allow(clippy::unnecessary_wraps, reason = "with both databases there may be none")]
    pub(crate) fn file(&self) -> Option<&std::path::Path> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Some(path),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }

    /// With a direct connection for LISTEN.
    ///
    /// # Errors
    /// `config.database_url`: the text is no PostgreSQL URL, or the database is not PostgreSQL.
    pub(crate) fn listening_at(self, text: &str) -> Result<Self, Error> {
        #[cfg(feature = "postgres")]
        #[allow(irrefutable_let_patterns, reason = "with both databases there are two patterns")]
        if let (Self::Postgres(mut server), Self::Postgres(direct)) = (self, Self::parse(text)?) {
            server.listen = Some(direct);
            return Ok(Self::Postgres(server));
        }
        #[cfg(not(feature = "postgres"))]
        let _ = (self, Self::parse(text)?);
        Err(refuse("for listening must be PostgreSQL's, beside a PostgreSQL database"))
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(rest: &str) -> Result<DatabaseUrl, Error> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.contains('?') || path.contains('#') {
        return Err(refuse("has parameters, which SQLite's has not here"));
    }
    if path.is_empty() || path == "/" || path.contains(":memory:") {
        return Err(refuse("names no file").with_hint("write sqlite:paymento.db; what is kept in memory is lost"));
    }
    if rest.starts_with("//") && !path.starts_with('/') {
        return Err(refuse("has a host name")
            .with_hint("write sqlite:name.db for the working directory and sqlite:///srv/name.db for a whole path"));
    }
    let path = percent_decoded(path)?;
    if path.contains('\0') {
        return Err(refuse("names a file that cannot exist"));
    }
    Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str) -> Result<DatabaseUrl, Error> {
    Err(refuse("is SQLite's, which this build leaves out").with_hint("enable the feature `sqlite`"))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str) -> Result<DatabaseUrl, Error> {
    Err(refuse("is PostgreSQL's, which this build leaves out").with_hint("enable the feature `postgres`"))
}

#[cfg(feature = "postgres")]
fn postgres(text: &str) -> Result<DatabaseUrl, Error> {
    server::parse(text).map(|server| DatabaseUrl::Postgres(Box::new(server)))
}

pub(super) fn percent_decoded(text: &str) -> Result<String, Error> {
    // A form decoder takes a plus for a space, which a path and a password may hold.
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
    decoded.filter(|text| !text.contains('\u{fffd}')).ok_or_else(|| refuse("is not UTF-8 text"))
}

/// Without the URL, which may hold a password.
pub(super) fn refuse(what: &str) -> Error {
    Error::new(ErrorCode::ConfigDatabaseUrl, format!("the database URL {what}"))
}

/// Without anything secret.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => write!(f, "postgres://{}:{}/{}", server.host, server.port, server.database),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "postgres")]
    use crate::checkout::server::SslMode;
    use std::path::PathBuf;

    fn refused(text: &str) -> Error {
        let error = DatabaseUrl::parse(text).expect_err(text);
        assert_eq!(error.code(), ErrorCode::ConfigDatabaseUrl, "{text}");
        error
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_file_is_named_relative_or_absolute() {
        for (text, path) in [
            ("sqlite:paymento.db", "paymento.db"),
            ("sqlite:data/pay+ment.db", "data/pay+ment.db"),
            ("sqlite:/srv/paymento.db", "/srv/paymento.db"),
            ("sqlite:///srv/my%20shop.db", "/srv/my shop.db"),
        ] {
            assert_eq!(DatabaseUrl::parse(text).expect(text), DatabaseUrl::Sqlite(PathBuf::from(path)));
        }
        for text in ["sqlite:", "sqlite::memory:", "sqlite://paymento.db", "sqlite:a.db?mode=ro", "sqlite:a%00b"] {
            refused(text);
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    #[allow(irrefutable_let_patterns, reason = "with both databases there are two patterns")]
    fn a_server_is_read_as_libpq_reads_it() {
        let text = "postgresql://sh%40p:p%2Bw+d@db.example:6432/orders?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let DatabaseUrl::Postgres(server) = DatabaseUrl::parse(text).expect("valid") else { panic!("no server") };
        assert_eq!((server.host.as_str(), server.port, server.user.as_str()), ("db.example", 6432, "sh@p"));
        assert_eq!(server.password.as_ref().map(|word| word.as_str()), Some("p+w+d"));
        assert_eq!((server.database.as_str(), server.ssl_mode), ("orders", SslMode::VerifyFull));
        assert_eq!(server.ssl_root_cert, Some(PathBuf::from("/etc/ca.pem")));
        let DatabaseUrl::Postgres(socket) = DatabaseUrl::parse("postgres://shop@%2Frun%2Fpg/").expect("valid") else {
            panic!("no server")
        };
        assert_eq!((socket.host.as_str(), socket.database.as_str()), ("/run/pg", "shop"));
        for text in [
            "postgres://",
            "postgres://u@h/d?sslmode=sometimes",
            "postgres://u@h/d?unknown=1",
            "postgres://u@one,two/d",
            "postgres://u%00@h/d",
            "postgres://u@h/d?schema=other",
            "postgres://u@h/d#fragment",
        ] {
            refused(text);
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    #[allow(irrefutable_let_patterns, reason = "with both databases there are two patterns")]
    fn hosts_are_written_as_libpq_takes_them() {
        for (text, host, port) in [
            ("postgres://shop@[::1]:6432/a", "::1", 6432),
            ("postgres://shop:pw@/a?host=/cloudsql/x:y:z", "/cloudsql/x:y:z", 5432),
            ("postgres://shop@:6432/a?host=db.example", "db.example", 6432),
            ("postgres://shop@/a", "localhost", 5432),
            ("postgres:///a?user=shop&host=db.example&port=7", "db.example", 7),
        ] {
            let DatabaseUrl::Postgres(server) = DatabaseUrl::parse(text).expect(text) else { panic!("no server") };
            assert_eq!((server.host.as_str(), server.port, server.user.as_str()), (host, port, "shop"), "{text}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    #[allow(irrefutable_let_patterns, reason = "with both databases there are two patterns")]
    fn parameters_are_no_form_and_whoever_names_an_authority_wants_it_asked() {
        let read = |query: &str| {
            let text = format!("postgres://shop@h/a?{query}");
            let DatabaseUrl::Postgres(server) = DatabaseUrl::parse(&text).expect("valid") else { panic!("no server") };
            server
        };
        let password = read("password=a+b%20c%25d&").password.expect("a password");
        assert_eq!(password.as_str(), "a+b c%d");
        for (query, mode) in [
            ("sslmode=require", SslMode::Require),
            ("sslmode=require&sslrootcert=/etc/ca.pem", SslMode::VerifyCa),
            ("sslrootcert=system", SslMode::VerifyFull),
            ("sslrootcert=system&sslmode=require", SslMode::VerifyFull),
        ] {
            assert_eq!(read(query).ssl_mode, mode, "{query}");
        }
    }

    #[test]
    fn a_refused_url_is_not_repeated() {
        for text in ["mysql://u:s3cr3t@h/d", "postgres://u:s3cr3t@h:99999/d", "s3cr3t", ""] {
            let error = refused(text);
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn debug_shows_no_password() {
        let url = DatabaseUrl::parse("postgres://shop:s3cr3t@h/d?password=0th3r").expect("valid");
        assert_eq!(format!("{url:?}"), "postgres://h:5432/d");
    }
}
