//! The dashboard: what it shows, what its forms do, and that nobody else can send them.

use super::{
    FindingKind, Simulator, StoreOptions,
    testbed::{Message, SOON, Shop, send, simulator_for},
};
use crate::status::OrderStatus;

impl Simulator {
    fn form_token(&self) -> String {
        let page = self.browse("/dashboard/stores").text();
        let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
        rest.split('"').next().expect("a token").to_owned()
    }

    fn press(&self, action: &str, fields: &str) -> Message {
        self.press_from("", action, &format!("form={}&{fields}", self.form_token()))
    }

    fn press_from(&self, headers: &str, action: &str, form: &str) -> Message {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let head = format!("POST /dashboard/do/{action} HTTP/1.1\r\n{kind}{headers}");
        send(self.port(), &head, form.as_bytes())
    }

    fn paid_by(&self, order_id: &str, deliveries: usize) -> String {
        let token = self.create(&format!(r#","orderId":"{order_id}","riskSpeed":1"#));
        self.pay(&token).expect("paid");
        self.wait_for_deliveries(&token, deliveries, SOON).expect("delivered");
        token
    }
}

#[test]
fn payments_are_listed_newest_first_and_found_by_order_token_and_state() {
    let simulator = Simulator::start().expect("started");
    let tokens = ["A-1", "A-2", "B-1"].map(|id| simulator.create(&format!(r#","orderId":"{id}""#)));
    simulator.cancel(&tokens[0]).expect("canceled");
    let listed = |query: &str| {
        let page = simulator.browse(&format!("/?{query}")).text();
        let links = page.split("<li id=\"p").skip(1).filter_map(|item| item.split('"').next());
        links.map(|token| tokens.iter().position(|known| known == token)).collect::<Vec<_>>()
    };
    assert_eq!(listed(""), [Some(2), Some(1), Some(0)]);
    assert_eq!(listed("q=a-"), [Some(1), Some(0)]);
    assert_eq!(listed(&format!("q={}", &tokens[2][..8])), [Some(2)]);
    assert_eq!(listed("q=20002"), [Some(1)]);
    assert_eq!(listed("status=5"), [Some(0)]);
    assert_eq!(listed("status=7"), []);
    assert_eq!(listed("status=nonsense&page=99999999999999999999"), [Some(2), Some(1), Some(0)]);
}

#[test]
fn many_payments_take_several_pages() {
    let simulator = Simulator::start().expect("started");
    let first = simulator.create("");
    (0..50).for_each(|_| drop(simulator.create("")));
    let (newest, oldest) = (simulator.browse("/").text(), simulator.browse("/?page=1").text());
    assert!(!newest.contains(&first) && newest.contains("1 to 50 of 51") && newest.contains("href=\"/?page=1\""));
    assert!(oldest.contains(&first) && oldest.contains("51 to 51 of 51"));
}

#[test]
fn a_payments_page_tells_what_happened_and_shows_every_callback() {
    let shop = Shop::answering([500]);
    let simulator = simulator_for(&shop);
    let token = simulator.paid_by("A-578", 2);
    let page = simulator.browse(&format!("/dashboard/payment?token={token}")).text();
    let body = format!("&quot;Token&quot;: &quot;{token}&quot;,\n  &quot;PaymentId&quot;: 20001,");
    for part in ["Payment created", "Callback answered", "at attempt 2", "2 attempts", "x-hmac-sha256-signature", &body]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let signature = simulator.deliveries(&token)[0].signature.clone().expect("signed");
    assert!(page.contains(&signature) && page.contains("<pre class=\"raw\">ok</pre>"));
    assert!(simulator.browse("/dashboard/callbacks").text().contains("id=\"d2\""));
    assert_eq!(simulator.browse("/dashboard/payment?token=x").status(), 404);
}

#[test]
fn a_callback_is_sent_again_or_tampered_with_and_who_takes_that_is_found_out() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.paid_by("A-578", 2);
    let back = format!("/dashboard/payment?token={token}");
    let pressed = simulator.press("resend", &format!("delivery=1&back=%2Fdashboard%2Fpayment%3Ftoken%3D{token}"));
    assert_eq!((pressed.status(), pressed.header("location")), (303, Some(&*format!("{back}&notice=sent"))));
    simulator.press("tamper", "delivery=2");
    let deliveries = simulator.wait_for_deliveries(&token, 4, SOON).expect("delivered");
    assert_eq!(deliveries[2].body, deliveries[0].body);
    assert!(!deliveries[3].is_authentic);
    let page = simulator.browse("/").text();
    assert!(page.contains("1 thing to mend") && page.contains(FindingKind::TamperedCallbackAccepted.fix()), "{page}");
    let gone = simulator.press("resend", "delivery=99");
    assert_eq!(gone.header("location"), Some("/?notice=gone"));
}

#[test]
fn what_loses_money_is_named_first() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    // Without riskSpeed and without orderId, which is found first.
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    simulator.press("tamper", "delivery=2");
    simulator.wait_for_deliveries(&token, 3, SOON).expect("delivered");
    for path in ["/", "/dashboard/findings"] {
        let page = simulator.browse(path).text();
        let place = |kind: FindingKind| page.find(kind.as_str());
        let (worst, other) = (place(FindingKind::TamperedCallbackAccepted), place(FindingKind::RiskSpeedMissing));
        assert!(worst.is_some() && worst < other, "{page}");
    }
}

#[test]
fn a_form_from_elsewhere_is_refused_and_does_nothing() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    let (right, other) = (simulator.form_token(), Simulator::start().expect("started").form_token());
    let fields = format!("token={token}&lever=cancel");
    for (headers, form) in [
        ("", fields.clone()),
        ("", format!("form=&{fields}")),
        ("", format!("form={other}&{fields}")),
        ("\r\nSec-Fetch-Site: cross-site", format!("form={right}&{fields}")),
        ("\r\nSec-Fetch-Site: same-site", format!("form={right}&{fields}")),
        ("\r\nOrigin: https://evil.test", format!("form={right}&{fields}")),
    ] {
        assert_eq!(simulator.press_from(headers, "lever", &form).status(), 403, "{headers} {form}");
    }
    assert_eq!(simulator.payment(&token).map(|payment| payment.status), Some(OrderStatus::Initialize));
    let own = simulator.press_from(
        "\r\nSec-Fetch-Site: same-origin\r\nOrigin: null",
        "lever",
        &format!("form={right}&{fields}"),
    );
    assert_eq!(own.status(), 303);
    assert_eq!(simulator.payment(&token).map(|payment| payment.status), Some(OrderStatus::UserCanceled));
    assert_eq!(simulator.browse("/dashboard/do/lever").status(), 405);
}

#[test]
fn faults_are_armed_once_or_always_and_cleared() {
    let simulator = Simulator::start().expect("started");
    simulator.press("arm", "fault=callback.drop&times=1");
    simulator.press("arm", "fault=api.bad_gateway&times=always");
    let armed: Vec<_> = simulator.faults().iter().map(|armed| (armed.fault.as_str(), armed.times)).collect();
    assert_eq!(armed, [("callback.drop", Some(1)), ("api.bad_gateway", None)]);
    let page = simulator.browse("/dashboard/faults").text();
    assert!(page.contains("<strong>once</strong>") && page.contains("<strong>always</strong>"), "{page}");
    assert_eq!(simulator.press("arm", "fault=nonsense").header("location"), Some("/?notice=gone"));
    simulator.press("clear", "");
    assert!(simulator.faults().is_empty());
}

#[test]
fn chaos_is_set_in_percent_and_calmed() {
    let simulator = Simulator::start().expect("started");
    let chaos = |drop: &str, seed: &str| {
        let rest = "duplicate=30&reorder=0&delay=0&bad_gateway=0&stalled_body=0";
        let answer = simulator.press("chaos", &format!("{rest}&drop={drop}&seed={seed}"));
        answer.header("location").expect("a page").to_owned()
    };
    assert_eq!(chaos("20", "7"), "/?notice=saved");
    let page = simulator.browse("/dashboard/faults").text();
    assert!(page.contains("<output for=\"drop\">20%</output>") && page.contains("value=\"7\""), "{page}");
    for (drop, seed) in [("101", ""), ("-1", ""), ("x", ""), ("1", "x")] {
        assert_eq!(chaos(drop, seed), "/?notice=chance");
    }
    simulator.press("calm", "");
    assert!(simulator.browse("/dashboard/faults").text().contains("<output for=\"drop\">0%</output>"));
}

#[test]
fn a_store_gets_its_callback_url_and_its_probes() {
    let shop = Shop::answering([]);
    let simulator = Simulator::builder().store(StoreOptions::new("Second")).start().expect("started");
    assert_eq!(simulator.press("test-webhook", "store=1").header("location"), Some("/?notice=nourl"));
    let url: String = url::form_urlencoded::byte_serialize(shop.url.as_bytes()).collect();
    let set = |store: u8, url: &str| {
        let answer = simulator.press("callback-url", &format!("store={store}&method=PUT&url={url}"));
        answer.header("location").expect("a page").to_owned()
    };
    assert_eq!(set(1, "javascript%3Aalert(1)"), "/?notice=url");
    assert_eq!(set(7, &url), "/?notice=gone");
    assert_eq!(set(1, &url), "/?notice=saved");
    assert_eq!(simulator.stores()[0].callback_url(), None);
    assert_eq!(simulator.stores()[1].callback_url(), Some(&*shop.url));
    assert_eq!(simulator.press("test-webhook", "store=1").header("location"), Some("/?notice=sent"));
    simulator.wait_for_delivery(1, SOON).expect("delivered");
    assert!(shop.received()[0].start.starts_with("PUT /paymento/callback"));
}

#[test]
fn keys_are_on_the_stores_page_only() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.paid_by("A-578", 2);
    let stores = simulator.browse("/dashboard/stores").text();
    for key in [simulator.api_key(), simulator.secret_key()] {
        assert!(stores.contains(key));
        for path in ["/", "/dashboard/callbacks", "/dashboard/faults", "/dashboard/findings"] {
            assert!(!simulator.browse(path).text().contains(key), "{path}");
        }
        assert!(!simulator.browse(&format!("/dashboard/payment?token={token}")).text().contains(key));
    }
}

#[test]
fn hostile_texts_show_as_text_on_every_page() {
    let shop = Shop::answering([]);
    let simulator =
        Simulator::builder().store_name("<b onclick=x>\u{202e}").callback_url(&shop.url).start().expect("started");
    let token = simulator.create(
        r#","orderId":"<script>alert('1')</script>","emailAddress":"<u>","additionalData":[{"key":"<u>","value":"</pre><u>"}]"#,
    );
    simulator.pay(&token).expect("paid");
    simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    let pages = ["/", "/?q=%3Cu%3E", "/dashboard/callbacks", "/dashboard/stores"].map(str::to_owned);
    for path in pages.into_iter().chain([format!("/dashboard/payment?token={token}&x=%22%3E%3Cu%3E")]) {
        let page = simulator.browse(&path);
        let text = page.text();
        assert_eq!(text.matches("<script").count(), 1, "{path}");
        assert!(!text.contains("<u>") && !text.contains("<b ") && !text.contains('\u{202e}'), "{path}: {text}");
        assert!(!text.contains("style="), "{path}");
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("script-src 'self'")));
        assert_eq!(
            (page.header("cache-control"), page.header("referrer-policy")),
            (Some("no-store"), Some("no-referrer"))
        );
    }
}

#[test]
fn the_clock_moves_on_and_the_state_changes_with_it() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    let ask = |stamp: &str| simulator.browse(&format!("/dashboard/state?stamp={stamp}")).json();
    let first = ask("")["stamp"].as_str().expect("a stamp").to_owned();
    assert!(simulator.browse("/").text().contains(&format!("data-stamp=\"{first}\"")));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&first));
        simulator.press("advance", "by=1h");
        assert_ne!(waiting.join().expect("no panic")["stamp"], *first);
    });
    assert_eq!(simulator.payment(&token).map(|payment| payment.status), Some(OrderStatus::Timeout));
}

#[test]
fn an_empty_dashboard_says_where_to_begin() {
    let simulator = Simulator::start().expect("started");
    let page = send(simulator.port(), "GET / HTTP/1.1", b"").text();
    assert!(page.contains("No payments yet") && page.contains("<code>http://localhost"), "{page}");
    assert!(simulator.browse("/dashboard/callbacks").text().contains("None was sent yet"));
    assert!(simulator.browse("/dashboard/findings").text().contains("Nothing wrong so far"));
}
