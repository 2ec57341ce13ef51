//! Kills, stops and cuts off real workers while they work, and has a checker say whether the promises held.
//!
//! One program with three roles, each of them an OS process of its own:
//!
//! - [`run`]: starts a server, workers and clients, does the faults, looks at what is left, and calls the checker;
//! - [`work`]: a worker, whose tasks and hooks say what they do;
//! - [`client`]: enqueues random processes ([`script`]), cancels some, and waits for all.
//!
//! Whatever happens goes into the [`history`], one file for each start of a process.
//!
//! ```sh
//! chaos --backend redis --fault kill --seed 7 --processes 300 --faults 50 --lease 1000 --history DIR
//! ```

// A test program may stop at whatever it does not expect.
#![allow(clippy::panic, clippy::unwrap_used)]

mod arguments;
mod client;
mod crash;
mod dice;
mod history;
mod place;
mod run;
mod script;
mod work;

use std::process::ExitCode;

use arguments::{Arguments, Role};

fn main() -> ExitCode {
    let arguments = match Arguments::of_program() {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("chaos: {mistake}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("the system gives threads");
    runtime.block_on(async {
        match arguments.role {
            Role::Run => run::run(arguments).await,
            Role::Worker => work::run(arguments).await,
            Role::Client => client::run(arguments).await,
        }
    })
}
