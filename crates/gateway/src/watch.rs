//! Watching files for changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Editors write in several steps; a change counts once nothing has happened for so long.
const SETTLED: Duration = Duration::from_millis(150);

/// A watch; it ends when this is dropped.
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

/// Watches files. Their folders are what is watched, so that a file replaced by a rename (editors, mounted
/// configuration) is seen too.
pub fn watch(files: &[PathBuf]) -> notify::Result<Watch> {
    let (sender, changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // One waiting change is enough.
            let _ = sender.try_send(());
        }
    })?;
    let mut folders: Vec<PathBuf> = files.iter().filter_map(|file| folder(file)).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(Watch { _watcher: watcher, changes })
}

fn folder(file: &Path) -> Option<PathBuf> {
    let file = std::path::absolute(file).ok()?;
    file.parent().map(Path::to_owned)
}

impl Watch {
    /// Waits for a change and for the quiet after it. False when the watch is over.
    pub async fn changed(&mut self) -> bool {
        if self.changes.recv().await.is_none() {
            return false;
        }
        while let Ok(Some(())) = tokio::time::timeout(SETTLED, self.changes.recv()).await {}
        true
    }
}
