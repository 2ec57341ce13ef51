//! `process.run()`, whatever executor there is.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tasktronaut::{ProcessError, TaskError};

use tasktronaut::testing::stage::lab::{DEADLINE, Lab, asynchronous, par, plain, seq};
use tasktronaut::testing::stage::running::within;
use tasktronaut::testing::stage::world::World;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The simplest executor there is.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let begun = std::time::Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(begun.elapsed() < DEADLINE, "it took too long");
        std::thread::park_timeout(DEADLINE);
    }
}

fn lab(world: &World) -> Lab {
    // Tasks may use tokio's timers, whoever runs the process.
    world.asynchronous("b", |_| async {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        Ok(())
    });
    Lab::new(world, seq([plain("a"), par([asynchronous("b"), plain("c")]), plain("d")]))
}

fn assert_ran(world: &World) {
    assert_eq!(world.all("end").len(), 4);
    assert_eq!(world.log().last().unwrap(), "on_completed main");
}

#[tokio::test(flavor = "current_thread")]
async fn a_process_runs_on_a_current_thread_runtime() {
    let world = World::new();
    within(lab(&world).build().run()).await.unwrap();
    assert_ran(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_runs_on_a_multi_thread_runtime() {
    let world = World::new();
    within(lab(&world).build().run()).await.unwrap();
    assert_ran(&world);
    // Also where the future is sent to another thread.
    let process = lab(&world).build();
    within(tokio::spawn(async move { process.run().await })).await.unwrap().unwrap();
}

#[test]
fn a_process_runs_without_tokio_around_it() {
    let world = World::new();
    block_on(lab(&world).build().run()).unwrap();
    assert_ran(&world);
}

#[test]
fn a_failure_is_told_without_tokio_too() {
    let world = World::new();
    let lab = lab(&world);
    world.asynchronous("b", |_| async {
        tokio::task::yield_now().await;
        Err(TaskError::new("broken"))
    });
    let error = block_on(lab.build().run()).unwrap_err();
    assert!(matches!(&error, ProcessError::Failed { .. }), "{error}");
    assert_eq!(world.log().last().unwrap(), "on_failed main");
}

#[tokio::test]
async fn dropping_the_run_stops_the_process() {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let process = Lab::new(&world, seq([asynchronous("a"), plain("b")])).build();
    {
        let mut run = pin!(process.run());
        tokio::select! {
            _ = &mut run => panic!("it cannot end"),
            () = world.until("begin a") => {}
        }
    }
    world.until("drop a").await;
    assert_eq!(world.count("begin b"), 0);
}

#[test]
fn dropping_the_run_stops_the_process_without_tokio_too() {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let process = Lab::new(&world, seq([asynchronous("a"), plain("b")])).build();
    {
        let mut run = pin!(process.run());
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        tasktronaut::testing::stage::world::block_until("the task", || world.count("begin a") == 1);
    }
    tasktronaut::testing::stage::world::block_until("the end of the task", || world.count("drop a") == 1);
    assert_eq!(world.count("begin b"), 0);
}
