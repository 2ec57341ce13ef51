use tasktronaut::prelude::*;

fn main() {
    #[derive(Default)]
    struct Ping;

    #[derive(Serialize, Deserialize, Clone)]
    struct Name(String);

    #[process]
    impl Ping {
        fn define_process(name: Name, names: Vec<Name>) {
            process! { seq { ping; each name_of in names { pong; } } }
        }

        #[task]
        fn ping(&self, name: Name) {
            let _ = name.0;
        }

        #[task]
        fn pong(&self, name_of: Name) {
            let _ = name_of.0;
        }
    }

    let process = Ping::process(PingArgs { name: Name("a".into()), names: vec![Name("b".into())] }).build().unwrap();
    assert_eq!(process.tasks().count(), 2);
}
