//! The checksums that S3 knows, under the names by which `aws-smithy-checksums` asks for them.

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc};

static ISO_HDLC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
static ISCSI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static NVME: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    Crc32IsoHdlc,
    Crc32Iscsi,
    Crc64Nvme,
}

/// A checksum of bytes that come one after another.
#[derive(Clone)]
pub struct Digest(State);

#[derive(Clone)]
enum State {
    Narrow(crc::Digest<'static, u32>),
    Wide(crc::Digest<'static, u64>),
}

impl Digest {
    pub fn new(algorithm: CrcAlgorithm) -> Digest {
        Digest(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Narrow(ISO_HDLC.digest()),
            CrcAlgorithm::Crc32Iscsi => State::Narrow(ISCSI.digest()),
            CrcAlgorithm::Crc64Nvme => State::Wide(NVME.digest()),
        })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Narrow(digest) => digest.update(bytes),
            State::Wide(digest) => digest.update(bytes),
        }
    }

    /// The checksum in the lowest bits.
    pub fn finalize(&self) -> u64 {
        match self.0.clone() {
            State::Narrow(digest) => digest.finalize().into(),
            State::Wide(digest) => digest.finalize(),
        }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Digest").field(&self.finalize()).finish()
    }
}

/// The checksum of bytes at once.
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}
