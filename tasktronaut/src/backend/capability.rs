//! [`Capability`]: what a backend can and cannot do.

/// What a backend can and cannot do.
///
/// Fields that say what survives name the worst case that is survived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools)] // each of them answers a question of its own
pub struct Capability {
    /// The name of the backend, as in its URL.
    pub name: &'static str,
    /// An acknowledged enqueue survives the end of the program.
    pub durable: bool,
    /// It survives a power cut of whatever keeps it, however that is set up.
    pub power_cut: bool,
    /// Several programs can work on the same processes.
    pub shared: bool,
    /// They can be on several hosts.
    pub distributed: bool,
    /// The most jobs in one process; none where memory is the limit (`R21`).
    pub max_jobs: Option<usize>,
}

/// The most jobs in one process of a store (`R21`).
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
const MAX_JOBS: usize = 100_000;

impl Capability {
    /// The in-process backend.
    pub(crate) const MEMORY: Self = Self {
        name: "memory",
        durable: false,
        power_cut: false,
        shared: false,
        distributed: false,
        max_jobs: None,
    };

    /// A file of one host, written to the disk with every commit.
    #[cfg(feature = "sqlite")]
    pub(crate) const SQLITE: Self = Self {
        name: "sqlite",
        durable: true,
        power_cut: true,
        shared: true,
        distributed: false,
        max_jobs: Some(MAX_JOBS),
    };

    /// A database server, written to its disk with every commit.
    #[cfg(feature = "postgres")]
    pub(crate) const POSTGRES: Self = Self { name: "postgres", distributed: true, ..Self::server() };

    /// A server that writes to its disk as it was told to, or not at all.
    #[cfg(feature = "redis")]
    pub(crate) const REDIS: Self = Self { name: "redis", power_cut: false, ..Self::server() };

    #[cfg(any(feature = "postgres", feature = "redis"))]
    const fn server() -> Self {
        Self {
            name: "",
            durable: true,
            power_cut: true,
            shared: true,
            distributed: true,
            max_jobs: Some(MAX_JOBS),
        }
    }
}

#[cfg(all(test, feature = "sqlite", feature = "postgres", feature = "redis"))]
mod tests {
    use super::*;

    /// The cells of a row of the table in the guide.
    fn row(name: &str) -> Vec<&'static str> {
        let guide = include_str!("../guide/stores.md");
        let line = guide.lines().find(|line| line.starts_with(&format!("| {name} |")));
        line.unwrap_or_default().trim_matches('|').split('|').skip(1).map(str::trim).collect()
    }

    #[test]
    fn the_guide_says_what_backends_can_do() {
        let all = [Capability::MEMORY, Capability::SQLITE, Capability::POSTGRES, Capability::REDIS];
        let survives = |own: &Capability| match (own.durable, own.power_cut) {
            (false, _) => "nothing",
            (true, true) => "a kill, a power cut",
            (true, false) => "a kill; a power cut with an append-only file that is written `always`",
        };
        let workers = |own: &Capability| match (own.shared, own.distributed) {
            (false, _) => "threads of one program",
            (true, false) => "programs of one host",
            (true, true) => "programs of many hosts",
        };
        let clock = |own: &Capability| match (own.shared, own.distributed) {
            (false, _) => "the program's",
            (true, false) => "the host's",
            (true, true) => "the server's",
        };
        let jobs = |own: &Capability| if own.max_jobs == Some(100_000) { "100,000" } else { "no limit" };
        assert_eq!(row("an acknowledged enqueue survives"), all.each_ref().map(survives));
        assert_eq!(row("workers"), all.each_ref().map(workers));
        assert_eq!(row("whose clock counts"), all.each_ref().map(clock));
        assert_eq!(row("most jobs in one process"), all.each_ref().map(jobs));
    }
}
