//! The words of the language: attributes, options, hooks, blocks.

/// What the value of an option looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Duration,
    Flag,
    /// A whole number that may be negative.
    Integer,
    Path,
    Text,
    Whole,
}

/// An option of an attribute: its word, what it takes and how it is typed.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) example: &'static str,
}

const fn word(name: &'static str, kind: Kind, example: &'static str) -> Word {
    Word { name, kind, example }
}

const DESCRIPTION: Word = word("description", Kind::Text, "description = \"..\"");
const RETRIES: Word = word("retries", Kind::Whole, "retries = 3");
const BACKOFF: Word = word("backoff", Kind::Duration, "backoff = \"200ms\"");
const TIMEOUT: Word = word("timeout", Kind::Duration, "timeout = \"30s\"");
const QUEUE: Word = word("queue", Kind::Text, "queue = \"default\"");
const EXTEND: Word = word("extend", Kind::Flag, "extend");

/// The option that somebody from another library means by `word`.
pub(crate) fn option_meant(word: &str) -> Option<&'static str> {
    Some(match word {
        "retry" | "max_retries" | "attempts" | "max_attempts" | "tries" => "retries",
        "delay" | "wait" | "pause" | "retry_delay" => "backoff",
        "time_limit" | "deadline" => "timeout",
        "label" | "title" | "about" | "summary" => "description",
        _ => return None,
    })
}

/// The options of `#[process]`.
pub(crate) const PROCESS: &[Word] = &[
    DESCRIPTION,
    word("name", Kind::Text, "name = \"my.process\""),
    RETRIES,
    BACKOFF,
    TIMEOUT,
    QUEUE,
    word("priority", Kind::Integer, "priority = 5"),
    word("finish_siblings", Kind::Flag, "finish_siblings"),
    word("crate", Kind::Path, "crate = ::tasktronaut"),
];

/// The options of `#[task]`.
pub(crate) const TASK: &[Word] = &[DESCRIPTION, RETRIES, BACKOFF, TIMEOUT, QUEUE];

/// The options of `#[each]` and `#[transform]`.
pub(crate) const SOURCE: &[Word] = &[EXTEND, DESCRIPTION];

/// What a parameter of a hook has to be.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// A reference to a type of this name.
    Reference(&'static str),
    /// A type of this name.
    Value(&'static str),
}

/// A lifecycle hook: its name, its parameters and how it is typed.
pub(crate) struct Hook {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static [Shape],
    pub(crate) signature: &'static str,
    /// It must be `async` and give the task's result on.
    pub(crate) around: bool,
}

const IDENTIFIER: &[Shape] = &[Shape::Reference("str")];

/// The hooks of a process.
pub(crate) const HOOKS: &[Hook] = &[
    Hook {
        name: "on_started",
        shape: IDENTIFIER,
        signature: "async fn on_started(&self, identifier: &str)",
        around: false,
    },
    Hook {
        name: "on_completed",
        shape: IDENTIFIER,
        signature: "async fn on_completed(&self, identifier: &str)",
        around: false,
    },
    Hook {
        name: "on_cancelled",
        shape: IDENTIFIER,
        signature: "async fn on_cancelled(&self, identifier: &str)",
        around: false,
    },
    Hook {
        name: "on_failed",
        shape: &[Shape::Reference("str"), Shape::Reference("str"), Shape::Reference("TaskError")],
        signature: "async fn on_failed(&self, identifier: &str, step: &str, error: &TaskError)",
        around: false,
    },
    Hook {
        name: "on_task_failed",
        shape: &[Shape::Reference("Context"), Shape::Reference("TaskError")],
        signature: "async fn on_task_failed(&self, context: &Context, error: &TaskError)",
        around: false,
    },
    Hook {
        name: "around_task",
        shape: &[Shape::Reference("Context"), Shape::Value("Next")],
        signature: "async fn around_task(&self, context: &Context, next: Next<'_>) -> Result<(), TaskError>",
        around: true,
    },
];

/// The hook of this name.
pub(crate) fn hook(name: &str) -> Option<&'static Hook> {
    HOOKS.iter().find(|hook| hook.name == name)
}

/// The hook that somebody from another library means by `name`.
pub(crate) fn hook_meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "on_start" | "on_begin" | "on_init" | "on_enter" => "on_started",
        "on_success" | "on_succeeded" | "on_finish" | "on_finished" | "on_done" | "on_end" => "on_completed",
        "on_error" | "on_failure" | "on_fail" => "on_failed",
        "on_cancel" | "on_abort" | "on_aborted" | "on_stop" => "on_cancelled",
        "on_retry" | "on_task_error" | "on_task_failure" => "on_task_failed",
        "around_each" | "around_job" | "around_step" | "around_perform" => "around_task",
        _ => return None,
    })
}

/// The words that begin a step which is no task.
pub(crate) const BLOCKS: &[&str] = &["seq", "par", "each", "transform", "sub", "if"];

/// The block word that somebody from another language means by `word`.
pub(crate) fn block_meant(word: &str) -> Option<&'static str> {
    Some(match word {
        "sequence" | "sequential" | "serial" | "chain" | "then" | "series" => "seq",
        "parallel" | "concurrent" | "concurrently" | "join" | "all" | "fork" | "spawn" => "par",
        "for" | "foreach" | "for_each" | "every" | "loop" => "each",
        "map" | "with" => "transform",
        "process" | "subprocess" | "sub_process" | "include" | "call" => "sub",
        "when" | "unless" | "option" => "if",
        _ => return crate::suggest::nearest(word, BLOCKS.iter().copied()),
    })
}
