//! The time of the store: the host's, which never goes backwards.

use rusqlite::{Connection, Result};

use crate::words::clock::{Clock, SystemClock, unix_milliseconds};

/// Tells a connection what time it is.
///
/// The database keeps the greatest time that was ever written down, over all programs. Every transaction that may write
/// begins by reading it, and one that has written sets it where a millisecond has passed, which costs one small page
/// of a commit; one that has found nothing to do leaves the file alone. When the host's clock is set back, the time
/// goes on from there with the computer's monotonic clock; it does not stand still, so that leases still run out.
#[derive(Debug, Default)]
pub(super) struct StoreClock {
    monotonic: SystemClock,
    /// The time at which the monotonic clock was zero.
    origin: i64,
}

impl StoreClock {
    /// The present time, within a transaction.
    pub fn read(&mut self, conn: &Connection) -> Result<i64> {
        Ok(self.after(greatest(conn)?))
    }

    /// Keeps the time of a transaction that has written.
    pub fn keep(conn: &Connection, now: i64) -> Result<()> {
        conn.prepare_cached("UPDATE clock SET now = ?1 WHERE only = 0 AND now < ?1")?.execute([now])?;
        Ok(())
    }

    fn after(&mut self, greatest: i64) -> i64 {
        let passed = i64::try_from(self.monotonic.now().0 / 1_000_000).unwrap_or(i64::MAX);
        let now = unix_milliseconds().max(greatest).max(self.origin.saturating_add(passed));
        self.origin = now.saturating_sub(passed);
        now
    }
}

fn greatest(conn: &Connection) -> Result<i64> {
    conn.prepare_cached("SELECT now FROM clock WHERE only = 0")?.query_row([], |row| row.get(0))
}
