//! Requests to NATS that another client answers: what a question to another region cannot do without.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// As many bytes as a question takes, and as its answer does.
const QUESTION: &str = "FROM eu eu-Alford 0\nWHERE herd-bench-000000007 and then some\n";
const ANSWER_LEN: usize = 120;

/// How long NATS may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that asks, and one that answers.
pub(super) struct Bare {
    asks: Connection,
    answers: Connection,
}

struct Connection(BufReader<TcpStream>);

impl Bare {
    pub(super) fn connect(nats: SocketAddr) -> io::Result<Self> {
        let (mut asks, mut answers) = (Connection::open(nats)?, Connection::open(nats)?);
        asks.say("SUB herd.bench.answers 1\r\nPING\r\n")?;
        answers.say("SUB herd.bench.questions 1\r\nPING\r\n")?;
        asks.wait_for("PONG")?;
        answers.wait_for("PONG")?;
        Ok(Self { asks, answers })
    }

    /// How long half of the requests take at most, one after the other for some time: in microseconds.
    pub(super) fn median(mut self, time: Duration) -> io::Result<f64> {
        let Self { asks, answers } = &mut self;
        let ends = answers.0.get_ref().try_clone()?;
        let times = std::thread::scope(|scope| {
            scope.spawn(|| answers.answer());
            let times = asks.ask_for(time);
            // Whoever answers waits for the next question.
            let _ = ends.shutdown(std::net::Shutdown::Both);
            times
        });
        let mut times = times?;
        times.sort_unstable();
        Ok(times[times.len() / 2].as_secs_f64() * 1e6)
    }
}

impl Connection {
    fn open(nats: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&nats, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut connection = Self(BufReader::new(stream));
        connection.say("CONNECT {\"verbose\":false}\r\n")?;
        Ok(connection)
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes())
    }

    /// Reads lines until one begins so.
    fn wait_for(&mut self, word: &str) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.starts_with(word) {
                return Ok(line);
            }
        }
    }

    /// The next message.
    fn receive(&mut self) -> io::Result<()> {
        let line = self.wait_for("MSG")?;
        let len = line.split_whitespace().next_back().and_then(|len| len.parse::<usize>().ok());
        let mut payload = vec![0; len.ok_or(io::ErrorKind::InvalidData)? + "\r\n".len()];
        self.0.read_exact(&mut payload)
    }

    /// Asks again and again; how long each took. Once at least.
    fn ask_for(&mut self, time: Duration) -> io::Result<Vec<Duration>> {
        let question = format!("PUB herd.bench.questions {}\r\n{QUESTION}\r\n", QUESTION.len());
        let (start, mut times) = (Instant::now(), Vec::new());
        while times.is_empty() || start.elapsed() < time {
            let asked = Instant::now();
            self.say(&question)?;
            self.receive()?;
            times.push(asked.elapsed());
        }
        Ok(times)
    }

    /// Answers until the connection ends.
    fn answer(&mut self) {
        let answer = format!("PUB herd.bench.answers {ANSWER_LEN}\r\n{}\r\n", "a".repeat(ANSWER_LEN));
        while self.receive().and_then(|()| self.say(&answer)).is_ok() {}
    }
}
