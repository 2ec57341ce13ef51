use tasktronaut::arguments;

fn main() {
    let _ = arguments! { "album": "Summer", "size": 3 };
}
