//! Man pages: one for a program, and one for each of its commands.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Writes all pages of one program into that folder.
pub(crate) fn write(program: &clap::Command, folder: &Path) -> io::Result<()> {
    let mut program = program.clone().disable_help_subcommand(true);
    program.build();
    let source = format!("herd {}", program.get_version().unwrap_or_default());
    write_with_commands(program, &source, folder)
}

fn write_with_commands(command: clap::Command, source: &str, folder: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        write_with_commands(subcommand.clone(), source, folder)?;
    }
    let notes = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let has_commands = command.has_subcommands();
    let man = Man::new(command).source(source).manual("Herd");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    write_notes(&notes.unwrap_or_default(), &mut page)?;
    // As Debian wants them, and any `man` reads them.
    let file = fs::File::create(folder.join(man.get_filename() + ".gz"))?;
    let mut packed = GzEncoder::new(file, Compression::best());
    packed.write_all(&page)?;
    packed.finish().map(drop)
}

/// Writes what `--help` ends with: a section for each of its headings, with lists as lists, and everything else filled.
fn write_notes(notes: &str, page: &mut impl Write) -> io::Result<()> {
    let mut roff = Roff::new();
    let mut lines = notes.lines().filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        // What a long term is for stands below it.
        let below = lines.next_if(|next| next.starts_with("      "));
        match (text.strip_suffix(':'), below.map(|below| (text, below)).or(text.split_once("  "))) {
            (Some(heading), _) if text.len() == line.len() => roff.control("SH", [&*heading.to_uppercase()]),
            (_, Some((term, what))) => roff.control("TP", []).text([bold(term)]).text([roman(what.trim_start())]),
            // Nothing of a list that ends there.
            _ if text.len() == line.len() => roff.control("PP", []).text([roman(text)]),
            _ => roff.text([roman(text)]),
        };
    }
    roff.to_writer(page)
}
