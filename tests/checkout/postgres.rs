//! A private PostgreSQL for the tests, in a folder that goes with it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Starts the server, and stops it when its standard input ends: also when the test is killed. Speaks `start` and `stop`.
const SCRIPT: &str = r#"
set -eu
bin=$1 port=$2 fsync=$3 folder=$(mktemp -d /tmp/paymento-postgres.XXXXXX)
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
[ "$(id -u)" = 0 ] && chown postgres "$folder"
cd "$folder"
as "$bin/initdb" -D "$folder/data" -A trust -U postgres --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null
start() {
  as "$bin/pg_ctl" -D "$folder/data" -w -s -l "$folder/log" start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=$fsync" </dev/null >/dev/null
  echo started
}
stop() { as "$bin/pg_ctl" -D "$folder/data" -w -s -m immediate stop </dev/null >/dev/null 2>&1 || true; }
trap 'stop; rm -rf "$folder"' EXIT
start
while read -r word; do
  case $word in start) start ;; stop) stop; echo stopped ;; esac
done
"#;

pub(crate) struct Server {
    port: u16,
    words: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
    _child: Child,
}

impl Server {
    /// Quick: what it commits outlives it, and not the machine.
    pub(crate) fn start() -> Self {
        Self::start_with("off")
    }

    /// As it comes from the shelf: what it commits is on the disk.
    #[allow(dead_code, reason = "not every program that starts a server needs this")]
    pub(crate) fn start_durable() -> Self {
        Self::start_with("on")
    }

    fn start_with(fsync: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut child = Command::new("bash")
            .args(["-c", SCRIPT, "postgres", &bin().display().to_string(), &port.to_string(), fsync])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        let words = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut server = Self { port, words, answers, _child: child };
        server.wait_for("started");
        server
    }

    pub(crate) fn say(&mut self, word: &str, answer: &str) {
        writeln!(self.words, "{word}").expect("the server's script lives");
        self.wait_for(answer);
    }

    fn wait_for(&mut self, answer: &str) {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        assert_eq!(line.trim(), answer);
    }

    /// The URL of a new, empty database.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("shop{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(bin().join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-X", "-A", "-t", "-q"])
            .args(["-d", database, "-c", sql])
            .output()
            .expect("psql");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// Another program's connection, with a transaction open for as long as a test wants it.
pub(crate) struct Session {
    words: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
    child: Child,
}

impl Session {
    pub(crate) fn begin(url: &str) -> Self {
        let mut child = Command::new(bin().join("psql"))
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql");
        let words = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut session = Self { words, answers, child };
        session.run("BEGIN");
        session
    }

    /// Runs a statement that answers no rows, or one.
    pub(crate) fn run(&mut self, sql: &str) -> String {
        writeln!(self.words, "{sql};\n\\echo done").expect("psql lives");
        let (mut answer, mut line) = (String::new(), String::new());
        while line.trim() != "done" {
            line.trim().clone_into(&mut answer);
            line.clear();
            assert!(self.answers.read_line(&mut line).expect("an answer") > 0, "psql has ended");
        }
        answer
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server answers, whichever the URL names.
pub(crate) fn psql(url: &str, sql: &str) -> String {
    let output =
        Command::new(bin().join("psql")).args(["-X", "-A", "-t", "-q", url, "-c", sql]).output().expect("psql");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The name of the database in a URL of [`Server::database`].
pub(crate) fn name(url: &str) -> &str {
    url.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name")
}

fn bin() -> PathBuf {
    static BIN: LazyLock<PathBuf> = LazyLock::new(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
        let output = Command::new(script).stderr(Stdio::inherit()).output().expect("scripts/postgres");
        assert!(output.status.success(), "PostgreSQL is missing");
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    });
    BIN.clone()
}

/// One server for all tests, each with a database of its own.
pub(crate) fn shared() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
    &SERVER
}
