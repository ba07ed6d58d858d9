//! Which status may follow which, as the gateway's own documentation marks it.

use crate::status::OrderStatus::{
    self, Approve, Initialize, Paid, PartialPaid, Pending, Reject, Timeout, UserCanceled, WaitingToConfirm,
};

/// Whether a payment may move from one status to the other. Only documented edges; the inferred ones are for scenarios
/// that ask for them by name.
pub(super) fn may_move(from: OrderStatus, to: OrderStatus) -> bool {
    matches!(
        (from, to),
        (Initialize, Pending | UserCanceled)
            | (Pending, PartialPaid | WaitingToConfirm | Timeout | UserCanceled)
            | (PartialPaid, WaitingToConfirm)
            | (WaitingToConfirm, Paid)
            | (Paid, Approve | Reject)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followers(from: OrderStatus) -> Vec<i64> {
        OrderStatus::KNOWN.into_iter().filter(|to| may_move(from, *to)).map(OrderStatus::code).collect()
    }

    #[test]
    fn a_payment_moves_along_the_documented_edges_only() {
        let edges: Vec<_> = OrderStatus::KNOWN.into_iter().map(|from| (from.code(), followers(from))).collect();
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
