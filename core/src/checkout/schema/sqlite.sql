-- The checkout's tables, version 1. Times are milliseconds since 1970 by the database's clock.
-- Migrations only add. Everything begins with paymento_.

CREATE TABLE IF NOT EXISTS paymento_schema (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    oldest_compatible INTEGER NOT NULL
);

-- One row a store of the merchant; also where the pace of its verify calls is kept.
CREATE TABLE IF NOT EXISTS paymento_accounts (
    account TEXT PRIMARY KEY,
    gateway TEXT NOT NULL,
    pace_at INTEGER NOT NULL,
    probes INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);

-- The order with the empty id is the account's own: what belongs to no order hangs there.
CREATE TABLE IF NOT EXISTS paymento_orders (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    order_id TEXT NOT NULL,
    terms TEXT NOT NULL,
    price TEXT NOT NULL,
    state TEXT NOT NULL,
    paid_payment INTEGER,
    canceled_at INTEGER,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL,
    fencing INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    paid_at INTEGER,
    UNIQUE (account, order_id)
);

-- One row a payment. Without a token it is an intent: recorded before the gateway is asked, leased to its creator.
CREATE TABLE IF NOT EXISTS paymento_payments (
    id INTEGER PRIMARY KEY,
    order_row INTEGER NOT NULL REFERENCES paymento_orders (id),
    account TEXT NOT NULL,
    gateway TEXT NOT NULL,
    live INTEGER,
    token TEXT,
    url TEXT,
    terms TEXT NOT NULL,
    price TEXT NOT NULL,
    speed TEXT NOT NULL,
    additional_data TEXT NOT NULL,
    state TEXT NOT NULL,
    creator TEXT,
    creator_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    next_verify_at INTEGER,
    urgency INTEGER NOT NULL,
    last_verify_at INTEGER,
    verify_fence INTEGER NOT NULL,
    verify_until INTEGER,
    failures INTEGER NOT NULL,
    visited_at INTEGER,
    callbacks INTEGER NOT NULL,
    callback_paid INTEGER NOT NULL,
    callback_odd TEXT,
    status TEXT,
    outcome TEXT,
    confirming_since INTEGER,
    unapproved_since INTEGER,
    closed_at INTEGER,
    settled_at INTEGER,
    expected TEXT,
    received TEXT,
    settlement TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS paymento_payments_token ON paymento_payments (account, token);
CREATE UNIQUE INDEX IF NOT EXISTS paymento_payments_intent ON paymento_payments (order_row, terms) WHERE token IS NULL;
CREATE INDEX IF NOT EXISTS paymento_payments_order ON paymento_payments (order_row);
CREATE INDEX IF NOT EXISTS paymento_payments_time ON paymento_payments (account, created_at, id);
CREATE INDEX IF NOT EXISTS paymento_payments_state ON paymento_payments (account, state, created_at, id);
CREATE INDEX IF NOT EXISTS paymento_payments_due ON paymento_payments (account, urgency, next_verify_at)
    WHERE next_verify_at IS NOT NULL;

-- Every authentic body, once. Only the body and what tells it apart are certain; token and status are what could be read.
CREATE TABLE IF NOT EXISTS paymento_callbacks (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    digest BLOB NOT NULL,
    body BLOB NOT NULL,
    kind INTEGER NOT NULL,
    token TEXT,
    status TEXT,
    received_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    UNIQUE (account, digest)
);
CREATE INDEX IF NOT EXISTS paymento_callbacks_token ON paymento_callbacks (account, token) WHERE token IS NOT NULL;
CREATE INDEX IF NOT EXISTS paymento_callbacks_time ON paymento_callbacks (account, received_at);

-- What is to be handed over. State: 0 due, 1 done, 2 dead letter, 3 dropped.
CREATE TABLE IF NOT EXISTS paymento_events (
    id INTEGER PRIMARY KEY,
    order_row INTEGER NOT NULL REFERENCES paymento_orders (id),
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT,
    key TEXT NOT NULL,
    token TEXT,
    payload TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    error TEXT,
    UNIQUE (account, key)
);
CREATE INDEX IF NOT EXISTS paymento_events_due ON paymento_events (account, kind, next_at) WHERE state = 0;
CREATE INDEX IF NOT EXISTS paymento_events_dead ON paymento_events (account, id) WHERE state = 2;
CREATE INDEX IF NOT EXISTS paymento_events_order ON paymento_events (order_row);

CREATE TABLE IF NOT EXISTS paymento_history (
    id INTEGER PRIMARY KEY,
    order_row INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    who TEXT NOT NULL,
    token TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS paymento_history_order ON paymento_history (order_row, id);

-- The runners that are alive, by their heartbeat.
CREATE TABLE IF NOT EXISTS paymento_runners (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    handles TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
);
