//! Which servers are believed: those with a certificate of an authority, of the system's or of `--ca-file`, and those whose
//! own certificate stands in that file.
//!
//! webpki refuses an authority's certificate as the server's own, and that is what `openssl req -x509` makes. Who put that
//! very certificate into the file has said whom they believe, and whoever has its key could sign another one for the same
//! names: so this one refusal is taken back, for the same bytes alone. The time, the names and the signature of the
//! handshake are checked as ever, and whatever else webpki refuses stays refused.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

/// Returns the TLS of a client that believes these certificates and the system's authorities.
///
/// # Errors
/// When one of them is none.
pub fn config(certificates: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let authorities = Verifier::new_with_extra_roots(certificates.iter().cloned(), provider.clone())?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trust { authorities, own: certificates }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Who is believed.
#[derive(Debug)]
struct Trust {
    /// By the authority that signed its certificate.
    authorities: Verifier,
    /// By the certificate itself.
    own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.authorities.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // It is within its time, for webpki looks at that first; the name, which comes last, is looked at here.
            Err(error) if is_of_authority(&error) && self.own.contains(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Returns true when a certificate is refused for being an authority's.
fn is_of_authority(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Other(why)) if why.to_string() == "CaUsedAsEndEntity")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
    use rustls_pki_types::PrivateKeyDer;
    use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
    use tokio_rustls::rustls::sign::CertifiedKey;
    use tokio_rustls::rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::*;

    /// Makes a certificate as `openssl req -x509` does: an authority's, for `localhost`, from 2020 to the end of 2029.
    fn made() -> (CertificateParams, KeyPair, CertificateDer<'static>) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2029, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        (params, key, certificate)
    }

    fn trust(certificates: &[&CertificateDer<'static>]) -> Trust {
        let own: Vec<CertificateDer<'static>> = certificates.iter().map(|one| (*one).clone()).collect();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let authorities = Verifier::new_with_extra_roots(own.clone(), provider).expect("certificates");
        Trust { authorities, own }
    }

    /// Says why a server is not believed at this time (seconds since 1970); nothing when it is.
    fn refused(trust: &Trust, certificate: &CertificateDer<'_>, name: &str, now: u64) -> String {
        let name = ServerName::try_from(name).expect("a name");
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let verified = trust.verify_server_cert(certificate, &[], &name, &[], now);
        verified.err().map_or_else(String::new, |error| error.to_string())
    }

    const IN_2019: u64 = 1_560_000_000;
    const IN_2026: u64 = 1_790_000_000;
    const IN_2030: u64 = 1_900_000_000;

    #[test]
    fn the_very_certificate_of_the_file_is_believed_for_its_names_and_its_time_alone() {
        let ((params, key, own), (_, other_key, other)) = (made(), made());
        let both = trust(&[&other, &own]);
        assert_eq!(refused(&both, &own, "localhost", IN_2026), "");
        for (name, now, why) in [
            ("logs.example.org", IN_2026, "not valid for name"),
            ("127.0.0.1", IN_2026, "not valid for name"),
            ("localhost.example.org", IN_2026, "not valid for name"),
            ("localhost", IN_2030, "expired"),
            ("localhost", IN_2019, "not valid yet"),
            ("logs.example.org", IN_2030, "expired"),
        ] {
            let said = refused(&both, &own, name, now);
            assert!(said.contains(why), "{name} at {now}: {said:?}");
        }
        // Others are not: neither another one for that name, nor another one of the same key.
        let one = trust(&[&own]);
        assert!(refused(&one, &other, "localhost", IN_2026).contains("CaUsedAsEndEntity"));
        let mut again = params.clone();
        again.serial_number = Some(7_u64.into());
        let again = again.self_signed(&key).expect("a certificate");
        assert!(refused(&one, again.der(), "localhost", IN_2026).contains("CaUsedAsEndEntity"));
        // An authority that the first one made is none in the file.
        let issuer = Issuer::new(params.clone(), key);
        let below = params.signed_by(&other_key, &issuer).expect("a certificate");
        assert!(refused(&one, below.der(), "localhost", IN_2026).contains("CaUsedAsEndEntity"));
        // What it signs for a server is believed, as that of any authority in the file.
        let mut server = params;
        server.is_ca = IsCa::NoCa;
        let server = server.signed_by(&other_key, &issuer).expect("a certificate");
        assert_eq!(refused(&one, server.der(), "localhost", IN_2026), "");
    }

    /// Shows a certificate with whatever key.
    #[derive(Debug)]
    struct Shown(Arc<CertifiedKey>);

    impl ResolvesServerCert for Shown {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(self.0.clone())
        }
    }

    fn handshake(client: &ClientConfig, certificate: &CertificateDer<'static>, key: &KeyPair) -> Result<(), Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let key = provider.key_provider.load_private_key(key).expect("a key");
        let shown = Shown(Arc::new(CertifiedKey::new(vec![certificate.clone()], key)));
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let server = server.with_no_client_auth().with_cert_resolver(Arc::new(shown));
        let mut server = ServerConnection::new(Arc::new(server))?;
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Arc::new(client.clone()), name)?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut sent = Vec::new();
            client.write_tls(&mut sent).expect("memory takes it");
            server.read_tls(&mut sent.as_slice()).expect("memory gives it");
            server.process_new_packets()?;
            let mut answered = Vec::new();
            server.write_tls(&mut answered).expect("memory takes it");
            client.read_tls(&mut answered.as_slice()).expect("memory gives it");
            client.process_new_packets()?;
        }
        Ok(())
    }

    #[test]
    fn who_has_not_the_key_of_the_certificate_is_not_believed() {
        let ((_, key, own), (_, other_key, _)) = (made(), made());
        let client = config(vec![own.clone()]).expect("a certificate");
        assert_eq!(handshake(&client, &own, &key), Ok(()));
        let error = handshake(&client, &own, &other_key).expect_err("the signature is another's");
        assert_eq!(error, Error::InvalidCertificate(CertificateError::BadSignature));
    }
}
