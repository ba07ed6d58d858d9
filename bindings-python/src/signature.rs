//! `paymento.authenticate` and `paymento.sign`.

use paymento::Callback as Authenticated;
use pyo3::prelude::*;

use crate::{body, callback::Callback, errors::raise, headers, log, secret};

/// Check that the gateway signed this callback, and read it. The only way to get a `Callback`.
///
/// Args:
///     body (bytes): the raw body of the request, before anything parses it. At most 64 KiB.
///     headers: all headers of the request as a mapping or as pairs (names in any case, str or bytes, also a WSGI
///         environ), or the value of X-HMAC-SHA256-SIGNATURE (str).
///     secrets (str or list of str): the store's secret key as the dashboard shows it; several while it is being changed.
///
/// A callback is a reason to call `verify_payment`, never a proof of payment: it may be repeated, late or replayed.
///
/// Raises:
///     `SignatureError`: `signature.missing`, `.malformed`, `.conflicting`, `.mismatch`.
///     `InputError`: `input.body`, `input.headers`, `input.body_too_large`, `input.type`.
///     `ConfigError`: `config.secret`.
///     `DecodeError`: `decode.callback`: authentic, but not readable.
#[pyfunction]
#[pyo3(signature = (body: "bytes", headers: "Headers", secrets: "str | Sequence[str]") -> "Callback")]
pub(crate) fn authenticate(
    py: Python<'_>,
    body: &Bound<'_, PyAny>,
    headers: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyAny>,
) -> PyResult<Callback> {
    authenticated(body, headers, secrets).map_err(|error| log::refused_callback(py, error))
}

fn authenticated(
    body: &Bound<'_, PyAny>,
    headers: &Bound<'_, PyAny>,
    secrets: &Bound<'_, PyAny>,
) -> PyResult<Callback> {
    let body = body::raw(body)?;
    let secrets = secret::several("secrets", secrets)?;
    let result = headers::with(headers, |headers| Authenticated::authenticate(body.as_bytes(), headers, &secrets))?;
    result.map(|callback| Callback::new(callback, body)).map_err(raise)
}

/// Sign a body as the gateway does: 64 upper-case hexadecimal characters. For tests.
///
/// Args:
///     body (bytes): what to sign.
///     secret (str): the secret key.
///
/// Raises:
///     `InputError`: `input.body`, `input.type`.
///     `ConfigError`: `config.secret`.
#[pyfunction]
#[pyo3(signature = (body: "bytes", secret: "str") -> "str")]
pub(crate) fn sign(body: &Bound<'_, PyAny>, secret: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(paymento::sign(body::raw(body)?.as_bytes(), &secret::one("secret", secret)?))
}
