//! The checkout page in every state, and the levers beside it.

use std::time::Duration;

use super::{
    Simulator,
    testbed::{Message, SOON, send},
};
use crate::status::OrderStatus;

const SHOP: &str = r#","orderId":"A-578","riskSpeed":1,"returnUrl":"https://shop.test/back""#;

/// The network waits for the lever.
fn simulator() -> Simulator {
    Simulator::builder().manual_confirmation(true).start().expect("started")
}

impl Simulator {
    fn lever(&self, name: &str, token: &str) -> Message {
        self.submit(&format!("lever/{name}"), &format!("token={token}"))
    }

    fn page(&self, token: &str) -> String {
        self.browse(&format!("/gateway?token={token}")).text()
    }

    fn with_coin(&self) -> String {
        let token = self.create(SHOP);
        self.submit("coin", &format!("token={token}&coin=Bitcoin"));
        token
    }

    fn status(&self, token: &str) -> OrderStatus {
        self.payment(token).expect("known").status
    }
}

/// Whether the lever is on the page and can be pulled.
fn offers(page: &str, lever: &str) -> bool {
    let at = page.find(&format!("data-lever=\"{lever}\"")).unwrap_or_else(|| panic!("no lever {lever}"));
    !page[at..].split('>').next().is_some_and(|tag| tag.ends_with("disabled"))
}

#[test]
fn the_way_through_the_levers_shows_every_state() {
    let way: [(&[&str], &str); 8] = [
        (&[], "Waiting for 0.00041732 BTC"),
        (&["less"], "Part of it has arrived"),
        (&["pay"], "0 of 2 confirmations"),
        (&["pay", "confirm"], "Payment received"),
        (&["more", "confirm"], "0.00004174 BTC</strong> more than was asked for"),
        (&["expire"], "Payment expired"),
        (&["cancel"], "Payment canceled"),
        (&["less", "reject"], "Payment rejected"),
    ];
    let simulator = simulator();
    for (levers, words) in way {
        let token = simulator.with_coin();
        for lever in levers {
            let answer = simulator.lever(lever, &token);
            let back = format!("/gateway?token={token}");
            assert_eq!((answer.status(), answer.header("location")), (303, Some(&*back)), "{lever}");
        }
        let page = simulator.page(&token);
        assert!(page.contains(words), "{levers:?}: {page}");
        assert!(page.contains("29.99 USD") && page.contains("0.00041732 BTC") && page.contains("no real money"));
    }
}

#[test]
fn every_ending_leads_back_to_the_shop() {
    let simulator = simulator();
    for (levers, status) in [(&["pay", "confirm"][..], 7), (&["expire"], 4), (&["cancel"], 5), (&["less", "reject"], 9)]
    {
        let token = simulator.with_coin();
        for lever in levers {
            simulator.lever(lever, &token);
        }
        let link = format!("href=\"https://shop.test/back?token={token}&amp;orderId=A-578&amp;status={status}\"");
        assert!(simulator.page(&token).contains(&link), "{levers:?}");
    }
    let token = simulator.create("");
    simulator.lever("cancel", &token);
    assert!(simulator.page(&token).contains("You can close this page."));
}

#[test]
fn a_partial_payment_asks_for_the_rest_at_the_same_address() {
    let simulator = simulator();
    let token = simulator.with_coin();
    let address = simulator.payment(&token).and_then(|payment| payment.address).expect("an address");
    simulator.lever("less", &token);
    let page = simulator.page(&token);
    for part in [&*address, "<dd id=\"remains\">0.00020866 BTC</dd>", "Pay 0.00020866 BTC", "data-copy=\"0.00020866\""]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("id=\"cancel\"") && !page.contains("Use another coin"), "money is on its way");
    simulator.lever("pay", &token);
    assert_eq!(simulator.status(&token), OrderStatus::WaitingToConfirm);
}

#[test]
fn only_levers_that_make_sense_can_be_pulled() {
    let simulator = simulator();
    let token = simulator.with_coin();
    let offered = |token: &str| {
        let page = simulator.page(token);
        let all = ["less", "more", "late", "confirm", "drop", "reject", "expire"];
        all.into_iter().filter(|lever| offers(&page, lever)).collect::<Vec<_>>()
    };
    assert_eq!(offered(&token), ["less", "more", "late", "expire"]);
    simulator.lever("pay", &token);
    assert_eq!(offered(&token), ["confirm", "drop", "reject"]);
    simulator.lever("drop", &token);
    assert_eq!(simulator.status(&token), OrderStatus::Pending);
    simulator.lever("late", &token);
    assert_eq!(simulator.status(&token), OrderStatus::WaitingToConfirm);
    simulator.lever("confirm", &token);
    assert_eq!(offered(&token), ["reject"]);
    assert_eq!(offered(&simulator.create("")), ["expire"]);
}

#[test]
fn a_lever_that_makes_no_sense_shows_the_page_and_moves_nothing() {
    let simulator = simulator();
    let token = simulator.with_coin();
    for lever in ["confirm", "drop", "reject"] {
        let answer = simulator.lever(lever, &token);
        let location = format!("/gateway?token={token}&notice=moved");
        assert_eq!((answer.status(), answer.header("location")), (303, Some(&*location)), "{lever}");
        assert!(simulator.browse(&location).text().contains("That makes no sense now"));
    }
    for amount in ["", "0", "-1", "1,5", "NaN", "1e999999999", "%3Cscript%3E"] {
        let answer = simulator.submit("lever/amount", &format!("token={token}&amount={amount}"));
        assert!(answer.header("location").is_some_and(|url| url.ends_with("&notice=amount")), "{amount}");
    }
    assert_eq!(simulator.status(&token), OrderStatus::Pending);
    assert_eq!(simulator.lever("nonsense", &token).status(), 404);
    for by in ["", "x", "2d", "-1m"] {
        assert_eq!(simulator.submit("lever/advance", &format!("token={token}&by={by}")).status(), 404, "{by}");
    }
}

#[test]
fn an_unknown_token_is_404_everywhere() {
    let simulator = simulator();
    for action in ["coin", "pay", "cancel", "lever/pay", "lever/late", "lever/confirm", "lever/advance"] {
        assert_eq!(simulator.submit(action, "token=x&by=1m&coin=Bitcoin").status(), 404, "{action}");
    }
    for path in ["/gateway", "/gateway?token=x", "/gateway/state?token=x", "/gateway/state"] {
        assert_eq!(simulator.browse(path).status(), 404, "{path}");
    }
}

#[test]
fn another_amount_is_taken_to_the_last_digit() {
    let simulator = simulator();
    let token = simulator.with_coin();
    simulator.submit("lever/amount", &format!("token={token}&amount=0.000417319999999999"));
    let page = simulator.page(&token);
    assert!(page.contains("<dd id=\"remains\">0.000000000000000001 BTC</dd>"), "{page}");
}

#[test]
fn the_clock_lets_the_time_run_out() {
    let simulator = simulator();
    let token = simulator.with_coin();
    for (by, status) in [("10m", OrderStatus::Pending), ("1h", OrderStatus::Timeout)] {
        assert_eq!(simulator.submit("lever/advance", &format!("token={token}&by={by}")).status(), 303);
        assert_eq!(simulator.status(&token), status, "{by}");
    }
}

#[test]
fn the_state_is_told_as_soon_as_it_changes() {
    let simulator = simulator();
    let token = simulator.with_coin();
    let ask = |stamp: &str| simulator.browse(&format!("/gateway/state?token={token}&stamp={stamp}")).json();
    let first = ask("");
    assert_eq!(first["status"], 1);
    let stamp = first["stamp"].as_str().expect("a stamp");
    assert!(simulator.page(&token).contains(&format!("data-stamp=\"{stamp}\"")));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(stamp));
        simulator.lever("pay", &token);
        let next = waiting.join().expect("no panic");
        assert_eq!(next["status"], 3);
        assert_ne!(next["stamp"], first["stamp"]);
    });
}

#[test]
fn looking_again_is_no_visit() {
    let simulator = simulator();
    let token = simulator.create("");
    let look = format!("GET /gateway?token={token} HTTP/1.1\r\nSec-Fetch-Dest: empty");
    assert_eq!(super::testbed::send(simulator.port(), &look, b"").status(), 200);
    simulator.browse(&format!("/gateway?token={token}"));
    let visits = simulator.events_after(0, SOON).into_iter().filter(|event| event.kind.as_str() == "page_opened");
    assert_eq!(visits.count(), 1);
}

#[test]
fn a_page_without_a_script_looks_again_while_the_payment_waits() {
    let simulator = simulator();
    let token = simulator.with_coin();
    let refresh = "<noscript><meta http-equiv=\"refresh\"";
    assert!(!simulator.page(&token).contains(refresh), "nobody types into a page that reloads");
    simulator.lever("pay", &token);
    assert!(simulator.page(&token).contains(refresh));
}

#[test]
fn the_pages_files_come_from_here_and_nothing_is_inline() {
    let simulator = Simulator::builder().virtual_clock(true).start().expect("started");
    let token = simulator.with_coin();
    let page = simulator.page(&token);
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onclick"));
    let files = page.split('"').filter(|text| text.starts_with("/gateway/") && text.contains('.'));
    for path in files.chain(["/gateway/live.js", "/dashboard/dashboard.css", "/dashboard/dashboard.js"]) {
        let file = simulator.browse(path);
        let kind = match path.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!((file.status(), file.header("content-type")), (200, Some(kind)), "{path}");
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        assert!(!file.text().contains("https://"), "{path}");
    }
    assert!(page.contains("<svg class=\"qr\"") && page.contains("data-runs=\"false\""));
    simulator.advance(Duration::from_mins(1)).expect("running");
    assert!(simulator.page(&token).contains("data-left=\"1740000\""));
}

#[test]
fn a_page_from_elsewhere_cannot_pay_even_with_a_token_that_it_guessed() {
    let simulator = simulator();
    let token = simulator.with_coin();
    let submit = |site: &str, action: &str| {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let head = format!("POST /gateway/{action} HTTP/1.1\r\n{kind}\r\nSec-Fetch-Site: {site}");
        send(simulator.port(), &head, format!("token={token}&by=1h&coin=Ethereum").as_bytes()).status()
    };
    for action in ["pay", "coin", "cancel", "lever/pay", "lever/advance"] {
        assert_eq!((submit("cross-site", action), submit("same-site", action)), (403, 403), "{action}");
    }
    assert_eq!(simulator.status(&token), OrderStatus::Pending);
    assert_eq!(submit("same-origin", "lever/pay"), 303);
    let head = format!("GET /gateway?token={token} HTTP/1.1\r\nSec-Fetch-Site: cross-site");
    assert_eq!(send(simulator.port(), &head, b"").status(), 200, "the shop sends its customers here");
}
