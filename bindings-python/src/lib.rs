//! The Python extension module of `paymento`: converts arguments and results, and decides nothing.

mod arguments;
mod body;
mod call;
mod callback;
mod checkout;
mod client;
mod command_line;
mod directory;
mod enums;
mod errors;
mod headers;
mod limits;
mod log;
mod money;
mod once;
mod payment;
mod per_process;
mod queue;
mod return_visit;
mod runtime;
mod secret;
mod settings;
mod settlement;
mod signature;
mod simulated;
mod simulator;
mod status;
mod testing;
mod times;
mod value;
mod verification;

/// The native half of `paymento`. Import from `paymento` and `paymento.testing` instead.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::{
        call::Call,
        callback::Callback,
        checkout::{
            Answer, CheckoutCalls, DeadLetter, Health, HistoryEntry, OrderEvent, OrderRecord, PaymentRecord,
            PaymentsPage, Shortfall, Stop, Work, checkout_schema_sql, make_of_checkout,
        },
        client::Calls,
        command_line::run_command_line,
        directory::{AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant},
        once::{
            once_insert_sql, once_look_sql, once_refuse, once_refuse_autocommit, once_refuse_connection,
            once_refuse_missing_table, once_refuse_shared_file, once_stored_key, once_table_sql, once_was_new,
        },
        payment::{Payment, Price},
        queue::CompletionQueue,
        return_visit::ReturnVisit,
        settings::{CallbackUrlChange, Settings},
        settlement::{Settlement, Transaction},
        signature::{authenticate, sign},
        simulated::{ArmedFault, Attempt, Delivery, Event, Finding, PaymentSnapshot, TransactionSnapshot},
        simulator::{RunningSimulator, Store, StoreSnapshot},
        status::{refuse_value, status_code, status_meaning, tables},
        testing::{
            make, make_callback_url_change, make_payment, make_price, make_settlement, make_verification,
            signed_callback,
        },
        value::refuse_pickling,
        verification::Verification,
    };

    /// The header in which the gateway sends the signature.
    #[pymodule_export]
    const SIGNATURE_HEADER: &str = paymento::SIGNATURE_HEADER;

    /// The version of the package.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
