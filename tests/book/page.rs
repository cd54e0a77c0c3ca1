//! A page, run: in a folder of its own, with ports of its own in place of those that it names.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use herd::Token;
use herd_tests::patience::eventually;
use herd_tests::ports::free_address;
use herd_tests::process::{Process, command, runs_here};
use regex::{NoExpand, Regex};
use tempfile::TempDir;

use crate::answer::is_as_shown;
use crate::blocks::{Block, blocks};

/// What the server's program is called in the folder of a page's programs.
pub(crate) const SERVER: &str = "herd-tokio";

/// The ports that pages name: five servers', and that of HTTP.
const PORTS: [u16; 6] = [12880, 12881, 12882, 12883, 12884, 12890];

/// The herd of a page that names no file: the built-in one, with HTTP.
const BUILT_IN: &str = r#"
server = [
    { name = "Alford", listen = "127.0.0.1:12880", http = "127.0.0.1:12890", links = ["Hamilton", "Welsh"] },
    { name = "Ball", listen = "127.0.0.1:12881", links = ["Holiday", "Welsh"] },
    { name = "Hamilton", listen = "127.0.0.1:12882", links = ["Holiday"] },
    { name = "Holiday", listen = "127.0.0.1:12883" },
    { name = "Welsh", listen = "127.0.0.1:12884" },
]
"#;

/// A page with something to run.
pub(crate) struct Page<'a> {
    pub(crate) name: &'a str,
    blocks: Vec<Block>,
}

impl<'a> Page<'a> {
    /// That page, if it marks anything.
    pub(crate) fn new((name, text): (&'a str, &str)) -> Option<Self> {
        let blocks = blocks(text);
        (!blocks.is_empty()).then_some(Self { name, blocks })
    }

    /// Runs what it marks, in order.
    ///
    /// # Panics
    /// If something is not as the page says.
    pub(crate) fn run(&self) {
        if !runs_here("curl") {
            return;
        }
        let room = Room::new();
        let mut servers = Vec::new();
        for block in &self.blocks {
            match block {
                Block::File { name, text } => room.write(name, text),
                Block::Start { servers: lines } => {
                    servers.clear();
                    servers.extend(lines.iter().map(|line| room.start(line)));
                }
                Block::Run { commands, answer } => room.expect(self.name, commands, answer.as_deref()),
            }
        }
    }
}

/// Where a page is run.
struct Room {
    folder: TempDir,
    /// What stands in the page, and what is run in its place.
    instead: Vec<(Regex, String)>,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = folder.path().join("programs");
        std::fs::create_dir(&programs).expect("a folder");
        let this = std::env::current_exe().expect("a program");
        symlink(this, programs.join(SERVER)).expect("a link");
        symlink(env!("CARGO_BIN_EXE_herd"), programs.join("herd")).expect("a link");
        let ports = PORTS.map(|port| (format!(":{port}"), format!(":{}", free_address().port())));
        let token = Token::new(&[7; 32]);
        let words = [
            ("cargo run --release --bin herd-tokio --", SERVER),
            ("cargo run --release --bin herd --", "herd"),
            // Three hosts are three addresses of this one.
            ("10[.]0[.]0[.]", "127.0.0."),
            ("(?-u:\\b)TOKEN(?-u:\\b)", token.as_str()),
            ("SHA256", &token.hash().to_string()),
        ];
        let words = words.map(|(shown, run)| (shown.to_owned(), run.to_owned()));
        let instead = ports.into_iter().chain(words);
        let instead = instead.map(|(shown, run)| (Regex::new(&shown).expect("a pattern"), run)).collect();
        let room = Self { folder, instead };
        room.write("built-in.toml", BUILT_IN);
        room
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn as_run(&self, text: &str) -> String {
        let replace =
            |text: String, (shown, run): &(Regex, String)| shown.replace_all(&text, NoExpand(run)).into_owned();
        self.instead.iter().fold(text.to_owned(), replace)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), self.as_run(text)).expect("a file");
    }

    fn shell(&self, line: &str) -> Command {
        let mut shell = command("sh");
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", self.path().join("programs").display()));
        shell.env("HERD_CONFIG", self.path().join("built-in.toml"));
        shell.args(["-e", "-c", &self.as_run(line)]).current_dir(self.path());
        shell
    }

    fn start(&self, line: &str) -> Process {
        let mut shell = self.shell(&format!("exec {line}"));
        Process::of(shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell"))
    }

    /// Runs commands until all is as the page says: servers have just been started, and tell each other in their time.
    fn expect(&self, page: &str, commands: &str, answer: Option<&str>) {
        let shown = answer.map(|answer| self.as_run(answer));
        let mut last = String::new();
        let is_right = eventually(|| {
            let output = self.shell(commands).output().expect("a shell");
            let printed = String::from_utf8_lossy(&output.stdout);
            last = format!("{printed}{}", String::from_utf8_lossy(&output.stderr));
            shown.as_ref().map_or(output.status.success(), |shown| is_as_shown(shown, &printed))
        });
        assert!(is_right, "{page}: {commands}\nshown:\n{}\nprinted:\n{last}", shown.unwrap_or_default());
    }
}
