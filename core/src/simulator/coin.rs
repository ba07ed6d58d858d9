//! The coins of the simulated store, and what they cost. Testnets only, at made-up fixed prices.

use bigdecimal::{BigDecimal, RoundingMode};

use crate::amount::Amount;

/// Decimals of a quoted crypto amount.
pub(super) const DECIMALS: i64 = 8;

/// One coin on one network.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Coin {
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) shortcut: &'static str,
    pub(super) network: &'static str,
    pub(super) contract: Option<&'static str>,
    pub(super) chain_id: Option<i32>,
    /// The price in hundredths of a dollar.
    cents: i64,
    /// The last day's change, in hundredths of a percent.
    change: i64,
    pub(super) last_block: i64,
}

const fn coin(id: i64, name: &'static str, shortcut: &'static str, network: &'static str, price: (i64, i64)) -> Coin {
    let (cents, change) = price;
    Coin { id, name, shortcut, network, contract: None, chain_id: None, cents, change, last_block: 800_000 + id * 4211 }
}

/// Every coin there is; the store accepts all of them.
pub(super) static COINS: [Coin; 5] = [
    coin(1, "Bitcoin", "BTC", "Bitcoin Testnet", (7_186_421, -142)),
    Coin { chain_id: Some(11_155_111), ..coin(2, "Ethereum", "ETH", "Sepolia", (352_517, 88)) },
    Coin { contract: Some("simulated-usdt"), ..coin(3, "Tether", "USDT", "Tron Shasta", (100, 0)) },
    coin(4, "Litecoin", "LTC", "Litecoin Testnet", (8_433, -35)),
    coin(5, "Tron", "TRX", "Tron Shasta", (31, 210)),
];

/// What one dollar is in each currency, in hundredths of its unit.
pub(super) static CURRENCIES: [(&str, i64); 18] = [
    ("USD", 100),
    ("EUR", 92),
    ("GBP", 79),
    ("CHF", 88),
    ("SEK", 1_043),
    ("NOK", 1_068),
    ("DKK", 686),
    ("PLN", 396),
    ("CZK", 2_310),
    ("CAD", 137),
    ("AUD", 152),
    ("NZD", 165),
    ("JPY", 15_120),
    ("INR", 8_390),
    ("BRL", 540),
    ("MXN", 1_830),
    ("TRY", 3_410),
    ("AED", 367),
];

impl Coin {
    /// The coin with this name or shortcut, in any case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        COINS.iter().find(|coin| coin.name.eq_ignore_ascii_case(name) || coin.shortcut.eq_ignore_ascii_case(name))
    }

    /// The price of one coin, in hundredths of a hundredth: both factors are.
    fn price(&self, currency: &str) -> Option<BigDecimal> {
        let (_, rate) = CURRENCIES.iter().find(|(code, _)| code.eq_ignore_ascii_case(currency))?;
        Some(BigDecimal::new((self.cents * rate).into(), 4))
    }

    /// The price of one coin in this currency.
    pub(super) fn price_text(&self, currency: &str) -> Option<String> {
        Some(self.price(currency)?.normalized().to_plain_string())
    }

    /// The last day's change in percent.
    pub(super) fn change_text(&self) -> String {
        BigDecimal::new(self.change.into(), 2).to_plain_string()
    }

    /// How much of the coin this fiat amount is, rounded up: the shop never gets less than it asked for.
    pub(super) fn worth(&self, fiat: &Amount, currency: &str) -> Option<Amount> {
        let fiat: BigDecimal = fiat.to_string().parse().ok()?;
        let crypto = (fiat / self.price(currency)?).with_scale_round(DECIMALS, RoundingMode::Up);
        Amount::parse(&crypto.normalized().to_plain_string()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("an amount")
    }

    #[test]
    fn a_fiat_price_is_turned_into_coins_exactly_and_rounded_up() {
        let [bitcoin, _, tether, ..] = &COINS;
        assert_eq!(bitcoin.worth(&amount("29.99"), "USD"), Some(amount("0.00041732")));
        assert_eq!(tether.worth(&amount("29.99"), "usd"), Some(amount("29.99")));
        assert_eq!(bitcoin.worth(&amount("0.000001"), "USD"), Some(amount("0.00000001")));
        assert_eq!(bitcoin.worth(&amount("1"), "XXX"), None);
    }

    #[test]
    fn every_coin_has_a_price_in_every_currency() {
        for coin in &COINS {
            for (currency, _) in CURRENCIES {
                assert!(coin.worth(&amount("10"), currency).is_some_and(|amount| amount.is_positive()), "{currency}");
            }
        }
    }

    #[test]
    fn a_coin_is_found_by_name_or_shortcut_in_any_case() {
        assert_eq!(Coin::named("bitcoin"), Coin::named("BTC"));
        assert_eq!(Coin::named("doge"), None);
    }
}
