//! Packed rows on their way to a script, and back: few large strings are much faster than many small ones.

use super::error::corrupt;
use crate::backend::BackendError;
use crate::backend::store::{Fence, Key, RouteId, Then};

/// What is written for a script. Numbers are little-endian, but for those of a [member](Packed::member).
#[derive(Default)]
pub(super) struct Packed(pub(super) Vec<u8>);

impl Packed {
    pub(super) fn byte(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(super) fn word(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A node, as scripts have it everywhere.
    pub(super) fn node(&mut self, node: u32) {
        self.bytes(&node.to_be_bytes());
    }

    /// A length. Nothing that is so large is ever stored (`R21`).
    pub(super) fn length(&mut self, length: usize) {
        self.word(u32::try_from(length).unwrap_or(u32::MAX));
    }

    /// A length of something that may be missing: one more than it is, or zero.
    pub(super) fn length_of(&mut self, bytes: Option<&Vec<u8>>) {
        self.length(bytes.map_or(0, |bytes| bytes.len().saturating_add(1)));
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Routes are opaque to scripts, whose numbers have 53 bits only.
    pub(super) fn route(&mut self, route: RouteId) {
        self.bytes(&route.to_be_bytes());
    }

    pub(super) fn member(&mut self, key: Key, node: u32) {
        self.bytes(&key.to_be_bytes());
        self.bytes(&node.to_be_bytes());
    }

    pub(super) fn fence(&mut self, fence: &Fence) {
        self.member(fence.key, fence.node);
        self.word(fence.attempt);
        self.word(fence.nonce);
    }

    pub(super) fn then(&mut self, then: &Then) {
        if then.releases.is_empty() && then.meetings.is_empty() {
            return;
        }
        self.length(then.releases.len());
        self.length(then.meetings.len());
        for release in &then.releases {
            self.node(release.node);
            self.route(release.route);
            self.byte(u8::from(release.concludes));
        }
        for meeting in &then.meetings {
            self.node(*meeting);
        }
    }

    /// What `then` takes.
    pub(super) fn size_of_then(then: &Then) -> usize {
        match then.releases.len() * 13 + then.meetings.len() * 4 {
            0 => 0,
            size => size + 8,
        }
    }
}

/// What is read of a script's answer, or of a row.
pub(super) struct Unpacked<'a> {
    rest: &'a [u8],
    what: &'a str,
}

impl<'a> Unpacked<'a> {
    pub(super) fn new(what: &'a str, rest: &'a [u8]) -> Self {
        Self { rest, what }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8], BackendError> {
        let (bytes, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| corrupt(self.what, "it is too short"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BackendError> {
        let what = self.what;
        self.bytes(N)?.try_into().map_err(|_| corrupt(what, "it is too short"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, BackendError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn word(&mut self) -> Result<u32, BackendError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u64, BackendError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn route(&mut self) -> Result<RouteId, BackendError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn worker(&mut self) -> Result<u128, BackendError> {
        self.array().map(u128::from_be_bytes)
    }

    pub(super) fn key(&mut self) -> Result<Key, BackendError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn member(&mut self) -> Result<(Key, u32), BackendError> {
        Ok((self.array().map(u64::from_be_bytes)?, self.array().map(u32::from_be_bytes)?))
    }

    pub(super) fn fence(&mut self) -> Result<Fence, BackendError> {
        let (key, node) = self.member()?;
        Ok(Fence { key, node, attempt: self.word()?, nonce: self.word()? })
    }

    /// Something that may be missing: see [`Packed::length_of`].
    pub(super) fn optional(&mut self) -> Result<Option<Vec<u8>>, BackendError> {
        match self.word()?.checked_sub(1) {
            None => Ok(None),
            Some(length) => Ok(Some(self.bytes(length as usize)?.to_vec())),
        }
    }

    /// All that is left, item by item.
    pub(super) fn all<T>(
        mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, BackendError>,
    ) -> Result<Vec<T>, BackendError> {
        let mut items = Vec::new();
        while !self.is_empty() {
            items.push(item(&mut self)?);
        }
        Ok(items)
    }
}

/// Milliseconds that fit into a script's number.
pub(super) fn millis(duration: std::time::Duration) -> u64 {
    // 2,000 years: the sum with the clock is still exact.
    const LONGEST: u64 = 1 << 46;
    u64::try_from(duration.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}
