//! Which status may follow which: the edges that the gateway documents, and those that only follow from how chains work.

use crate::status::OrderStatus::{
    self, Approve, Initialize, Paid, PartialPaid, Pending, Reject, Timeout, UserCanceled, WaitingToConfirm,
};

/// How an edge is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The gateway's documentation describes it.
    Documented,
    /// Nothing describes it, and money moves that way all the same.
    Inferred,
}

use Known::{Documented, Inferred};

/// Every edge there is.
pub(super) const EDGES: [(OrderStatus, OrderStatus, Known); 21] = [
    (Initialize, Pending, Documented),
    (Initialize, UserCanceled, Documented),
    // The window ends although no coin was chosen.
    (Initialize, Timeout, Inferred),
    (Pending, PartialPaid, Documented),
    (Pending, WaitingToConfirm, Documented),
    (Pending, Timeout, Documented),
    (Pending, UserCanceled, Documented),
    // A chain that needs no confirmations.
    (Pending, Paid, Inferred),
    (PartialPaid, WaitingToConfirm, Documented),
    // The remainder does not come, and the address is watched no longer.
    (PartialPaid, Reject, Inferred),
    // All the money that had come is dropped from the mempool.
    (PartialPaid, Pending, Inferred),
    (WaitingToConfirm, Paid, Documented),
    (WaitingToConfirm, Reject, Inferred),
    // Dropped from the mempool: all of it, or some.
    (WaitingToConfirm, Pending, Inferred),
    (WaitingToConfirm, PartialPaid, Inferred),
    // Money that comes late: nobody can stop a customer from sending it.
    (Timeout, WaitingToConfirm, Inferred),
    (Timeout, Paid, Inferred),
    (UserCanceled, WaitingToConfirm, Inferred),
    (UserCanceled, Paid, Inferred),
    (Paid, Approve, Documented),
    // Never verified by the store.
    (Paid, Reject, Documented),
];

/// Whether a payment may move from one status to the other.
pub(super) fn may_move(from: OrderStatus, to: OrderStatus) -> bool {
    EDGES.iter().any(|(start, end, _)| (*start, *end) == (from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followers(from: OrderStatus, known: Known) -> Vec<i64> {
        let edges = EDGES.iter().filter(|(start, _, how)| (*start, *how) == (from, known));
        let mut codes: Vec<_> = edges.map(|(_, end, _)| end.code()).collect();
        codes.sort_unstable();
        codes
    }

    #[test]
    fn the_documented_edges_are_those_of_the_gateways_documentation() {
        let edges: Vec<_> =
            OrderStatus::KNOWN.into_iter().map(|from| (from.code(), followers(from, Documented))).collect();
        let expected = [
            (0, vec![1, 5]),
            (1, vec![2, 3, 4, 5]),
            (2, vec![3]),
            (3, vec![7]),
            (4, vec![]),
            (5, vec![]),
            (7, vec![8, 9]),
            (8, vec![]),
            (9, vec![]),
        ];
        assert_eq!(edges, expected);
    }

    #[test]
    fn the_inferred_edges_are_late_dropped_and_given_up_money() {
        let edges: Vec<_> =
            OrderStatus::KNOWN.into_iter().map(|from| (from.code(), followers(from, Inferred))).collect();
        let expected = [
            (0, vec![4]),
            (1, vec![7]),
            (2, vec![1, 9]),
            (3, vec![1, 2, 9]),
            (4, vec![3, 7]),
            (5, vec![3, 7]),
            (7, vec![]),
            (8, vec![]),
            (9, vec![]),
        ];
        assert_eq!(edges, expected);
    }

    #[test]
    fn an_undocumented_status_leads_nowhere_and_is_never_reached() {
        for code in [6, 10, 42] {
            let odd = OrderStatus::from_code(code);
            assert!(OrderStatus::KNOWN.into_iter().all(|status| !may_move(status, odd) && !may_move(odd, status)));
        }
    }

    #[test]
    fn nothing_reaches_approve_but_paid() {
        let before: Vec<_> = OrderStatus::KNOWN.into_iter().filter(|from| may_move(*from, Approve)).collect();
        assert_eq!(before, [Paid]);
    }
}
