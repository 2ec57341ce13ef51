//! R21 and section 7 of the design: limits, and sizes that must work.

use serde_json::{Value, json};
use tasktronaut::plan::NodeKind;
use tasktronaut::{
    ArgumentError, Arguments, BuildError, Builder, ExecutionMode, JobState, LocalBackend, Process,
    ProcessBuilder, ProcessDefinition, Task, Worker, arguments,
};

use tasktronaut::testing::stage::running::within;

/// A definition whose graph is asked for by its arguments.
struct Large;

impl ProcessDefinition for Large {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "large"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Large>] = &[Task::plain("job", |_| Ok(()))];
        TASKS
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        let count: usize = builder.argument("count")?;
        let shape: String = builder.argument("shape")?;
        match shape.as_str() {
            "deep" => {
                for level in 0..count {
                    builder.begin(if level % 2 == 0 {
                        ExecutionMode::Sequential
                    } else {
                        ExecutionMode::Concurrent
                    });
                    builder.task("job");
                }
                for _ in 0..count {
                    builder.task("job").end();
                }
            }
            "layers" => {
                for _ in 0..2 {
                    builder.begin(ExecutionMode::Concurrent);
                    add(builder, count);
                    builder.end();
                }
            }
            "fan" => {
                builder.begin(ExecutionMode::Concurrent);
                add(builder, count);
                builder.end().task("job");
            }
            _ => add(builder, count),
        }
        Ok(())
    }
}

fn add(builder: &mut Builder<Large>, count: usize) {
    for _ in 0..count {
        builder.task("job");
    }
}

fn large(shape: &str, count: usize) -> Process {
    // The tasks take all arguments there are, so there are few.
    ProcessBuilder::<Large>::new(arguments! { shape, count }).build().unwrap()
}

async fn runs(process: &Process, tasks: usize) {
    let backend = LocalBackend::new();
    let handle = process.enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend).start().unwrap();
    within(handle.wait()).await.unwrap();
    assert_eq!(handle.status().await.unwrap().count(JobState::Succeeded), tasks);
    within(worker.shutdown()).await;
}

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

#[test]
fn ten_thousand_nested_blocks_are_built_planned_run_and_dropped_on_a_small_stack() {
    on_a_small_stack(|| {
        let process = large("deep", 10_000);
        let plan = process.plan();
        assert_eq!(plan.task_count(), 20_000);
        drop((plan.clone(), format!("{plan:?}"), format!("{process:?}"), process.to_string()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(runs(&process, 20_000));
    });
}

#[tokio::test]
async fn one_job_waits_for_a_hundred_thousand() {
    runs(&large("fan", 100_000), 100_001).await;
}

#[tokio::test]
async fn a_hundred_thousand_jobs_run_one_after_the_other() {
    runs(&large("chain", 100_000), 100_000).await;
}

#[test]
fn r5_par_after_par_has_as_many_edges_as_jobs() {
    for count in [100, 1_000, 10_000] {
        let plan = large("layers", count).plan();
        let edges: usize = plan.nodes().map(|node| node.dependents().len()).sum();
        assert_eq!(edges, 4 * count);
        assert_eq!(plan.nodes().filter(|node| node.kind() == NodeKind::Join).count(), 1);
        assert_eq!(plan.nodes().len(), 2 * count + 3);
        let waits: usize = plan.nodes().map(|node| node.waits_for()).sum();
        assert_eq!(waits, edges);
    }
}

#[test]
fn plans_are_linear_in_their_steps() {
    for shape in ["deep", "layers", "fan", "chain"] {
        let size = |count| large(shape, count).plan().size_in_bytes();
        let (small, large) = (size(1_000), size(8_000));
        assert!(large < small * 10, "{shape}: {small} bytes for 1,000, {large} for 8,000");
    }
}

/// Takes one argument of any kind.
struct Holder;

impl ProcessDefinition for Holder {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "holder"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Holder>] = &[Task::plain("job", |_| Ok(()))];
        TASKS
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        builder.task("job");
        Ok(())
    }
}

fn holding(value: &Value) -> Result<Process, BuildError> {
    let mut arguments = Arguments::new();
    arguments.set("value", value).unwrap();
    ProcessBuilder::<Holder>::new(arguments).build()
}

#[test]
fn r21_the_arguments_of_a_job_have_a_limit() {
    let limit = 256 * 1024;
    // The name and the punctuation count, too, with a comma for each argument.
    let overhead = r#"{"value":"",}"#.len();
    let fits = "x".repeat(limit - overhead);
    assert!(holding(&json!(fits)).is_ok());
    let error = holding(&json!("x".repeat(limit))).unwrap_err();
    let ArgumentError::TooLarge { bytes, limit: told } = error.argument().unwrap() else {
        panic!("{error:?}")
    };
    assert_eq!(*told, limit);
    assert!(*bytes > limit);
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!("[]{}\\\"[["), |inner, level| {
        if level % 2 == 0 { json!([inner, 1]) } else { json!({ "a": inner }) }
    })
}

#[test]
fn r21_json_has_a_greatest_depth() {
    assert!(holding(&nested(64)).is_ok());
    let error = holding(&nested(65)).unwrap_err();
    let ArgumentError::TooDeep { argument, limit } = error.argument().unwrap() else { panic!("{error:?}") };
    assert_eq!((&**argument, *limit), ("value", 64));
    assert_eq!(error.argument().unwrap().argument(), Some("value"));
    // Brackets in strings are no levels, however many.
    assert!(holding(&json!("[".repeat(1000))).is_ok());
    assert!(holding(&json!({ "\"[\\": "{\\\"".repeat(500) })).is_ok());
    assert!(holding(&json!(vec![vec![1]; 500])).is_ok());
}

#[test]
fn r21_an_identifier_has_200_bytes_at_most() {
    let named =
        |identifier: &str| ProcessBuilder::<Holder>::new(Arguments::new()).identifier(identifier).build();
    assert!(named(&"x".repeat(200)).is_ok());
    assert!(named(&"é".repeat(100)).is_ok());
    for bad in ["x".repeat(201), "é".repeat(101), "a\nb".into(), "a\0b".into()] {
        assert!(matches!(named(&bad).unwrap_err(), BuildError::Identifier(_)), "{bad:?}");
    }
}
