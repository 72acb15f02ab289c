//! The files that the site file names, read before anything is compiled: certificates, keys, passwords, lists of
//! revoked certificates, secrets of session tickets.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use model::problem::{Problem, Problems, Severity};
use model::schema::Field;
use model::site::{FileKind, Site};
use rustix::fs::{StatVfsMountFlags, fstatvfs};
use sha2::Sha256;
use snapshot::Files;
use snapshot::compile::codes::KEY_FILE_EXPOSED;
use zeroize::Zeroizing;

use crate::inputs::add;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// The largest database.
const LARGEST_DATABASE: u64 = 256 << 20;

/// What was read.
#[derive(Clone, Default)]
pub struct SiteFiles {
    /// Contents by path as written.
    pub files: Files,
    /// Where they are, to be watched.
    pub paths: Vec<PathBuf>,
    /// Secrets of session tickets (`tls.ticketKeys`), the first encrypts.
    pub ticket_secrets: Vec<Zeroizing<Vec<u8>>>,
    exposed: Vec<Exposed>,
}

/// A secret that others may read.
#[derive(Clone)]
struct Exposed {
    /// As the site file writes it.
    written: String,
    path: PathBuf,
    mode: u32,
    /// It lies on a read-only mount.
    fixed: bool,
}

/// Reads every file of a site file, and those with keys of token issuers that the documents name. Paths are relative to
/// `folder`. What cannot be read is told where it is used. All that was found goes into the checksum: a renewed
/// certificate is a change, and so is a key that was closed to others.
pub fn read(site: Option<&Site>, named: &[Field<String>], folder: &Path, checksum: &mut Sha256) -> SiteFiles {
    let mut read = SiteFiles::default();
    let of_documents = named.iter().map(|field| (field, FileKind::Public));
    for (field, kind) in site.into_iter().flat_map(Site::files).chain(of_documents) {
        let path = folder.join(&field.value);
        if !read.paths.contains(&path) {
            let content = content(&path, field, kind, &mut read.exposed);
            match &content {
                Ok(content) => add(checksum, content),
                Err(why) => add(checksum, why.as_bytes()),
            }
            read.files.insert(field.value.clone(), content);
            read.paths.push(path);
        }
    }
    read.exposed.iter().for_each(|exposed| add(checksum, &exposed.mode.to_be_bytes()));
    let keys = site.iter().filter_map(|site| site.tls.as_ref()).flat_map(|tls| tls.value.ticket_keys.iter());
    let secrets = keys.filter_map(|field| read.files.get(&field.value));
    read.ticket_secrets = secrets.map(|secret| Zeroizing::new(secret.to_vec())).collect();
    read
}

impl SiteFiles {
    /// Hands out what was read; where it was read from stays.
    pub fn take(&mut self) -> Self {
        let paths = self.paths.clone();
        std::mem::replace(self, Self { paths, ..Self::default() })
    }

    /// A problem for each secret that others may read, where the site file names it first.
    pub fn problems(&self, site: &Site) -> Problems {
        let mut problems = Problems::new();
        for exposed in &self.exposed {
            let named = site.files().into_iter().find(|(field, _)| field.value == exposed.written);
            named.into_iter().for_each(|(field, _)| problems.push(exposed.problem(field)));
        }
        problems
    }
}

fn content(
    path: &Path,
    field: &Field<String>,
    kind: FileKind,
    exposed: &mut Vec<Exposed>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    // A pipe would be waited for, and a device may never end.
    let is_file = std::fs::metadata(path).map_err(|error| why(&error))?.is_file();
    if !is_file {
        return Err("it is not a file".to_owned());
    }
    let file = File::open(path).map_err(|error| why(&error))?;
    let metadata = file.metadata().map_err(|error| why(&error))?;
    let fixed = fstatvfs(&file).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY));
    // One allocation: a buffer that grows would leave copies of a key behind.
    let largest = if kind == FileKind::Database { LARGEST_DATABASE } else { LARGEST };
    let room = usize::try_from(metadata.len().min(largest)).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(room + 1));
    let length = file.take(largest + 1).read_to_end(&mut content).map_err(|error| why(&error))?;
    if length as u64 > largest {
        return Err(format!("it is larger than {} KiB", largest >> 10));
    }
    let is_secret = match kind {
        FileKind::Secret => true,
        FileKind::PerhapsSecret => holds_key(&content),
        FileKind::Public | FileKind::Database => false,
    };
    if is_secret && is_exposed(&metadata) {
        exposed.push(Exposed { written: field.value.clone(), path: path.to_owned(), mode: metadata.mode(), fixed });
    }
    Ok(content)
}

fn why(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "this user may not".to_owned(),
        _ => error.to_string(),
    }
}

fn holds_key(content: &[u8]) -> bool {
    const MARK: &[u8] = b"PRIVATE KEY-----";
    content.windows(MARK.len()).any(|window| window == MARK)
}

fn is_exposed(metadata: &Metadata) -> bool {
    may_be_read_by_others(metadata.mode(), metadata.uid())
}

/// Whether a secret with this mode and owner is open to others. Files of root may be readable by a group: that is how
/// systems hand keys to services (`root:ssl-cert`).
fn may_be_read_by_others(mode: u32, owner: u32) -> bool {
    const OTHERS: u32 = 0o006;
    const GROUP_READS: u32 = 0o040;
    const GROUP_WRITES: u32 = 0o020;
    mode & (OTHERS | GROUP_WRITES) != 0 || (mode & GROUP_READS != 0 && owner != 0)
}

impl Exposed {
    /// On a read-only mount, as containers get their secrets, the mode is not the operator's to change: a warning then.
    fn problem(&self, field: &Field<String>) -> Problem {
        let message = "others on this machine may read this secret";
        let problem = Problem::error(KEY_FILE_EXPOSED, &field.at, message);
        let problem =
            problem.found(format!("mode {:04o}", self.mode & 0o7777)).expected("mode 0600, or 0640 for a file of root");
        if self.fixed {
            let help = "it lies on a read-only mount; where that can be set, mount it with mode 0400";
            return Problem { severity: Severity::Warning, ..problem }.help(help);
        }
        problem.help(format!("chmod 600 {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use model::{At, Source, Sources};
    use sha2::Digest;

    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_and_for_a_group_when_it_is_roots() {
        let rows = [
            (0o600, 1000, false),
            (0o400, 1000, false),
            (0o640, 1000, true),
            (0o640, 0, false),
            (0o660, 0, true),
            (0o644, 0, true),
            (0o604, 1000, true),
            (0o602, 1000, true),
            (0o700, 1000, false),
        ];
        for (mode, owner, expected) in rows {
            assert_eq!(may_be_read_by_others(mode, owner), expected, "{mode:o} of {owner}");
        }
    }

    #[test]
    fn a_mode_that_nobody_can_change_is_only_a_warning() {
        let problem = |fixed| {
            let (written, path) = ("a.key".to_owned(), PathBuf::from("/run/a.key"));
            let field = Field::new(written.clone(), At::default());
            Exposed { written, path, mode: 0o100_644, fixed }.problem(&field)
        };
        assert_eq!(problem(false).severity, Severity::Error);
        assert_eq!(problem(false).help.as_deref(), Some("chmod 600 /run/a.key"));
        assert_eq!(problem(false).found.as_deref(), Some("mode 0644"));
        assert_eq!(problem(true).severity, Severity::Warning);
    }

    #[test]
    fn files_are_read_beside_the_site_file() {
        let folder = std::env::temp_dir().join(format!("gatehouse-site-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, content: &[u8], mode: u32| {
            let path = folder.join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        write("a.pem", b"-----BEGIN CERTIFICATE-----", 0o644);
        write("open.key", b"-----BEGIN PRIVATE KEY-----", 0o644);
        write("both.pem", b"-----BEGIN PRIVATE KEY-----", 0o644);
        write("large.crl", &vec![b' '; LARGEST as usize + 1], 0o644);
        write("new.ticket", b"secret of tickets", 0o600);
        write("keys.json", b"{}", 0o644);
        let text = "certificates:
  a: {cert: a.pem, key: open.key}
  b: {cert: both.pem, key: missing.key, ocsp: .}
revocationLists: {c: [large.crl]}
tls: {ticketKeys: [new.ticket]}
";
        let (mut sources, mut problems) = (Sources::default(), Problems::new());
        let site = model::site::read_site(Source::new("site.yaml", text), &mut sources, &mut problems).unwrap();
        assert_eq!(problems.len(), 0);
        let checksum = || {
            let mut checksum = Sha256::new();
            read(Some(&site), &[], &folder, &mut checksum);
            checksum.finalize()
        };
        let keys = [Field::new("keys.json".to_owned(), At::default())];
        let read = read(Some(&site), &keys, &folder, &mut Sha256::new());
        let before = checksum();
        write("open.key", b"-----BEGIN PRIVATE KEY-----", 0o600);
        let closed = checksum();
        write("a.pem", b"-----BEGIN CERTIFICATE-----!", 0o644);
        assert!(before != closed && closed != checksum());
        std::fs::remove_dir_all(&folder).unwrap();
        let found = read.problems(&site);
        let found: Vec<_> = found.iter().map(|problem| (problem.code, problem.path.as_str())).collect();
        assert_eq!(found, [(KEY_FILE_EXPOSED, "certificates.a.key"), (KEY_FILE_EXPOSED, "certificates.b.cert")]);
        assert_eq!(read.files.get("a.pem"), Some(&b"-----BEGIN CERTIFICATE-----"[..]));
        let printed = format!("{:?}", read.files);
        for why in ["there is no such file", "it is larger than 1024 KiB", "it is not a file"] {
            assert!(printed.contains(why), "{why}: {printed}");
        }
        assert_eq!(read.paths.len(), 8);
        assert_eq!(read.files.get("keys.json"), Some(&b"{}"[..]));
        assert_eq!(read.ticket_secrets.len(), 1);
    }
}
