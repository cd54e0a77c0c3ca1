//! Small crates, and what is said about them.

use std::error::Error;
use std::fs;
use std::path::Path;

use crate::check::Plan;

const ROOMS: [&str; 2] = ["low", "high"];

const LIB: &str = "mod high; mod low; pub use high::High;";

/// A crate of these files.
fn plan(files: &[(&str, &str)]) -> Result<Plan<'static>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("src");
    for (name, text) in files {
        let path = source.join(name);
        fs::create_dir_all(path.parent().ok_or("a file is in a folder")?)?;
        fs::write(path, text)?;
    }
    Plan::read(&source, &ROOMS)
}

/// What is wrong with a crate of two rooms, where the lower one has these files.
fn low(door: &str, a: &str, b: &str) -> Vec<String> {
    let high = "pub struct High; pub use crate::low::Low as Renamed;";
    let files = [("lib.rs", LIB), ("high/mod.rs", high), ("low/mod.rs", door), ("low/a.rs", a), ("low/b.rs", b)];
    plan(&files).expect("these crates can be read").faults()
}

#[test]
fn the_core_is_laid_out_in_its_rooms() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").join("src");
    let plan = Plan::read(&source, &crate::ROOMS).expect("the source of the core");
    assert_eq!(plan.faults(), Vec::<String>::new());
}

#[test]
fn a_clean_crate_has_no_faults() {
    let door = "mod a; mod b; pub use self::{a::Low, b::{Other as Third}}; pub(crate) struct Own(bytes::Bytes);";
    let a = "use bytes::{self, Bytes}; use super::b; pub struct Low(b::Other);";
    assert_eq!(low(door, a, "/// See [`crate::high::High`].\npub struct Other;"), [""; 0]);
}

#[test]
fn an_arrow_that_goes_up_is_a_fault() {
    let up = ["src/low/a.rs:2: uses high::High: an arrow from low up to high"];
    let uses = [
        "\nuse crate::high::High;",
        "\nuse crate::{low, high::{High as _}};",
        "\nuse super::super::high; type A = high::High;",
        "\nfn a() { use crate::high::High; }",
        "\nfn a() { crate::high::High::new() }",
        "\nimpl From<crate::high::High> for u8 {}",
        "\nfn a() { assert!(matches!(x.y, crate::high::High)) }",
        "\nmod inner { use super::super::super::high::High; }",
    ];
    for text in uses {
        let faults = low("mod a; mod b; pub use a::Low;", &format!("{text} pub struct Low;"), "");
        assert!(faults.contains(&up[0].to_string()), "{text}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.contains("from low up to high")), "{text}: {faults:?}");
    }
}

#[test]
fn a_name_through_the_door_of_a_higher_room_goes_up() {
    let faults = low("mod a; mod b; pub use a::Low;", "pub struct Low;", "use crate::high::Renamed;");
    assert_eq!(faults, ["src/low/b.rs:1: uses high::Low: an arrow from low up to high"]);
}

#[test]
fn what_lib_rs_re_exports_is_above_all_rooms() {
    let faults = low("mod a; mod b; pub use a::Low;", "use crate::High; pub struct Low;", "");
    assert_eq!(faults, ["src/low/a.rs:1: uses crate::High: an arrow from low up to lib.rs"]);
}

#[test]
fn two_files_that_use_each_other_are_a_circle() {
    let faults = low(
        "mod a; mod b; pub use a::Low;",
        "use super::b::Other; pub struct Low;",
        "pub struct Other; fn b() { super::a::Low }",
    );
    assert_eq!(faults, ["a circle: src/low/a.rs -> src/low/b.rs -> src/low/a.rs"]);
}

#[test]
fn a_re_export_hides_no_circle() {
    let door = "mod a; mod b; pub use self::a::Low; pub(crate) use b::Other as Third;";
    let faults = low(door, "use super::Third; pub struct Low;", "use crate::low::Low; pub struct Other;");
    assert_eq!(faults, ["a circle: src/low/a.rs -> src/low/b.rs -> src/low/a.rs"]);
}

#[test]
fn a_door_may_not_use_a_child_that_uses_what_the_door_defines() {
    let circle = ["a circle: src/low/mod.rs -> src/low/a.rs -> src/low/mod.rs"];
    let a = "pub struct Low(super::Own);";
    assert_eq!(low("mod a; mod b; pub use a::Low; struct Own;", a, ""), [""; 0]);
    assert_eq!(low("mod a; mod b; pub use a::Low; struct Own; fn door() -> Low {}", a, ""), circle);
    assert_eq!(low("mod a; mod b; use a::Low; struct Own;", a, ""), circle);
    assert_eq!(low("mod a; mod b; pub use a::Low; struct Own;", "use super::*; pub struct Low;", "")[..], [""; 0]);
}

#[test]
fn a_glob_uses_all_that_a_module_has() {
    let faults = low("mod a; mod b; pub use a::Low;", "pub struct Low; use super::b::*;", "use super::*;");
    assert!(faults.contains(&"a circle: src/low/a.rs -> src/low/b.rs -> src/low/a.rs".into()), "{faults:?}");
}

#[test]
fn tests_may_use_anything() {
    let a = "pub struct Low; #[cfg(test)] mod tests { use crate::high::High; }
        #[cfg(all(test, unix))] use crate::high::High;
        impl Low { #[cfg(test)] fn a() { crate::high::High } }
        fn a() { #[cfg(test)] let b = crate::high::High; }";
    assert_eq!(low("mod a; mod b; pub use a::Low; #[cfg(test)] mod tests;", a, ""), [""; 0]);
}

#[test]
fn each_room_has_a_place_in_the_order() -> Result<(), Box<dyn Error>> {
    let files = [("lib.rs", "mod low; mod new; mod flat;"), ("low/mod.rs", ""), ("new/mod.rs", ""), ("flat.rs", "")];
    let error = plan(&files).err().ok_or("this is no room")?.to_string();
    let wrong: Vec<_> = error.lines().collect();
    assert_eq!(
        wrong,
        [
            "src/flat.rs is in no room: move it into the folder of one",
            "src/high is in ROOMS, but lib.rs has no such module: take it out, or add it to lib.rs",
            "src/new has no place in the order: put it into ROOMS, above the rooms it uses",
        ]
    );
    Ok(())
}

#[test]
fn the_summary_says_how_large_a_room_is_and_what_it_uses() -> Result<(), Box<dyn Error>> {
    let low = "//! What is low, in\n//! two lines. More.\n\npub struct Low;\n#[cfg(test)]\nmod tests {\n}\n";
    let files =
        [("lib.rs", LIB), ("low/mod.rs", low), ("high/mod.rs", "pub struct High(\n// Below.\ncrate::low::Low);")];
    let summary = plan(&files)?.summary();
    let lines: Vec<_> = summary.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines[..4],
        ["low 1 file, 1 lines What is low, in two lines.", "uses: nothing", "high 1 file, 2 lines", "uses: low"]
    );
    Ok(())
}
