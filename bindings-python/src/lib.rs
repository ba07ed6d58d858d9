//! The Python extension module of `paymento`.

#[pyo3::pymodule]
mod _native {}
