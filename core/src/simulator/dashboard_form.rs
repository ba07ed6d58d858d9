//! The forms of the dashboard: levers, callbacks again, faults, chaos, callback URLs, the clock.

use std::sync::Arc;

use super::{
    Chaos, Fault,
    dashboard::FormToken,
    lever::{self, Given, Stuck},
    page::{dashboard::Notice, view},
    reply::{field, html, see_other},
    shared::Shared,
    store::StoreId,
    target::Target,
};
use crate::error::{Error, ErrorCode};
use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

/// Does what the form asks for and shows its page again.
pub(super) async fn take(
    State(shared): State<Arc<Shared>>,
    Extension(token): Extension<FormToken>,
    Path(action): Path<String>,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    let form = Form(&form);
    if !is_from_here(&headers) || !form.text("form").is_some_and(|given| token.is(&given)) {
        let refusal = "<!doctype html><title>Refused</title><p>This form did not come from the dashboard of this run. Open \
                       <a href=\"/\">the dashboard</a> again.</p>";
        return html(StatusCode::FORBIDDEN, refusal.to_owned());
    }
    let notice = match action.as_str() {
        "lever" => pull(&shared, &form).await,
        "advance" => advance(&shared, &form).await,
        action => at_once(&shared, &form, action),
    };
    see_other(&with_notice(&way_back(&form), notice))
}

/// No browser lets a page from elsewhere say that it is from here. The `Origin` is no help: it is `null` under this
/// page's own `Referrer-Policy`.
fn is_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    site.is_none_or(|site| site == b"same-origin" || site == b"none")
        && headers.get(header::ORIGIN).is_none_or(|origin| {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let named = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            origin == "null" || named.is_some_and(|(_, named)| host == Some(named))
        })
}

struct Form<'a>(&'a [u8]);

impl Form<'_> {
    fn text(&self, name: &str) -> Option<String> {
        field(self.0, name)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }
}

/// A page of the dashboard, whatever the form says.
fn way_back(form: &Form<'_>) -> String {
    form.text("back").filter(|back| is_page(back)).unwrap_or_else(|| "/".to_owned())
}

fn is_page(back: &str) -> bool {
    let here = back == "/" || back.starts_with("/?") || back.starts_with("/dashboard/");
    here && back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn with_notice(page: &str, notice: Option<Notice>) -> String {
    let Some(notice) = notice else { return page.to_owned() };
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}notice={}", notice.as_str())
}

async fn pull(shared: &Shared, form: &Form<'_>) -> Option<Notice> {
    let (name, token) = (form.text("lever").unwrap_or_default(), form.text("token").unwrap_or_default());
    let amount = form.text("amount");
    match lever::pull(shared, &name, &token, Given { amount: amount.as_deref(), by: None }).await {
        Ok(()) => None,
        Err(Stuck::UnknownToken | Stuck::UnknownLever) => Some(Notice::Gone),
        Err(Stuck::Noticed(view::Notice::Moved)) => Some(Notice::Moved),
        Err(Stuck::Noticed(view::Notice::Amount)) => Some(Notice::BadAmount),
    }
}

async fn advance(shared: &Shared, form: &Form<'_>) -> Option<Notice> {
    let by = form.text("by").unwrap_or_default();
    lever::advance(shared, &by).await.err().map(|_| Notice::Gone)
}

/// What the ledger does at once.
fn at_once(shared: &Shared, form: &Form<'_>, action: &str) -> Option<Notice> {
    let delivery = form.number("delivery").unwrap_or_default();
    let store = StoreId(form.number("store").unwrap_or_default());
    let sent = |result: Result<u64, Error>| Some(result.map_or_else(|error| refused(&error), |_| Notice::Sent));
    match action {
        "resend" => sent(shared.change(|ledger| ledger.resend(delivery))),
        "tamper" => sent(shared.change(|ledger| ledger.tamper(delivery))),
        "test-webhook" => sent(shared.change(|ledger| ledger.send_test_webhook(store))),
        "probe" => sent(shared.change(|ledger| ledger.send_tampered_probe(store))),
        "arm" => arm(shared, form).err(),
        "clear" => {
            shared.change(|ledger| ledger.faults.clear());
            None
        }
        "chaos" => Some(set_chaos(shared, form)),
        "calm" => {
            // Ending it cannot fail.
            let _ = shared.change(|ledger| ledger.set_chaos(None));
            None
        }
        "callback-url" => Some(set_callback_url(shared, form, store)),
        _ => Some(Notice::Gone),
    }
}

fn refused(error: &Error) -> Notice {
    if error.code() == ErrorCode::ConfigMissing { Notice::NoUrl } else { Notice::Gone }
}

fn arm(shared: &Shared, form: &Form<'_>) -> Result<(), Notice> {
    let fault = form.number::<Fault>("fault").ok_or(Notice::Gone)?;
    let times = if form.text("times").as_deref() == Some("always") { None } else { Some(1) };
    shared.change(|ledger| ledger.faults.arm(fault, times, None));
    Ok(())
}

fn set_chaos(shared: &Shared, form: &Form<'_>) -> Notice {
    let Some(chaos) = chaos(form) else { return Notice::BadChance };
    let set = shared.change(|ledger| ledger.set_chaos(Some(chaos)));
    set.map_or(Notice::BadChance, |()| Notice::Saved)
}

/// In percent on the page.
fn chaos(form: &Form<'_>) -> Option<Chaos> {
    let chance = |name| match form.number::<u8>(name) {
        Some(percent @ 0..=100) => Some(f64::from(percent) / 100.0),
        _ => None,
    };
    let seed = match form.text("seed").unwrap_or_default().as_str() {
        "" => None,
        seed => Some(seed.parse().ok()?),
    };
    Some(Chaos {
        duplicate: chance("duplicate")?,
        reorder: chance("reorder")?,
        drop: chance("drop")?,
        delay: chance("delay")?,
        stalled_body: chance("stalled_body")?,
        bad_gateway: chance("bad_gateway")?,
        seed,
    })
}

fn set_callback_url(shared: &Shared, form: &Form<'_>, store: StoreId) -> Notice {
    let method = form.number("method").unwrap_or_default();
    let Ok(target) = Target::new(&form.text("url").unwrap_or_default(), method) else { return Notice::BadUrl };
    shared.change(|ledger| {
        if ledger.store(store).is_none() {
            return Notice::Gone;
        }
        ledger.set_target(store, Some(target));
        Notice::Saved
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_the_dashboard_only() {
        let back = |page: &str| {
            let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", page).finish();
            way_back(&Form(form.as_bytes()))
        };
        for page in ["/", "/?q=a%20b&page=2", "/dashboard/payment?token=t0"] {
            assert_eq!(back(page), page);
        }
        for page in
            ["//evil.test", "https://evil.test", "/\\evil.test", "/gateway", "/dashboard/\r\nx", "", "/dashboard/ x"]
        {
            assert_eq!(back(page), "/", "{page:?}");
        }
    }

    #[test]
    fn only_requests_from_this_page_or_from_no_page_are_taken() {
        let from_here = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::from_iter([(header::HOST, "127.0.0.1:8".parse().expect("a value"))]);
            for (name, value) in pairs {
                headers.insert(*name, value.parse().expect("a value"));
            }
            is_from_here(&headers)
        };
        assert!(from_here(&[]) && from_here(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(from_here(&[("sec-fetch-site", "none")]) && from_here(&[("origin", "http://127.0.0.1:8")]));
        for site in ["cross-site", "same-site", "other"] {
            assert!(!from_here(&[("sec-fetch-site", site)]), "{site}");
        }
        assert!(!from_here(&[("origin", "http://127.0.0.1:9")]) && !from_here(&[("origin", "https://evil.test")]));
    }
}
