//! The directory of a zip archive, read; and archives of uncompressed members, written.
//!
//! Fields as in PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3 (ZIP64).

use crate::Result;
use crate::io::input::Input;
use crate::io::output::Output;
use flate2::Crc;

/// A member of an archive.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) deflated: bool,
    pub(super) compressed: u64,
    /// Bytes once decompressed.
    pub(super) length: u64,
    /// CRC-32 of these.
    pub(super) checksum: u32,
    /// Where its local header starts.
    header: u64,
}

impl Member {
    /// Where its bytes start: behind the local header, whose length is only known there.
    pub(super) fn start(&self, input: &mut Input) -> Result<u64> {
        input.seek(self.header)?;
        let header: [u8; 30] = input.read_array("the header of a member")?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(input.malformed(
                "the header of a member",
                crate::io::lines::shown(&header[..4]),
            ));
        }
        let start =
            self.header + 30 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        if input
            .length()
            .is_some_and(|length| start.saturating_add(self.compressed) > length)
        {
            return Err(input.truncated("a member of the archive"));
        }
        Ok(start)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Bytes of the record at the end, without its comment.
const END: usize = 22;
/// More members than arrays anybody saves.
const MOST_MEMBERS: u64 = 10_000;

/// Reads the directory at the end of the archive.
pub(super) fn members(input: &mut Input) -> Result<Vec<Member>> {
    let length = input.length().unwrap_or(0);
    // the end record, with room for a comment before the end of the file
    let tail = length.min((END + usize::from(u16::MAX)) as u64);
    input.seek(length - tail)?;
    let mut bytes = Vec::new();
    input.read_bytes(&mut bytes, tail, "the directory of the archive")?;
    let end = bytes
        .windows(END)
        .rposition(|window| window.starts_with(b"PK\x05\x06"));
    let Some(end) = end else {
        return Err(input.malformed("a zip archive", "no directory at its end"));
    };
    let mut count = u64::from(u16_at(&bytes, end + 10));
    let mut offset = u64::from(u32_at(&bytes, end + 16));
    if (count == 0xffff || offset == 0xffff_ffff)
        && end >= 20
        && bytes[end - 20..].starts_with(b"PK\x06\x07")
    {
        let at = u64_at(&bytes, end - 12);
        input.seek(at)?;
        let wide: [u8; 56] = input.read_array("the ZIP64 directory")?;
        if !wide.starts_with(b"PK\x06\x06") {
            return Err(input.malformed("a ZIP64 directory", crate::io::lines::shown(&wide[..4])));
        }
        (count, offset) = (u64_at(&wide, 32), u64_at(&wide, 48));
    }
    if count > MOST_MEMBERS {
        return Err(input.malformed(format!("at most {MOST_MEMBERS} arrays"), count.to_string()));
    }
    input.seek(offset)?;
    (0..count).map(|_| member(input)).collect()
}

fn member(input: &mut Input) -> Result<Member> {
    let what = "the directory of the archive";
    let fixed: [u8; 46] = input.read_array(what)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return Err(input.malformed(what, crate::io::lines::shown(&fixed[..4])));
    }
    let mut rest = Vec::new();
    let (name, extra) = (u16_at(&fixed, 28), u16_at(&fixed, 30));
    let comment = u16_at(&fixed, 32);
    input.read_bytes(
        &mut rest,
        u64::from(name) + u64::from(extra) + u64::from(comment),
        what,
    )?;
    let (name, rest) = rest.split_at(usize::from(name));
    let mut sizes = [u32_at(&fixed, 24), u32_at(&fixed, 20), u32_at(&fixed, 42)].map(u64::from);
    widen(&mut sizes, &rest[..usize::from(extra)]);
    let method = u16_at(&fixed, 10);
    if u16_at(&fixed, 8) & 1 != 0 || !matches!(method, 0 | 8) {
        let found = format!("method {method} or encryption");
        return Err(input.malformed("stored or deflated members", found));
    }
    Ok(Member {
        name: String::from_utf8_lossy(name).into_owned(),
        deflated: method == 8,
        compressed: sizes[1],
        length: sizes[0],
        checksum: u32_at(&fixed, 16),
        header: sizes[2],
    })
}

/// Replaces what did not fit in 32 bits by the values of the ZIP64 field, in its order.
fn widen(sizes: &mut [u64; 3], mut extra: &[u8]) {
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = &extra[4..extra.len().min(4 + length)];
        if id == 1 {
            let mut values = field.as_chunks::<8>().0.iter();
            for size in sizes.iter_mut().filter(|size| **size == 0xffff_ffff) {
                if let Some(value) = values.next() {
                    *size = u64::from_le_bytes(*value);
                }
            }
        }
        extra = &extra[extra.len().min(4 + length)..];
    }
}

/// Writes members one after the other, each in one go or in parts.
pub(super) struct Archive {
    directory: Vec<u8>,
    n_members: u64,
    /// Offset of the next member.
    position: u64,
}

/// A member being written.
pub(super) struct Open {
    name: String,
    header: u64,
    crc: Crc,
    /// Bytes after the part that is patched at the end.
    length: u64,
}

/// Bytes of a local header: fixed fields, name, ZIP64 field.
fn local_header(name: &str, crc: u32, length: u64) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    // version 4.5 for ZIP64; stored; 1 January 1980
    for value in [45_u16, 0, 0, 0, 0x21] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(crc.to_le_bytes());
    bytes.extend([0xff; 8]);
    bytes.extend((name.len() as u16).to_le_bytes());
    bytes.extend(20_u16.to_le_bytes());
    bytes.extend(name.as_bytes());
    bytes.extend([1, 0, 16, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes
}

impl Archive {
    pub(super) fn new() -> Self {
        Self {
            directory: Vec::new(),
            n_members: 0,
            position: 0,
        }
    }

    /// Starts a member whose first `head` bytes will only be known in the end.
    pub(super) fn begin(&mut self, output: &mut Output, name: &str, head: usize) -> Result<Open> {
        let header = local_header(name, 0, 0);
        output.write(&header)?;
        output.write(&vec![0; head])?;
        Ok(Open {
            name: name.to_owned(),
            header: self.position,
            crc: Crc::new(),
            length: 0,
        })
    }

    pub(super) fn write(output: &mut Output, open: &mut Open, bytes: &[u8]) -> Result<()> {
        open.crc.update(bytes);
        open.length += bytes.len() as u64;
        output.write(bytes)
    }

    /// Ends a member, writing its first bytes.
    pub(super) fn end(&mut self, output: &mut Output, open: &Open, head: &[u8]) -> Result<()> {
        let mut crc = Crc::new();
        crc.update(head);
        crc.combine(&open.crc);
        let length = head.len() as u64 + open.length;
        let mut header = local_header(&open.name, crc.sum(), length);
        let entry = [
            &b"PK\x01\x02"[..],
            &45_u16.to_le_bytes(),
            &header[4..18],
            &[0xff; 8],
            &(open.name.len() as u16).to_le_bytes(),
            &28_u16.to_le_bytes(),
            // no comment, first disk, no attributes
            &[0; 10],
            &[0xff; 4],
            open.name.as_bytes(),
            &[1, 0, 24, 0],
            &length.to_le_bytes(),
            &length.to_le_bytes(),
            &open.header.to_le_bytes(),
        ];
        self.directory.extend(entry.concat());
        self.n_members += 1;
        self.position = open.header + header.len() as u64 + length;
        header.extend(head);
        output.patch(open.header, &header)
    }

    /// Writes the directory.
    pub(super) fn finish(self, output: &mut Output) -> Result<()> {
        output.write(&self.directory)?;
        let length = self.directory.len() as u64;
        let wide = self.position + length;
        let mut bytes = b"PK\x06\x06".to_vec();
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0]);
        bytes.extend([0; 8]);
        for value in [self.n_members, self.n_members, length, self.position] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(wide.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        let count = u16::try_from(self.n_members).unwrap_or(u16::MAX);
        bytes.extend(count.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
        bytes.extend(narrow(length));
        bytes.extend(narrow(self.position));
        bytes.extend([0; 2]);
        output.write(&bytes)
    }
}
