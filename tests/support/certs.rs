//! Certificates for servers under test, and clients within TLS.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ALL_VERSIONS, ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use tempfile::TempDir;

use crate::patience::PATIENCE;

pub use rcgen::date_time_ymd;

/// What is signed is changed by this before.
pub type Change = fn(&mut CertificateParams);

/// Whoever signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one of that name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for that name on this machine, and its key.
    fn certify(&self, name: &str, change: Change) -> (String, String) {
        let mut params = CertificateParams::default();
        let loopback = SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST));
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().expect("a DNS name")), loopback];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

/// A folder with the files of servers' TLS. They are read when a server starts, or reloads.
pub struct Certs(TempDir);

impl Certs {
    /// Files for servers of these names, all of one authority.
    #[must_use]
    pub fn of(authority: &Authority, names: &[impl AsRef<str>]) -> Self {
        let certs = Self(tempfile::tempdir().expect("a folder"));
        certs.trust(&[authority]);
        for name in names {
            certs.make(name.as_ref(), authority, |_| ());
        }
        certs
    }

    /// Gives the server of that name a certificate of this authority.
    pub fn make(&self, name: &str, authority: &Authority, change: Change) {
        self.make_for(name, name, authority, change);
    }

    /// Gives the server of that name a certificate for that one.
    pub fn make_for(&self, name: &str, certified: &str, authority: &Authority, change: Change) {
        let (certificate, key) = authority.certify(certified, change);
        self.write(&format!("{name}.key"), &key);
        self.write(&format!("{name}.pem"), &certificate);
    }

    /// Has servers trust these authorities.
    pub fn trust(&self, authorities: &[&Authority]) {
        self.write("ca.pem", &authorities.iter().map(|authority| authority.pem()).collect::<String>());
    }

    /// The flags of a server with these files.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let files = [("--tls-cert", "{name}.pem"), ("--tls-key", "{name}.key"), ("--tls-ca", "ca.pem")];
        files.iter().flat_map(|(flag, name)| [(*flag).to_owned(), path(name)]).collect()
    }

    /// The same as the `[tls]` of a config file, with what is asked of neighbours.
    #[must_use]
    pub fn table(&self, neighbours: &str) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        let (cert, key, ca) = (path("{name}.pem"), path("{name}.key"), path("ca.pem"));
        format!("[tls]\ncert = {cert:?}\nkey = {key:?}\nca = {ca:?}\nneighbours = {neighbours:?}\n")
    }

    /// One of the files.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// How a client talks to these servers that shows the certificate of `shown`, or none.
    #[must_use]
    pub fn client(&self, shown: Option<&str>) -> Arc<ClientConfig> {
        self.client_of(shown, ALL_VERSIONS)
    }

    /// How a client does that knows only this version.
    #[must_use]
    pub fn client_of_version(&self, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
        self.client_of(None, &[version])
    }

    fn client_of(&self, shown: Option<&str>, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(self.path("ca.pem")).expect("a file") {
            roots.add(certificate.expect("PEM")).expect("an authority");
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots);
        Arc::new(match shown {
            None => config.with_no_client_auth(),
            Some(name) => {
                let chain = CertificateDer::pem_file_iter(self.path(&format!("{name}.pem"))).expect("a file");
                let chain = chain.collect::<Result<_, _>>().expect("PEM");
                let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).expect("a key");
                config.with_client_auth_cert(chain, key).expect("a certificate and its key")
            }
        })
    }

    /// Writes it whole or not at all: a server may be reading.
    fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).expect("a file");
        #[cfg(unix)]
        close_to_others(&new);
        fs::rename(new, self.path(name)).expect("a file");
    }
}

#[cfg(unix)]
fn close_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
}

/// A connection to a server within TLS. Every read fails the test after [`PATIENCE`].
pub struct TlsClient {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl TlsClient {
    /// Connects to a server on this machine; the handshake is done with the first word.
    #[must_use]
    pub fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        let socket = TcpStream::connect_timeout(&address, PATIENCE).expect("a server that listens");
        socket.set_nodelay(true).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        socket.set_write_timeout(Some(PATIENCE)).expect("a socket");
        let name = ServerName::IpAddress(address.ip().into());
        let connection = ClientConnection::new(Arc::clone(config), name).expect("a configuration");
        Self { stream: BufReader::new(StreamOwned::new(connection, socket)) }
    }

    /// The socket itself.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.stream.get_ref().sock
    }

    /// The TLS of it.
    pub fn tls(&mut self) -> &mut ClientConnection {
        &mut self.stream.get_mut().conn
    }

    /// Does the handshake.
    pub fn shake_hands(&mut self) {
        let StreamOwned { conn, sock } = self.stream.get_mut();
        while conn.is_handshaking() {
            conn.complete_io(sock).expect("a server that shakes hands");
        }
    }

    /// Sends these bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("a server that reads");
        self.stream.get_mut().flush().expect("a server that reads");
    }

    /// Says that no more will be sent, as TLS does.
    pub fn finish(&mut self) {
        self.tls().send_close_notify();
        let StreamOwned { conn, sock } = self.stream.get_mut();
        while conn.wants_write() {
            conn.write_tls(sock).expect("a server that reads");
        }
    }

    /// The next line, without the LF.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line in time");
        assert_eq!(line.pop(), Some('\n'), "the connection ended within a line: {line}");
        line
    }

    /// Asks, and reads the reply's first line.
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> String {
        self.send([request.as_ref(), b"\n"].concat());
        self.line()
    }

    /// Everything until the server closes, which it has to say within TLS.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an end in time, with close_notify");
        rest
    }
}
