//! The help texts, and [`Usage`]: the command line was not understood.

use std::fmt;

pub(super) const GENERAL: &str = "\
paymento: take crypto payments through the Paymento gateway

  paymento simulator    play the gateway on this machine: API, checkout page, signed callbacks
  paymento trigger      send one signed callback to a URL
  paymento schema       print the SQL that makes the checkout's tables
  paymento worker       run a shop's handlers: with the command of pip or npm
  paymento --version

`paymento COMMAND --help` explains a command.
";

pub(super) const SIMULATOR: &str = "\
paymento simulator: play the gateway on this machine, with no real money

  --port N                        default 8787; 0 takes any free one
  --store NAME[:API_KEY:SECRET]   a store, repeatable; keys are made up where none are given
  --ipn-url URL                   where the callbacks of the store before it go; the shop can set it over the API too
  --ipn-method POST|PUT           default POST
  --seed N                        the same keys, tokens and faults with the same number
  --strict                        refuse what the dashboard otherwise lists as a finding
  --profile current|published     the newer documentation's shapes (default), or the published schema's
  --payment-window DURATION       how long a customer has to pay, default 30m
  --confirmation-time DURATION    how long the chain takes, default 6s
  --address IP                    listen elsewhere than on 127.0.0.1; whoever reaches it can drive it
  --json                          print addresses and keys as one line of JSON, then events as JSON
  --quiet, -q                     print no events
  --stop-with-parent              end when the process that started it ends

Open the printed address in a browser for the dashboard. Ctrl-C ends it.
";

pub(super) const TRIGGER: &str = "\
paymento trigger WHAT URL: send one signed callback to a URL, once, and print the answer

  WHAT                            created, pending, underpaid, confirming, expired, canceled, paid, approved, rejected,
                                  or any status number
  --secret SECRET                 the key to sign with; default: the environment's PAYMENTO_SECRET_KEY
  --token TOKEN                   default: one made up, which no shop knows
  --order-id ID                   default: A-578
  --method POST|PUT               default POST
  --fault NAME                    spoil it, for instance wrong_secret, truncate, unknown_fields; repeatable

Exits 0 when the answer is 200, 1 when it is not, 2 when the command line is wrong.
A shop verifies with the gateway before it ships: for a payment that also verifies, use the simulator.
";

#[cfg(feature = "checkout")]
pub(super) const SCHEMA: &str = "\
paymento schema postgres|sqlite: print the SQL that makes the checkout's tables

For a database role that may not create tables: run the output as one that may, and make the checkout with
migrate=\"check\".
";

pub(super) const WORKER: &str = "\
paymento worker MODULE:CHECKOUT: run a shop's handlers in a process of their own

  MODULE:CHECKOUT   where the shop's checkout is, for instance shop:checkout, from the working directory; a function
                    that makes one is called

It needs the shop's own language: the command that pip or npm installs. SIGTERM and Ctrl-C let the handlers that run
finish, and then end it.
";

/// The command line was not understood. Never holds a key.
#[derive(Debug)]
pub(super) struct Usage(String);

impl Usage {
    pub(super) fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<lexopt::Error> for Usage {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<crate::error::Error> for Usage {
    fn from(error: crate::error::Error) -> Self {
        let hint = error.hint().map_or_else(String::new, |hint| format!("\n  {hint}"));
        Self(format!("{}{hint}", error.message()))
    }
}
