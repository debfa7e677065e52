//! Whether the disk has room.

use std::path::{Path, PathBuf};

/// The disk a store lies on, and how much of it must stay free.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    mark: u64,
}

impl Disk {
    /// The disk of this folder; with less than `mark` bytes free it counts as full.
    pub fn new(folder: &Path, mark: u64) -> Disk {
        Disk { folder: folder.to_path_buf(), mark }
    }

    /// The disk of the data folder.
    pub fn of(settings: &crate::config::Settings) -> Disk {
        Disk::new(&settings.data, settings.disk.high_mark_free_bytes.bytes())
    }

    /// Returns true when there is room. A disk that does not say is asked by writing.
    pub fn has_room(&self) -> bool {
        match rustix::fs::statvfs(&self.folder) {
            Ok(stat) => {
                let free = stat.f_bavail.saturating_mul(stat.f_frsize);
                metrics::gauge!("logan_disk_free_bytes").set(free as f64);
                // A small disk is not full because it is small.
                free >= self.mark.min(stat.f_blocks.saturating_mul(stat.f_frsize) / 20)
            }
            Err(error) => {
                tracing::warn!(%error, folder = %self.folder.display(), "the disk does not say how full it is");
                true
            }
        }
    }
}
