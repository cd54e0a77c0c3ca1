//! Who is near, as a table for people.

use std::io::{self, Write};

use super::{Found, Neighbour};
use crate::shown;
use crate::target::Around;
use crate::terminal::{self, cut};
use herd_command::{escaped, readable};

const HEADS: [&str; 5] = ["client", "distance", "bearing", "age", "position"];
const GAP: usize = 2;
/// The fewest columns of the clients' IDs.
const LEAST: usize = 8;
/// The most where rows may be as long as they like: a longer ID is whole, and its row out of line.
const ALIGNED: usize = 40;

impl Found {
    /// Writes a row for each client, into so many columns: where that is little, its position is below it.
    pub(super) fn write_table(&self, columns: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        if self.neighbours.is_empty() {
            return writeln!(out, "nobody within {} km of {}", self.radius, self.centre());
        }
        let mut rows = vec![HEADS.map(String::from)];
        rows.extend(self.neighbours.iter().map(|near| self.row(near)));
        let mut widths: [usize; HEADS.len()] = [0; HEADS.len()];
        for row in &rows {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = terminal::width(text).max(*width);
            }
        }
        let [client, rest @ .., position] = widths;
        let rest = rest.iter().map(|width| GAP + width).sum::<usize>();
        // Whole rows where they fit, at least with the IDs cut a little.
        let room = columns.map(|columns| columns.saturating_sub(rest));
        let is_one_line = room.is_none_or(|room| room >= client.min(2 * LEAST) + GAP + position);
        let room = room.map(|room| if is_one_line { room - GAP - position } else { room });
        widths[0] = client.min(room.unwrap_or(ALIGNED).max(LEAST));
        for mut row in rows {
            if room.is_some() {
                row[0] = cut(&row[0], widths[0]);
            }
            writeln!(out, "{}", line(&row, &widths, is_one_line))?;
        }
        Ok(())
    }

    fn row(&self, near: &Neighbour) -> [String; 5] {
        [
            readable(&near.record.client),
            shown::distance(near.distance),
            shown::bearing(near.bearing),
            shown::age(near.record.heard, self.now),
            shown::position(near.position),
        ]
    }

    fn centre(&self) -> String {
        match &self.around {
            Around::Position(_) => shown::position(self.centre),
            Around::Client(client) => format!("{} at {}", escaped(client), shown::position(self.centre)),
        }
    }
}

fn line(row: &[String; 5], widths: &[usize; 5], is_one_line: bool) -> String {
    let [client, distance, bearing, age, position] = row;
    let [w0, w1, w2, w3, w4] = widths;
    let gap = w0.saturating_sub(terminal::width(client));
    let head = format!("{client}{:gap$}  {distance:>w1$}  {bearing:<w2$}  {age:>w3$}", "");
    if is_one_line { format!("{head}  {position:>w4$}") } else { format!("{head}\n  {position}") }
}

#[cfg(test)]
mod tests {
    use herd::{Position, Timestamp};

    use super::*;

    fn found(clients: &[(&str, &str)]) -> Found {
        let centre = Position::new(34.07, -118.44).expect("on the globe");
        let line = |(client, position): &(&str, &str)| format!("AT A +0.25 {client} {position} 1479413884");
        let neighbours = clients.iter().map(|client| Neighbour::of(line(client).as_bytes(), centre));
        Found {
            centre,
            around: Around::Client("kiwi\x1b".into()),
            radius: "5".into(),
            neighbours: neighbours.collect::<Option<_>>().expect("AT lines"),
            now: Timestamp::from_nanos(1_479_413_984_250_000_000),
        }
    }

    fn table(found: &Found, columns: Option<usize>) -> String {
        let mut out = Vec::new();
        found.write_table(columns, &mut out).expect("a Vec takes every write");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn rows_have_the_columns_that_there_are() {
        let near = found(&[("truck-7", "+34.068930-118.445127"), ("a-truck-with-a-long-name", "+34.1-118.4")]);
        let wide = "\
client                    distance  bearing    age             position
truck-7                    0.49 km  W 256°   100 s  34.06893 -118.44513
a-truck-with-a-long-name   4.97 km  NE 48°   100 s  34.10000 -118.40000
";
        assert_eq!(table(&near, None), wide);
        assert_eq!(table(&near, Some(80)), wide);
        let narrow = "\
client    distance  bearing    age
  position
truck-7    0.49 km  W 256°   100 s
  34.06893 -118.44513
a-truck…   4.97 km  NE 48°   100 s
  34.10000 -118.40000
";
        assert_eq!(table(&near, Some(34)), narrow);
    }

    #[test]
    fn nothing_of_others_reaches_the_terminal_as_it_is() {
        let text = table(&found(&[("a\x1b[2J", "+34-118")]), Some(80));
        assert!(text.contains(r"a\x1b[2J  ") && !text.contains('\x1b'), "{text}");
        assert_eq!(table(&found(&[]), Some(80)), "nobody within 5 km of kiwi\\x1b at 34.07000 -118.44000\n");
    }
}
