//! TLS is always checked; a private authority can be added; a machine without roots still works.

mod support;

use std::sync::Arc;

use paymento::{Client, ErrorCode};
use support::{API_KEY, child, quick, read_request};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

/// A TLS server with a certificate that signs itself. Gives its URL and the certificate as PEM.
async fn start() -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 16\r\n\r\n{\"success\":true}").await;
        }
    });
    (url, certified.cert.pem())
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let (url, _) = start().await;
    let client = Client::builder(API_KEY).base_url(url).limits(quick()).build().expect("valid");
    let error = client.ping().await.expect_err("refused");
    assert_eq!((error.code(), error.maybe_sent()), (ErrorCode::TransportConnect, false));
}

#[tokio::test]
async fn a_private_authority_can_be_added() {
    let (url, pem) = start().await;
    let client = Client::builder(API_KEY).base_url(url).ca_certificates(pem).build().expect("valid");
    client.ping().await.expect("answered");
}

#[tokio::test]
async fn a_machine_without_roots_falls_back_on_mozillas_and_keeps_the_added_ones() {
    if child::is_child() {
        return a_certificate_is_checked_against_mozillas_and_the_added_ones().await;
    }
    let name = "a_machine_without_roots_falls_back_on_mozillas_and_keeps_the_added_ones";
    child::run(name, &[("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")]);
}

async fn a_certificate_is_checked_against_mozillas_and_the_added_ones() {
    let (url, pem) = start().await;
    let builder = Client::builder(API_KEY).base_url(url).limits(quick());
    let error = builder.clone().build().expect("valid").ping().await.expect_err("refused");
    assert_eq!(error.code(), ErrorCode::TransportConnect);
    builder.ca_certificates(pem).build().expect("valid").ping().await.expect("answered");
}

#[tokio::test]
async fn the_environments_proxy_is_used_for_the_gateway() {
    if child::is_child() {
        let client = Client::builder(API_KEY).base_url("https://api.invalid").limits(quick()).max_attempts(1);
        let error = client.build().expect("valid").ping().await.expect_err("the proxy hangs up");
        assert!(!error.maybe_sent(), "nothing was sent through the tunnel");
        return;
    }
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let served = tokio::spawn(async move {
        let (mut stream, _) = proxy.accept().await.expect("a connection");
        read_request(&mut stream).await.expect("a request")
    });
    let child = tokio::task::spawn_blocking(move || {
        child::run("the_environments_proxy_is_used_for_the_gateway", &[("HTTPS_PROXY", &url), ("NO_PROXY", "")])
    });
    let request = served.await.expect("served");
    assert!(request.starts_with("CONNECT api.invalid:443 "), "{request}");
    assert!(!request.contains(API_KEY));
    child.await.expect("joined");
}
