//! A campaign that is killed, again and again.

use crate::toy;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const FOLDER: &str = "ACTIVE_LEARNING_TEST_FOLDER";

/// Not a test of its own: what the child process of the next one runs.
#[test]
fn child() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        // more than twenty of these in a campaign: it cannot end before the first kills
        let pause = Duration::from_millis(25);
        toy::run(toy::config(), Path::new(&folder), pause, &mut |_| {}).unwrap();
    }
}

/// All files but timings, and what holds them.
fn contents(folder: &Path, below: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            contents(folder, &path, all);
        } else if name != "timings.json" && name != "summary.json" && !name.starts_with("partial-")
        {
            let key = path.strip_prefix(folder).unwrap().display().to_string();
            all.insert(key, std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn killed_at_random_it_ends_as_if_it_had_not_been() {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    toy::run(toy::config(), whole.path(), Duration::ZERO, &mut |_| {}).unwrap();
    let mut kills = 0;
    for start in 0..400_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "interruptions::child", "--test-threads=1"])
            .env(FOLDER, killed.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // from before it begins to a few stages on
        std::thread::sleep(Duration::from_millis(5 + start * 7919 % 97));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        let status = child.wait().unwrap();
        if status.success() {
            break;
        }
        assert!(status.code().is_none(), "failed on its own: {status}");
    }
    assert!(kills > 1, "{kills}");
    // whatever the last kill left, the same command ends it
    toy::run(toy::config(), killed.path(), Duration::ZERO, &mut |_| {}).unwrap();
    let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
    contents(whole.path(), whole.path(), &mut expected);
    contents(killed.path(), killed.path(), &mut found);
    let names = |all: &BTreeMap<String, Vec<u8>>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
}
