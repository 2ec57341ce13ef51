//! The rules of every backend, on the one in process.

use tasktronaut::LocalBackend;
use tasktronaut::backend::BackendError;

async fn open(_: String) -> Result<LocalBackend, BackendError> {
    Ok(LocalBackend::new())
}

tasktronaut::backend_contract!(open, without shared);

mod scenario {
    use super::open;

    tasktronaut::backend_scenarios!(open);
}
