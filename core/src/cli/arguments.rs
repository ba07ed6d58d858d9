//! [`Command`]: what the command line asks for. Parsing only; nothing is opened or sent.

use std::{ffi::OsString, net::IpAddr, time::Duration};

use lexopt::prelude::{Long, Short, Value, ValueExt};

use super::usage::Usage;
use crate::{
    simulator::{CallbackMethod, Fault, Profile, parse_duration},
    status::OrderStatus,
};

/// The port of a simulator that was not given one, so that a shop's settings outlive a restart.
pub(super) const DEFAULT_PORT: u16 = 8787;

pub(super) enum Command {
    Help(&'static str),
    Version,
    Simulator(SimulatorArguments),
    Trigger(TriggerArguments),
    #[cfg(feature = "checkout")]
    Schema(&'static str),
}

/// One `--store`. Printed nowhere but in the banner, on purpose: the keys are what a shop is set up with.
#[derive(Default)]
pub(super) struct StoreArguments {
    pub(super) name: Option<String>,
    pub(super) keys: Option<(String, String)>,
    pub(super) callback_url: Option<String>,
    pub(super) callback_method: CallbackMethod,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct SimulatorArguments {
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
    pub(super) stores: Vec<StoreArguments>,
    pub(super) seed: Option<u64>,
    pub(super) strict: bool,
    pub(super) profile: Profile,
    pub(super) payment_window: Option<Duration>,
    pub(super) confirmation_time: Duration,
    pub(super) json: bool,
    pub(super) quiet: bool,
    pub(super) stop_with_parent: bool,
}

/// By hand, a confirmation that takes a moment can be seen.
const CONFIRMATION_TIME: Duration = Duration::from_secs(6);

impl Default for SimulatorArguments {
    fn default() -> Self {
        Self {
            address: None,
            port: DEFAULT_PORT,
            stores: Vec::new(),
            seed: None,
            strict: false,
            profile: Profile::Current,
            payment_window: None,
            confirmation_time: CONFIRMATION_TIME,
            json: false,
            quiet: false,
            stop_with_parent: false,
        }
    }
}

pub(super) struct TriggerArguments {
    pub(super) status: OrderStatus,
    pub(super) url: String,
    pub(super) secret_key: Option<String>,
    pub(super) token: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) method: CallbackMethod,
    pub(super) faults: Vec<Fault>,
}

/// Reads the arguments after the program's name.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let mut parser = lexopt::Parser::from_args(arguments);
    match parser.next()? {
        None | Some(Long("help") | Short('h')) => Ok(Command::Help(super::usage::GENERAL)),
        Some(Long("version") | Short('V')) => Ok(Command::Version),
        Some(Value(word)) => match word.string()?.as_str() {
            "simulator" => simulator(&mut parser),
            "trigger" => trigger(&mut parser),
            #[cfg(feature = "checkout")]
            "schema" => schema(&mut parser),
            "help" => help(&mut parser),
            "version" => Ok(Command::Version),
            other => Err(no_command(other)),
        },
        Some(other) => Err(other.unexpected().into()),
    }
}

fn help(parser: &mut lexopt::Parser) -> Result<Command, Usage> {
    let Some(Value(word)) = parser.next()? else { return Ok(Command::Help(super::usage::GENERAL)) };
    match word.string()?.as_str() {
        "simulator" => Ok(Command::Help(super::usage::SIMULATOR)),
        "trigger" => Ok(Command::Help(super::usage::TRIGGER)),
        #[cfg(feature = "checkout")]
        "schema" => Ok(Command::Help(super::usage::SCHEMA)),
        "worker" => Ok(Command::Help(super::usage::WORKER)),
        other => Err(no_command(other)),
    }
}

fn no_command(word: &str) -> Usage {
    if word == "worker" {
        return Usage::new(
            "worker runs the handlers of a shop in Python or Node.js: take the command of pip or npm".to_owned(),
        );
    }
    Usage::new(format!("there is no command {word:?}; there are simulator, trigger, schema and worker"))
}

#[cfg(feature = "checkout")]
fn schema(parser: &mut lexopt::Parser) -> Result<Command, Usage> {
    let mut names = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help(super::usage::SCHEMA)),
            Value(word) => names.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let [name] = <[String; 1]>::try_from(names)
        .map_err(|_| Usage::new("schema takes one database: postgres or sqlite".to_owned()))?;
    Ok(Command::Schema(crate::Checkout::schema_sql(&name)?))
}

fn simulator(parser: &mut lexopt::Parser) -> Result<Command, Usage> {
    let mut asked = SimulatorArguments::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help(super::usage::SIMULATOR)),
            Long("port") => asked.port = parser.value()?.parse()?,
            Long("address") => asked.address = Some(parser.value()?.parse()?),
            Long("store") => asked.stores.push(store(&text(parser)?)?),
            Long("ipn-url" | "callback-url") => last(&mut asked.stores).callback_url = Some(text(parser)?),
            Long("ipn-method" | "callback-method") => {
                last(&mut asked.stores).callback_method = parser.value()?.parse_with(str::parse)?;
            }
            Long("seed") => asked.seed = Some(parser.value()?.parse()?),
            Long("strict") => asked.strict = true,
            Long("profile") => asked.profile = parser.value()?.parse_with(str::parse)?,
            Long("payment-window") => asked.payment_window = Some(parser.value()?.parse_with(parse_duration)?),
            Long("confirmation-time") => asked.confirmation_time = parser.value()?.parse_with(parse_duration)?,
            Long("json") => asked.json = true,
            Long("quiet") | Short('q') => asked.quiet = true,
            Long("stop-with-parent") => asked.stop_with_parent = true,
            // Not quoted: it may be a store with its keys.
            Value(_) => {
                return Err(Usage::new("simulator takes options only; a store is named with --store".to_owned()));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    last(&mut asked.stores);
    Ok(Command::Simulator(asked))
}

/// The store that an option is about: the one named last before it.
fn last(stores: &mut Vec<StoreArguments>) -> &mut StoreArguments {
    if stores.is_empty() {
        stores.push(StoreArguments::default());
    }
    let newest = stores.len() - 1;
    &mut stores[newest]
}

/// `NAME` or `NAME:API_KEY:SECRET`. A name may hold colons, keys do not.
fn store(text: &str) -> Result<StoreArguments, Usage> {
    let parts: Vec<&str> = text.rsplitn(3, ':').collect();
    let (name, keys) = match parts.as_slice() {
        [name] => (*name, None),
        [secret, key, name] if !secret.is_empty() && !key.is_empty() => {
            (*name, Some(((*key).to_owned(), (*secret).to_owned())))
        }
        // Not quoted: it may hold half of the keys.
        _ => return Err(Usage::new("--store takes NAME or NAME:API_KEY:SECRET".to_owned())),
    };
    if name.trim().is_empty() {
        return Err(Usage::new("--store needs a name".to_owned()));
    }
    Ok(StoreArguments { name: Some(name.to_owned()), keys, ..StoreArguments::default() })
}

fn trigger(parser: &mut lexopt::Parser) -> Result<Command, Usage> {
    let (mut words, mut secret_key, mut token, mut order_id) = (Vec::new(), None, None, None);
    let (mut method, mut faults) = (CallbackMethod::default(), Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help(super::usage::TRIGGER)),
            Value(word) => words.push(word.string()?),
            Long("secret") => secret_key = Some(text(parser)?),
            Long("token") => token = Some(text(parser)?),
            Long("order-id") => order_id = Some(text(parser)?),
            Long("method") => method = parser.value()?.parse_with(str::parse)?,
            Long("fault") => faults.push(callback_fault(&text(parser)?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    let [what, url] = <[String; 2]>::try_from(words)
        .map_err(|_| Usage::new("trigger takes what happened and a URL, for instance: paymento trigger paid http://127.0.0.1:5000/paymento/callback".to_owned()))?;
    Ok(Command::Trigger(TriggerArguments {
        status: happening(&what)?,
        url,
        secret_key,
        token,
        order_id,
        method,
        faults,
    }))
}

/// What can have happened, in the words of the simulator's methods, and the status that its callback carries.
pub(super) const HAPPENINGS: [(&str, i64); 9] = [
    ("created", 0),
    ("pending", 1),
    ("underpaid", 2),
    ("confirming", 3),
    ("expired", 4),
    ("canceled", 5),
    ("paid", 7),
    ("approved", 8),
    ("rejected", 9),
];

/// One of the words, or any number.
fn happening(word: &str) -> Result<OrderStatus, Usage> {
    let known = HAPPENINGS.iter().find(|(name, _)| *name == word).map(|(_, code)| *code);
    known.or_else(|| word.parse().ok()).map(OrderStatus::from_code).ok_or_else(|| {
        let names: Vec<_> = HAPPENINGS.iter().map(|(name, _)| *name).collect();
        Usage::new(format!("trigger knows {}, and any number; not {word:?}", names.join(", ")))
    })
}

fn callback_fault(name: &str) -> Result<Fault, Usage> {
    let full = if name.contains('.') { name.to_owned() } else { format!("callback.{name}") };
    let fault: Fault = full.parse()?;
    if fault.concerns_callbacks() { Ok(fault) } else { Err(Usage::new(format!("{fault} is no fault of a callback"))) }
}

/// The option's value. Not quoted where it is none: it may be a key.
fn text(parser: &mut lexopt::Parser) -> Result<String, Usage> {
    parser.value()?.into_string().map_err(|_| Usage::new("the value of an option is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Usage> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn simulator_of(line: &str) -> SimulatorArguments {
        match parsed(line) {
            Ok(Command::Simulator(asked)) => asked,
            _ => panic!("{line}"),
        }
    }

    fn refusal(line: &str) -> String {
        parsed(line).err().map_or_else(|| panic!("{line} was taken"), |usage| usage.to_string())
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_is_no_text_is_not_repeated() {
        use std::os::unix::ffi::OsStringExt;
        for (command, option) in [("simulator", "--store"), ("trigger", "--secret")] {
            let odd = OsString::from_vec(b"A:\xff:SECRETVALUE".to_vec());
            let usage = parse([command.into(), option.into(), odd]).err().expect("refused").to_string();
            assert!(usage.contains("UTF-8") && !usage.contains("SECRETVALUE"), "{usage}");
        }
    }

    #[test]
    fn help_explains_the_command_that_it_names() {
        for (line, part) in
            [("help", "paymento COMMAND"), ("help simulator", "--ipn-url"), ("help trigger", "--order-id")]
        {
            assert!(matches!(parsed(line), Ok(Command::Help(text)) if text.contains(part)), "{line}");
        }
        assert!(refusal("help nonsense").contains("no command"));
    }

    #[test]
    fn a_bare_simulator_has_one_store_and_a_port_that_stays() {
        let asked = simulator_of("simulator");
        assert_eq!((asked.port, asked.stores.len(), asked.strict, asked.seed), (DEFAULT_PORT, 1, false, None));
        assert!(asked.address.is_none() && asked.stores[0].keys.is_none());
    }

    #[test]
    fn each_store_has_the_callback_url_that_follows_it() {
        let asked = simulator_of(
            "simulator --store A:k=:s= --ipn-url http://127.0.0.1:1/a --store B:x:y --ipn-url http://127.0.0.1:2/b --ipn-method PUT",
        );
        let [a, b] = asked.stores.as_slice() else { panic!("two stores") };
        assert_eq!((a.name.as_deref(), a.callback_url.as_deref()), (Some("A"), Some("http://127.0.0.1:1/a")));
        assert_eq!(a.keys, Some(("k=".to_owned(), "s=".to_owned())));
        assert_eq!((b.callback_method, b.callback_url.as_deref()), (CallbackMethod::Put, Some("http://127.0.0.1:2/b")));
    }

    #[test]
    fn every_option_is_read() {
        let asked = simulator_of(
            "simulator --port=0 --address 0.0.0.0 --seed 7 --strict --profile published --payment-window 20m \
             --confirmation-time 0s --json -q --stop-with-parent",
        );
        assert_eq!((asked.port, asked.seed, asked.strict), (0, Some(7), true));
        assert_eq!(asked.profile, Profile::Published);
        assert_eq!(asked.payment_window, Some(Duration::from_mins(20)));
        assert_eq!(asked.confirmation_time, Duration::ZERO);
        assert!(asked.address.is_some() && asked.json && asked.quiet && asked.stop_with_parent);
    }

    #[test]
    fn a_trigger_names_what_happened_or_gives_a_number() {
        for (word, code) in [("paid", 7), ("underpaid", 2), ("42", 42)] {
            let line = format!("trigger {word} http://127.0.0.1:1/ --token t0 --order-id A --fault truncate");
            let Ok(Command::Trigger(asked)) = parsed(&line) else { panic!("{line}") };
            assert_eq!((asked.status.code(), asked.token.as_deref()), (code, Some("t0")));
            assert_eq!(asked.faults, [Fault::CallbackTruncate]);
        }
    }

    #[test]
    fn what_is_not_understood_is_said_and_no_key_is_repeated() {
        assert!(refusal("serve").contains("no command"));
        assert!(refusal("simulator --porty 1").contains("--porty"));
        assert!(refusal("simulator --port x").contains('x'));
        assert!(refusal("trigger paid").contains("a URL"));
        assert!(refusal("trigger maybe http://127.0.0.1/").contains("underpaid"));
        assert!(refusal("trigger paid http://127.0.0.1/ --fault api.bad_gateway").contains("no fault of a callback"));
        assert!(!refusal("simulator --store A:SECRETVALUE").contains("SECRETVALUE"));
        assert!(!refusal("simulator --store A B:KEYVALUE:SECRETVALUE").contains("SECRETVALUE"));
        assert!(!refusal("trigger paid http://127.0.0.1/ SECRETVALUE").contains("SECRETVALUE"));
    }
}
