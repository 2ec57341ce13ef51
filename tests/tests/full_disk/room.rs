//! A small file system in memory, which only its own programs see: it takes no root, and goes with them.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tasktronaut_tests::program::Program;

/// Ends with its input.
const KEEPER: &str = "mount -t tmpfs -o size=32m tmpfs \"$0\" && echo mounted && read -r _";
/// Takes most of the room.
const BALLAST: usize = 28 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Room {
    folder: PathBuf,
    keeper: Program,
}

impl Room {
    /// Makes a room in which a few megabytes are left.
    pub fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("full_disk");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", KEEPER]).arg(&folder);
        let mut keeper = Program::start(command, PATIENCE);
        keeper.until("mounted");
        let room = Self { folder, keeper };
        std::fs::write(room.ballast(), vec![0; BALLAST]).expect("there is room for the ballast");
        room
    }

    pub fn url(&self) -> String {
        format!("sqlite:{}", self.folder.join("ledger.db").display())
    }

    /// The program `ledger`, in the room.
    pub fn ledger(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args([
            "--user",
            "--mount",
            "--preserve-credentials",
            "--target",
            &self.keeper.id().to_string(),
        ]);
        command.arg(env!("CARGO_BIN_EXE_ledger")).args(arguments);
        command
    }

    /// Gives the room back that the ballast took.
    pub fn make_place(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast is there");
    }

    /// As it is seen from outside.
    fn ballast(&self) -> PathBuf {
        let folder = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        PathBuf::from(format!("/proc/{}/root", self.keeper.id())).join(folder).join("ballast")
    }
}
