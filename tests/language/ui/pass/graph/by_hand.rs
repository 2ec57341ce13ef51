use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        builder.task("resize");
        builder.concurrent(|inner| {
            for _ in 0..3 {
                process! { inner => resize; seq { watermark "Mark"; resize } }
            }
        });
        let names: Vec<String> = builder.argument("names")?;
        if names.len() == 2 {
            process! { builder => each name in names { resize; } each photos { show; } }
        }
        Ok(())
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[task]
    fn show(path: String) {
        let _ = path;
    }

    #[each]
    fn photos() -> Vec<Photo> {
        vec![Photo { path: String::new() }]
    }
}

#[derive(Serialize)]
struct Photo {
    path: String,
}

#[derive(Default)]
struct Nothing;

#[process]
impl Nothing {
    fn define_process(&self, _builder: &mut Builder<Self>) {}
}

fn main() {
    let process = Album::process(tasktronaut::arguments! { names: ["a", "b"] }).build().unwrap();
    assert_eq!(process.tasks().count(), 1 + 9 + 2 + 1);
    assert_eq!(Nothing::process(Arguments::new()).build().unwrap().tasks().count(), 0);
}
