use super::*;
use crate::store::Store;
use crate::store::intake::{Kept, Verdict};
use crate::store::store::tests::{bury, learn, store};
use crate::values::SplitMix64;

/// What is filed agrees with what is kept whatever happens, also while it is begun.
#[test]
fn what_is_filed_is_what_is_kept() {
    for seed in 0..6 {
        let (store, mut random) = (store(100_000, seed), SplitMix64::new(seed));
        let mut time = 0;
        // A few at first, then up to thousands, and in the end none at all.
        for turn in 0..12_000 {
            time += 1;
            let client = format!("{:x}", random.number() % if turn < 4000 { 3000 } else { 300 });
            match random.number() % 64 {
                0..4 => bury(&store, &client, &time.to_string()),
                4 => {
                    let goes = random.number();
                    forget(&store, |client| {
                        client.len() as u64 + goes % 2 == 3 && u64::from(client[0]) % 8 == goes % 8
                    });
                }
                // One shard after the other is begun while all goes on.
                5 if turn > 1000 + 200 * seed => _ = store.index_step(),
                _ => {
                    // Of all lengths, so that records change their slots, and mostly near to where they were.
                    let skew = format!("+{}.0", "1".repeat(1 + (random.number() % 40) as usize));
                    let near = random.number() % 4 > 0;
                    let hundredths = if near { 1000 + random.number() % 400 } else { random.number() % 9000 };
                    let position =
                        format!("+{}.{:02}-{}.{:03}", hundredths / 100, hundredths % 100, client.len(), turn % 90);
                    learn(&store, &client, &position, &time.to_string(), &skew);
                }
            }
            if turn % 500 == 0 {
                store.check_filing();
            }
        }
        while !store.index_step() {}
        store.check_filing();
        assert!(store.len() > 100);
        forget(&store, |_| true);
        store.check_filing();
        assert_eq!(store.len(), 0);
    }
}

/// Forgets the clients without a trace for which `goes` says so.
fn forget(store: &Store, goes: impl Fn(&[u8]) -> bool) {
    let mut cursor = Cursor::default();
    let verdict = |kept: &Kept<'_>| {
        if goes(kept.record.client()) { Verdict::Remove } else { Verdict::Keep }
    };
    while store.sweep(&mut cursor, verdict, |_| (), None) {}
}
