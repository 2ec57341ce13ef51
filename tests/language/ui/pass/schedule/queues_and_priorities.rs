use std::time::{Duration, SystemTime};

use tasktronaut::Task;
use tasktronaut::prelude::*;

#[derive(Default)]
struct Cover;

#[process(queue = "covers")]
impl Cover {
    fn define_process() {
        process! { seq { draw; print; } }
    }

    #[task]
    fn draw(&self) {}

    #[task(queue = "gpu", retries = 2)]
    fn print(&self) {}
}

#[derive(Default)]
struct Plain;

#[process]
impl Plain {
    fn define_process() {
        process! { seq { resize; sub Cover; } }
    }

    #[task]
    fn resize(&self) {}
}

#[derive(Default)]
struct Album;

#[process(queue = "albums", priority = -5)]
impl Album {
    fn define_process() {
        process! { seq { create; sub Plain; } }
    }

    #[task]
    fn create(&self) {}
}

struct ByHand;

impl ProcessDefinition for ByHand {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "by-hand"
    }

    fn priority(&self) -> i16 {
        7
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<ByHand>] = &[Task::plain("print", |_| Ok(())).queue("big machines")];
        TASKS
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        builder.task("print");
        Ok(())
    }
}

/// The hooks of the process and of each sub-process stand where a task without a queue of its own would.
fn queues(process: &Process) -> Vec<String> {
    process.plan().nodes().map(|node| node.queue().to_owned()).collect()
}

fn main() {
    let album = Album::process().build().unwrap();
    let around = |outer: &str| {
        [outer, outer, outer, outer, "covers", "covers", "gpu", "covers", outer, outer].map(str::to_owned)
    };
    assert_eq!(queues(&album), around("albums"));
    assert_eq!((album.queue(), album.priority(), album.plan().priority()), (Some("albums"), -5, -5));
    let now = SystemTime::now();
    assert_eq!(album.plan().starts_at(now), None);

    let other = Album::process().queue("night").priority(i16::MAX).start_after(Duration::from_secs(60));
    let other = other.build().unwrap();
    assert_eq!(queues(&other), around("night"));
    assert_eq!((other.queue(), other.priority()), (Some("night"), i16::MAX));
    assert_eq!(other.plan().starts_at(now), Some(now + Duration::from_secs(60)));

    let plain = Plain::process().start_after(Duration::from_secs(1)).start_at(SystemTime::UNIX_EPOCH);
    let plain = plain.build().unwrap();
    assert_eq!((plain.queue(), plain.priority()), (None, 0));
    assert_eq!(queues(&plain)[0], "default");
    assert_eq!(plain.plan().starts_at(now), Some(SystemTime::UNIX_EPOCH));

    let told = |error: BuildError| matches!(&error, BuildError::Queue { .. }).then(|| error.to_string());
    let wrong = Album::process().queue("big machines").build().unwrap_err();
    assert!(told(wrong).is_some_and(|text| text.contains("Album` asks for a queue")));
    let wrong = ProcessBuilder::<ByHand>::new(Arguments::new()).build().unwrap_err();
    assert!(told(wrong).is_some_and(|text| text.contains("by-hand/print` asks for a queue")));
}
