//! Parameters that are missing, twice there, unknown or out of their range.

use super::{HERE, get, put, start};

/// Each is refused with its name, and none is guessed.
#[test]
fn wrong_parameters_are_told() {
    let herd = start();
    let mut http = herd.http("A");
    assert_eq!(put(&mut http, "/v1/clients/kiwi", HERE).status, 200);
    for (target, names) in [
        ("/v1/near?lat=1&lng=1", "radius"),
        ("/v1/near?lng=1&radius=1", "lat"),
        ("/v1/near?lat=1&lat=1&lng=1&radius=1", "lat"),
        ("/v1/near?lat=1&l%61t=1&lng=1&radius=1", "lat"),
        ("/v1/near?lat=91&lng=1&radius=1", "lat"),
        ("/v1/near?lat=NaN&lng=1&radius=1", "lat"),
        ("/v1/near?lat=1e400&lng=1&radius=1", "lat"),
        ("/v1/near?lat=1&lng=1&radius=-1", "radius"),
        ("/v1/near?lat=1&lng=1&radius=20017", "radius"),
        ("/v1/near?lat=1&lng=1&radius=1&bound=1001", "bound"),
        ("/v1/near?lat=1&lng=1&radius=1&bound=1.0", "bound"),
        ("/v1/near?lat=1&lng=1&radius=1&bound=", "bound"),
        ("/v1/near?lat=1&lng=1&radius=1&match=a*b", "match"),
        ("/v1/near?lat=1&lng=1&radius=1&heard=0", "heard"),
        ("/v1/near?lat=1&lng=1&radius=1&unit=km", "unit"),
        ("/v1/near?client=kiwi&lat=1&lng=1&radius=1", "client"),
        ("/v1/clients?limit=0", "limit"),
        ("/v1/clients?limit=10001", "limit"),
        ("/v1/clients?page=2", "page"),
        ("/v1/clients/kiwi?time=1", "time"),
        ("/v1/clients/kiwi/places?bound=5", "radius"),
        ("/v1/clients/kiwi/places?radius=51", "radius"),
        ("/v1/clients/kiwi/places?radius=10&bound=21", "bound"),
        ("/v1/watch?fence", "radius"),
        ("/v1/watch?lat=1&lng=1&radius=1&dwell=3", "dwell"),
        ("/v1/watch?match=", "match"),
    ] {
        let told = get(&mut http, target).problem(400);
        assert!(told.contains(names), "{target}: {told}");
    }
    for target in
        ["/v1/near?client=nobody&radius=1", "/v1/clients/nobody", "/v1/clients/nobody/places?radius=1&bound=1"]
    {
        get(&mut http, target).is_problem(404);
    }
}
