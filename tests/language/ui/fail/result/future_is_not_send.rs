use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { wait; }
        }
    }

    #[task]
    async fn wait(&self) {
        let shared = std::rc::Rc::new(1);
        std::future::ready(()).await;
        let _ = shared;
    }
}

fn main() {}
