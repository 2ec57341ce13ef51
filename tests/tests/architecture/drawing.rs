//! Which module uses which, and what the drawing forbids.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::{Used, tokens, used_paths};

/// The floors, lowest first. A module may use its own floor and those below.
const FLOORS: &[&[&str]] = &[
    &["words"],
    &["definition"],
    &["plan"],
    &["backend"],
    &["engine"],
    &["cli", "dashboard", "testing", "guide"],
];

/// The door, which passes on what others may use, and what generated code needs: both may use everything.
const EVERYWHERE: &[&str] = &["", "__private"];

/// The backends, which know nothing of each other.
const BACKENDS: &[&str] = &["local", "sqlite", "postgres", "redis"];

/// How long a chain of `use` items may be until a name is found where it is defined.
const MAX_HOPS: usize = 16;

/// Modules by their paths (`words::clock`; the root is empty), and who uses whom.
pub struct House {
    uses: BTreeMap<String, Vec<Used>>,
    edges: BTreeMap<(String, String), String>,
}

impl House {
    /// Reads files: their paths below `src`, and their texts.
    pub fn new(files: &[(String, String)]) -> Self {
        let uses = files.iter().map(|(path, text)| (module_of(path), used_paths(&tokens(text)))).collect();
        let mut house = Self { uses, edges: BTreeMap::new() };
        let mut edges = BTreeMap::new();
        for (module, uses) in &house.uses {
            for used in uses.iter().filter(|used| !(used.passed_on && is_below(&used.path, module, &house))) {
                if let Some(target) = house.target(module, &used.path)
                    && target != *module
                {
                    edges.entry((module.clone(), target)).or_insert_with(|| used.path.join("::"));
                }
            }
        }
        house.edges = edges;
        house
    }

    pub fn has_edge(&self, from: &str, to: &str) -> bool {
        self.edges.contains_key(&(from.to_owned(), to.to_owned()))
    }

    /// The module in which what a path names is defined; nothing for what is not in the crate.
    fn target(&self, module: &str, path: &[String]) -> Option<String> {
        let (mut place, mut rest) = self.start(module, path)?;
        for _ in 0..MAX_HOPS {
            while let Some(name) = rest.first() {
                let inner = join(&place, name);
                if !self.uses.contains_key(&inner) {
                    break;
                }
                place = inner;
                rest.remove(0);
            }
            let Some(name) = rest.first() else { break };
            let known = |used: &&Used| used.known_as.as_ref() == Some(name);
            let Some(passed) = self.uses.get(&place).and_then(|uses| uses.iter().find(known)) else {
                break;
            };
            let Some((next, mut onward)) = self.start(&place, &passed.path) else {
                break;
            };
            onward.extend(rest.drain(1..));
            (place, rest) = (next, onward);
        }
        Some(place)
    }

    /// Where a path begins, and what is left of it.
    fn start(&self, module: &str, path: &[String]) -> Option<(String, Vec<String>)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" | "tasktronaut" => Some((String::new(), rest.to_vec())),
            "self" => Some((module.to_owned(), rest.to_vec())),
            "super" => {
                let mut place = parent(module);
                let mut rest = rest;
                while let Some(("super", more)) = rest.split_first().map(|(word, more)| (word.as_str(), more))
                {
                    (place, rest) = (parent(&place), more);
                }
                Some((place, rest.to_vec()))
            }
            child if self.uses.contains_key(&join(module, child)) => Some((module.to_owned(), path.to_vec())),
            _ => None,
        }
    }

    /// Uses of a higher floor, and modules that stand on no floor.
    pub fn upward(&self) -> Vec<String> {
        let mut found = Vec::new();
        for module in self.uses.keys().filter(|module| !is_everywhere(module)) {
            if floor_of(module).is_none() {
                found.push(format!("`{module}` stands on no floor"));
            }
        }
        for ((from, to), path) in &self.edges {
            if is_everywhere(from) {
                continue;
            }
            let goes_up = match (floor_of(from), floor_of(to)) {
                (Some(from), Some(to)) => to > from,
                // The root defines nothing itself: macros only.
                (_, None) => !to.is_empty(),
                (None, _) => false,
            };
            if goes_up {
                found.push(format!("`{from}` uses `{to}` ({path})"));
            }
        }
        found
    }

    /// Uses of one backend by another.
    pub fn across_backends(&self) -> Vec<String> {
        let backend_of = |module: &str| {
            let mut parts = module.split("::");
            (parts.next() == Some("backend"))
                .then(|| parts.next())
                .flatten()
                .and_then(|name| BACKENDS.iter().find(|backend| **backend == name).copied())
        };
        let across = self.edges.iter().filter(|((from, to), _)| {
            matches!((backend_of(from), backend_of(to)), (Some(from), Some(to)) if from != to)
        });
        across.map(|((from, to), path)| format!("`{from}` uses `{to}` ({path})")).collect()
    }

    /// Groups of modules of one floor that can be reached from each other.
    pub fn circles(&self) -> BTreeSet<Vec<String>> {
        let same_floor = |from: &str, to: &str| floor_of(from).is_some() && floor_of(from) == floor_of(to);
        let next = |module: &str| -> Vec<&String> {
            let edges = self.edges.keys().filter(|(from, to)| from == module && same_floor(from, to));
            edges.map(|(_, to)| to).collect()
        };
        let reach = |start: &String| {
            let (mut reached, mut open) = (BTreeSet::new(), next(start));
            while let Some(module) = open.pop() {
                if reached.insert(module) {
                    open.extend(next(module));
                }
            }
            reached
        };
        let all: BTreeMap<&String, BTreeSet<&String>> =
            self.uses.keys().map(|module| (module, reach(module))).collect();
        let round = all.iter().filter(|(module, reached)| reached.contains(*module));
        let group = |(module, reached): (&&String, &BTreeSet<&String>)| {
            reached
                .iter()
                .filter(|other| all[**other].contains(*module))
                .map(|other| (**other).clone())
                .collect()
        };
        round.map(group).collect()
    }

    /// The uses among some modules, one to a line.
    pub fn uses_among(&self, modules: &[String]) -> String {
        let inside =
            self.edges.iter().filter(|((from, to), _)| modules.contains(from) && modules.contains(to));
        let lines: Vec<String> =
            inside.map(|((from, to), path)| format!("    `{from}` uses `{to}` ({path})")).collect();
        lines.join("\n")
    }
}

/// What a module passes on from below is no use of its own: `pub use child::Name` is the child's front door.
fn is_below(path: &[String], module: &str, house: &House) -> bool {
    house.target(module, path).is_some_and(|target| parent_of(module, &target))
}

fn parent_of(module: &str, other: &str) -> bool {
    module.is_empty() || other.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
}

/// `words/arguments/mod.rs` is `words::arguments`.
fn module_of(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    match stem {
        "lib" => String::new(),
        "private" => "__private".to_owned(),
        _ => stem.strip_suffix("/mod").unwrap_or(stem).replace('/', "::"),
    }
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map_or(String::new(), |(parent, _)| parent.to_owned())
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn floor_of(module: &str) -> Option<usize> {
    let top = module.split("::").next().unwrap_or_default();
    FLOORS.iter().position(|floor| floor.contains(&top))
}

fn is_everywhere(module: &str) -> bool {
    EVERYWHERE.contains(&module)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(files: &[(&str, &str)]) -> House {
        let files: Vec<_> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        House::new(&files)
    }

    #[test]
    fn an_edge_upward_is_found_however_it_is_written() {
        let ways = [
            "use crate::engine::Worker;",
            "use crate::{engine, words::Name};",
            "use crate::Worker;",
            "use super::super::engine::Worker;",
            "fn f() { crate::engine::worker::start() }",
            "pub use crate::engine::Worker as W;",
        ];
        for way in ways {
            let house = house(&[
                ("lib.rs", "mod plan; mod engine; pub use engine::Worker;"),
                ("engine/mod.rs", "mod worker; pub use worker::Worker;"),
                ("engine/worker.rs", "use crate::plan::lower::Plan;"),
                ("words/mod.rs", ""),
                ("plan/mod.rs", "mod lower;"),
                ("plan/lower.rs", way),
            ]);
            let found = house.upward();
            assert_eq!(found.len(), 1, "{way}: {found:?}");
            assert!(found[0].starts_with("`plan::lower` uses `engine"), "{found:?}");
        }
    }

    #[test]
    fn private_and_lib_may_use_everything_and_strangers_stand_out() {
        let house = house(&[
            ("lib.rs", "pub use engine::Worker;"),
            ("private.rs", "pub use crate::engine::Worker;"),
            ("engine.rs", "use crate::words::Name;"),
            ("words.rs", ""),
            ("helpers.rs", ""),
        ]);
        assert_eq!(house.upward(), ["`helpers` stands on no floor"]);
    }

    #[test]
    fn backends_that_use_each_other_are_found() {
        let house = house(&[
            ("backend/mod.rs", "mod local; mod redis; mod record; pub use local::LocalBackend;"),
            ("backend/local/mod.rs", "use super::record::Bell;"),
            ("backend/redis/mod.rs", "use super::record::Bell; use crate::backend::local::Store;"),
            ("backend/record.rs", ""),
        ]);
        assert_eq!(
            house.across_backends(),
            ["`backend::redis` uses `backend::local` (crate::backend::local::Store)"]
        );
    }

    #[test]
    fn circles_are_found_through_what_is_passed_on() {
        let circle = house(&[
            ("words/mod.rs", "mod a; mod b; mod c; pub use b::B;"),
            ("words/a.rs", "use super::B;"),
            ("words/b.rs", "use super::c::C;"),
            ("words/c.rs", "use crate::words::a::A;"),
        ]);
        let group: Vec<String> = ["words::a", "words::b", "words::c"].map(str::to_owned).to_vec();
        assert_eq!(circle.circles(), BTreeSet::from([group.clone()]));
        assert_eq!(circle.uses_among(&group).lines().count(), 3);

        let line = house(&[
            ("words/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("words/a.rs", "use super::B;"),
            ("words/b.rs", "use std::fmt; #[cfg(test)] mod tests { use super::super::A; }"),
        ]);
        assert!(line.circles().is_empty());
    }
}
