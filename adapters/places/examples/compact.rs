//! Makes the compact file of places from `rg_cities1000.csv`: see `data/README.md`.

use std::error::Error;
use std::fs;

use herd_places::table::{Place, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [csv, out] = &arguments[..] else {
        return Err("usage: compact rg_cities1000.csv places.bin".into());
    };
    let rows = csv::Reader::from_path(csv)?.into_records().collect::<Result<Vec<_>, _>>()?;
    // Two places of the file have no name, and nobody could say what they are near.
    let rows: Vec<_> = rows.into_iter().filter(|row| !row[2].trim().is_empty()).collect();
    let regions: Vec<String> = rows.iter().map(region).collect();
    let places = rows.iter().zip(&regions).map(|(row, region)| {
        let coordinate = |column: usize| -> Result<i32, Box<dyn Error>> {
            let degrees: f64 = row[column].parse()?;
            Ok(format!("{:.0}", degrees * 100_000.0).parse()?)
        };
        Ok(Place { latitude: coordinate(0)?, longitude: coordinate(1)?, name: row[2].trim(), region })
    });
    let table = Table::new(places.collect::<Result<_, Box<dyn Error>>>()?);
    let file = table.pack();
    fs::write(out, &file)?;
    println!("{} places in {} bytes", table.len(), file.len());
    Ok(())
}

/// What a place is in, from the small to the large: columns admin2, admin1, cc.
fn region(row: &csv::StringRecord) -> String {
    let parts = [&row[4], &row[3], &row[5]].map(str::trim);
    let mut region: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    region.dedup();
    region.join(", ")
}
