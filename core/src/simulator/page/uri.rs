//! What a wallet reads from the QR code.

use crate::simulator::coin::Coin;

/// Decimals of an ether: EIP-681 counts in the smallest unit.
const WEI: usize = 18;

/// The payment URI that wallets of this coin know (BIP 21, EIP-681), or else the address alone.
pub(super) fn payment(coin: &Coin, address: &str, amount: &str) -> String {
    match (coin.shortcut, coin.chain_id) {
        ("BTC", _) => format!("bitcoin:{address}?amount={amount}"),
        ("LTC", _) => format!("litecoin:{address}?amount={amount}"),
        ("ETH", Some(chain)) => match shifted(amount, WEI) {
            Some(wei) => format!("ethereum:{address}@{chain}?value={wei}"),
            None => address.to_owned(),
        },
        _ => address.to_owned(),
    }
}

/// The decimal with its point moved to the right, exactly; none when digits would be lost.
fn shifted(decimal: &str, places: usize) -> Option<String> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_plain = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if fraction.len() > places || !is_plain {
        return None;
    }
    let digits = format!("{whole}{fraction:0<places$}");
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { digits.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_gets_address_and_amount_where_the_coin_has_a_uri_for_it() {
        let uri = |name| payment(Coin::named(name).expect("a coin"), "a1", "0.0085074");
        assert_eq!(uri("Bitcoin"), "bitcoin:a1?amount=0.0085074");
        assert_eq!(uri("Litecoin"), "litecoin:a1?amount=0.0085074");
        assert_eq!(uri("Ethereum"), "ethereum:a1@11155111?value=8507400000000000");
        assert_eq!((uri("Tron"), uri("Tether")), ("a1".to_owned(), "a1".to_owned()));
    }

    #[test]
    fn moving_the_point_loses_nothing() {
        for (decimal, wei) in [("1", "100"), ("0.5", "50"), ("12.30", "1230"), ("0.00", "0"), ("0.010", "1")] {
            assert_eq!(shifted(decimal, 2).as_deref(), Some(wei), "{decimal}");
        }
        assert_eq!(shifted("0.001", 2), None);
        assert_eq!(shifted("1e3", 2), None);
    }
}
