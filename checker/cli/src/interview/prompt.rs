//! What the interviewer says at the start of a stage: the situation and the
//! interface, out of the stage's brief. What must hold is for the candidate to ask.

use verdict::Manifest;

/// The sections of a brief that an interviewer gives away.
const GIVEN: [&str; 2] = ["The situation", "The interface"];

/// The prompt of a stage, in Markdown.
pub fn of(manifest: &Manifest, brief: &str) -> String {
    let mut text = format!("# {}\n", manifest.title);
    let mut given = false;
    let mut any = false;
    let mut fenced = false;
    for line in brief.lines() {
        fenced ^= line.starts_with("```");
        if let (Some(heading), false) = (line.strip_prefix("## "), fenced) {
            given = GIVEN.contains(&heading.trim());
            any |= given;
            if given && text.ends_with('\n') && !text.ends_with("\n\n") {
                text.push('\n');
            }
        } else if given {
            text.push_str(line);
            text.push('\n');
        }
    }
    if !any {
        text.push_str(&format!("\n{}\n", manifest.summary));
    }
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim_end().to_owned() + "\n"
}
