//! What a request costs the core: a line read, an IAMAT through session and node, a WHATSAT up to
//! its places.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use herd::values::Radius;
use herd::wire::Message;
use herd::{Position, Query};
use herd_places::{Embedded, Source};

use herd_benches::{BATCH, Bench, iamats};

fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(1));
    for (name, line) in [
        ("IAMAT", "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1479413884.392014450"),
        ("WHATSAT", "WHATSAT kiwi.cs.ucla.edu 10 5"),
        ("AT", "AT Alford +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1479413884.392014450 Welsh"),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| Message::parse(black_box(line.as_bytes()))));
    }
    group.finish();
}

/// Batches of newer and newer reports of a hundred clients.
fn updates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("IAMAT");
    group.throughput(Throughput::Elements(BATCH));
    for (name, neighbours) in [("alone", 0), ("two neighbours", 2)] {
        let mut bench = Bench::new(neighbours);
        let mut round = 0;
        group.bench_function(name, |bencher| {
            let next = || {
                round += 1;
                iamats(round)
            };
            bencher.iter_batched_ref(
                next,
                |batch| (bench.receive(black_box(batch)), bench.drain()),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// The AT part of a WHATSAT: the report looked up and copied, the places asked for, none found.
fn questions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("WHATSAT");
    group.throughput(Throughput::Elements(1));
    let mut bench = Bench::new(0);
    bench.receive(&iamats(1));
    group.bench_function("AT part", |bencher| {
        bencher.iter(|| {
            bench.receive(black_box(b"WHATSAT client-007.cs.ucla.edu 10 5\n"));
            bench.end_fetches();
        });
    });
    let embedded = Embedded::new();
    for (name, at, km, bound) in [("Westwood", "+34.06893-118.445127", "10", 5), ("Paris", "+48.8566+2.3522", "50", 20)]
    {
        let at = Position::parse(at.as_bytes()).expect("a position");
        let radius = Radius::parse_km(km.as_bytes()).expect("a radius");
        let mut out = Vec::new();
        group.bench_function(format!("embedded places, {name} {km} km {bound}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                let places = embedded.nearby(&Query { at, radius, bound }).expect("it never fails");
                places.write(bound, &mut out);
                out.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, lines, updates, questions);
criterion_main!(benches);
