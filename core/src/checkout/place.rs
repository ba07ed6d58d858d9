//! Where a SQLite file may be: not on a network, not on a disk that vanishes; readable by its owner only.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::error::{Error, ErrorCode};

/// File systems over a network. Their locks are unreliable, and SQLite's write-ahead log needs shared memory.
const NETWORK: [&str; 17] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.gcsfuse",
    "fuse.rclone",
    "fuse.blobfuse2",
    "fuse.juicefs",
    "lustre",
];

/// Variables that platforms set where the disk does not outlive the process.
const EPHEMERAL: [(&str, &str); 7] = [
    ("VERCEL", "Vercel"),
    ("AWS_LAMBDA_FUNCTION_NAME", "AWS Lambda"),
    ("DYNO", "Heroku"),
    ("K_SERVICE", "Cloud Run"),
    ("FUNCTION_TARGET", "Cloud Functions"),
    ("NETLIFY", "Netlify"),
    ("WEBSITE_INSTANCE_ID", "Azure Functions"),
];

/// The path from the root, by the working directory of now: a later `chdir` changes nothing.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path)
        .map_err(|_| Error::new(ErrorCode::ConfigDatabaseUrl, "the working directory cannot be read"))
}

/// Refuses a relative path where the disk is thrown away. Whoever writes a whole path has mounted a disk there.
pub(super) fn check_lasting(path: &Path, variable: impl Fn(&str) -> bool) -> Result<(), Error> {
    if path.is_absolute() {
        return Ok(());
    }
    let Some((_, platform)) = EPHEMERAL.into_iter().find(|(name, _)| variable(name)) else { return Ok(()) };
    let message = format!("{platform} throws its disk away, and paid orders with it");
    Err(Error::new(ErrorCode::DatabaseEphemeral, message)
        .with_hint("use postgres://…, or the whole path of a file on a disk that lasts"))
}

/// Refuses a network file system.
pub(super) fn check_local(path: &Path) -> Result<(), Error> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    match mount_of(&mounts, &real(path)).map(|mount| mount.kind) {
        Some(kind) if NETWORK.contains(&kind) => {
            Err(Error::new(ErrorCode::DatabaseNetworkFileSystem, format!("the SQLite file would be on {kind}"))
                .with_hint("use a local disk, or postgres://… where several machines share the orders"))
        }
        _ => Ok(()),
    }
}

/// Where the file is, or will be: it may itself be a link to elsewhere.
fn real(path: &Path) -> PathBuf {
    let folder = || path.parent().and_then(|folder| folder.canonicalize().ok());
    path.canonicalize().ok().or_else(folder).unwrap_or_else(|| path.to_path_buf())
}

/// Whether the disk takes no writes, or the folder is one that nobody may write to.
pub(super) fn is_read_only(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok()).unwrap_or_else(|| path.to_path_buf());
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let is_fixed = |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().readonly());
    mount_of(&mounts, &folder).is_some_and(|mount| mount.options.split(',').any(|option| option == "ro"))
        || is_fixed(&folder)
        || is_fixed(path)
}

struct Mount<'m> {
    kind: &'m str,
    options: &'m str,
}

/// The file system that a folder is on: that of the longest mount point above it, the last of equals.
fn mount_of<'m>(mounts: &'m str, folder: &Path) -> Option<Mount<'m>> {
    let mount = |line: &'m str| {
        let mut fields = line.split(' ');
        let (_, point, kind, options) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let point = PathBuf::from(point.replace("\\040", " "));
        folder.starts_with(&point).then(|| (point.as_os_str().len(), Mount { kind, options }))
    };
    mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, mount)| mount)
}

/// Makes the file where it is missing, for its owner only; the files that SQLite puts beside it follow its mode.
pub(super) fn make_file(path: &Path) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot_make(path, &error)),
    }
}

fn cannot_make(path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => ErrorCode::DatabaseReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DatabaseFull,
        _ => ErrorCode::DatabaseUnavailable,
    };
    let why = match error.kind() {
        io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
        kind => kind.to_string(),
    };
    Error::new(code, format!("the SQLite file cannot be made: {why}: {}", path.display()))
        .with_hint("the folder must exist and be writable")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/vda / ext4 rw 0 0\nserver:/x /srv/my\\040share nfs4 rw 0 0\ntmpfs /srv tmpfs rw 0 0\n";

    #[test]
    fn the_longest_mount_point_above_a_folder_says_its_file_system() {
        for (folder, kind) in
            [("/home/shop", "ext4"), ("/srv/shop", "tmpfs"), ("/srv/my share/data", "nfs4"), ("/srv2", "ext4")]
        {
            assert_eq!(mount_of(MOUNTS, Path::new(folder)).map(|mount| mount.kind), Some(kind), "{folder}");
        }
    }

    #[test]
    fn a_relative_path_is_refused_where_the_disk_is_thrown_away() {
        let on_heroku = |name: &str| name == "DYNO";
        let error = check_lasting(Path::new("paymento.db"), on_heroku).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::DatabaseEphemeral);
        assert!(check_lasting(Path::new("/mnt/disk/paymento.db"), on_heroku).is_ok());
        assert!(check_lasting(Path::new("paymento.db"), |_| false).is_ok());
    }

    #[test]
    fn a_missing_folder_says_so_and_the_file_is_its_owners() {
        let folder = std::env::temp_dir().join(format!("paymento-place-{}", std::process::id()));
        let path = folder.join("paymento.db");
        assert_eq!(make_file(&path).expect_err("no folder").code(), ErrorCode::DatabaseUnavailable);
        fs::create_dir_all(&folder).expect("made");
        make_file(&path).expect("made");
        make_file(&path).expect("there already");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).expect("there").permissions()) & 0o777,
            0o600
        );
        fs::remove_dir_all(&folder).expect("removed");
    }
}
