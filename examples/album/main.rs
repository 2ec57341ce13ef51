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
//! With a store the album outlives the program. Kill it half-way, and run it again: it goes on where it was.
//!
//! ```sh
//! cargo run -p tasktronaut-examples --features sqlite --example album -- \
//!     examples/album/pictures out --store=sqlite:album.db
//! ```
//!
//! Several programs share one album, on one machine or on many that see the same folders. Start as many helpers as you
//! like, and then the album itself:
//!
//! ```sh
//! album="cargo run -p tasktronaut-examples --features redis --example album -- examples/album/pictures out"
//! $album --store=redis://localhost --help-out &
//! $album --store=redis://localhost
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
use std::time::Duration;

use tasktronaut::Enqueued;
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

/// A picture takes less than a second. What a killed program held is taken over after this time.
const LEASE: Duration = Duration::from_secs(2);

/// Takes the folder of the pictures, the folder of the album, and the options `--no-cover`, `--store=URL` and
/// `--help-out` from the command line.
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

    let store = options.iter().find_map(|option| option.strip_prefix("--store="));
    let backend = AnyBackend::open(store.unwrap_or("memory:")).await?;
    let worker = Worker::new(backend.clone()).registry(&registry).lease(LEASE);
    if options.iter().any(|option| option == "--help-out") {
        return Ok(worker.run().await?);
    }
    let worker = worker.start()?;
    let mut handle = process.enqueue(&backend).await?;
    if handle.enqueued() == Enqueued::Existing && handle.status().await?.ended {
        // It was made before, and is to be made once more.
        handle.delete().await?;
        handle = process.enqueue(&backend).await?;
    }
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
