//! The scripts: constant texts, composed of the files in `scripts`. All data goes in as arguments.

use std::sync::LazyLock;

use redis::{Cmd, Script};

/// A script that the server may know already.
pub(super) struct Composed {
    text: &'static str,
    hash: String,
}

impl Composed {
    fn new(text: &'static str) -> Self {
        Self { text, hash: Script::new(text).get_hash().to_owned() }
    }

    /// A call by the script's hash, which the server answers with `NOSCRIPT` when it does not know it.
    pub(super) fn by_hash(&self, prefix: &str, arguments: &[&[u8]]) -> Cmd {
        call("EVALSHA", &self.hash, prefix, arguments)
    }

    /// A call by the script's text, which makes the server know it.
    pub(super) fn by_text(&self, prefix: &str, arguments: &[&[u8]]) -> Cmd {
        call("EVAL", self.text, prefix, arguments)
    }
}

fn call(command: &str, script: &str, prefix: &str, arguments: &[&[u8]]) -> Cmd {
    let size = arguments.iter().map(|argument| argument.len()).sum::<usize>();
    let mut call =
        Cmd::with_capacity(arguments.len() + 4, size + script.len() + prefix.len() + command.len() + 8);
    call.arg(command).arg(script).arg(1).arg(prefix);
    for argument in arguments {
        call.arg(*argument);
    }
    call
}

macro_rules! scripts {
    ($($name:ident = $($part:literal)*;)*) => {
        $(pub(super) static $name: LazyLock<Composed> = LazyLock::new(|| {
            Composed::new(concat!($(include_str!(concat!("scripts/", $part, ".lua")), "\n"),*))
        });)*
    };
}

scripts! {
    ENQUEUE = "base" "work" "open" "enqueue" "flush" "answer";
    JOIN = "base" "join" "flush" "answer";
    EXCHANGE = "step" "base" "work" "ends" "claims" "heads" "flush" "exchange";
    TAKE = "base" "work" "take";
    APPLY = "base" "work" "open" "apply" "heads" "flush" "answer";
    UNLOCK = "base" "work" "unlock";
    BEAT = "base" "work" "open" "held" "beat" "flush" "answer";
    GIVE_BACK = "base" "work" "open" "held" "give_back" "flush" "answer";
    FIND = "base" "find";
    JOBS = "base" "jobs";
    LIST = "base" "list";
    PAUSE = "base" "work" "open" "pause" "heads" "flush" "answer";
    DELETE = "base" "work" "open" "remove" "delete" "flush" "answer";
    SWEEP = "base" "work" "open" "remove" "sweep" "flush" "answer";
    STRAYS = "base" "work" "strays";
}
