//! `herd-package`: writes man pages and completions of all programs into the folder `package` beside itself, from where
//! `cargo deb` takes them.

mod man;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;

fn main() -> io::Result<()> {
    let folder = std::env::current_exe()?.with_file_name("package");
    // Nothing of a command that is gone may be packed.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let programs = [
        herd_cli::command_line(),
        herd_host::command::command_line("herd-tokio"),
        herd_host::command::command_line("herd-async-std"),
    ];
    for program in programs {
        write(&program, &folder)?;
    }
    println!("{}", folder.display());
    Ok(())
}

/// Writes what there is of one program.
fn write(program: &clap::Command, folder: &Path) -> io::Result<()> {
    man::write(program, &made(folder.join("man"))?)?;
    let name = program.get_name().to_owned();
    for (shell, file) in
        [(Shell::Bash, name.clone()), (Shell::Zsh, format!("_{name}")), (Shell::Fish, format!("{name}.fish"))]
    {
        let path = made(folder.join(shell.to_string()))?.join(file);
        clap_complete::generate(shell, &mut program.clone(), &name, &mut fs::File::create(path)?);
    }
    Ok(())
}

/// That folder, which is there then.
fn made(folder: PathBuf) -> io::Result<PathBuf> {
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
