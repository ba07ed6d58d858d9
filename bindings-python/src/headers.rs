//! The headers of a callback: a mapping, pairs, or the one value. Which names count, core knows.

use paymento::{Error, ErrorCode, Headers};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyString},
};

use crate::{
    arguments::{Entry, entries, items, pairs},
    errors::{raise, refuse, type_name},
};

/// What stands for a value that is not UTF-8: core says what is wrong with it.
const NOT_TEXT: &[u8] = b"\xff";

/// Gives `then` the headers in core's form.
pub(crate) fn with<T>(headers: &Bound<'_, PyAny>, then: impl FnOnce(Headers<'_>) -> T) -> PyResult<T> {
    if let Ok(value) = headers.cast::<PyString>() {
        return Ok(then(Headers::Pairs(&[(paymento::SIGNATURE_HEADER.as_bytes(), utf8(value))])));
    }
    let found = signatures(headers)?;
    let found: Vec<_> = found.iter().map(|(name, value)| Ok((bytes(name)?, bytes(value)?))).collect::<PyResult<_>>()?;
    Ok(then(Headers::Pairs(&found)))
}

/// The headers that core looks at, for a call that outlives the caller's.
pub(crate) fn owned(headers: &Bound<'_, PyAny>) -> PyResult<Vec<(Vec<u8>, Vec<u8>)>> {
    with(headers, |headers| match headers {
        Headers::Pairs(pairs) => pairs.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        _ => Vec::new(),
    })
}

/// The entries that core looks at, each with one value.
fn signatures<'py>(headers: &Bound<'py, PyAny>) -> PyResult<Vec<Entry<'py>>> {
    let mut found = Vec::new();
    if let Ok(headers) = headers.cast_exact::<PyDict>() {
        headers.iter().try_for_each(|(name, value)| keep(&mut found, name, value))?;
    } else if !headers.is_none() {
        let all = if headers.hasattr("items")? {
            entries(headers, || wrong(headers))
        } else {
            pairs(headers, || wrong(headers))
        };
        all?.into_iter().try_for_each(|(name, value)| keep(&mut found, name, value))?;
    }
    Ok(found)
}

fn keep<'py>(found: &mut Vec<Entry<'py>>, name: Bound<'py, PyAny>, value: Bound<'py, PyAny>) -> PyResult<()> {
    if !Headers::concerns(bytes(&name)?) || value.is_none() {
        return Ok(());
    }
    match items(&value) {
        Some(values) => found.extend(values.into_iter().map(|value| (name.clone(), value))),
        None => found.push((name, value)),
    }
    Ok(())
}

fn bytes<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(utf8(text));
    }
    let wrong = |_| {
        let message = format!("names and values of headers must be str or bytes; got {}", type_name(value));
        refuse(ErrorCode::InputHeaders, message)
    };
    Ok(value.cast::<PyBytes>().map_err(wrong)?.as_bytes())
}

fn utf8<'a>(text: &'a Bound<'_, PyString>) -> &'a [u8] {
    text.to_str().map_or(NOT_TEXT, str::as_bytes)
}

fn wrong(headers: &Bound<'_, PyAny>) -> PyErr {
    let got = type_name(headers);
    let message = format!("headers must be a mapping, pairs, or the signature itself as a string; got {got}");
    let error = Error::new(ErrorCode::InputHeaders, message);
    raise(match got.as_str() {
        "bytes" | "bytearray" => error.with_hint("decode the signature, or pass all headers as pairs"),
        _ => error,
    })
}
