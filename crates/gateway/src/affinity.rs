//! The secret of affinity cookies where the site file names none: one of this machine, kept so that clients find their
//! servers again after a restart.

use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use model::Document;
use model::backend_http_settings::CookieBasedAffinity;
use rustix::rand::{GetRandomFlags, getrandom};
use snapshot::AffinityKey;
use zeroize::Zeroizing;

use crate::{kept, terminal};

/// Bytes of a secret.
const LENGTH: usize = 32;
const FILE: &str = "affinity.key";

/// The secret of this machine, made when it is first needed.
#[derive(Debug)]
pub struct MachineKey {
    /// Where it is kept; `None`: it is this process's.
    folder: Option<PathBuf>,
    key: OnceLock<Option<AffinityKey>>,
}

impl MachineKey {
    /// One that ends with the process.
    pub fn in_memory() -> Self {
        Self { folder: None, key: OnceLock::new() }
    }

    /// One that is kept in the state folder.
    pub fn in_folder(state: &Path) -> Self {
        Self { folder: Some(state.to_owned()), key: OnceLock::new() }
    }

    /// The secret, if the document asks for affinity; `None` also where the system gives no random bytes.
    pub fn wanted(&self, document: &Document) -> Option<AffinityKey> {
        let all = &document.gateway.backend_http_settings_collection;
        let is_on = |switch: CookieBasedAffinity| switch != CookieBasedAffinity::Disabled;
        let mut switches = all.iter().filter_map(|settings| settings.cookie_based_affinity.as_ref());
        switches.any(|switch| is_on(switch.value)).then(|| self.key.get_or_init(|| self.found()).clone())?
    }

    fn found(&self) -> Option<AffinityKey> {
        let Some(folder) = &self.folder else { return random().map(|key| shared(&key)) };
        match kept_key(&folder.join(FILE)) {
            Ok(key) => Some(shared(&key)),
            Err(error) => {
                terminal::note(&format!(
                    "gatehouse: the secret of affinity cookies could not be kept in {}: {error}; after a restart \
                     clients are bound to servers anew",
                    folder.display()
                ));
                random().map(|key| shared(&key))
            }
        }
    }
}

type Key = Zeroizing<[u8; LENGTH]>;

fn shared(key: &Key) -> AffinityKey {
    AffinityKey(Arc::from(&key[..]))
}

/// The kept secret, a new one if there is none or it is not secret any more.
fn kept_key(path: &Path) -> io::Result<Key> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let key = random().ok_or_else(|| io::Error::other("the system gives no random bytes"))?;
    kept::write_new(path, &[&key[..]])?;
    // Of two processes that make one at the same time, both take the first.
    Ok(read(path)?.unwrap_or(key))
}

/// `None` when there is none. One that is of another length, or that others may read, is removed.
fn read(path: &Path) -> io::Result<Option<Key>> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let is_open = metadata.mode() & 0o077 != 0;
    if is_open || metadata.len() != LENGTH as u64 {
        if is_open {
            let text = format!("gatehouse: others may read {}: there is a new one in its place", path.display());
            terminal::note(&text);
            fs::set_permissions(path, Permissions::from_mode(0o600))?;
        }
        fs::remove_file(path)?;
        return Ok(None);
    }
    let mut key = Zeroizing::new([0; LENGTH]);
    file.read_exact(&mut key[..])?;
    Ok(Some(key))
}

fn random() -> Option<Key> {
    let mut key = Zeroizing::new([0; LENGTH]);
    // The kernel gives so few bytes at once or none.
    let given = getrandom(&mut key[..], GetRandomFlags::empty()).ok()?;
    (given == LENGTH).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(affinity: bool) -> Document {
        let switch = if affinity { "Enabled" } else { "Disabled" };
        let text = format!(
            "name: gw\ntype: Microsoft.Network/applicationGateways\nproperties:\n  \
             backendHttpSettingsCollection: [{{name: a, properties: {{cookieBasedAffinity: {switch}}}}}]\n"
        );
        model::read(&[model::Source::new("gateway.yaml", text)], &Default::default()).document.unwrap()
    }

    fn bytes(key: &MachineKey) -> Vec<u8> {
        key.wanted(&document(true)).unwrap().0.to_vec()
    }

    #[test]
    fn the_secret_is_made_when_it_is_needed_and_stays() {
        let folder = e2e::Folder::new();
        let state = folder.path("state");
        let unwanted = MachineKey::in_folder(&state);
        assert!(unwanted.wanted(&document(false)).is_none());
        assert!(!state.exists());
        let first = bytes(&MachineKey::in_folder(&state));
        assert_eq!((first.len(), first == [0; LENGTH]), (LENGTH, false));
        assert_eq!(bytes(&MachineKey::in_folder(&state)), first);
        assert_eq!(fs::metadata(state.join(FILE)).unwrap().mode() & 0o777, 0o600);
        let (one, other) = (MachineKey::in_memory(), MachineKey::in_memory());
        assert_eq!(bytes(&one), bytes(&one));
        assert_ne!(bytes(&one), bytes(&other));
    }

    #[test]
    fn a_secret_that_is_none_any_more_is_replaced() {
        let folder = e2e::Folder::new();
        let file = folder.path(FILE);
        let first = bytes(&MachineKey::in_folder(folder.as_ref()));
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let second = bytes(&MachineKey::in_folder(folder.as_ref()));
        assert_ne!(second, first);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        fs::write(&file, b"short").unwrap();
        let third = bytes(&MachineKey::in_folder(folder.as_ref()));
        assert_eq!((third.len(), third != second), (LENGTH, true));
        assert_eq!(bytes(&MachineKey::in_folder(folder.as_ref())), third);
    }

    #[test]
    fn where_nothing_can_be_kept_there_is_a_secret_all_the_same() {
        let folder = e2e::Folder::new();
        let in_the_way = folder.write("file", "");
        assert_eq!(bytes(&MachineKey::in_folder(&in_the_way)).len(), LENGTH);
    }
}
