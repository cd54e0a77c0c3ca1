//! Clients whose IDs were chosen so that they crowd one part of the herd, as whoever knows XXH3 can.

use xxhash_rust::xxh3::xxh3_64;

/// So many IDs of 8 bytes whose hash, XXH3 without a seed, begins with the first `bits` bits of `prefix`.
///
/// For 8 bytes XXH3 is a bijection, so it is run backwards: an ID costs as much as a hash. IDs that would hold white
/// space are left out.
///
/// # Panics
/// If there are not so many.
#[must_use]
pub fn crowd(prefix: u64, bits: u32, count: usize) -> Vec<Vec<u8>> {
    let rest = u64::MAX.checked_shr(bits).unwrap_or(0);
    let ids = (0..=rest).map(|low| unhash(prefix & !rest | low)).filter(|id| !id.iter().copied().any(is_white_space));
    let ids: Vec<Vec<u8>> = ids.take(count).map(|id| id.to_vec()).collect();
    assert_eq!(ids.len(), count, "so many IDs begin with {bits} bits of {prefix:016x}");
    ids
}

/// So many IDs of `len` bytes, a number and then the letter x, whose hash begins with ten zero bits: the herd's first
/// range. One in 1,024 is, and they are found by trying.
#[must_use]
pub fn long_crowd(len: usize, count: usize) -> Vec<Vec<u8>> {
    let ids = (0_u64..).map(|number| format!("{number:x<len$}").into_bytes());
    ids.filter(|id| xxh3_64(id) >> 54 == 0).take(count).collect()
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The 8 bytes whose XXH3 is `hash`: each step of `XXH3_len_4to8_64b` undone, the last one first.
fn unhash(hash: u64) -> [u8; 8] {
    const FACTOR: u64 = 0x9fb2_1c65_1e98_df25;
    const SECRET: u64 = 0xc73a_b174_c5ec_d5a2;
    let divide = |bits: u64| bits.wrapping_mul(inverse(FACTOR));
    let mut bits = divide(hash ^ hash >> 28 ^ hash >> 56);
    bits = divide(bits ^ ((bits >> 35) + 8));
    // `bits ^ rotl(bits, 49) ^ rotl(bits, 24)` done 64 times changes nothing, so 63 times more undo it; done 2, 4, 8
    // times it is the same with 2, 4, 8 times the distances.
    for power in 0..6 {
        bits ^= bits.rotate_left((49 << power) % 64) ^ bits.rotate_left((24 << power) % 64);
    }
    (bits ^ SECRET).rotate_left(32).to_le_bytes()
}

/// What an odd number must be multiplied by to give 1: Newton's way, which doubles the right bits with each step.
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_runs_backwards() {
        for hash in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(xxh3_64(&unhash(hash)), hash);
        }
        let ids = crowd(0xabcd_ef01 << 32, 40, 1_000);
        assert!(ids.iter().all(|id| xxh3_64(id) >> 24 == 0xab_cdef_0100), "all begin with these 40 bits");
        assert!(long_crowd(100, 3).iter().all(|id| id.len() == 100 && xxh3_64(id) >> 54 == 0));
    }
}
