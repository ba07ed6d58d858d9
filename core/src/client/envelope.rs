//! The gateway's envelope, `{success, message, body}`, and everything else that may come in its place.

use serde_json::value::RawValue;

use super::{http::Reply, retry::Failure};
use crate::{
    error::{Error, ErrorCode},
    json::{self, Object},
};

/// An answer that is an envelope.
pub(super) struct Envelope<'a> {
    pub(super) success: bool,
    pub(super) message: Option<String>,
    pub(super) body: Option<&'a RawValue>,
}

/// Reads the envelope of a successful answer, whatever its content type: the gateway labels JSON as text.
///
/// # Errors
/// `api.` for a status that is no success and for a refusal without an envelope; `decode.` for anything unreadable.
pub(super) fn read(reply: &Reply) -> Result<Envelope<'_>, Error> {
    if let Some(error) = status_error(reply) {
        return Err(error);
    }
    let fields = Object::parse(&reply.body).ok_or_else(|| not_an_object(reply))?;
    if let Some(name) = fields.ambiguous(&["success", "message", "body"]) {
        return Err(unexpected(reply, &format!("gives two values for {name}")));
    }
    match fields.get("success").and_then(json::boolean) {
        Some(success) => Ok(Envelope { success, message: fields.text("message"), body: fields.get("body") }),
        None if fields.get("error").is_some() => Err(error(reply, ErrorCode::ApiRejected)),
        None => Err(Error::new(ErrorCode::DecodeUnexpected, "the gateway's answer does not say success or failure")
            .with_status(reply.status)),
    }
}

/// The error that a status alone means; `None` for a success.
pub(super) fn status_error(reply: &Reply) -> Option<Error> {
    let code = match reply.status {
        200..=299 => return None,
        300..=399 => ErrorCode::ApiRedirected,
        401 | 403 => ErrorCode::ApiUnauthorized,
        404 => ErrorCode::ApiNotFound,
        429 => ErrorCode::ApiRateLimited,
        502..=504 => ErrorCode::ApiUnavailable,
        500..=599 => ErrorCode::ApiServerError,
        _ => ErrorCode::ApiRejected,
    };
    Some(error(reply, code))
}

/// How a status bears on the next attempt; `None` for what is not a failure of the exchange.
pub(super) fn failure(reply: &Reply) -> Option<Failure> {
    match reply.status {
        429 | 503 => Some(Failure::Throttled(reply.retry_after)),
        500..=599 => Some(Failure::ServerError),
        300..=499 => Some(Failure::Refused),
        _ => None,
    }
}

/// The refusal in an envelope that says no.
pub(super) fn rejected(reply: &Reply) -> Error {
    error(reply, ErrorCode::ApiRejected)
}

/// That the answer is readable, and not what was asked for.
pub(super) fn unexpected(reply: &Reply, what: &str) -> Error {
    Error::new(ErrorCode::DecodeUnexpected, format!("the gateway's answer {what}")).with_status(reply.status)
}

fn error(reply: &Reply, code: ErrorCode) -> Error {
    let text = match message(reply) {
        Some(message) => format!("the gateway answered {}: {message}", reply.status),
        None => format!("the gateway answered {} without a message", reply.status),
    };
    let error = Error::new(code, text).with_status(reply.status).with_retry_after(reply.retry_after);
    match hint(reply, code) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

fn hint(reply: &Reply, code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::ApiUnauthorized => Some("check the API key; each store has its own"),
        ErrorCode::ApiNotFound => Some("check the base URL; it ends before /v1"),
        ErrorCode::ApiRedirected => {
            Some("redirects are not followed, since the API key would go along; check the base URL")
        }
        _ if is_html(reply) => Some("the answer is HTML: a proxy or CDN answered in the gateway's place"),
        _ => None,
    }
}

/// `message`, `error`, or the problem details of the gateway's web framework. Never the body itself.
fn message(reply: &Reply) -> Option<String> {
    let fields = Object::parse(&reply.body)?;
    let text = ["message", "error", "title"]
        .iter()
        .find_map(|name| fields.text(name).filter(|text| !text.trim().is_empty()))?;
    reply.printable(&text)
}

fn not_an_object(reply: &Reply) -> Error {
    let error = if reply.body.trim_ascii().is_empty() {
        Error::new(ErrorCode::DecodeEmpty, "the gateway's answer is empty")
    } else {
        Error::new(ErrorCode::DecodeNotJson, "the gateway's answer is not a JSON object")
    };
    let error = error.with_status(reply.status);
    if is_html(reply) {
        error.with_hint("the answer is HTML: a proxy or CDN answered in the gateway's place")
    } else {
        error
    }
}

fn is_html(reply: &Reply) -> bool {
    reply.body.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ApiKey;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            api_key: ApiKey::new("a-key-to-hide").expect("valid"),
        }
    }

    fn refused(status: u16, body: &str) -> Error {
        read(&reply(status, body)).err().expect("refused")
    }

    #[test]
    fn everything_that_is_no_envelope_has_its_own_error() {
        for (status, body, code) in [
            (200, "", ErrorCode::DecodeEmpty),
            (200, "<html>", ErrorCode::DecodeNotJson),
            (200, "[]", ErrorCode::DecodeNotJson),
            (200, "{}", ErrorCode::DecodeUnexpected),
            (200, r#"{"success":"yes"}"#, ErrorCode::DecodeUnexpected),
            (200, r#"{"error":"Invalid request"}"#, ErrorCode::ApiRejected),
            (301, "", ErrorCode::ApiRedirected),
            (400, r#"{"error":"Invalid request"}"#, ErrorCode::ApiRejected),
            (401, "", ErrorCode::ApiUnauthorized),
            (404, "<html>", ErrorCode::ApiNotFound),
            (429, "", ErrorCode::ApiRateLimited),
            (500, "", ErrorCode::ApiServerError),
            (502, "<html>", ErrorCode::ApiUnavailable),
            (503, "", ErrorCode::ApiUnavailable),
        ] {
            let error = refused(status, body);
            assert_eq!((error.code(), error.http_status()), (code, Some(status)), "{status} {body}");
        }
    }

    #[test]
    fn the_gateways_message_is_found_in_each_of_its_places() {
        for body in [r#"{"success":false,"message":"why"}"#, r#"{"error":"why"}"#, r#"{"title":"why","status":400}"#] {
            assert!(refused(400, body).message().ends_with("why"), "{body}");
        }
    }

    #[test]
    fn a_key_that_the_message_repeats_does_not_reach_the_error() {
        for body in [r#"{"error":"no a-key-to-hide here"}"#, r#"{"error":"no a\u002dkey-to-hide here"}"#] {
            assert_eq!(refused(400, body).message(), "the gateway answered 400: no [redacted] here");
        }
    }

    #[test]
    fn an_envelope_is_read_whatever_the_case_of_its_names() {
        let reply = reply(200, r#"{"Success":true,"Message":"","Body":"x"}"#);
        let envelope = read(&reply).unwrap_or_else(|error| panic!("{error}"));
        assert!(envelope.success && envelope.body.is_some());
    }
}
