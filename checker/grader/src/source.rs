//! The text of a line of source, and whose it is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use verdict::stage_folder::without_detour;
use verdict::{Place, Whose, environment};

/// Reads source files once each.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The folder of the stage's `tests/grade.rs`, as the compiler was told it.
    grade_folder: PathBuf,
    files: HashMap<String, Vec<String>>,
}

impl Sources {
    pub(crate) fn new(grade_file: &str) -> Self {
        let grade_file = without_detour(grade_file);
        let grade_folder = Path::new(&grade_file)
            .parent()
            .unwrap_or(Path::new("tests"))
            .to_owned();
        Self {
            grade_folder,
            files: HashMap::new(),
        }
    }

    /// The place of `line` in `file`, with its text if it can be found.
    pub(crate) fn place(&mut self, file: &str, line: u32, column: u32) -> Place {
        let file = without_detour(file);
        let lines = self
            .files
            .entry(file.clone())
            .or_insert_with(|| read(&file));
        let index = usize::try_from(line).unwrap_or(usize::MAX).wrapping_sub(1);
        let source = line_with_content(lines.get(index..).unwrap_or_default());
        let of_the_check = Path::new(&file).starts_with(&self.grade_folder);
        let whose = if of_the_check {
            Whose::Check
        } else {
            Whose::Learner
        };
        Place {
            file,
            line,
            column,
            source,
            whose,
        }
    }

    /// The file itself, if it is there.
    pub(crate) fn find(&self, file: &str) -> Option<PathBuf> {
        candidates(file)
            .into_iter()
            .find_map(|path| path.canonicalize().ok())
    }

    /// What `file` is to be called, next to a place that the compiler named.
    pub(crate) fn name(&self, file: &Path, beside: &Place) -> String {
        if self.find(&beside.file).is_some_and(|known| known == file) {
            beside.file.clone()
        } else {
            file.display().to_string()
        }
    }

    pub(crate) fn location(&mut self, at: &std::panic::Location<'_>) -> Place {
        self.place(at.file(), at.line(), at.column())
    }
}

/// The first of `lines`. One that only opens a macro says nothing, so it comes with the
/// next.
fn line_with_content(lines: &[String]) -> String {
    let opens = |text: &str| text.ends_with("!(");
    match lines {
        [first, second, ..] if opens(first) => first.trim().to_owned() + second.trim(),
        [first, ..] => first.trim().to_owned(),
        [] => String::new(),
    }
}

fn read(file: &str) -> Vec<String> {
    let text = candidates(file)
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok());
    text.map(|text| text.lines().map(str::to_owned).collect())
        .unwrap_or_default()
}

/// cargo compiles from the workspace root and tests from the package's, so a
/// relative path is looked up from here upwards.
fn candidates(file: &str) -> Vec<PathBuf> {
    let path = Path::new(file);
    if path.is_absolute() {
        return vec![path.to_owned()];
    }
    let given = std::env::var_os(environment::SOURCES).map(PathBuf::from);
    let here = std::env::current_dir().unwrap_or_default();
    given
        .iter()
        .map(PathBuf::as_path)
        .chain(here.ancestors())
        .map(|dir| dir.join(path))
        .collect()
}
