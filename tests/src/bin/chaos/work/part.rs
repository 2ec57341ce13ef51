//! The definitions: their steps are a script, their tasks and hooks say what they do.

use std::time::Duration;

use tasktronaut::{
    Arguments, BuildError, Builder, Call, Hooks, ProcessDefinition, Task, TaskFuture, TaskResult, arguments,
};

use super::{body, hooks};
use crate::script::{Kind, Script, TIMEOUT_MS};

/// One of four definitions that differ in their names, and the last of them has no hooks.
pub struct Part<const N: u8>;

const TIMEOUT: Duration = Duration::from_millis(TIMEOUT_MS);

impl<const N: u8> ProcessDefinition for Part<N> {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        ["chaos::Part0", "chaos::Part1", "chaos::Part2", "chaos::Part3"][usize::from(N)]
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const {
            &[
                Task::plain("plain", plain).retries(2),
                Task::plain("once", plain).retries(0),
                Task::asynchronous("waits", asynchronous).retries(2),
                Task::asynchronous("timed", asynchronous).retries(1).timeout(TIMEOUT),
                Task::plain("timed_plain", plain).retries(1).timeout(TIMEOUT),
                Task::plain("unreadable", unreadable).retries(0),
            ]
        }
    }

    fn hooks(&self) -> Hooks<Self> {
        if N == 3 {
            return Hooks::new();
        }
        Hooks::new()
            .on_started(|_, _| hooks::run())
            .on_completed(|_, _| hooks::run())
            .on_cancelled(|_, _| hooks::run())
            .on_failed(|_, _, _, _| hooks::run())
            .on_task_failed(|_, context, _| hooks::task_failed(context))
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        let content: String = builder.argument("content")?;
        let steps: Vec<Script> = builder.argument("script")?;
        draw_all(builder, &content, &steps);
        Ok(())
    }
}

fn draw_all<const N: u8>(builder: &mut Builder<Part<N>>, content: &str, steps: &[Script]) {
    for step in steps {
        draw(builder, content, step);
    }
}

fn draw<const N: u8>(builder: &mut Builder<Part<N>>, content: &str, step: &Script) {
    match step {
        Script::Task(kind, work) => {
            let arguments = arguments! { content: content, work: work };
            builder.transform(arguments, |builder| drop_it(builder.task(kind.name())));
        }
        Script::Each(kind, all) => {
            let items: Vec<_> = all.iter().map(|work| arguments! { content: content, work: work }).collect();
            builder.each(items, |builder| drop_it(builder.task(kind.name())));
        }
        Script::Seq(steps) => drop_it(builder.sequential(|builder| draw_all(builder, content, steps))),
        Script::Par(steps) => drop_it(builder.concurrent(|builder| draw_all(builder, content, steps))),
        Script::Sub(part, steps) => {
            let arguments = arguments! { content: content, script: steps };
            builder.transform(arguments, |builder| {
                drop_it(match part {
                    1 => builder.sub_process::<Part<1>>(),
                    2 => builder.sub_process::<Part<2>>(),
                    _ => builder.sub_process::<Part<3>>(),
                });
            });
        }
    }
}

fn drop_it<T>(_: T) {}

fn plain<const N: u8>(call: &Call<Part<N>>) -> TaskResult {
    let limit = (call.context().task() == Kind::TimedPlain.name()).then_some(TIMEOUT);
    body::plain(call.context(), limit, call.arguments().get("work")?)
}

// As the table of tasks wants it.
#[allow(clippy::needless_pass_by_value)]
fn asynchronous<const N: u8>(call: Call<Part<N>>) -> TaskFuture {
    let limit = (call.context().task() == Kind::Timed.name()).then_some(TIMEOUT);
    match call.arguments().get("work") {
        Ok(work) => body::asynchronous(call.context(), limit, work),
        Err(error) => Box::pin(std::future::ready(Err(error.into()))),
    }
}

fn unreadable<const N: u8>(call: &Call<Part<N>>) -> TaskResult {
    Ok(call.arguments().get("what nobody has written")?)
}
