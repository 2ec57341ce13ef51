use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each paths { resize; } transform album { resize; } }
        }
    }

    #[each]
    fn paths(&self) -> Vec<String> {
        Vec::new()
    }

    #[transform]
    async fn album(&self) -> Result<(u8, u8), std::io::Error> {
        Ok((0, 0))
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
