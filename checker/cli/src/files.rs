//! What several commands do with files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};

/// Every file below the folder, in no order. What goes away while it is looked at is an
/// error in its place, for the caller to pass on or to pass over.
pub fn below(folder: &Path) -> impl Iterator<Item = io::Result<PathBuf>> + use<> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        match folder.read_dir() {
            Ok(entries) => {
                for entry in entries {
                    match entry.map(|entry| entry.path()) {
                        Ok(path) if path.is_dir() => open.push(path),
                        file => found.push(file),
                    }
                }
            }
            Err(error) => found.push(Err(error)),
        }
    }
    found.into_iter()
}

/// Whether it holds Rust code.
pub fn is_source(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "rs")
}

/// Replaces a file: at every moment it has its old content or its new one.
pub fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("Cannot write {}", file.display());
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).context(context)?;
    let mut new = tempfile::NamedTempFile::new_in(folder).context(context)?;
    new.write_all(bytes).context(context)?;
    // Temporary files are private, sources are not.
    if let Ok(metadata) = fs::metadata(file) {
        new.as_file()
            .set_permissions(metadata.permissions())
            .context(context)?;
    }
    new.persist(file)
        .map_err(|error| error.error)
        .context(context)?;
    Ok(())
}

/// The end of a file: at most so many bytes.
pub fn tail(file: &mut File, bytes: u64) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).into_owned())
}
