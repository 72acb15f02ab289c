//! Watching files for changes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use notify::{Event, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// Editors write in several steps; a change counts once nothing has happened for so long.
const SETTLED: Duration = Duration::from_millis(150);
/// A change counts after so long at the latest, even if the file is written to without a pause.
const AT_LATEST: Duration = Duration::from_secs(2);
/// Links that are followed from one name; the kernel follows as many.
const MAX_LINKS: usize = 40;
/// How often a watch is begun anew when the names change meanwhile.
const ATTEMPTS: usize = 8;

/// A watch; it ends when this is dropped.
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<()>,
    trail: BTreeSet<PathBuf>,
}

/// Watches files, and every link on the way to them: a Kubernetes mount changes all its files by replacing one link.
/// Their folders are what is watched, so that a file replaced by a rename is seen too; what happens to other files
/// there does not count. A file that does not exist yet is seen when it comes. Of a folder that is named itself,
/// everything in it counts.
///
/// # Errors
/// None of the folders can be watched. One that cannot be among others that can is left out.
pub fn watch(files: &[PathBuf]) -> notify::Result<Watch> {
    let mut begun = begin(trails(files));
    // What changed while the watch began may have been missed, or have made a folder vanish.
    for _ in 0..ATTEMPTS {
        let trail = trails(files);
        if begun.as_ref().is_ok_and(|watch| watch.trail == trail) {
            break;
        }
        begun = begin(trail);
    }
    begun
}

fn begin(trail: BTreeSet<PathBuf>) -> notify::Result<Watch> {
    let parents = trail.iter().filter_map(|path| path.parent());
    let folders = trail.iter().map(PathBuf::as_path).filter(|path| path.is_dir());
    let folders: BTreeSet<PathBuf> = parents.chain(folders).map(Path::to_owned).collect();
    let (sender, changes) = mpsc::channel(1);
    let watched = trail.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| concerns(&event, &watched)) {
            // One waiting change is enough.
            let _ = sender.try_send(());
        }
    })?;
    let results: Vec<_> = folders.iter().map(|folder| watcher.watch(folder, RecursiveMode::NonRecursive)).collect();
    if results.iter().all(Result::is_err)
        && let Some(Err(error)) = results.into_iter().next()
    {
        return Err(error);
    }
    Ok(Watch { _watcher: watcher, changes, trail })
}

/// Whether an event may have changed what one of the files says.
fn concerns(event: &Event, trail: &BTreeSet<PathBuf>) -> bool {
    if event.kind.is_access() {
        return false;
    }
    // Where events were lost, any file may have changed.
    event.need_rescan()
        || event.paths.iter().any(|path| trail.iter().any(|watched| watched == path || watched.parent() == Some(path)))
        // What comes into a watched folder, or goes.
        || event.paths.iter().any(|path| path.parent().is_some_and(|folder| trail.contains(folder)))
}

/// Every name whose change may change what one of the files says.
fn trails(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut trail = BTreeSet::new();
    for file in files.iter().filter_map(|file| std::path::absolute(file).ok()) {
        follow(&file, &mut trail);
    }
    trail
}

/// The links on the way to a file, and at the end the file, each where it really stands; or the first name on the way
/// that does not exist.
fn follow(file: &Path, trail: &mut BTreeSet<PathBuf>) {
    let parts =
        |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<OsString>>();
    let (mut at, mut left, mut links) = (PathBuf::new(), parts(file), 0);
    while let Some(part) = left.pop() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::CurDir) | None => {}
            Some(_) => at.push(&part),
        }
        let Ok(found) = at.symlink_metadata() else { break };
        if found.is_symlink() && links < MAX_LINKS {
            trail.insert(at.clone());
            let Ok(target) = at.read_link() else { break };
            at.pop();
            left.extend(parts(&target));
            links += 1;
        }
    }
    trail.insert(at);
}

impl Watch {
    /// Whether it still watches all that leads to these files: links may lead elsewhere by now.
    pub fn is_for(&self, files: &[PathBuf]) -> bool {
        self.trail == trails(files)
    }

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
        let trail = ["/etc/gatehouse/gateway.yaml", "/srv/site.yaml", "/etc/gatehouse/..data", "/srv/rules"];
        let trail = trail.map(PathBuf::from).into();
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let renamed = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        let rows: [(EventKind, &[&str], bool); 12] = [
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
            // What comes into a folder that is named itself.
            (EventKind::Create(CreateKind::File), &["/srv/rules/new.conf"], true),
            (EventKind::Create(CreateKind::File), &["/srv/rules/within/new.conf"], false),
        ];
        for (kind, paths, expected) in rows {
            let event = paths.iter().fold(Event::new(kind), |event, path| event.add_path(PathBuf::from(path)));
            assert_eq!(concerns(&event, &trail), expected, "{event:?}");
        }
        assert!(concerns(&Event::new(EventKind::Other).set_flag(Flag::Rescan), &trail));
    }

    #[test]
    fn every_link_on_the_way_is_watched_where_it_really_stands() {
        let folder = e2e::Folder::new();
        let root = std::fs::canonicalize(folder.as_ref()).unwrap();
        let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        std::fs::create_dir_all(root.join("mount/..first")).unwrap();
        folder.write("mount/..first/tls.crt", "");
        folder.write("plain", "");
        link("..first", "mount/..data");
        link("..data/tls.crt", "mount/tls.crt");
        link("mount", "current");
        link("loop", "loop");
        let absolute = root.join("mount/tls.crt").display().to_string();
        link(&absolute, "absolute");
        let rows: [(&str, &[&str]); 7] = [
            ("plain", &["plain"]),
            ("mount/../plain", &["plain"]),
            ("mount/tls.crt", &["mount/..data", "mount/..first/tls.crt", "mount/tls.crt"]),
            ("current/tls.crt", &["current", "mount/..data", "mount/..first/tls.crt", "mount/tls.crt"]),
            ("absolute", &["absolute", "mount/..data", "mount/..first/tls.crt", "mount/tls.crt"]),
            ("missing/a/b", &["missing"]),
            ("loop", &["loop"]),
        ];
        for (file, expected) in rows {
            let expected: BTreeSet<PathBuf> = expected.iter().map(|name| root.join(name)).collect();
            assert_eq!(trails(&[root.join(file)]), expected, "{file}");
        }
    }

    #[test]
    fn a_watch_notices_that_a_link_leads_elsewhere() {
        let folder = e2e::Folder::new();
        let file = folder.path("tls.crt");
        std::os::unix::fs::symlink("first", &file).unwrap();
        let files = [file.clone()];
        let watch = watch(&files).unwrap();
        assert!(watch.is_for(&files));
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("second", &file).unwrap();
        assert!(!watch.is_for(&files));
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
