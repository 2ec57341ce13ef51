//! A process may contain itself where there may be none of it.
use tasktronaut::prelude::*;

#[derive(Default)]
struct Folder;

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    entries: Vec<Entry>,
}

#[process]
impl Folder {
    fn define_process(name: String, entries: Vec<Entry>) {
        process! {
            seq {
                list;
                each entries { sub Self; }
                if option(never) { sub Folder; }
            }
        }
    }

    #[task]
    fn list(&self, name: String) {
        let _ = name;
    }

    #[each]
    fn entries(&self, entries: Vec<Entry>) -> Vec<Entry> {
        entries
    }
}

fn main() {
    let entry = |name: &str, entries| Entry { name: name.into(), entries };
    let entries = vec![entry("a", vec![entry("b", vec![])]), entry("c", vec![])];
    let process = Folder::process(FolderArgs { name: "root".into(), entries }).build().unwrap();
    assert_eq!(process.tasks().count(), 4);
}
