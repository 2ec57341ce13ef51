//! A job queue of one's own, with the three operations that the library asks of it.
//!
//! This one keeps its jobs in a list, prints them, and then performs them in order. A real one would store them, for
//! other programs to perform.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use tasktronaut::backend::seed::{
    Attempt, Job, JobQueue, PerformComplete, PerformError, PerformStart, PerformTask, perform_complete,
    perform_start, perform_task,
};
use tasktronaut::prelude::*;

/// The process that is put on the queue.
#[derive(Default)]
struct Newsletter;

#[process(name = "newsletter")]
impl Newsletter {
    fn define_process(text: String, readers: Vec<String>) {
        process! {
            seq {
                check;
                par { each reader in readers { send "Send it"; } }
                archive;
            }
        }
    }

    #[task]
    fn check(text: String) -> Result<(), CancelProcessError> {
        if text.is_empty() { Err(CancelProcessError::new("there is nothing to say")) } else { Ok(()) }
    }

    #[task]
    fn send(reader: String, text: String) {
        println!("  Dear {reader}, {text}");
    }

    #[task]
    fn archive(text: String) {
        println!("  Archived: {text}");
    }

    fn on_started(&self, identifier: &str) {
        println!("  {identifier} has started");
    }

    fn on_completed(&self, identifier: &str) {
        println!("  {identifier} is complete");
    }

    fn on_cancelled(&self, identifier: &str) {
        println!("  {identifier} was cancelled");
    }
}

/// The queue: a list of jobs. A job depends on earlier ones only, so their order is one in which they can be performed.
#[derive(Clone, Default)]
struct Queue {
    jobs: Rc<RefCell<Vec<Recorded>>>,
}

/// A job as the queue keeps it: plain data.
struct Recorded {
    work: Work,
    depends_on: Vec<usize>,
    is_deleted: bool,
}

#[derive(Clone)]
enum Work {
    Start(PerformStart),
    Task(PerformTask),
    Complete(PerformComplete),
}

/// A job as the library knows it: its place in the list.
#[derive(Clone)]
struct QueuedJob {
    queue: Queue,
    number: usize,
}

impl JobQueue for Queue {
    type Job = QueuedJob;
    type Error = Infallible;

    fn enqueue_perform_start(
        &self,
        start: PerformStart,
        after: &[QueuedJob],
    ) -> Result<QueuedJob, Infallible> {
        Ok(self.push(Work::Start(start), after))
    }

    fn enqueue_perform_task(&self, task: PerformTask, after: &[QueuedJob]) -> Result<QueuedJob, Infallible> {
        Ok(self.push(Work::Task(task), after))
    }

    fn enqueue_perform_complete(
        &self,
        complete: PerformComplete,
        after: &[QueuedJob],
    ) -> Result<QueuedJob, Infallible> {
        Ok(self.push(Work::Complete(complete), after))
    }
}

impl Job for QueuedJob {
    fn cancel(&self) {
        self.queue.jobs.borrow_mut()[self.number].is_deleted = true;
    }

    fn delete_dependents(&self) {
        let mut jobs = self.queue.jobs.borrow_mut();
        let mut gone = vec![self.number];
        for (number, job) in jobs.iter_mut().enumerate() {
            if job.depends_on.iter().any(|before| gone.contains(before)) {
                job.is_deleted = true;
                gone.push(number);
            }
        }
    }
}

impl Queue {
    fn push(&self, work: Work, after: &[QueuedJob]) -> QueuedJob {
        let depends_on: Vec<_> = after.iter().map(|job| job.number).collect();
        let mut jobs = self.jobs.borrow_mut();
        let number = jobs.len();
        println!("{number}: {work}, after {depends_on:?}");
        jobs.push(Recorded { work, depends_on, is_deleted: false });
        QueuedJob { queue: self.clone(), number }
    }

    /// The work of a job, unless it was deleted.
    fn work(&self, number: usize) -> Option<Work> {
        let jobs = self.jobs.borrow();
        let job = jobs.get(number)?;
        (!job.is_deleted).then(|| job.work.clone())
    }

    /// Performs all jobs, one after the other. A failure deletes what depends on it.
    async fn perform(&self, registry: &Registry) {
        let count = self.jobs.borrow().len();
        for number in 0..count {
            let job = QueuedJob { queue: self.clone(), number };
            let Some(work) = self.work(number) else { continue };
            if let Err(error) = work.perform(&job, registry).await {
                println!("  {error}");
                job.delete_dependents();
            }
        }
    }
}

impl Work {
    async fn perform(&self, job: &QueuedJob, registry: &Registry) -> Result<(), PerformError> {
        match self {
            Self::Start(start) => perform_start(registry, start).await,
            Self::Task(task) => perform_task(registry, job, task, Attempt::ONLY).await,
            Self::Complete(complete) => perform_complete(registry, complete).await,
        }
    }
}

impl std::fmt::Display for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Start(start) => write!(f, "start {}", start.identifier),
            Self::Task(task) => write!(f, "{} {}", task.function_name, task.arguments),
            Self::Complete(complete) => write!(f, "complete {}", complete.identifier),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    // Whoever performs jobs finds the definitions by the names in them.
    let registry = Registry::linked()?;
    for (identifier, text) in [("issue-1", "the days get longer."), ("issue-2", "")] {
        let queue = Queue::default();
        let readers = vec!["Ada".into(), "Grace".into()];
        let process =
            Newsletter::process(NewsletterArgs { text: text.into(), readers }).identifier(identifier);
        process.build()?.enqueue_on(&queue, None)?;
        queue.perform(&registry).await;
    }
    Ok(())
}
