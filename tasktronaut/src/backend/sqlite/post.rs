//! Datagrams to the other programs, where the system has sockets in the file system.

#[cfg(not(unix))]
pub(super) use nowhere::Post;
#[cfg(unix)]
pub(super) use unix::Post;

#[cfg(unix)]
mod unix {
    use std::collections::HashSet;
    use std::fs;
    use std::io::ErrorKind;
    use std::net::Shutdown;
    use std::os::unix::net::UnixDatagram;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, OnceLock, PoisonError};
    use std::thread;
    use std::time::{Duration, SystemTime};

    use crate::backend::WorkerId;
    use crate::backend::store::Wake;
    use crate::words::clock::Deadline;

    /// The folder is read again when it has changed, and after this time: file systems count time in coarse steps.
    const FRESH: Duration = Duration::from_millis(100);

    /// More wake-ups than these become one, which says: look at everything.
    const MOST: usize = 64;

    /// A wake-up in a datagram: what it is, and the key of a process.
    const BYTES: usize = 9;

    /// Sends to the sockets in a folder, and may have one there.
    pub struct Post {
        folder: PathBuf,
        out: Option<UnixDatagram>,
        others: Mutex<Others>,
        own: OnceLock<Own>,
    }

    /// The sockets of the other programs.
    #[derive(Default)]
    struct Others {
        paths: Vec<PathBuf>,
        /// Those whose queue was full: they have missed something.
        behind: HashSet<PathBuf>,
        changed: Option<SystemTime>,
        fresh: Option<Deadline>,
    }

    /// The own socket; it is gone with the store.
    struct Own {
        path: PathBuf,
        socket: UnixDatagram,
    }

    impl Drop for Own {
        fn drop(&mut self) {
            _ = fs::remove_file(&self.path);
            // The last one takes the folder along.
            _ = self.path.parent().map(fs::remove_dir);
            _ = self.socket.shutdown(Shutdown::Both);
        }
    }

    impl Post {
        pub fn new(folder: PathBuf) -> Self {
            let out = UnixDatagram::unbound().and_then(|out| out.set_nonblocking(true).map(|()| out)).ok();
            Self { folder, out, others: Mutex::default(), own: OnceLock::new() }
        }

        /// Begins to tell what others send, as long as the answer is that somebody listens; false where it cannot.
        pub fn receive(&self, tell: impl Fn(&[Wake]) -> bool + Send + 'static) -> bool {
            // The whole path of a socket may have about 100 bytes, so its name is short.
            let name: String = WorkerId::random().to_string().chars().take(12).collect();
            let path = self.folder.join(name);
            let bind = || fs::create_dir_all(&self.folder).and_then(|()| UnixDatagram::bind(&path));
            // Another program may have removed the folder in between.
            let Ok(socket) = bind().or_else(|_| bind()) else { return false };
            let own = Own { path, socket };
            let Ok(socket) = own.socket.try_clone() else { return false };
            let listen = move || {
                let mut bytes = [0; MOST * BYTES];
                // No bytes come when the socket is shut down.
                while let Ok(length @ 1..) = socket.recv(&mut bytes)
                    && tell(&read(&bytes[..length]))
                {}
            };
            let thread = thread::Builder::new().name("sqlite-wake".to_owned()).spawn(listen);
            thread.is_ok() && self.own.set(own).is_ok()
        }

        /// Sends wake-ups to the others, and waits for none of them.
        pub fn send(&self, wakes: &[Wake]) {
            let Some(out) = self.out.as_ref().filter(|_| !wakes.is_empty()) else { return };
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            others.look(&self.folder, self.own.get().map(|own| own.path.as_path()));
            let Others { paths, behind, .. } = &mut *others;
            let (bytes, anything) = (written(wakes), written(&[Wake::Anything]));
            for path in paths {
                let bytes = if behind.contains(path) { &anything } else { &bytes };
                match out.send_to(bytes, &*path) {
                    Ok(_) => _ = behind.remove(path),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => _ = behind.insert(path.clone()),
                    // Its program was killed, or has just gone.
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => _ = fs::remove_file(path),
                    Err(_) => {}
                }
            }
        }
    }

    impl Others {
        fn look(&mut self, folder: &Path, own: Option<&Path>) {
            let changed = fs::metadata(folder).and_then(|folder| folder.modified()).ok();
            if changed == self.changed && self.fresh.is_some_and(|fresh| !fresh.has_passed()) {
                return;
            }
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            self.paths = entries.filter(|path| Some(path.as_path()) != own).collect();
            self.behind.retain(|path| self.paths.contains(path));
            self.changed = changed;
            self.fresh = Deadline::after(FRESH);
        }
    }

    fn written(wakes: &[Wake]) -> Vec<u8> {
        if wakes.len() > MOST {
            return written(&[Wake::Anything]);
        }
        let write = |wake: &Wake| {
            let (kind, key) = match wake {
                Wake::Ready => (0, 0),
                Wake::Ended(key) => (1, *key),
                Wake::Stopping(key) => (2, *key),
                Wake::Anything => (3, 0),
            };
            std::iter::once(kind).chain(key.to_le_bytes())
        };
        wakes.iter().flat_map(write).collect()
    }

    /// Whatever is not known is taken for [`Wake::Anything`]: it may come from a newer program.
    fn read(bytes: &[u8]) -> Vec<Wake> {
        let (wakes, rest) = bytes.as_chunks::<BYTES>();
        let mut read: Vec<Wake> = wakes
            .iter()
            .map(|[kind, key @ ..]| match kind {
                0 => Wake::Ready,
                1 => Wake::Ended(u64::from_le_bytes(*key)),
                2 => Wake::Stopping(u64::from_le_bytes(*key)),
                _ => Wake::Anything,
            })
            .collect();
        if !rest.is_empty() {
            read.push(Wake::Anything);
        }
        read
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn wake_ups_arrive_as_they_were_sent() {
            let wakes = [Wake::Ready, Wake::Ended(7), Wake::Stopping(u64::MAX), Wake::Anything];
            assert_eq!(read(&written(&wakes)), wakes);
            assert_eq!(read(&written(&vec![Wake::Ready; MOST + 1])), [Wake::Anything]);
            assert_eq!(read(b"??"), [Wake::Anything]);
            assert_eq!(read(&[0xFF; BYTES]), [Wake::Anything]);
        }
    }
}

#[cfg(not(unix))]
mod nowhere {
    use std::path::PathBuf;

    use crate::backend::store::Wake;

    /// Sends nothing and receives nothing.
    pub struct Post;

    impl Post {
        pub fn new(_folder: PathBuf) -> Self {
            Self
        }

        pub fn receive(&self, _tell: impl Fn(&[Wake]) -> bool + Send + 'static) -> bool {
            false
        }

        pub fn send(&self, _wakes: &[Wake]) {}
    }
}
