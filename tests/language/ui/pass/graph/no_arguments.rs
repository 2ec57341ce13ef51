use tasktronaut::prelude::*;

#[derive(Default)]
struct Ping;

#[process]
impl Ping {
    fn define_process() {
        process! { seq { ping; } }
    }

    #[task]
    fn ping(&self) {}
}

fn main() {
    let process = Ping::process().build().unwrap();
    assert_eq!(process.steps().count(), 1);
    assert!(process.definition().name().ends_with("::Ping"));
}
