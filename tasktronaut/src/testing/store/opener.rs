//! [`Opener`]: how the cases get their stores.

use std::future::Future;

use crate::backend::BackendError;
use crate::backend::store::Store;

/// Opens the stores that the cases work on.
///
/// A function `async fn open(place: String) -> Result<impl Store, BackendError>` is one.
pub trait Opener: Clone + Send + Sync + 'static {
    /// The kind of store.
    type Store: Store;

    /// Opens the store of a place: 16 random letters, for one case alone. It is empty when it is opened first; when
    /// it is opened again, that is another program which works on the same processes.
    fn open(&self, place: &str) -> impl Future<Output = Result<Self::Store, BackendError>> + Send;

    /// Removes the place, after the case.
    fn close(&self, place: &str) -> impl Future<Output = ()> + Send {
        let _ = place;
        async {}
    }
}

impl<F, Opening, S> Opener for F
where
    F: Fn(String) -> Opening + Clone + Send + Sync + 'static,
    Opening: Future<Output = Result<S, BackendError>> + Send,
    S: Store,
{
    type Store = S;

    fn open(&self, place: &str) -> impl Future<Output = Result<S, BackendError>> + Send {
        self(place.to_owned())
    }
}
