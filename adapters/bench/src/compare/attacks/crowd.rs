//! Clients whose IDs were chosen so that a server without a key of its own keeps all of them in one range.

use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use super::talker::Block;

/// How many clients crowd together.
const CROWD: usize = 20_000;

/// Their IDs: those whose hash begins with ten zero bits, one in 1,024, found by trying.
static IDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let ids = (0_u64..).map(|number| format!("herd-bench-{number:09}"));
    ids.filter(|id| xxh3_64(id.as_bytes()) >> 54 == 0).take(CROWD).collect()
});

/// What they say on so many connections.
pub(super) fn blocks(connections: usize) -> Vec<Block> {
    let block = |ids: &[String]| {
        let mut block = Block::default();
        for id in ids {
            block.report(format!("IAMAT {id}").as_bytes(), b"");
        }
        block
    };
    IDS.chunks(CROWD.div_ceil(connections)).map(block).collect()
}
