//! The clock of the server is not that of its clients: leases, due times and deadlines go by the server's.

use std::time::Duration;

use tasktronaut::BoxError;
use tasktronaut::backend::store::{End, Fence, How, NewProcess, Recorded, Store, Then};
use tasktronaut::backend::{PostgresStore, WorkerId};

use super::own::{LONG, ROUTE, client, fan, place, success};
use super::{SERVER, open};

/// A store on a server whose clock goes so many hours before that of its clients, or behind it, and a worker with a job:
/// leases, deadlines and pauses are as long as `time`.
async fn elsewhere_in_time(hours: i32, time: Duration) -> Result<(PostgresStore, WorkerId, Fence), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    let clock = format!(
        "CREATE OR REPLACE FUNCTION {place}.clock() RETURNS bigint LANGUAGE sql VOLATILE AS \
         $$ SELECT (extract(epoch FROM clock_timestamp() + interval '{hours} hours') * 1000000)::bigint $$"
    );
    client(&SERVER).await?.batch_execute(&clock).await?;
    let worker = WorkerId::random();
    store.join(worker, vec![ROUTE], time).await?;
    let overdue = NewProcess { deadline: Some(time), ..fan("album", 2) };
    let later = NewProcess { start_after: time, ..fan("later", 2) };
    store.enqueue(vec![overdue, later].into()).await?;
    let claims = store.exchange(worker, vec![], 1).await?.claims;
    Ok((store, worker, claims[0].fence))
}

fn retry(fence: Fence, pause: Duration) -> End {
    End { how: How::Retry(pause), ..success(fence, Then::default()) }
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r10_nothing_is_over_too_early_where_the_server_has_another_clock() -> Result<(), BoxError> {
    let (store, worker, fence) = elsewhere_in_time(24, LONG).await?;
    for renew in [false, true] {
        let beat = store.beat(worker, renew, 3).await?;
        assert_eq!((beat.reaped, beat.expired.len(), beat.overdue.len()), (0, 0, 0));
    }
    let exchange = store.exchange(worker, vec![retry(fence, LONG)], 9).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.claims.len()), ([Recorded::Done].as_slice(), 0));
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r10_everything_is_over_in_time_where_the_server_has_another_clock() -> Result<(), BoxError> {
    const SHORT: Duration = Duration::from_millis(1);
    let (store, worker, fence) = elsewhere_in_time(-24, SHORT).await?;
    let over = async {
        let (mut reaped, mut overdue, mut claims) = (0, 0, Vec::new());
        while (reaped, overdue) != (1, 1) {
            let beat = store.beat(WorkerId::random(), false, 3).await?;
            (reaped, overdue) = (reaped + beat.reaped, beat.overdue.len());
        }
        // A late end counts.
        store.exchange(worker, vec![retry(fence, SHORT)], 0).await?;
        while claims.len() < 2 {
            claims.extend(store.exchange(worker, vec![], 9).await?.claims);
        }
        // A lease that was renewed is over as soon.
        store.beat(worker, true, 3).await?;
        while reaped < 3 {
            reaped += store.beat(WorkerId::random(), false, 3).await?.reaped;
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(20), over).await?
}
