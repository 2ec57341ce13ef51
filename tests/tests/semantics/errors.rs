//! What the errors of a task mean, however they are wrapped (R11, R13 and section 4 of the design).

use tasktronaut::prelude::*;
use tasktronaut::{LocalBackend, Outcome, TaskErrorKind};
use thiserror::Error;

use tasktronaut::testing::stage::running::within;

#[derive(Debug, Error)]
enum AlbumError {
    #[error("the disk is full")]
    Disk,
    #[error("the photo is unreadable")]
    Photo(#[source] NonRetryableProcessError),
    #[error(transparent)]
    Withdrawn(#[from] CancelProcessError),
}

#[derive(Default)]
struct Errors;

#[process(retries = 1, backoff = "1ms")]
impl Errors {
    fn define_process(&self, builder: &mut Builder<Self>) {
        let task: String = builder.argument("task").unwrap();
        builder.task(&task);
    }

    #[task]
    fn own_disk(&self) -> Result<(), AlbumError> {
        Err(AlbumError::Disk)
    }

    #[task]
    async fn own_photo(&self) -> Result<(), AlbumError> {
        Err(AlbumError::Photo(NonRetryableProcessError::new("broken header")))
    }

    #[task]
    fn own_withdrawn(&self) -> Result<(), AlbumError> {
        Err(CancelProcessError::new("withdrawn"))?
    }

    #[task]
    fn boxed(&self) -> Result<(), BoxError> {
        Err("text".into())
    }

    #[task]
    fn boxed_non_retryable(&self) -> Result<(), BoxError> {
        "x".parse::<u8>().map(drop).non_retryable()?;
        Ok(())
    }

    #[task]
    async fn boxed_cancel(&self) -> Result<(), BoxError> {
        "x".parse::<u8>().map(drop).cancel_process("enough")?;
        Ok(())
    }

    #[task]
    fn any(&self) -> anyhow::Result<()> {
        anyhow::bail!("text")
    }

    #[task]
    async fn any_non_retryable(&self) -> anyhow::Result<()> {
        Err(NonRetryableProcessError::new("no"))?
    }

    #[task]
    fn any_with_context(&self) -> anyhow::Result<()> {
        use anyhow::Context as _;
        Err(NonRetryableProcessError::new("no")).context("while resizing")
    }

    #[task]
    fn any_cancel(&self) -> anyhow::Result<()> {
        Err(CancelProcessError::new("enough"))?
    }

    #[task]
    fn any_own(&self) -> anyhow::Result<()> {
        Err(AlbumError::Withdrawn(CancelProcessError::new("enough")))?
    }

    #[task]
    fn non_retryable(&self) -> Result<(), NonRetryableProcessError> {
        Err(NonRetryableProcessError::new("no"))
    }

    #[task]
    fn cancel(&self) -> Result<(), CancelProcessError> {
        Err(CancelProcessError::new("enough"))
    }
}

/// What becomes of the process when this task runs: the kind of error, and how many attempts were made.
async fn ended(task: &str) -> (TaskErrorKind, u32) {
    let backend = LocalBackend::new();
    let handle = Errors::process(arguments! { task }).build().unwrap().enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend).concurrency(1).start().unwrap();
    let outcome = within(handle.outcome()).await.unwrap();
    let status = handle.status().await.unwrap();
    within(worker.shutdown()).await;
    let kind = match outcome {
        Outcome::Failed(failure) => failure.error().kind(),
        Outcome::Cancelled { .. } => TaskErrorKind::Cancel,
        other => panic!("{other:?}"),
    };
    (kind, status.tasks().next().unwrap().attempt)
}

#[tokio::test]
async fn r11_r13_errors_mean_the_same_however_they_are_wrapped() {
    let mut wrong = Vec::new();
    for (task, kind) in [
        ("own_disk", TaskErrorKind::Failed),
        ("own_photo", TaskErrorKind::NonRetryable),
        ("own_withdrawn", TaskErrorKind::Cancel),
        ("boxed", TaskErrorKind::Failed),
        ("boxed_non_retryable", TaskErrorKind::NonRetryable),
        ("boxed_cancel", TaskErrorKind::Cancel),
        ("any", TaskErrorKind::Failed),
        ("any_non_retryable", TaskErrorKind::NonRetryable),
        ("any_with_context", TaskErrorKind::NonRetryable),
        ("any_cancel", TaskErrorKind::Cancel),
        ("any_own", TaskErrorKind::Cancel),
        ("non_retryable", TaskErrorKind::NonRetryable),
        ("cancel", TaskErrorKind::Cancel),
    ] {
        let attempts = if kind == TaskErrorKind::Failed { 2 } else { 1 };
        let found = ended(task).await;
        if found != (kind, attempts) {
            wrong.push(format!("{task}: {found:?}, wanted {:?}", (kind, attempts)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn r11_the_error_reaches_the_caller_as_it_was() {
    let error =
        within(Errors::process(arguments! { task: "own_photo" }).build().unwrap().run()).await.unwrap_err();
    let failure = error.failure().unwrap();
    assert!(matches!(failure.error().error().downcast_ref(), Some(AlbumError::Photo(_))));
    assert_eq!(failure.step(), "own_photo");
    assert!(error.to_string().contains("the photo is unreadable: broken header"), "{error}");
}
