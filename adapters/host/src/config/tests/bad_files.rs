//! Wrong config files, each with the line that it is told by.

use super::{Folder, ONE, find};
use crate::config::LIMITS;

/// What is told of a file of this text.
fn told(text: impl AsRef<[u8]>) -> String {
    Folder::new().with("herd.toml", text).fault(&[], &[])
}

fn server(name: &str, listen: &str, rest: &str) -> String {
    format!("[[server]]\nname = \"{name}\"\nlisten = \"{listen}\"\n{rest}\n")
}

#[test]
fn a_file_that_cannot_be_read() {
    let cases = [
        ("/no/such/herd.toml", "/no/such/herd.toml: there is no such config file; check the path"),
        ("/", "/: this is a folder; name the config file in it"),
        ("/a\nb", "/a\\nb: there is no such config file; check the path"),
    ];
    for (path, what) in cases {
        assert_eq!(find(&[("config", path)], &[]).map(drop).expect_err(path).to_string(), what);
    }
    assert_eq!(told(b"# caf\xc3\xa9\n# \xff\n"), "herd.toml:2:3: this is not UTF-8; save the file as UTF-8");
}

#[test]
fn a_file_that_is_not_the_toml_of_a_herd() {
    let cases = [
        ("", "1:1: a herd has at least one server; add a [[server]], or leave --config out for the built-in herd"),
        ("[[server]\n", "1:10: unclosed array table, expected `]`"),
        ("[log]\nfile = \"a\"\nfile = \"b\"\n", "3:1: file stands here for a second time; put both in one place"),
        ("[log]\n[data]\n[log]\n", "3:2: log stands here for a second time; put both in one place"),
        ("[log]\nfile = \"a\n", "2:8: file: expected \" at the end of the text, found \"a"),
        ("[log]\nfilter = info\n", "2:10: filter: expected a text in quotes, as in \"info\", found info"),
        ("[limits]\ndrain = 10s # long\n", "2:9: drain: expected a text in quotes, as in \"10s\", found 10s"),
        (
            "[[server]]\nlisten = 127.0.0.1:1\n",
            "2:10: listen: expected a text in quotes, as in \"127.0.0.1:1\", found 127.0.0.1:1",
        ),
        ("[limits]\n drain: 5\n", "2:2: expected = between a key and its value, found \"drain: 5\""),
        ("server:\n  - name: A\n", "1:1: expected = between a key and its value, found \"server:\""),
        ("{\"server\": []}\n", "1:1: expected TOML, found JSON; herd.example.toml shows what a config file looks like"),
        ("; the herd\n", "1:1: expected # in front of a comment"),
        ("[limits]\none-shot = True\n", "2:12: one-shot: expected true or false, found True"),
        ("[limits]\none-shot = yes\n", "2:12: one-shot: expected true or false, found yes"),
        ("[log]\nfilter = “info”\n", "2:10: filter: expected a text in quotes, as in \"info\", found “info”"),
    ];
    for (text, what) in cases {
        assert_eq!(told(text), format!("herd.toml:{what}"));
    }
}

#[test]
fn tables_and_keys_that_there_are_not() {
    let tables = "[[server]], [herd], [runtime], [limits], [data], [access], [[access.token]], [tls], [http], \
                  [http.devices], [region], [places], [log]";
    let server = "(known: name, listen, address, links, plain, http)";
    let cases = [
        ("[[servers]]\n", format!("1:3: unknown table [servers]; did you mean [[server]]? (known: {tables})")),
        ("[limit]\n", format!("1:2: unknown table [limit]; did you mean [limits]? (known: {tables})")),
        ("[storage]\n", format!("1:2: unknown table [storage] (known: {tables})")),
        ("[http.device]\n", format!("1:7: unknown table [http.device]; did you mean [http.devices]? (known: {tables})")),
        ("[[access.tokens]]\n", format!("1:10: unknown table [access.tokens]; did you mean [[access.token]]? (known: {tables})")),
        ("[[server]]\nlimits.drain = 5\n", format!("2:1: unknown key \"limits\" in [[server]]; [limits] is a table of its own {server}")),
        ("[herd]\nsecret = \"x\"\n", "2:1: unknown key \"secret\" in [herd]; did you mean secret-file? (known: hash-key-file, secret-file, trust-addresses)".into()),
        ("[server]\nname = \"A\"\n", "1:2: [server] is one of several: write it in two brackets, [[server]]".into()),
        (
            "[access.token]\n",
            "1:9: [access.token] is one of several: write it in two brackets, [[access.token]]".into(),
        ),
        ("[[limits]]\n", "1:3: there is one [limits] only: write it in single brackets".into()),
        ("server = 3\n", "1:10: server is a table: write [[server]] on a line of its own, and its keys below".into()),
        ("limits = 3\n", "1:10: limits is a table: write [limits] on a line of its own, and its keys below".into()),
        (
            "server = [\"A\"]\n",
            "1:11: server is a table: write [[server]] on a line of its own, and its keys below".into(),
        ),
        ("max-line = 5\n", "1:1: unknown key \"max-line\" outside of any table; [limits] has one of this name".into()),
        ("herds = 5\n", "1:1: unknown key \"herds\" outside of any table".into()),
        ("[[server]]\nnmae = \"A\"\n", format!("2:1: unknown key \"nmae\" in [[server]]; did you mean name? {server}")),
        (
            "[[server]]\nworkers = 1\n",
            format!("2:1: unknown key \"workers\" in [[server]]; [runtime] has one of this name {server}"),
        ),
        (
            "[http]\nzero = true\n",
            format!("2:1: unknown key \"zero\" in [http]; [http.devices] has one of this name {HTTP}"),
        ),
        ("[runtime]\nthreads = 1\n", "2:1: unknown key \"threads\" in [runtime] (known: workers)".into()),
        ("[[server]]\nname = \"A\"\n", "1:1: this [[server]] has no listen; each has name, listen".into()),
        ("[[server]]\nlisten = \"h:1\"\n", "1:1: this [[server]] has no name; each has name, listen".into()),
    ];
    for (text, what) in cases {
        assert_eq!(told(text), format!("herd.toml:{what}"));
    }
}

const HTTP: &str =
    "(known: listen, hosts, origins, max-body, tiles, tiles-attribution, share-key-file, share-at-most, public-url)";

#[test]
fn values_of_another_kind() {
    let cases = [
        ("[places]\nsource = 3\n", "2:10: source: expected a text in quotes, as in \"3\", found 3"),
        ("[places]\nsource = [\"file\"]\n", "2:10: source: expected one text in quotes, found [\"file\"]"),
        ("[[server]]\nname = \"A\"\nlinks = \"B\"\n", "3:9: links: expected a list, as in [\"B\"], found \"B\""),
        ("[[server]]\nlinks = 3\n", "2:9: links: expected a list of texts, as in [\"A\", \"B\"], found 3"),
        ("[[server]]\nlinks = [\"B\", 3]\n", "2:15: links: expected texts in quotes, found 3"),
        ("[[server]]\nplain = \"true\"\n", "2:9: plain: expected true or false, without quotes, found \"true\""),
        (
            "[limits]\nclients = 1.5\n",
            "2:11: clients: expected a whole number, a text in quotes, true or false, found 1.5",
        ),
        ("[limits]\nclients = [5]\n", "2:11: clients: expected one value, found [5]"),
        (
            "[limits]\nclients = 999999999999999999999999999999999999999999\n",
            "2:11: clients: expected a smaller number, found 999999999999999999999999999999999999999999",
        ),
        (
            "[limits]\ndrain = 12:30:00\n",
            "2:9: drain: expected a whole number, a text in quotes, true or false, found 12:30:00",
        ),
    ];
    for (text, what) in cases {
        assert_eq!(told(text), format!("herd.toml:{what}"));
    }
}

#[test]
fn servers_that_are_no_herd() {
    let a = server("A", "h:1", "");
    let all = "0.0.0.0:1";
    let cases = [
        (
            server("A B", "h:1", ""),
            "2:8: invalid server name \"A B\": expected 1 to 64 bytes without white space or control characters",
        ),
        (
            server("A", "h", ""),
            "3:10: listen: expected HOST:PORT, found \"h\": add a colon and a port, as in 127.0.0.1:12880 or [::1]:12880",
        ),
        (
            server("A", "::1:80", ""),
            "3:10: listen: expected HOST:PORT, found \"::1:80\": an IPv6 host stands in brackets, as in 127.0.0.1:12880 or [::1]:12880",
        ),
        (server("A", "h:0", ""), "3:10: A cannot be reached at port 0; give it a port from 1 to 65535"),
        (
            server("A", "h:1", "address = \"h:x\""),
            "4:11: address: expected HOST:PORT, found \"h:x\": the port is a number from 0 to 65535, as in 127.0.0.1:12880 or [::1]:12880",
        ),
        (server("A", "h:1", "links = [\"A\"]"), "4:10: A is linked to itself; take that link out"),
        (
            a.clone() + &server("Ball", "h:2", "links = [\"A\", \"Welsh\"]"),
            "8:15: Ball has a link to \"Welsh\", which is no server of this herd; known: A, Ball",
        ),
        (a.clone() + &server("A", "h:2", ""), "6:8: two servers are named A; rename this one or the one at line 2"),
        (a.clone() + &server("B", "h:1", ""), "7:10: A and B both have the address h:1; give each its own"),
        (
            a.clone() + &server("B", "h:2", "address = \"h:1\""),
            "8:11: A and B both have the address h:1; give each its own",
        ),
        (
            a.clone() + &server("B", "h:1", "address = \"i:1\"\nlinks = [\"A\"]"),
            "7:10: A and B both listen on h:1; give each its own",
        ),
        (
            a.clone() + &server("B", "h:2", ""),
            "6:8: no chain of links leads from A to B; add a link between their two parts",
        ),
        (
            a + &server("B", all, "links = [\"A\"]"),
            "7:10: B cannot be reached at 0.0.0.0; add address = \"HOST:1\" as the others know it",
        ),
    ];
    for (text, what) in cases {
        assert_eq!(told(text), format!("herd.toml:{what}"));
    }
}

#[test]
fn a_link_to_a_name_misspelt() {
    let text = server("Alford", "h:1", "links = [\"Bal\"]") + &server("Ball", "h:2", "");
    assert_eq!(
        told(text),
        "herd.toml:4:10: Alford has a link to \"Bal\", which is no server of this herd; did you mean Ball?"
    );
}

#[test]
fn values_out_of_place() {
    let limits = LIMITS.each_ref().map(|limit| limit.name).join(", ");
    let unknown = format!("5:1: unknown key \"max-lin\" in [limits]; did you mean max-line? (known: {limits})");
    let cases = [
        ("[limits]\nmax-lin = 1", unknown.as_str()),
        ("[limits]\nmax-line = 0", "5:12: max-line must be more than 0 (default: 4096)"),
        (
            "[limits]\nmax-line = -5",
            "5:12: max-line: expected a size in bytes or with a unit, as in 4096 or 16MiB, found \"-5\" (default: 4096)",
        ),
        ("[limits]\nclients = 99999999999999999999", "5:11: clients must be at most 4294967295 (default: 10000000)"),
        ("[limits]\none-shot = 1", "5:12: one-shot: expected true or false, found \"1\" (default: false)"),
        ("[places]\ntimeout = 0", "5:11: places-timeout must be more than 0 (default: 5s)"),
        (
            "[places]\nsource = \"google\"",
            "5:10: google needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file",
        ),
        (
            "[places]\nsource = \"google-legacy\"",
            "5:10: google-legacy needs a key: set HERD_PLACES_KEY, or give a file with --places-key-file",
        ),
        (
            "[places]\nsource = \"google-legacy\"\nkey-file = \"no.key\"",
            "6:12: the key file no.key cannot be read: No such file or directory (os error 2); check its path",
        ),
        (
            "[places]\nsource = \"file\"\nfile = \"no.geojson\"",
            "6:8: no.geojson cannot be read: No such file or directory (os error 2); check its path",
        ),
        ("[data]\nsync = \"each\"", "5:8: there is no data folder: name one with --data, or by dir in [data]"),
        (
            "[http]\nlisten = \"http://h:1\"",
            "5:10: http: expected HOST:PORT, found \"http://h:1\": leave the scheme out, as in 127.0.0.1:12880 or [::1]:12880, or \"off\"",
        ),
        ("[log]\nformat = \"xml\"", "5:10: unknown log format \"xml\" (known: human, json)"),
    ];
    for (rest, what) in cases {
        assert_eq!(told(format!("{ONE}{rest}\n")), format!("herd.toml:{what}"));
    }
}

#[test]
fn tls_that_cannot_be() {
    let files = "cert = \"a.pem\"\nkey = \"a.key\"\nca = \"ca.pem\"\n";
    let needs = "TLS needs three files: cert, key and ca of [tls], or --tls-cert, --tls-key and --tls-ca; \
                 `herd certs` makes them";
    let choices = "(known: off, optional, required)";
    let cases = [
        ("[tls]".to_owned(), format!("4:1: {needs}")),
        ("[tls]\ncert = \"a.pem\"\nca = \"ca.pem\"".into(), format!("5:8: {needs}")),
        (
            format!("[tls]\n{files}neighbours = \"require\""),
            format!("8:14: unknown choice \"require\"; did you mean required? {choices}"),
        ),
        (format!("[tls]\n{files}clients = \"yes\""), format!("8:11: unknown choice \"yes\" {choices}")),
        ("[tls]\ncertificate = 1".into(), "5:1: unknown key \"certificate\" in [tls]; did you mean cert?".into()),
    ];
    for (rest, what) in cases {
        let told = told(format!("{ONE}{rest}\n"));
        assert!(told.starts_with(&format!("herd.toml:{what}")), "{told}");
    }
    let tls = format!("[tls]\n{files}");
    for (first, second, what) in [
        ("Ball", "bALL", "6:8: Ball and bALL are one name to certificates; rename one of them"),
        ("Ball", "two-", "6:8: \"two-\" cannot stand"),
        ("Ball", "10.0.0.1", "6:8: \"10.0.0.1\" cannot stand"),
    ] {
        let links = format!("links = [\"{first}\"]");
        let told = told(format!("{}{}{tls}", server(first, "127.0.0.1:1", ""), server(second, "127.0.0.1:2", &links)));
        assert!(told.starts_with(&format!("herd.toml:{what}")), "{told}");
    }
}
