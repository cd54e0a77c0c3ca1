//! Methods and paths that are not there.

use herd_tests::http::HttpClient;

use super::{HERE, get, put, start};

/// 405 says which methods a path takes; 404 where there is none.
#[test]
fn wrong_methods_and_paths_are_told() {
    let herd = start();
    let mut http = herd.http("A");
    for (target, allow) in [
        ("/v1/clients/kiwi", "GET, HEAD, PUT, DELETE"),
        ("/v1/clients", "GET, HEAD"),
        ("/v1/near", "GET, HEAD"),
        ("/v1/status", "GET, HEAD"),
        ("/v1/watch", "GET, HEAD"),
        ("/livez", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
    ] {
        for method in ["PATCH", "TRACE", "BREW", "OPTIONS"] {
            let answer = http.ask(method, target, &[], "");
            assert!(answer.problem(405).contains("GET"), "{answer:?}");
            assert_eq!(answer.header("allow"), Some(allow), "{method} {target}");
        }
    }
    for target in
        ["/v1", "/v2/clients", "/v1/clients/kiwi/", "/V1/clients", "/index.php", "/%2e%2e/etc/passwd", "/v1/near/"]
    {
        get(&mut http, target).is_problem(404);
    }
    // Neither is a tunnel, nor about the server as a whole.
    for head in ["CONNECT example.com:443", "OPTIONS *"] {
        let mut http = herd.http("A");
        http.send(format!("{head} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let answer = http.answer("OPTIONS");
        assert!((400..500).contains(&answer.status), "{head}: {answer:?}");
    }
}

/// HEAD says what GET would, without the body.
#[test]
fn head_has_no_body() {
    let herd = start();
    let mut http = herd.http("A");
    assert_eq!(put(&mut http, "/v1/clients/kiwi", HERE).status, 200);
    for target in ["/v1/clients/kiwi", "/v1/clients", "/livez", "/v1/clients/nobody", "/nowhere", "/v1/openapi.json"] {
        let lengths = |http: &mut HttpClient, method: &str| {
            let answer = http.ask(method, target, &[], "");
            (
                answer.status,
                answer.header("content-type").map(String::from),
                answer.header("content-length").map(String::from),
            )
        };
        // The next answer is read behind it: there was no body.
        assert_eq!(lengths(&mut http, "HEAD"), lengths(&mut http, "GET"), "{target}");
    }
}
