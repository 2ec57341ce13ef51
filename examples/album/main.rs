//! Makes a web page of a folder of pictures:
//!
//! ```sh
//! cargo run -p tasktronaut-examples --example album -- examples/album/pictures out
//! ```
//!
//! One of the pictures there is broken: its task is tried three times, and then the picture is left out. A picture
//! that another program is writing is waited for; hold its lock for a while to see that:
//!
//! ```sh
//! flock examples/album/pictures/lake.jpg sleep 9 & cargo run -p tasktronaut-examples --example album
//! ```
//!
//! Ctrl-C cancels, and leaves nothing unfinished behind. The program ends with 0 when the album was made, 1 when it
//! failed, and 130 when it was cancelled.

mod cover;
mod folder;
mod page;
mod pictures;
mod process;
mod terminal;

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

use tasktronaut::prelude::*;

use crate::cover::CoverArt;
use crate::folder::AlbumFolder;
use crate::process::{Album, AlbumArgs};
use crate::terminal::Terminal;

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = make_album().await else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{error}");
    let was_cancelled = matches!(error.downcast_ref(), Some(ProcessError::Cancelled { .. }));
    if was_cancelled { ExitCode::from(130) } else { ExitCode::FAILURE }
}

/// Takes the folder of the pictures, the folder of the album, and `--no-cover` from the command line.
async fn make_album() -> Result<(), BoxError> {
    let (options, folders): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let folder_or = |at: usize, default: &str| PathBuf::from(folders.get(at).map_or(default, String::as_str));
    let from = folder_or(0, "examples/album/pictures");
    let to = folder_or(1, "examples/album/out");

    // Both definitions need the folder, so they are given as instances.
    let folder = AlbumFolder::new(&to);
    let registry = Registry::new().with(Album { folder: folder.clone() })?.with(CoverArt { folder })?;
    let arguments =
        AlbumArgs { title: "Places I have drawn".into(), from, cover_widths: page::COVER_WIDTHS.into() };
    let process = Album::process(arguments)
        .identifier("drawings")
        .option("cover", !options.iter().any(|option| option == "--no-cover"))
        .registry(&registry)
        .build()?;

    let backend = LocalBackend::new();
    let worker = Worker::new(backend.clone()).start()?;
    let handle = process.enqueue(&backend).await?;
    let mut events = handle.events().await?;
    let mut terminal = Terminal::new(process.tasks().count());
    let mut ctrl_c = pin!(tokio::signal::ctrl_c());
    let mut is_cancelled = false;
    loop {
        tokio::select! {
            biased; // From before the first event on, Ctrl-C cancels instead of killing.
            pressed = &mut ctrl_c, if !is_cancelled => {
                pressed?;
                is_cancelled = true;
                handle.cancel("Ctrl-C was pressed").await?;
            }
            event = events.next() => match event {
                Some(event) => terminal.show(event),
                None => break,
            },
        }
    }
    worker.shutdown().await;
    handle.wait().await?;
    println!("The album is ready: {}", to.join("index.html").display());
    Ok(())
}
