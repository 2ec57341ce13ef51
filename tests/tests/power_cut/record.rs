//! The record of what programs do to files, made by `strace`.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Two rounds of two clients and two workers; the first one writes more than the log may hold before it is written back
/// to the database. `$0` is the program, `$1` the store.
const PLAY: &str = r#"set -e; exec 3<&0
round() {
  "$0" work "$1" <&3 & first=$!
  "$0" work "$1" <&3 & second=$!
  "$0" enqueue "$1" "$2-a" 12 "$3" & third=$!
  "$0" enqueue "$1" "$2-b" 12 "$3" & fourth=$!
  wait $third; wait $fourth
  kill $first $second; wait $first; wait $second
}
round "$1" one 240000; round "$1" two 240000; round "$1" three 100"#;

/// So long at most is the answer to a call, as in `) = -1 ENOSPC (No space left on device)`.
const LONGEST_ANSWER: usize = 64;

/// What happens to files, in order.
pub enum Event {
    Created(String),
    Removed(String),
    Written {
        name: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncated {
        name: String,
        length: usize,
    },
    /// A sync of a file, or of the folder.
    SyncBegun {
        by: u64,
        name: Option<String>,
    },
    SyncEnded {
        by: u64,
    },
    /// Somebody was told that something is recorded.
    Said(String),
}

/// A record, and the folder that it was made in.
pub struct Recording {
    pub folder: PathBuf,
    pub events: Vec<Event>,
    /// Whether everything that was begun was done.
    pub is_certain: bool,
}

impl Recording {
    /// Has programs work on a store, and writes down what they do.
    pub fn make() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("power_cut");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let log = folder.join("strace.log");
        let said = File::options().create(true).append(true).open(folder.join("said"));
        let mut strace = Command::new("timeout");
        strace.args([
            "100",
            "strace",
            "-f",
            "-qq",
            "-y",
            "-s",
            "1000000",
            "--seccomp-bpf",
            "-e",
            "signal=none",
        ]);
        strace.args(["-e", "trace=openat,unlink,write,pwrite64,ftruncate,fsync,fdatasync", "-o"]).arg(&log);
        strace.args(["sh", "-c", PLAY, env!("CARGO_BIN_EXE_ledger")]);
        strace.arg(format!("sqlite:{}", folder.join("ledger.db").display()));
        strace.stdin(Stdio::piped()).stdout(said.expect("a file can be made")).stderr(Stdio::piped());
        let mut child = strace.spawn().unwrap_or_else(|error| panic!("strace does not start: {error}"));
        // Workers end when this does.
        let input = child.stdin.take();
        let output = child.wait_with_output().expect("a child can be waited for");
        drop(input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let log = std::fs::read(log).expect("the record can be read");
        let mut reader =
            Reader { folder: &folder, open: HashMap::new(), events: Vec::new(), is_certain: true };
        reader.read(&log);
        let Reader { events, is_certain, .. } = reader;
        Self { folder, events, is_certain }
    }

    /// What was said.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        said(&self.events)
    }

    /// What was said before an event.
    pub fn said_before(&self, instant: usize) -> Vec<&str> {
        said(&self.events[..instant]).collect()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn said(events: &[Event]) -> impl Iterator<Item = &str> {
    events.iter().filter_map(|event| match event {
        Event::Said(line) => Some(line.as_str()),
        _ => None,
    })
}

/// Reads lines like `17 pwrite64(5</tmp/a.db>, "..", 24, 32) = 24`. Where something else comes in between, they are two:
/// the first ends with `<unfinished ...>`, the second begins with `<... pwrite64 resumed>`.
struct Reader<'a> {
    folder: &'a Path,
    /// Calls that have not ended, of each thread.
    open: HashMap<u64, Vec<u8>>,
    events: Vec<Event>,
    is_certain: bool,
}

impl Reader<'_> {
    fn read(&mut self, log: &[u8]) {
        for line in log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let (thread, rest) = cut_at(line, b" ").unwrap_or_else(|| misread(line));
            let thread: u64 = text(thread).parse().unwrap_or_else(|_| misread(line));
            let rest = rest.trim_ascii_start();
            if rest.ends_with(b"= ?") {
                // Its program ended with it: in the middle of it, or before it was begun.
                self.is_certain &= !rest.starts_with(b"<... ");
            } else if rest.starts_with(b"<... ") {
                let begun = self.open.remove(&thread).unwrap_or_else(|| misread(line));
                self.ended(thread, &begun, rest);
            } else if let Some(begun) = rest.strip_suffix(b" <unfinished ...>") {
                self.begun(thread, begun);
                self.open.insert(thread, begun.to_vec());
            } else if !rest.starts_with(b"+++") {
                self.begun(thread, rest);
                self.ended(thread, rest, rest);
            }
        }
    }

    /// A write may reach the disk from its beginning on, and what is said is said then at the earliest.
    fn begun(&mut self, thread: u64, call: &[u8]) {
        let Some((name, arguments)) = cut_at(call, b"(") else { return };
        let event = match name {
            b"write" | b"pwrite64" => {
                let Some((file, rest)) = self.file(arguments) else { return };
                let Some((bytes, rest)) = rest.strip_prefix(b", \"").and_then(unescaped) else {
                    misread(call)
                };
                let numbers: Vec<usize> = numbers(rest);
                assert_eq!(numbers.first(), Some(&bytes.len()), "a write is wholly in the record");
                match (file.as_str(), numbers.get(1)) {
                    ("said", _) => Event::Said(text(&bytes).trim_end().to_owned()),
                    (_, Some(at)) if name == b"pwrite64" => Event::Written { name: file, at: *at, bytes },
                    _ => misread(call),
                }
            }
            b"ftruncate" => {
                let Some((name, rest)) = self.file(arguments) else { return };
                Event::Truncated { name, length: *numbers(rest).first().unwrap_or_else(|| misread(call)) }
            }
            b"unlink" => {
                let Some(name) = self.path(arguments) else { return };
                Event::Removed(name)
            }
            b"fsync" | b"fdatasync" => {
                let folder = format!("<{}>", self.folder.display());
                let is_folder = cut_at(arguments, b"<")
                    .is_some_and(|(_, rest)| rest.starts_with(&folder.as_bytes()[1..]));
                let name = self.file(arguments).map(|(name, _)| name);
                if name.is_none() && !is_folder {
                    return;
                }
                Event::SyncBegun { by: thread, name }
            }
            _ => return,
        };
        self.events.push(event);
    }

    /// A file is there, and a sync is done, when the call has ended.
    fn ended(&mut self, thread: u64, call: &[u8], end: &[u8]) {
        let Some((name, arguments)) = cut_at(call, b"(") else { return };
        let answer = &end[end.len().saturating_sub(LONGEST_ANSWER)..];
        let has_failed = answer.windows(6).any(|part| part == b") = -1") && name != b"write";
        match name {
            b"openat" if !has_failed && arguments.windows(7).any(|part| part == b"O_CREAT") => {
                self.events.extend(self.path(arguments).map(Event::Created));
            }
            b"fsync" | b"fdatasync" if !has_failed => self.events.push(Event::SyncEnded { by: thread }),
            b"pwrite64" | b"fsync" | b"fdatasync" if has_failed && self.file(arguments).is_some() => {
                misread(end)
            }
            _ => {}
        }
    }

    /// The file in `5</folder/file>, ..`, and what follows; none where that is not of the store.
    fn file<'b>(&self, arguments: &'b [u8]) -> Option<(String, &'b [u8])> {
        let (_, rest) = cut_at(arguments, b"<")?;
        let (path, rest) = cut_at(rest, b">")?;
        Some((self.name_of(path)?, rest))
    }

    /// The file in `AT_FDCWD</folder>, "/folder/file", ..` or `"/folder/file"`.
    fn path(&self, arguments: &[u8]) -> Option<String> {
        let (_, rest) = cut_at(arguments, b"\"")?;
        self.name_of(cut_at(rest, b"\"")?.0)
    }

    /// Files that need not outlive a cut are none.
    fn name_of(&self, path: &[u8]) -> Option<String> {
        let name = Path::new(text(path)).strip_prefix(self.folder).ok()?.to_str()?;
        let counts = name == "said" || (name.starts_with("ledger.db") && !name.contains('/'));
        (counts && !name.ends_with("-shm")).then(|| name.to_owned())
    }
}

/// What stands before a separator, and behind it.
fn cut_at<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|part| part == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

/// The bytes of a string as in C, up to its end, and what follows.
fn unescaped(mut quoted: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut bytes = Vec::new();
    loop {
        let (first, rest) = quoted.split_first()?;
        quoted = rest;
        match first {
            b'"' => return Some((bytes, quoted)),
            b'\\' => {
                let digits = quoted.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                if digits > 0 {
                    let octal = |number: u32, digit: &u8| number * 8 + u32::from(digit - b'0');
                    bytes.push(u8::try_from(quoted[..digits].iter().fold(0, octal)).ok()?);
                    quoted = &quoted[digits..];
                    continue;
                }
                let (escaped, rest) = quoted.split_first()?;
                quoted = rest;
                bytes.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    other => *other,
                });
            }
            other => bytes.push(*other),
        }
    }
}

/// The numbers of `, 24, 32) = 24`, up to the bracket.
fn numbers(arguments: &[u8]) -> Vec<usize> {
    let arguments = text(arguments).split(')').next().unwrap_or_default();
    arguments.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn misread(line: &[u8]) -> ! {
    panic!("the record cannot be read: {}", String::from_utf8_lossy(&line[..line.len().min(200)]))
}
