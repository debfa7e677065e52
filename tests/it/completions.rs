//! The completion scripts under `completions/` are what the command line says today.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn completion_scripts_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in [
        ("bash", "logan.bash"),
        ("zsh", "_logan"),
        ("fish", "logan.fish"),
        ("powershell", "_logan.ps1"),
        ("elvish", "logan.elv"),
    ] {
        let output = Command::new(super::cmd::logan()).args(["completions", shell]).output().expect("logan runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.len() > 1000, "{shell}: {} bytes", output.stdout.len());
        let path = folder.join(name);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&path, &output.stdout).expect("a writable file");
        }
        let kept = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(kept == output.stdout, "completions/{name} is old: `logan completions {shell} > completions/{name}`");
    }
}
