//! The refusal to write through a second copy of `SQLite`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::error::{Error, ErrorCode};

/// Refuses a connection that has the checkout's own `SQLite` file open.
///
/// `opened` are the files that the shop's connection names in `PRAGMA database_list`; an empty name is a database in
/// memory. Two copies of `SQLite` in one process take away each other's locks on a file, and committed rows are lost.
///
/// # Errors
/// `database.shared_sqlite_file`: one of the files is one of `forbidden`, also through a link.
pub fn refuse_shared_file<O: AsRef<Path>, F: AsRef<Path>>(opened: &[O], forbidden: &[F]) -> Result<(), Error> {
    let opened: Vec<_> = opened.iter().map(AsRef::as_ref).filter(|path| !path.as_os_str().is_empty()).collect();
    let shared = forbidden.iter().map(AsRef::as_ref).any(|file| opened.iter().any(|path| is_same_file(path, file)));
    if !shared {
        return Ok(());
    }
    let message = "once must not write to the checkout's own SQLite file; the connection has it open";
    Err(Error::new(ErrorCode::DatabaseSharedSqliteFile, message)
        .with_hint("keep the shop's tables in a file of their own, or use PostgreSQL for both"))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    canonical(one) == canonical(other) || is_same_inode(one, other)
}

/// A file need not exist yet; its directory does.
fn canonical(path: &Path) -> PathBuf {
    let in_its_directory = || {
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        Some(directory.unwrap_or(Path::new(".")).canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_its_directory).unwrap_or_else(|| path.to_owned())
}

// Only the file's entry is looked at. To open and close the file would itself drop this process's locks on it.
#[cfg(unix)]
fn is_same_inode(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = |path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    inode(one).is_some_and(|found| inode(other) == Some(found))
}

#[cfg(not(unix))]
fn is_same_inode(_one: &Path, _other: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("paymento-once-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, b"").unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn is_refused(opened: &Path, forbidden: &Path) -> bool {
        let refused = refuse_shared_file(&[Path::new(""), opened], &[forbidden]);
        refused.is_err_and(|error| error.code() == ErrorCode::DatabaseSharedSqliteFile)
    }

    #[test]
    fn the_checkouts_own_file_is_refused_by_whatever_name() {
        let folder = Folder::new("names");
        let ours = folder.file("paymento.db");
        symlink(&ours, folder.0.join("symbolic.db")).unwrap();
        fs::hard_link(&ours, folder.0.join("hard.db")).unwrap();
        symlink(&folder.0, folder.0.join("again")).unwrap();
        for name in ["paymento.db", "symbolic.db", "hard.db", "again/paymento.db", "./again/./again/paymento.db"] {
            assert!(is_refused(&folder.0.join(name), &ours), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_yet_is_told_by_its_directory() {
        let folder = Folder::new("absent");
        symlink(&folder.0, folder.0.join("again")).unwrap();
        assert!(is_refused(&folder.0.join("again/paymento.db"), &folder.0.join("paymento.db")));
    }

    #[test]
    fn another_file_and_a_database_in_memory_are_taken() {
        let folder = Folder::new("others");
        let (ours, shops) = (folder.file("paymento.db"), folder.file("shop.db"));
        assert!(!is_refused(&shops, &ours));
        assert!(!is_refused(Path::new(""), &ours));
        assert!(refuse_shared_file(&[&ours], &[] as &[&Path]).is_ok());
    }
}
