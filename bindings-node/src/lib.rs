//! The Node.js addon of `paymento`.
