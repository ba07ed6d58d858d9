//! The body of a callback: `bytes`, and for anything else the word that helps.

use paymento::{Error, ErrorCode};
use pyo3::{prelude::*, types::PyBytes};

use crate::errors::{raise, type_name};

const WHERE: &str =
    "request.get_data() in Flask, request.body in Django, await request.body() in FastAPI and Starlette";

/// The raw bytes, or `input.body` and what has happened to them.
pub(crate) fn raw<'a, 'py>(body: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyBytes>> {
    body.cast::<PyBytes>().map_err(|_| {
        let got = type_name(body);
        let message = format!("the body must be the raw bytes of the request; got {got}");
        raise(Error::new(ErrorCode::InputBody, message).with_hint(hint(&got, body)))
    })
}

fn hint(got: &str, body: &Bound<'_, PyAny>) -> String {
    match got {
        "str" => format!("the body was decoded before it got here; pass {WHERE}"),
        "bytearray" | "memoryview" => "pass bytes(body)".to_owned(),
        "coroutine" => "await it: await request.body()".to_owned(),
        "method" | "function" | "builtin_function_or_method" => "call it: request.get_data()".to_owned(),
        "NoneType" => format!("the body was not read; pass {WHERE}"),
        _ if is_request(body) => format!("that is the request; pass {WHERE}"),
        _ => format!(
            "the body was parsed before it got here, by request.get_json(), request.data of Django REST framework or \
             await request.json(); pass {WHERE}"
        ),
    }
}

/// Asks the class first: on the request itself, reading `body` may read the connection.
fn is_request(body: &Bound<'_, PyAny>) -> bool {
    let has = |value: &Bound<'_, PyAny>| {
        value.hasattr("get_data").unwrap_or_default() || value.hasattr("body").unwrap_or_default()
    };
    has(body.get_type().as_any()) || has(body)
}
