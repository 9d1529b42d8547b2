//! Digests of files while they are read or written: another thread hashes what passes by.
//!
//! The bytes that were hashed are those that were used, also of a pipe, which can be read only once. SHA-256 runs at
//! about 1.5 GB/s where the processor has instructions for it and 0.3 GB/s where not; reading CSV and writing Parquet
//! are as slow as that, so that hashing in line would add up to as much again.

use meed_runtime::manifest::digest_of;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Size and SHA-256 of a file.
#[derive(Clone, Debug)]
pub struct FileDigest {
    pub size: u64,
    pub sha256: String,
}

/// Digests of some files, by the number that each has been given.
pub struct Digests {
    sender: Sender<(usize, io::Result<FileDigest>)>,
    receiver: Receiver<(usize, io::Result<FileDigest>)>,
}

impl Digests {
    pub fn new() -> Self {
        let (sender, receiver) = channel();
        Self { sender, receiver }
    }

    /// Takes the bytes of a file as they pass.
    pub fn stream(&self, file: usize) -> DigestStream {
        DigestStream { file, results: self.sender.clone(), blocks: None, block: Vec::new() }
    }

    /// Begins to read files, one after the other.
    pub fn read(&self, files: Vec<(usize, PathBuf)>) {
        let results = self.sender.clone();
        thread::spawn(move || {
            for (file, path) in files {
                // Nobody receives where the run has ended by an error of its own.
                let _ = results.send((file, std::fs::File::open(path).and_then(digest)));
            }
        });
    }

    /// The digests of so many files, of each `None` if nothing was ever read or written. Ends when all streams have.
    pub fn finish(self, n_files: usize) -> Vec<Option<io::Result<FileDigest>>> {
        drop(self.sender);
        let mut found: Vec<_> = (0..n_files).map(|_| None).collect();
        for (file, digest) in self.receiver {
            #[expect(clippy::indexing_slicing, reason = "every stream is of one of these files")]
            let place = &mut found[file];
            *place = Some(digest);
        }
        found
    }
}

/// The bytes of one file on their way to its digest.
pub struct DigestStream {
    file: usize,
    results: Sender<(usize, io::Result<FileDigest>)>,
    /// Where blocks go, once there is one: only files in use have a thread.
    blocks: Option<SyncSender<Vec<u8>>>,
    block: Vec<u8>,
}

/// Bytes sent at a time: large enough that waking a thread does not count.
const BLOCK: usize = 1 << 18;
/// Blocks that wait at most, 4 MiB of them.
const WAITING: usize = 16;

impl DigestStream {
    fn take(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK {
            self.send();
        }
    }

    fn send(&mut self) {
        let (file, results) = (self.file, &self.results);
        let blocks = self.blocks.get_or_insert_with(|| {
            let (sender, receiver) = sync_channel(WAITING);
            let results = results.clone();
            thread::spawn(move || {
                let _ = results.send((file, digest(Blocks { receiver, block: Vec::new(), at: 0 })));
            });
            sender
        });
        // The other end goes only when this one does.
        let _ = blocks.send(std::mem::take(&mut self.block));
    }
}

impl Drop for DigestStream {
    fn drop(&mut self) {
        if !self.block.is_empty() || self.blocks.is_none() {
            self.send();
        }
    }
}

/// A reader or writer whose bytes are hashed.
pub struct Hashed<T> {
    pub inner: T,
    pub stream: DigestStream,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        let (read, _) = buffer.split_at(n_read);
        self.stream.take(read);
        Ok(n_read)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_written = self.inner.write(bytes)?;
        let (written, _) = bytes.split_at(n_written);
        self.stream.take(written);
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn digest(reader: impl Read) -> io::Result<FileDigest> {
    digest_of(reader).map(|(size, sha256)| FileDigest { size, sha256 })
}

/// Blocks as a reader.
struct Blocks {
    receiver: Receiver<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            match self.receiver.recv() {
                Ok(block) => (self.block, self.at) = (block, 0),
                Err(_) => return Ok(0),
            }
        }
        let (_, mut rest) = self.block.split_at(self.at);
        let n_bytes = rest.read(buffer)?;
        self.at += n_bytes;
        Ok(n_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_has_the_digest_of_its_file() {
        let bytes: Vec<u8> = (0..3_000_001u32).map(|n| (n * 7 % 251) as u8).collect();
        let wanted = digest_of(&bytes[..]).expect("memory can be read");
        let digests = Digests::new();
        let mut reader = Hashed { inner: &bytes[..], stream: digests.stream(1) };
        let mut writer = Hashed { inner: Vec::new(), stream: digests.stream(0) };
        io::copy(&mut reader, &mut writer).expect("memory has room");
        let written = writer.inner.clone();
        drop(digests.stream(2));
        drop((reader, writer));
        let found = digests.finish(4);
        for file in [0, 1] {
            let digest = found[file].as_ref().expect("it was used").as_ref().expect("it was read");
            assert_eq!((digest.size, &digest.sha256), (wanted.0, &wanted.1));
        }
        let empty = found[2].as_ref().expect("it was there").as_ref().expect("it was read");
        assert_eq!(empty.size, 0);
        assert!(found[3].is_none() && written == bytes);
    }
}
