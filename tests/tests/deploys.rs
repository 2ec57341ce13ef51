//! R17 with real programs: the workers and clients of two releases, in which the same definitions differ, on one store.
//!
//! Ignored where a server is not installed.
#![cfg(unix)]
// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

#[path = "deploys/cases.rs"]
mod cases;
#[path = "deploys/program.rs"]
mod program;
#[path = "deploys/store.rs"]
mod store;

/// The cases on a backend.
macro_rules! on {
    ($backend:ident unless $missing:meta) => {
        mod $backend {
            on! {
                @cases $backend $missing;
                what_an_old_client_enqueues_is_run_by_new_workers
                what_a_new_client_enqueues_is_seen_by_old_workers
                old_and_new_programs_run_side_by_side
                an_old_worker_is_told_to_stop_in_the_middle
                an_old_worker_is_killed_in_the_middle
                what_nobody_can_read_fails_in_the_end
            }
        }
    };
    (@cases $backend:ident $missing:meta; $($case:ident)*) => {$(
        #[tokio::test]
        #[cfg_attr($missing, ignore = "the server is not installed")]
        async fn $case() {
            let store = crate::store::$backend(stringify!($case));
            crate::cases::$case(&store.url).await;
        }
    )*};
}

on!(sqlite unless any());
on!(postgres unless no_postgres);
on!(redis unless no_redis);
