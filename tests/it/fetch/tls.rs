//! Certificates: one that is not trusted, or is another host's, ends the request. The
//! certificates are made by the system's openssl; without it these tests say so and pass.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::Arc;

use copydesk::fetch::{FetchConfig, FetchError, Fetcher, Visit};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{body, config, refusal, request};

struct Certificate {
    pem: Vec<u8>,
    key: Vec<u8>,
}

/// A certificate for `name` ("IP:…" or "DNS:…") that signs itself.
fn certificate(name: &str) -> Option<Certificate> {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\nCN=desk\n\
         [ext]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName={name}\n"
    );
    std::fs::write(folder.path().join("settings"), settings).unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args([
            "-days", "30", "-config", "settings", "-keyout", "key", "-out", "pem",
        ])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no openssl here to make a certificate with");
        return None;
    }
    let read = |name| std::fs::read(folder.path().join(name)).unwrap();
    Some(Certificate {
        pem: read("pem"),
        key: read("key"),
    })
}

/// Answers every request, robots.txt too, with the page "news". The thread ends with the tests.
fn serve(certificate: &Certificate) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(&certificate.pem).unwrap()],
            PrivateKeyDer::from_pem_slice(&certificate.key).unwrap(),
        )
        .unwrap();
    let settings = Arc::new(settings);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let session = rustls::ServerConnection::new(Arc::clone(&settings)).unwrap();
            let mut stream = rustls::StreamOwned::new(session, stream);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.extend(byte);
            }
            // A client that did not like the certificate is gone, as it should be.
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnews");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    address
}

async fn visit(address: SocketAddr, trusted: &[u8]) -> Visit {
    let desk = Fetcher::new(FetchConfig {
        ca_certificates_pem: trusted.to_vec(),
        ..config()
    })
    .unwrap();
    desk.get(request(&format!("https://{address}/a"))).await
}

#[tokio::test]
async fn an_authority_named_to_us_is_trusted_and_an_unknown_one_is_not() {
    let Some(certificate) = certificate("IP:127.0.0.1") else {
        return;
    };
    let address = serve(&certificate);
    assert_eq!(body(&visit(address, &certificate.pem).await), "news");
    let untrusted = visit(address, b"").await;
    assert!(
        refusal(&untrusted).to_string().contains("TLS: "),
        "{}",
        refusal(&untrusted)
    );
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused() {
    let Some(certificate) = certificate("DNS:other.example") else {
        return;
    };
    let foreign = visit(serve(&certificate), &certificate.pem).await;
    assert!(
        refusal(&foreign).to_string().contains("TLS: "),
        "{}",
        refusal(&foreign)
    );
}

#[test]
fn what_cannot_be_used_is_told_before_anything_is_asked() {
    let not_pem = FetchConfig {
        ca_certificates_pem: b"not a certificate".to_vec(),
        ..config()
    };
    assert!(matches!(Fetcher::new(not_pem), Err(FetchError::CaCertificate(_))));
    let two_lines = FetchConfig {
        user_agent: "copydesk\r\nCookie: x".to_owned(),
        ..config()
    };
    assert!(matches!(Fetcher::new(two_lines), Err(FetchError::UserAgent(_))));
}
