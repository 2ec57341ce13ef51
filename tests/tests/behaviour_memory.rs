//! The rules of every backend, on the one in process.

use tasktronaut::backend::BackendError;
use tasktronaut::LocalBackend;

async fn open(_: String) -> Result<LocalBackend, BackendError> {
    Ok(LocalBackend::new())
}

tasktronaut::backend_contract!(open, without shared);
