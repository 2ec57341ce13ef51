//! Which servers are not installed: tests that need one of them are ignored then, and shown as ignored.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PATH");
    println!("cargo:rustc-check-cfg=cfg(no_postgres)");
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    for kept in ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt/postgresql"] {
        folders.push(Path::new(kept).join("bin"));
        folders
            .extend(fs::read_dir(kept).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")));
    }
    if !folders.iter().any(|folder| folder.join("initdb").is_file()) {
        println!("cargo:rustc-cfg=no_postgres");
    }
}
