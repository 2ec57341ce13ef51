//! The run: starts everything, does the faults, waits for the end, looks at what is left, and has it checked.

mod check;
mod crew;
mod dump;
mod nemesis;
mod probe;
mod proxy;
mod server;

use std::process::ExitCode;

use serde_json::json;

use crate::arguments::{Arguments, Fault};
use crate::{crash, history, with_backend};

/// How often at most a calm end is tried.
const CALM: u64 = 6;

pub async fn run(mut arguments: Arguments) -> ExitCode {
    std::fs::create_dir_all(&arguments.history).expect("the folder of the log can be made");
    let is_empty = std::fs::read_dir(&arguments.history).is_ok_and(|mut files| files.next().is_none());
    assert!(is_empty, "the folder of the log is empty");
    history::open(&arguments.history, "harness");
    let points = [crash::WORKER_POINTS, crash::CLIENT_POINTS].concat();
    let has_points = arguments.fault == Fault::CrashPoints;
    history::write("run", if has_points { json!({ "crash_points": points }) } else { json!({}) });
    let mut server = server::Server::start(&arguments.backend);
    arguments.backend = server.url();
    let direct = arguments.backend.clone();
    let proxy = match arguments.fault {
        Fault::Network | Fault::Mix if server.socket().is_some() => {
            let proxy = proxy::Proxy::start(&server);
            arguments.backend.clone_from(&proxy.url);
            Some(proxy)
        }
        Fault::Network => panic!("cuts need a private server"),
        _ => None,
    };
    let mut crew = crew::Crew::start(&arguments);
    let work = async {
        nemesis::run(&arguments, &mut crew, &mut server, proxy.as_ref()).await;
        crew.until_clients_are_done().await;
        // All have to show that they are well again, until nothing comes in between.
        for round in 0..CALM {
            let before = history::faults();
            crew.calm(round).await;
            if history::faults() == before {
                break;
            }
        }
    };
    let probe = async {
        with_backend!(&direct, backend => probe::run(backend, &arguments).await);
    };
    tokio::select! {
        () = work => {}
        () = probe => {}
    }
    crew.stop_workers().await;
    with_backend!(&direct, backend => dump::run(&backend, &arguments).await);
    drop(server);
    check::run(&arguments)
}
