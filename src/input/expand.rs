//! From what the user named to the files that are meant.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

use super::{InputError, InputPath};

/// The files that are meant, and what could not be found.
#[derive(Debug, Default)]
pub struct Expanded {
    /// In the order of the arguments; those of one pattern or folder by name.
    pub paths: Vec<InputPath>,
    /// One an argument that leads nowhere.
    pub errors: Vec<InputError>,
}

/// Finds the files that arguments mean: files, patterns that no shell expanded, folders when `recursive`,
/// `-` for standard input. An argument that is the name of a file is never taken as a pattern.
///
/// A folder is walked through symbolic links, each file in it is taken once, and what is no regular file is passed over.
pub fn expand<S: AsRef<OsStr>>(arguments: &[S], recursive: bool) -> Expanded {
    let mut expanded = Expanded::default();
    for argument in arguments {
        let argument = argument.as_ref();
        let path = InputPath::new(argument);
        let Some(file) = path.file() else {
            expanded.paths.push(path);
            continue;
        };
        match fs::metadata(file) {
            Ok(metadata) if metadata.is_dir() && recursive => walk(file, &mut expanded),
            Ok(metadata) if metadata.is_dir() => expanded.errors.push(InputError::Folder { path: path.name() }),
            // What cannot be read is found out when it is opened.
            Ok(_) => expanded.paths.push(path),
            Err(source) => match argument.to_str().filter(|text| is_pattern(text)) {
                Some(pattern) => find(pattern, recursive, &mut expanded),
                None => expanded.errors.push(InputError::Open { path: path.name(), source }),
            },
        }
    }
    expanded
}

fn walk(folder: &Path, expanded: &mut Expanded) {
    let mut seen = HashSet::new();
    for found in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        match found {
            // Two names of one file, by symbolic or hard link, are read once.
            Ok(entry) if entry.file_type().is_file() => {
                let known = entry.metadata().is_ok_and(|metadata| !seen.insert((metadata.dev(), metadata.ino())));
                if !known {
                    expanded.paths.push(InputPath::File(entry.into_path()));
                }
            }
            Ok(_) => {}
            // The folder a link leads back to is being walked already.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_string_lossy().into_owned();
                let source = error.into_io_error().expect("an error that is no loop comes from the system");
                expanded.errors.push(InputError::Open { path, source });
            }
        }
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// One part of a pattern, between slashes.
enum Part {
    /// A name.
    Name(PathBuf),
    /// A pattern of names.
    Names { matcher: GlobMatcher, hidden: bool },
    /// `**`: any folders, or none.
    Folders,
}

fn find(pattern: &str, recursive: bool, expanded: &mut Expanded) {
    let parts = match parse(pattern) {
        Ok(parts) => parts,
        Err(error) => {
            let detail = format!("is not a pattern: {}", error.kind());
            return expanded.errors.push(InputError::Pattern { pattern: pattern.to_owned(), detail });
        }
    };
    let mut found = Vec::new();
    descend(PathBuf::new(), &parts, &mut found);
    found.sort_by(|left, right| left.as_os_str().as_bytes().cmp(right.as_os_str().as_bytes()));
    found.dedup();
    let before = expanded.paths.len();
    for path in found {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => expanded.paths.push(InputPath::File(path)),
            Ok(metadata) if metadata.is_dir() && recursive => walk(&path, expanded),
            // A pattern asks for files; whatever else bears such a name is not meant.
            Ok(_) | Err(_) => {}
        }
    }
    if expanded.paths.len() == before {
        expanded.errors.push(InputError::NoMatch { pattern: pattern.to_owned() });
    }
}

fn parse(pattern: &str) -> Result<Vec<Part>, globset::Error> {
    let part = |component: Component<'_>| {
        let text = component.as_os_str().to_str().expect("parts of UTF-8 are UTF-8");
        Ok(match text {
            "**" => Part::Folders,
            text if is_pattern(text) => {
                let matcher = GlobBuilder::new(text).literal_separator(true).build()?.compile_matcher();
                Part::Names { matcher, hidden: text.starts_with('.') }
            }
            text => Part::Name(text.into()),
        })
    };
    Path::new(pattern).components().map(part).collect()
}

fn descend(folder: PathBuf, parts: &[Part], found: &mut Vec<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else {
        return found.push(folder);
    };
    match part {
        Part::Name(name) => {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok() {
                descend(path, rest, found);
            }
        }
        Part::Names { matcher, hidden } => {
            for name in names(&folder) {
                if matcher.is_match(&name) && (*hidden || !is_hidden(&name)) {
                    descend(folder.join(name), rest, found);
                }
            }
        }
        Part::Folders => {
            // As in a shell: `**` at the end means everything below.
            let rest = if rest.is_empty() { parts } else { rest };
            if rest.len() < parts.len() {
                descend(folder.clone(), rest, found);
            }
            for name in names(&folder).into_iter().filter(|name| !is_hidden(name)) {
                let path = folder.join(name);
                // Not through symbolic links, which may lead back.
                match path.symlink_metadata() {
                    Ok(metadata) if metadata.is_dir() => descend(path, parts, found),
                    Ok(_) if rest.len() == parts.len() => found.push(path),
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }
}

fn is_hidden(name: &Path) -> bool {
    name.as_os_str().as_bytes().starts_with(b".")
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name().into())).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with files, a link to a file, a link that leads back, and a hidden file.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        for name in ["b.log", "a.log", "a.txt", "[x].log", ".hidden.log", "sub/c.log", "sub/deep/d.log"] {
            fs::write(root.join(name), name).unwrap();
        }
        symlink(root.join("a.log"), root.join("z.log")).unwrap();
        symlink(root, root.join("sub/loop")).unwrap();
        fs::hard_link(root.join("b.log"), root.join("sub/b2.log")).unwrap();
        folder
    }

    fn check(arguments: &[&str], recursive: bool, expected: &[&str]) {
        let folder = folder();
        let root = folder.path().to_str().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("ROOT", root)).collect();
        let expanded = expand(&arguments, recursive);
        let paths = expanded.paths.iter().map(InputPath::name);
        let errors = expanded.errors.iter().map(|error| format!("! {error}"));
        let found: Vec<String> = paths.chain(errors).map(|text| text.replace(root, "ROOT")).collect();
        assert_eq!(found, expected, "{arguments:?}");
    }

    #[test]
    fn arguments_become_files() {
        check(&["ROOT/b.log", "-", "ROOT/a.log", "/dev/stdin"], false, &["ROOT/b.log", "stdin", "ROOT/a.log", "stdin"]);
        check(&["ROOT/*.log"], false, &["ROOT/[x].log", "ROOT/a.log", "ROOT/b.log", "ROOT/z.log"]);
        check(&["ROOT/[x].log"], false, &["ROOT/[x].log"]);
        check(&["ROOT/[ab].{log,txt}"], false, &["ROOT/a.log", "ROOT/a.txt", "ROOT/b.log"]);
        check(&["ROOT/.*.log"], false, &["ROOT/.hidden.log"]);
        check(&["ROOT/su?/*.log"], false, &["ROOT/sub/b2.log", "ROOT/sub/c.log"]);
        check(&["ROOT/**/[cd].log"], false, &["ROOT/sub/c.log", "ROOT/sub/deep/d.log"]);
        check(&["ROOT/sub/**"], false, &["ROOT/sub/b2.log", "ROOT/sub/c.log", "ROOT/sub/deep/d.log"]);
    }

    #[test]
    fn folders_need_to_be_asked_for() {
        check(&["ROOT/sub"], false, &["! ROOT/sub: is a folder"]);
        let all = [
            "ROOT/.hidden.log",
            "ROOT/[x].log",
            "ROOT/a.log",
            "ROOT/a.txt",
            "ROOT/b.log",
            "ROOT/sub/c.log",
            "ROOT/sub/deep/d.log",
        ];
        check(&["ROOT"], true, &all);
    }

    #[test]
    fn what_is_missing_is_named_and_the_rest_goes_on() {
        check(
            &["ROOT/none.log", "ROOT/none*.log", "ROOT/a.log", "ROOT/none[.log"],
            false,
            &[
                "ROOT/a.log",
                "! ROOT/none.log: No such file or directory (os error 2)",
                "! ROOT/none*.log: no file matches",
                "! ROOT/none[.log: is not a pattern: unclosed character class; missing ']'",
            ],
        );
    }
}
