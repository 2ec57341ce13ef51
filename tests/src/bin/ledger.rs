//! A client or a worker on a store that is put to the test; see [`tasktronaut_tests::ledger`].

use tasktronaut::BoxError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    tasktronaut_tests::ledger::main().await
}
