//! Watching files for changes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// Editors write in several steps; a change counts once nothing has happened for so long.
const SETTLED: Duration = Duration::from_millis(150);
/// A change counts after so long at the latest, even if the file is written to without a pause.
const AT_LATEST: Duration = Duration::from_secs(2);
/// Kubernetes mounts a ConfigMap as links through this link, and changes them all by replacing it.
const MOUNTED: &str = "..data";

/// A watch; it ends when this is dropped.
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

/// Watches files. Their folders are what is watched, so that a file replaced by a rename (editors, mounted
/// configuration) is seen too; what happens to other files there does not count.
pub fn watch(files: &[PathBuf]) -> notify::Result<Watch> {
    let files: Vec<PathBuf> = files.iter().filter_map(|file| std::path::absolute(file).ok()).collect();
    let mut folders: Vec<PathBuf> = files.iter().filter_map(|file| file.parent().map(Path::to_owned)).collect();
    folders.sort();
    folders.dedup();
    let (sender, changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| concerns(&event, &files)) {
            // One waiting change is enough.
            let _ = sender.try_send(());
        }
    })?;
    for folder in folders {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(Watch { _watcher: watcher, changes })
}

/// Whether an event may have changed what one of the files says.
fn concerns(event: &Event, files: &[PathBuf]) -> bool {
    if event.kind.is_access() {
        return false;
    }
    // Where events were lost, any file may have changed.
    event.need_rescan()
        || event.paths.iter().any(|path| {
            let is_mount = path.file_name() == Some(OsStr::new(MOUNTED));
            files.iter().any(|file| file == path || file.parent() == Some(path) || is_mount)
        })
}

impl Watch {
    /// Waits for a change and for the quiet after it. False when the watch is over.
    pub async fn changed(&mut self) -> bool {
        settled(&mut self.changes).await
    }
}

async fn settled(changes: &mut mpsc::Receiver<()>) -> bool {
    if changes.recv().await.is_none() {
        return false;
    }
    let quiet = async { while let Ok(Some(())) = timeout(SETTLED, changes.recv()).await {} };
    let _ = timeout_at(Instant::now() + AT_LATEST, quiet).await;
    true
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, AccessMode, CreateKind, DataChange, Flag, ModifyKind, RemoveKind, RenameMode};
    use notify::{Event, EventKind};

    use super::*;

    #[test]
    fn only_what_happens_to_the_watched_files_counts() {
        let files = [PathBuf::from("/etc/gatehouse/gateway.yaml"), PathBuf::from("/srv/site.yaml")];
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let renamed = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        let rows: [(EventKind, &[&str], bool); 10] = [
            (written, &["/etc/gatehouse/gateway.yaml"], true),
            (written, &["/srv/site.yaml"], true),
            (written, &["/etc/gatehouse/access.log"], false),
            (written, &["/srv/gateway.yaml"], false),
            (read, &["/etc/gatehouse/gateway.yaml"], false),
            (EventKind::Create(CreateKind::File), &["/etc/gatehouse/.gateway.yaml.swp"], false),
            // An editor's new file comes to stand in the old one's place.
            (renamed(RenameMode::Both), &["/etc/gatehouse/gateway.yaml~", "/etc/gatehouse/gateway.yaml"], true),
            (renamed(RenameMode::To), &["/etc/gatehouse/gateway.yaml"], true),
            (renamed(RenameMode::To), &["/etc/gatehouse/..data"], true),
            (EventKind::Remove(RemoveKind::Folder), &["/srv"], true),
        ];
        for (kind, paths, expected) in rows {
            let event = paths.iter().fold(Event::new(kind), |event, path| event.add_path(PathBuf::from(path)));
            assert_eq!(concerns(&event, &files), expected, "{event:?}");
        }
        assert!(concerns(&Event::new(EventKind::Other).set_flag(Flag::Rescan), &files));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_counts_after_the_quiet() {
        let (sender, mut changes) = mpsc::channel(1);
        sender.send(()).await.unwrap();
        let start = Instant::now();
        assert!(settled(&mut changes).await);
        assert_eq!(start.elapsed(), SETTLED);
        drop(sender);
        assert!(!settled(&mut changes).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_written_to_all_the_time_counts_all_the_same() {
        let (sender, mut changes) = mpsc::channel(1);
        drop(tokio::spawn(async move {
            while sender.send(()).await.is_ok() {
                tokio::time::sleep(SETTLED / 2).await;
            }
        }));
        let start = Instant::now();
        assert!(settled(&mut changes).await);
        assert!(start.elapsed() <= AT_LATEST + SETTLED, "{:?}", start.elapsed());
    }
}
