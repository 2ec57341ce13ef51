//! Greets everyone who is named on the command line.
use tasktronaut::prelude::*;

#[derive(Default)]
struct Greeting;

#[process]
impl Greeting {
    fn define_process(names: Vec<String>) {
        process! {
            seq {
                say_hello;
                par { each name in names { say_name; } }
                say_bye;
            }
        }
    }

    #[task]
    fn say_hello(&self) {
        println!("Hello!");
    }

    #[task]
    fn say_name(&self, name: String) {
        println!("Nice to meet you, {name}.");
    }

    #[task]
    fn say_bye(&self, names: Vec<String>) {
        println!("Goodbye, all {} of you!", names.len());
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let names = std::env::args().skip(1).collect();
    Ok(Greeting::process(GreetingArgs { names }).build()?.run().await?)
}
