//! The compact file of places, read and written.
//!
//! The file is one raw deflate stream (RFC 1951) of, in this order: the number of regions, then the
//! length of each region's name, then the names; the number of places, then for all places, column
//! by column, the region's index, the latitude, the longitude, the length of the name, and then the names.
//! Numbers are LEB128; coordinates are in units of 10^-5 degrees; region indices and coordinates are
//! differences to the place before, zigzag-coded. Columns and differences are what makes it small.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;

/// A populated place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Degrees north, times 100,000.
    pub latitude: i32,
    /// Degrees east, times 100,000.
    pub longitude: i32,
    /// Its name, in ASCII as the source has it.
    pub name: &'a str,
    /// What it is in, from the small to the large: `Los Angeles County, California, US`.
    pub region: &'a str,
}

/// Every place, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    rows: Vec<Row>,
    names: Names,
    regions: Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    latitude: i32,
    longitude: i32,
    region: u32,
}

/// Many short texts in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names {
    text: String,
    ends: Vec<u32>,
}

/// The file is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file of places is damaged")]
pub struct Damaged;

impl Table {
    /// Makes a table of places; they are put in the order that packs best.
    #[must_use]
    pub fn new(mut places: Vec<Place<'_>>) -> Self {
        places.sort_by_key(|place| (place.region, place.latitude, place.longitude, place.name));
        let mut table = Self::default();
        for place in places {
            if table.regions.last() != Some(place.region) {
                table.regions.push(place.region);
            }
            let region = u32::try_from(table.regions.ends.len() - 1).expect("fewer than four billion regions");
            table.rows.push(Row { latitude: place.latitude, longitude: place.longitude, region });
            table.names.push(place.name);
        }
        table
    }

    /// How many places there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The place at that index.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn place(&self, index: usize) -> Place<'_> {
        let Row { latitude, longitude, region } = self.rows[index];
        Place { latitude, longitude, name: self.names.get(index), region: self.regions.get(region as usize) }
    }

    /// Every place.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Place<'_>> {
        (0..self.len()).map(|index| self.place(index))
    }

    /// The compact file.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.regions.pack(&mut out);
        push(&mut out, self.rows.len() as u64);
        for column in
            [|row: &Row| i64::from(row.region), |row: &Row| row.latitude.into(), |row: &Row| row.longitude.into()]
        {
            let mut before = 0;
            for row in &self.rows {
                let difference = column(row) - before;
                before += difference;
                push(&mut out, zigzag(difference));
            }
        }
        self.names.pack_texts(&mut out);
        compress_to_vec(&out, 10)
    }

    /// Reads a compact file.
    ///
    /// # Errors
    /// [`Damaged`] where it is none.
    pub fn unpack(file: &[u8]) -> Result<Self, Damaged> {
        let bytes = decompress_to_vec(file).map_err(|_| Damaged)?;
        let mut input = &bytes[..];
        let regions = usize::try_from(pull(&mut input)?).map_err(|_| Damaged)?;
        let regions = Names::unpack(&mut input, regions)?;
        let len = usize::try_from(pull(&mut input)?).map_err(|_| Damaged)?;
        let region = pull_column(&mut input, len)?;
        let latitude = pull_column(&mut input, len)?;
        let longitude = pull_column(&mut input, len)?;
        let names = Names::unpack(&mut input, len)?;
        let rows = region.into_iter().zip(latitude).zip(longitude).map(|((region, latitude), longitude)| {
            let known = usize::try_from(region).is_ok_and(|region| region < regions.ends.len());
            let region = u32::try_from(region).ok().filter(|_| known).ok_or(Damaged)?;
            let narrow = |degrees: i64| i32::try_from(degrees).map_err(|_| Damaged);
            Ok(Row { latitude: narrow(latitude)?, longitude: narrow(longitude)?, region })
        });
        let rows = rows.collect::<Result<_, _>>()?;
        if input.is_empty() { Ok(Self { rows, names, regions }) } else { Err(Damaged) }
    }
}

impl Names {
    fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).expect("names of less than four gigabytes"));
    }

    fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[index] as usize]
    }

    fn last(&self) -> Option<&str> {
        self.ends.len().checked_sub(1).map(|last| self.get(last))
    }

    fn pack(&self, out: &mut Vec<u8>) {
        push(out, self.ends.len() as u64);
        self.pack_texts(out);
    }

    fn pack_texts(&self, out: &mut Vec<u8>) {
        for index in 0..self.ends.len() {
            push(out, self.get(index).len() as u64);
        }
        out.extend_from_slice(self.text.as_bytes());
    }

    fn unpack(input: &mut &[u8], len: usize) -> Result<Self, Damaged> {
        let mut ends = Vec::with_capacity(len.min(input.len()));
        let mut end = 0_u32;
        for _ in 0..len {
            let more = u32::try_from(pull(input)?).map_err(|_| Damaged)?;
            end = end.checked_add(more).ok_or(Damaged)?;
            ends.push(end);
        }
        let (text, rest) = input.split_at_checked(end as usize).ok_or(Damaged)?;
        *input = rest;
        let text = String::from_utf8(text.to_vec()).map_err(|_| Damaged)?;
        let sound = ends.iter().all(|&end| text.is_char_boundary(end as usize));
        if sound { Ok(Self { text, ends }) } else { Err(Damaged) }
    }
}

fn pull_column(input: &mut &[u8], len: usize) -> Result<Vec<i64>, Damaged> {
    let mut value = 0_i64;
    (0..len)
        .map(|_| {
            value = value.checked_add(unzigzag(pull(input)?)).ok_or(Damaged)?;
            Ok(value)
        })
        .collect()
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn push(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn pull(input: &mut &[u8]) -> Result<u64, Damaged> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first().ok_or(Damaged)?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let place = |latitude, longitude, name, region| Place { latitude, longitude, name, region };
        let places = vec![
            place(3_405_612, -11_843_063, "Westwood, Los Angeles", "Los Angeles County, California, US"),
            place(-9_000_000, 18_000_000, "Pôle", "AQ"),
            place(9_000_000, -18_000_000, "", "AQ"),
        ];
        let table = Table::new(places);
        let packed = table.pack();
        assert_eq!(Table::unpack(&packed), Ok(table.clone()));
        assert_eq!(table.iter().map(|place| place.region).collect::<Vec<_>>()[0], "AQ");
        for cut in 0..packed.len() {
            assert_eq!(Table::unpack(&packed[..cut]), Err(Damaged));
        }
    }
}
