//! Compresses the page's files, and lists them for `src/assets.rs`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use xxhash_rust::xxh3::xxh3_64;

const PAGE: &str = "src/page";

fn main() {
    println!("cargo::rerun-if-changed={PAGE}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where"));
    let mut list = String::from("&[\n");
    let mut files = [PAGE, "src/page/vendor"].map(|folder| served(Path::new(folder))).concat();
    files.sort();
    for path in files {
        let name = path.strip_prefix(PAGE).expect("it is in the page's folder").to_str().expect("our names are text");
        let plain = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let compressed = name.replace('/', "-") + ".gz";
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&plain).expect("a Vec takes every write");
        fs::write(out.join(&compressed), gzip.finish().expect("a Vec takes every write"))
            .expect("cargo's folder can be written");
        let media_type = media_type(&path).expect("only such are served");
        let tag = format!("\"{:016x}\"", xxh3_64(&plain));
        let bytes = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{compressed}\"))");
        writeln!(list, "    Asset {{ name: {name:?}, media_type: {media_type:?}, tag: {tag:?}, gzip: {bytes} }},")
            .expect("a String takes every write");
    }
    list.push(']');
    fs::write(out.join("assets.rs"), list).expect("cargo's folder can be written");
}

/// The files of a folder that browsers get.
fn served(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a file").path()).filter(|path| media_type(path).is_some()).collect()
}

fn media_type(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()? {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}
