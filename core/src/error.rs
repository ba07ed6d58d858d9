//! [`Error`] and its closed table of codes, the same in Rust, Python and JavaScript.

use std::{error::Error as StdError, fmt, time::Duration};

#[cfg(feature = "checkout")]
use crate::checkout::OrderRecord;

/// The family of an error, which is its exception class in Python and JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The library is set up wrongly; no payment was touched. `ConfigError`.
    Config,
    /// An argument is wrong; nothing was sent. `InputError`.
    Input,
    /// The gateway could not be reached, or its answer did not arrive. `TransportError`.
    Transport,
    /// The gateway answered, and refused. `ApiError`.
    Api,
    /// Something arrived that is not what the gateway's documentation describes. `DecodeError`.
    Decode,
    /// A callback is not signed with the store's secret. `SignatureError`.
    Signature,
    /// The payment is not settled, or not the one that was asked about. `VerifyError`.
    Verify,
    /// The order does not allow it. `CheckoutError`.
    Checkout,
    /// The checkout's database cannot be used, or not now. `DatabaseError`.
    Database,
}

impl ErrorKind {
    /// The class name used in Python and JavaScript, for instance `TransportError`.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Config => "ConfigError",
            Self::Input => "InputError",
            Self::Transport => "TransportError",
            Self::Api => "ApiError",
            Self::Decode => "DecodeError",
            Self::Signature => "SignatureError",
            Self::Verify => "VerifyError",
            Self::Checkout => "CheckoutError",
            Self::Database => "DatabaseError",
        }
    }
}

macro_rules! error_codes {
    ($($kind:ident { $($variant:ident = $text:literal, $retryable:literal, $meaning:literal;)+ })+) => {
        /// What went wrong, as a stable name. The list only grows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = concat!("`", $text, "`: ", $meaning)] $variant,)+)+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)+)+];

            /// The stable name, for instance `signature.mismatch`.
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$variant => $text,)+)+ }
            }

            /// The family.
            pub const fn kind(self) -> ErrorKind {
                match self { $($(Self::$variant => ErrorKind::$kind,)+)+ }
            }

            /// What the code means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $($(Self::$variant => $meaning,)+)+ }
            }

            /// Whether the same call may succeed later without a change.
            /// An error may know better: see [`Error::is_retryable`].
            pub const fn is_retryable(self) -> bool {
                match self { $($(Self::$variant => $retryable,)+)+ }
            }
        }
    };
}

error_codes! {
    Config {
        ConfigMissing = "config.missing", false, "a required setting or environment variable is missing";
        ConfigApiKey = "config.api_key", false, "the API key is empty, has white space around it or cannot be a header";
        ConfigSecret = "config.secret", false, "the secret key is empty or has white space around it";
        ConfigSecretIsApiKey = "config.secret_is_api_key", false, "the API key was given as the secret key";
        ConfigUrl = "config.url", false, "a base, gateway or proxy URL cannot be used";
        ConfigInsecureUrl = "config.insecure_url", false, "plain http to a host that is not loopback";
        ConfigTimeout = "config.timeout", false, "a time limit or the number of attempts is out of range";
        ConfigCertificate = "config.certificate", false, "the given CA certificate is not PEM";
        ConfigTls = "config.tls", false, "TLS could not be set up on this machine";
        ConfigCallbackUrlTaken = "config.callback_url_taken", false, "the store's callback URL belongs to another host";
        ConfigPort = "config.port", false, "the simulator cannot start, usually because its port is taken";
        ConfigFindings = "config.findings", false, "the simulator found mistakes in its client";
        ConfigClosed = "config.closed", false, "the client was used after it was closed";
        ConfigDatabaseUrl = "config.database_url", false, "the database URL cannot be used";
        ConfigOtherGateway = "config.other_gateway", false, "the database belongs to another gateway: the live one, or a simulator";
        ConfigWorker = "config.worker", false, "a setting of the checkout is out of range, or does not go with its worker mode";
        ConfigOnceNoTransaction = "config.once_no_transaction", false, "once was called outside a transaction";
        ConfigOnceTableMissing = "config.once_table_missing", false, "the shop's database lacks the table paymento_fulfilled";
    }
    Input {
        InputType = "input.type", false, "an argument has the wrong type";
        InputAmount = "input.amount", false, "an amount is not a positive decimal in major units";
        InputPriceMissing = "input.price_missing", false, "neither a fiat nor a crypto price was given";
        InputPriceAmbiguous = "input.price_ambiguous", false, "both a fiat and a crypto price were given";
        InputCurrency = "input.currency", false, "the currency is not a three-letter code";
        InputCoin = "input.coin", false, "a coin name or id is empty or malformed";
        InputReturnUrl = "input.return_url", false, "the return URL is malformed or not https";
        InputCallbackUrl = "input.callback_url", false, "the callback URL is malformed or not https";
        InputOrderId = "input.order_id", false, "the order id is not 1 to 128 characters without control characters";
        InputToken = "input.token", false, "the token is not 16 to 128 letters, digits or hyphens";
        InputSpeed = "input.speed", false, "the speed is neither low nor high";
        InputMethod = "input.method", false, "the callback method is neither POST nor PUT";
        InputLanguage = "input.language", false, "the language is not a culture name such as en-US";
        InputEmail = "input.email", false, "the e-mail address is malformed";
        InputAdditionalData = "input.additional_data", false, "additional data is not a map of strings, or uses the reserved key OrderId";
        InputBody = "input.body", false, "the callback body is not raw bytes";
        InputBodyTooLarge = "input.body_too_large", false, "the callback body is over 64 KiB";
        InputHeaders = "input.headers", false, "the headers are not a mapping, pairs or the one value";
        InputDuration = "input.duration", false, "a duration is neither a number nor text such as 20m";
        InputFault = "input.fault", false, "the simulator has no such fault, profile or clock, or a probability is not from 0 to 1";
        InputUnknownOption = "input.unknown_option", false, "an option with this name does not exist";
        InputNotConstructible = "input.not_constructible", false, "only the library makes values of this type";
        InputNotPicklable = "input.not_picklable", false, "values of this type are not pickled";
    }
    Transport {
        TransportConnect = "transport.connect", true, "no connection: name lookup, connect or TLS failed, so nothing was sent";
        TransportConnectTimeout = "transport.connect_timeout", true, "no connection within the time limit, so nothing was sent";
        TransportTimeout = "transport.timeout", true, "no complete answer within the time limit; the request may have been carried out";
        TransportInterrupted = "transport.interrupted", true, "the connection broke before the answer was complete; the request may have been carried out";
        TransportCanceled = "transport.canceled", true, "the caller canceled the call; the request may have been carried out";
    }
    Api {
        ApiUnauthorized = "api.unauthorized", false, "the gateway does not accept the API key";
        ApiRejected = "api.rejected", false, "the gateway refused the request and says why";
        ApiNotFound = "api.not_found", false, "the gateway does not know this address";
        ApiRateLimited = "api.rate_limited", true, "too many requests";
        ApiUnavailable = "api.unavailable", true, "the gateway is not available now";
        ApiServerError = "api.server_error", true, "the gateway failed while it handled the request";
        ApiRedirected = "api.redirected", false, "the answer was a redirect, which is never followed";
    }
    Decode {
        DecodeNotJson = "decode.not_json", false, "the answer is not JSON";
        DecodeEmpty = "decode.empty", false, "the answer is empty";
        DecodeTooLarge = "decode.too_large", false, "the answer is over 1 MiB";
        DecodeUnexpected = "decode.unexpected", false, "the answer is JSON of another shape than documented";
        DecodeCallback = "decode.callback", false, "the callback is authentic, but its body cannot be read";
    }
    Signature {
        SignatureMissing = "signature.missing", false, "the signature header is missing";
        SignatureMalformed = "signature.malformed", false, "the signature is not 64 hexadecimal characters";
        SignatureConflicting = "signature.conflicting", false, "there are several signature headers, and they differ";
        SignatureMismatch = "signature.mismatch", false, "the signature does not belong to this body and secret";
    }
    Verify {
        VerifyOpen = "verify.open", true, "the payment is not paid yet, or not confirmed";
        VerifyClosed = "verify.closed", false, "the payment expired, was canceled or was rejected";
        VerifyPaidNotApproved = "verify.paid_not_approved", true, "the payment is paid, but the gateway has not approved it";
        VerifyInvalidToken = "verify.invalid_token", false, "the gateway does not know this token for this store";
        VerifyMismatch = "verify.mismatch", false, "the answer is about another token, order or amount";
        VerifyContradictory = "verify.contradictory", false, "success and status of the answer do not go together";
        VerifyUnknown = "verify.unknown", true, "the answer carries a status or an amount that cannot be read, or no status";
    }
    Checkout {
        CheckoutAlreadyPaid = "checkout.already_paid", false, "the order is paid";
        CheckoutPaymentInProgress = "checkout.payment_in_progress", false, "a payment of the order is being confirmed on the chain";
        CheckoutCreationInProgress = "checkout.creation_in_progress", true, "another process is creating this payment";
        CheckoutSuperseded = "checkout.superseded", false, "the order got another price, or was canceled, while this call was creating a payment";
        CheckoutUnknownOrder = "checkout.unknown_order", false, "the database holds no such order";
        CheckoutUnknownPayment = "checkout.unknown_payment", false, "the database holds no such payment";
        CheckoutOtherOrder = "checkout.other_order", false, "the token belongs to another order";
        CheckoutHandlerExists = "checkout.handler_exists", false, "this event has a handler already";
        CheckoutLeaseLost = "checkout.lease_lost", false, "the lease ended and somebody else may have the order";
        CheckoutNotDead = "checkout.not_dead", false, "only a dead letter can be replayed";
    }
    Database {
        DatabaseUnavailable = "database.unavailable", true, "the database cannot be reached, is busy, or did not answer in time";
        DatabaseFull = "database.full", true, "the disk of the database is full";
        DatabaseReadOnly = "database.read_only", true, "the database takes no writes";
        DatabaseCorrupt = "database.corrupt", false, "the database is damaged, or no database";
        DatabaseRefused = "database.refused", false, "the database refuses the user, the name or the statement";
        DatabaseValue = "database.value", false, "the database does not take a value, or holds one that cannot be read";
        DatabaseSchema = "database.schema", false, "the tables are of another version, or missing";
        DatabaseForked = "database.forked", false, "the process was forked after it had opened the database";
        DatabaseSharedSqliteFile = "database.shared_sqlite_file", false, "the connection is to the checkout's own SQLite file";
        DatabaseNetworkFileSystem = "database.network_file_system", false, "SQLite loses data on network file systems";
        DatabaseEphemeral = "database.ephemeral", false, "the disk of this platform does not last";
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure: its [code](Error::code) says what to do about it, its text says what happened.
///
/// No error carries a key, a signature or a body, neither in its text nor in its `Debug`.
pub struct Error(Box<Details>);

struct Details {
    code: ErrorCode,
    message: String,
    hint: Option<String>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    retryable: bool,
    maybe_sent: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
    #[cfg(feature = "checkout")]
    order: Option<OrderRecord>,
}

impl Error {
    /// An error with this code; the message is lower case, without a full stop.
    ///
    /// For bindings and adapters, so that a wrong argument there gets the same error as anywhere.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            code,
            message: message.into(),
            hint: None,
            http_status: None,
            retry_after: None,
            retryable: code.is_retryable(),
            maybe_sent: false,
            source: None,
            #[cfg(feature = "checkout")]
            order: None,
        }))
    }

    /// Adds what to do about it, where one cause is likely.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Marks that the gateway may have carried the request out.
    #[must_use]
    pub fn with_maybe_sent(mut self, maybe_sent: bool) -> Self {
        self.0.maybe_sent = maybe_sent;
        self
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Adds where the order stands.
    #[cfg(feature = "checkout")]
    pub(crate) fn with_order(mut self, order: OrderRecord) -> Self {
        self.0.order = Some(order);
        self
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The family, which is the class in Python and JavaScript.
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// What happened, without the hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The likely cause or cure, where there is one.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The HTTP status of the gateway's answer, where there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// How long the gateway asked us to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same call, made again soon and unchanged, may succeed and does no harm.
    ///
    /// In a callback route, answer 503 where this is true: the gateway then sends the callback again.
    ///
    /// False for a `create_payment` that [may have been sent](Self::maybe_sent): the gateway knows no idempotency
    /// key, so a second request makes a second payable payment.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the gateway may have carried the request out although this call failed.
    pub fn maybe_sent(&self) -> bool {
        self.0.maybe_sent
    }

    /// Where the order stands, with `checkout.already_paid` and with `checkout.payment_in_progress`, where its state is
    /// `confirming` also if the shop has canceled it; `None` where it could not be read. Show it only to whom the order belongs.
    #[cfg(feature = "checkout")]
    pub fn order(&self) -> Option<&OrderRecord> {
        self.0.order.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code.as_str())
            .field("message", &self.0.message)
            .field("hint", &self.0.hint)
            .field("http_status", &self.0.http_status)
            .field("retryable", &self.0.retryable)
            .field("maybe_sent", &self.0.maybe_sent)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_begins_with_its_family() {
        for code in ErrorCode::ALL {
            let family = code.kind().class_name().trim_end_matches("Error").to_lowercase();
            assert!(code.as_str().starts_with(&format!("{family}.")), "{code}");
        }
    }

    #[test]
    fn codes_are_unique() {
        let names: std::collections::HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn the_text_ends_with_the_hint() {
        let error = Error::new(ErrorCode::SignatureMissing, "no header").with_hint("nginx drops it");
        assert_eq!(error.to_string(), "no header (hint: nginx drops it)");
    }

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }
}
