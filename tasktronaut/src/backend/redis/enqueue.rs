//! Adding processes (`R1`, `R2`).

use super::bytes::{Packed, millis};
use super::error::corrupt;
use super::reply::{list, number};
use super::scripts::ENQUEUE;
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::store::{NewProcess, Stored};

/// So many processes go in one call at most, and so many bytes, unless one alone is larger: others want their turn.
const MOST: usize = 100;
const MOST_BYTES: usize = 4 << 20;

impl Shared {
    pub(super) async fn enqueue_all(&self, processes: &[NewProcess]) -> Result<Vec<Stored>, BackendError> {
        let mut stored = Vec::with_capacity(processes.len());
        let mut rest = processes;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |process: &&NewProcess| {
                bytes += process.plan.len();
                bytes <= MOST_BYTES
            };
            let count = rest.iter().take(MOST).take_while(fits).count().max(1);
            let (now, later) = rest.split_at(count);
            self.enqueue_some(now, &mut stored).await?;
            rest = later;
        }
        Ok(stored)
    }

    async fn enqueue_some(
        &self,
        processes: &[NewProcess],
        stored: &mut Vec<Stored>,
    ) -> Result<(), BackendError> {
        let packed: Vec<_> = processes.iter().map(|process| (head(process), meetings(process))).collect();
        let mut arguments: Vec<&[u8]> = Vec::with_capacity(processes.len() * 5);
        for (process, (head, meetings)) in processes.iter().zip(&packed) {
            let parts = [
                &head.0,
                process.identifier.as_bytes(),
                process.definition.as_bytes(),
                &process.plan,
                &meetings.0,
            ];
            arguments.extend(parts);
        }
        let answer = self.work.run("enqueue processes", &ENQUEUE, &self.keys, &arguments).await?;
        for (value, process) in list("enqueued", answer)?.into_iter().zip(processes) {
            let key = number("enqueued", value)?;
            stored.push(match key {
                1.. => Stored::Created(key.unsigned_abs()),
                0 => {
                    let reason = "the key of this identifier is no number";
                    return Err(corrupt(format!("identifier {}", process.identifier), reason));
                }
                _ => Stored::Known(key.unsigned_abs()),
            });
        }
        Ok(())
    }
}

fn head(process: &NewProcess) -> Packed {
    let mut head = Packed::default();
    head.bytes(&process.priority.to_le_bytes());
    head.node(process.first.node);
    head.route(process.first.route);
    head.byte(u8::from(process.first.concludes));
    head.long(millis(process.start_after));
    head.long(process.deadline.map_or(0, |deadline| millis(deadline) + 1));
    head
}

fn meetings(process: &NewProcess) -> Packed {
    let mut packed = Packed::default();
    for meeting in &process.meetings {
        packed.node(meeting.node);
        packed.word(meeting.waits_for);
        packed.length(Packed::size_of_then(&meeting.then));
        packed.then(&meeting.then);
    }
    packed
}
