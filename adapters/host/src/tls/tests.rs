//! Two ends of a connection within TLS, over a wire that cuts as it likes.

use std::collections::VecDeque;
use std::future::{Future, Ready, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use herd::{Certificate, Certificates, ServerName, SplitMix64};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use socket2::TcpKeepalive;
use tempfile::TempDir;

use super::material::{Files, Tls};
use super::{Input, NotOpened, Secured, Step, certificate_fault, open};
use crate::config::ClientTls;
use crate::lock::lock;
use crate::runtime::Stream;

/// An authority that makes certificates, and their files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("a file");
        Self { issuer, folder }
    }

    /// The TLS of a server of that name, whose certificate is for `certified`, after `change`; it trusts `trusted`.
    fn tls_of(&self, certified: &str, trusted: &Self, change: impl FnOnce(&mut CertificateParams)) -> Arc<Tls> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::DnsName(certified.try_into().expect("a name"))];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let path = |name: &str| self.folder.path().join(name);
        std::fs::write(path("a.pem"), certificate.pem()).expect("a file");
        std::fs::write(path("a.key"), key.serialize_pem()).expect("a file");
        let (cert, key, ca) = (path("a.pem"), path("a.key"), trusted.folder.path().join("ca.pem"));
        let files = Files { cert: cert.as_os_str(), key: key.as_os_str(), ca: ca.as_os_str() };
        let tls = Tls::read(&files, &name(certified), (Certificates::Required, ClientTls::Optional), None);
        Arc::new(tls.ok().expect("good files"))
    }
}

fn name(name: &str) -> ServerName {
    ServerName::new(name).expect("a name")
}

/// One direction: bytes on their way, and whether no more will come.
#[derive(Default)]
struct Way {
    bytes: VecDeque<u8>,
    is_shut: bool,
}

/// An end of a wire, which takes and gives as much at a time as chance has it, and holds little.
struct Wire {
    incoming: Arc<Mutex<Way>>,
    outgoing: Arc<Mutex<Way>>,
    chance: SplitMix64,
    most: u64,
}

impl Wire {
    /// As much as chance has it, at most `len`, and so that at least a byte goes through.
    fn some(&mut self, len: usize) -> usize {
        let some = usize::try_from(1 + self.chance.below(self.most)).expect("it is small");
        some.min(len)
    }
}

/// Both ends of a wire on which at most so many bytes pass at a time.
fn wire(seed: u64, most: u64) -> (Wire, Wire) {
    let (there, back) = (Arc::<Mutex<Way>>::default(), Arc::<Mutex<Way>>::default());
    let end = |incoming: &Arc<_>, outgoing: &Arc<_>, seed| Wire {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        chance: SplitMix64::new(seed),
        most,
    };
    (end(&back, &there, seed), end(&there, &back, !seed))
}

impl Stream for Wire {
    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let incoming = Arc::clone(&self.incoming);
        let mut way = lock(&incoming);
        let len = self.some(buffer.len().min(way.bytes.len()));
        if len == 0 && !way.is_shut {
            return Poll::Pending;
        }
        for (to, from) in buffer.iter_mut().zip(way.bytes.drain(..len)) {
            *to = from;
        }
        Poll::Ready(Ok(len))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outgoing = Arc::clone(&self.outgoing);
        let mut way = lock(&outgoing);
        if way.bytes.len() > 4096 {
            return Poll::Pending;
        }
        let len = self.some(bytes.len());
        way.bytes.extend(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_keepalive(&self, _: &TcpKeepalive) -> io::Result<()> {
        Ok(())
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.outgoing).is_shut = true;
        Poll::Ready(Ok(()))
    }
}

/// An accepted connection, as its task sees it.
struct Accepted {
    stream: Secured<Wire>,
    tls: Option<Arc<Tls>>,
    shown: Option<Result<Certificate, rustls::Error>>,
    received: Vec<u8>,
    end: Option<io::Result<bool>>,
}

impl Accepted {
    fn new(wire: Wire, tls: Option<Arc<Tls>>) -> Self {
        Self { stream: Secured::accepted(wire), tls, shown: None, received: Vec::new(), end: None }
    }

    /// Reads until nothing is there, or all is; it holds as much as it can say.
    fn poll(&mut self, context: &mut Context<'_>) {
        let mut buffer = vec![0; 32 << 10];
        let tls = self.tls.clone();
        while self.end.is_none() {
            let _ = self.stream.poll_flush(context);
            match self.stream.poll_take(context, &mut buffer, || tls.clone()) {
                Poll::Pending => return,
                Poll::Ready(Err(error)) => self.end = Some(Err(error)),
                Poll::Ready(Ok(taken)) => {
                    if let Some(Step::Done(shown)) = taken.step {
                        self.shown = Some(shown);
                    }
                    match taken.input {
                        Input::Bytes(len) => self.received.extend(&buffer[..len]),
                        Input::End { is_whole } => self.end = Some(Ok(is_whole)),
                    }
                }
            }
        }
    }
}

/// Runs one end while the other one is polled too.
fn run<T>(future: impl Future<Output = T>, accepted: &mut Accepted) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..10_000_000 {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            accepted.poll(&mut context);
            return result;
        }
        accepted.poll(&mut context);
    }
    panic!("nothing goes on any more");
}

async fn opened(wire: Wire, tls: &Tls, to: &str) -> Result<Secured<Wire>, NotOpened> {
    open(wire, tls, &name(to), None::<Ready<()>>).await
}

/// Sends all of it.
async fn send(stream: &mut Secured<Wire>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written = poll_fn(|context| stream.poll_write(context, bytes)).await.expect("it is written");
        bytes = &bytes[written..];
    }
    poll_fn(|context| stream.poll_flush(context)).await.expect("it is sent");
}

fn failure(result: Result<Secured<Wire>, NotOpened>) -> io::Error {
    match result {
        Err(NotOpened::Failed(error)) => error,
        Err(NotOpened::NotSpoken) => io::Error::other("not spoken"),
        Ok(_) => panic!("it was opened"),
    }
}

/// Whatever the wire does to the ciphertext, what is written at one end is read at the other, in records of every size.
#[test]
fn any_cutting_gives_the_same_plaintext() {
    let authority = Authority::new();
    let (a, b) = (authority.tls_of("a", &authority, |_| ()), authority.tls_of("b", &authority, |_| ()));
    let bytes: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    for (seed, most) in [(1, 1), (2, 7), (3, 600), (4, 5_000), (5, 100_000)] {
        let len = if most < 100 { 3_000 } else { bytes.len() };
        let (near, far) = wire(seed, most);
        let mut accepted = Accepted::new(far, Some(Arc::clone(&b)));
        let said = async {
            let mut stream = opened(near, &a, "b").await.expect("it opens");
            let (mut rest, mut size) = (&bytes[..len], 1);
            while !rest.is_empty() {
                let (some, others) = rest.split_at(size.min(rest.len()));
                send(&mut stream, some).await;
                (rest, size) = (others, size * 2 + 1);
            }
            poll_fn(|context| stream.poll_shutdown(context)).await.expect("it is told");
        };
        run(said, &mut accepted);
        assert_eq!(accepted.shown.expect("the handshake is done"), Ok(Certificate::Of(vec![name("a")])));
        assert!(accepted.received == bytes[..len], "{most} at a time");
        assert!(matches!(accepted.end, Some(Ok(true))), "{:?}", accepted.end);
    }
}

/// An end that nobody within TLS has said may be anybody's doing.
#[test]
fn an_end_that_was_not_announced_is_known() {
    let authority = Authority::new();
    let tls = authority.tls_of("a", &authority, |_| ());
    let (near, far) = wire(1, 1_000);
    let mut accepted = Accepted::new(far, Some(Arc::clone(&tls)));
    let way = Arc::clone(&near.outgoing);
    let mut stream = run(opened(near, &tls, "a"), &mut accepted).expect("it opens");
    run(send(&mut stream, b"IAMAT kiwi +1+1 1"), &mut accepted);
    lock(&way).is_shut = true;
    accepted.poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(accepted.received, b"IAMAT kiwi +1+1 1");
    assert!(matches!(accepted.end, Some(Ok(false))), "{:?}", accepted.end);
}

/// What a server shows is judged by whoever connects, in words for people.
#[test]
fn each_fault_of_a_server_is_told_apart() {
    let (authority, other) = (Authority::new(), Authority::new());
    let near_tls = authority.tls_of("a", &authority, |_| ());
    let faults: [(Arc<Tls>, &str); 4] = [
        (other.tls_of("b", &authority, |_| ()), "it is of another authority"),
        (authority.tls_of("c", &authority, |_| ()), "it is for another name"),
        (
            authority.tls_of("b", &authority, |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
            "it expired at 2020-01-01T00:00:00Z",
        ),
        (
            authority.tls_of("b", &authority, |params| params.not_before = rcgen::date_time_ymd(2100, 1, 1)),
            "it is not valid before 2100-01-01T00:00:00Z: is the clock right?",
        ),
    ];
    for (far_tls, what) in faults {
        let (near, far) = wire(1, 1_000);
        let mut accepted = Accepted::new(far, Some(far_tls));
        let error = failure(run(opened(near, &near_tls, "b"), &mut accepted));
        assert_eq!(certificate_fault(&error).as_deref(), Some(what));
        let told = accepted.end.expect("it has ended").expect_err("by an alert");
        assert!(super::is_about_own_certificate(&told), "{told}");
    }
}

/// Whoever connects passes the handshake with any certificate, and with none, and is judged then.
#[test]
fn what_a_client_shows_is_judged_after_the_handshake() {
    let (authority, other) = (Authority::new(), Authority::new());
    let far_tls = authority.tls_of("b", &authority, |_| ());
    let shown = |near_tls: &Tls| {
        let (near, far) = wire(1, 1_000);
        let mut accepted = Accepted::new(far, Some(Arc::clone(&far_tls)));
        let stream = run(opened(near, near_tls, "b"), &mut accepted).expect("it opens");
        accepted.poll(&mut Context::from_waker(Waker::noop()));
        drop(stream);
        accepted.shown.expect("the handshake is done")
    };
    let names = authority.tls_of("a", &authority, |params| {
        params.subject_alt_names.push(SanType::DnsName("also.a".try_into().expect("a name")));
        params.subject_alt_names.push(SanType::DnsName("*.b".try_into().expect("a name")));
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    });
    assert_eq!(shown(&names), Ok(Certificate::Of(vec![name("a"), name("also.a")])));
    assert!(shown(&other.tls_of("a", &authority, |_| ())).is_err());
    let old = authority.tls_of("a", &authority, |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    assert!(shown(&old).is_err());
}

/// A server that does not speak TLS is told from one that speaks it badly.
#[test]
fn plain_text_is_told_from_tls() {
    let authority = Authority::new();
    let tls = authority.tls_of("a", &authority, |_| ());
    for answer in [&b""[..], b"? \x16\x03\x01\n"] {
        let (near, mut far) = wire(1, 1_000);
        let mut context = Context::from_waker(Waker::noop());
        let mut opening = pin!(opened(near, &tls, "a"));
        assert!(opening.as_mut().poll(&mut context).is_pending());
        assert!(far.poll_write(&mut context, answer).is_ready());
        assert!(far.poll_shutdown(&mut context).is_ready());
        assert!(matches!(opening.as_mut().poll(&mut context), Poll::Ready(Err(NotOpened::NotSpoken))), "{answer:?}");
    }
    let (near, far) = wire(1, 1_000);
    let (mut accepted, mut context) = (Accepted::new(far, None), Context::from_waker(Waker::noop()));
    let mut opening = pin!(opened(near, &tls, "a"));
    assert!(opening.as_mut().poll(&mut context).is_pending());
    accepted.poll(&mut context);
    let error = accepted.end.expect("it has ended").expect_err("TLS to a server without");
    let inner = error.get_ref().expect("it has a reason");
    assert!(inner.is::<super::NoTls>(), "{error}");
}

/// A certificate is told of before it expires, and what is wrong with it is told too.
#[test]
fn the_servers_own_certificate_is_looked_at() {
    let (authority, other) = (Authority::new(), Authority::new());
    let soon = authority.tls_of("a", &authority, |params| params.not_after = rcgen::date_time_ymd(2101, 1, 15));
    let told = |tls: &Tls, (year, month, day)| -> Vec<_> {
        let now = rcgen::date_time_ymd(year, month, day).into();
        tls.own().wrong(now).map(|fault| fault.event).collect()
    };
    assert_eq!(told(&soon, (2100, 12, 31)), Vec::<&str>::new());
    assert_eq!(told(&soon, (2101, 1, 2)), ["certificate expires soon"]);
    assert_eq!(told(&soon, (2101, 1, 16)), ["certificate has expired"]);
    let strange = authority.tls_of("a", &other, |_| ());
    assert_eq!(told(&strange, (2050, 1, 1)), ["certificate is not valid"]);
}
