//! [`Transaction`]: money on its way to a payment's address.

use std::time::Duration;

use super::timers::TimerId;
use crate::amount::Amount;

/// Where a transaction stands. The first three are the gateway's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransactionState {
    /// Seen, in no block yet.
    Mempool,
    /// In a block, with fewer confirmations than are asked for.
    InBlock,
    /// Confirmed.
    Completed,
    /// Gone from the mempool: the money never came.
    Dropped,
}

impl TransactionState {
    /// The stable name, for instance `in_block`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mempool => "mempool",
            Self::InBlock => "in_block",
            Self::Completed => "completed",
            Self::Dropped => "dropped",
        }
    }
}

/// One transfer of the chosen coin to the payment's address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transaction {
    /// 64 lower-case hexadecimal characters.
    pub hash: String,
    /// How much of the coin.
    pub amount: Amount,
    /// Where it stands.
    pub state: TransactionState,
    /// Blocks on top of it, its own included.
    pub confirmations: u32,
    /// When it was seen, by the simulator's clock since its start.
    pub received_at: Duration,
}

impl Transaction {
    pub(super) fn counts(&self) -> bool {
        self.state != TransactionState::Dropped
    }

    /// Whether the chain has yet to confirm it.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, TransactionState::Mempool | TransactionState::InBlock)
    }

    /// One more block, or the last that is asked for.
    pub(super) fn confirm(&mut self, confirmations: u32, required: u32) {
        self.confirmations = confirmations;
        self.state = if confirmations >= required { TransactionState::Completed } else { TransactionState::InBlock };
    }
}

/// A transaction with the timer of its next confirmation.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) transaction: Transaction,
    pub(super) timer: Option<TimerId>,
}

/// The exact sum of these transactions.
pub(super) fn sum<'a>(transactions: impl Iterator<Item = &'a Transaction>) -> Amount {
    transactions.fold(Amount::zero(), |sum, transaction| sum.plus(&transaction.amount))
}
