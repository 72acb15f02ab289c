//! Who a program runs as: some refuse to work as root, and some insist on accounts that no machine need have.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::Programs;
use crate::folder::Folder;

/// The account without rights, for tests that run as root.
const NOBODY: u32 = 65534;

/// A user and a group that may do nothing special: ours, or nobody where we are root.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    user: u32,
    group: u32,
    is_other: bool,
}

impl Account {
    /// Finds out.
    pub fn unprivileged() -> Self {
        let ours = std::fs::metadata("/proc/self").unwrap();
        match Self::is_root() {
            true => Self { user: NOBODY, group: NOBODY, is_other: true },
            false => Self { user: ours.uid(), group: ours.gid(), is_other: false },
        }
    }

    /// Whether we are root.
    pub fn is_root() -> bool {
        std::fs::metadata("/proc/self").unwrap().uid() == 0
    }

    /// Has a command run in a folder that becomes the account's, with everything in it.
    pub fn take(self, command: &mut Command, folder: &Folder) {
        command.current_dir(folder).env("HOME", folder.as_ref());
        if self.is_other {
            chown(folder, Some(self.user), Some(self.group)).unwrap();
            for entry in std::fs::read_dir(folder).unwrap() {
                chown(entry.unwrap().path(), Some(self.user), Some(self.group)).unwrap();
            }
            command.uid(self.user).gid(self.group);
        }
    }

    /// The same, and the command believes that the account has these names, lives in the folder, and that there are no
    /// others but root.
    pub fn take_as(self, names: &[&str], command: &mut Command, folder: &Folder, programs: &Programs) {
        let home = folder.as_ref().display();
        let account = |name: &&str| format!("{name}:x:{}:{}::{home}:/bin/sh\n", self.user, self.group);
        let group = |name: &&str| format!("{name}:x:{}:\n", self.group);
        let accounts: String = names.iter().map(account).collect();
        let groups: String = names.iter().map(group).collect();
        let accounts = folder.write("accounts", format!("{accounts}root:x:0:0::/:/bin/sh\n"));
        let groups = folder.write("groups", format!("{groups}root:x:0:\nmail:x:8:\n"));
        command.env("NSS_WRAPPER_PASSWD", accounts).env("NSS_WRAPPER_GROUP", groups);
        command.env("LD_PRELOAD", programs.place("libnss_wrapper.so"));
        self.take(command, folder);
    }
}
