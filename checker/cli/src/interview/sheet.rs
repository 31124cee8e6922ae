//! The interviewer's private sheet: what the prompt leaves out, what a strong
//! answer contains, what good looks like, and how to score.

use assessment::{Judge, Rubric, Session};

use super::desk::Desk;
use crate::error::{Error, Result};

/// What each score means, for the dimensions that a program cannot judge.
const SCALE: &str = "\
| score | communication and leadership | trade-offs |
|---|---|---|
| 1 | has to be asked for every step; defends or falls silent when challenged | one option, no reasons |
| 2 Senior | says what is being done; takes a hint when it is given | options, decided by habit |
| 3 Staff | says why before doing; names the risk first; changes course openly when shown a flaw | options with numbers, and what would change the decision |
| 4 above | leads: frames the problem, sets the order of work, makes the interviewer's job easy | true numbers, second-order effects, what to measure first |
";

/// The sheet, in Markdown.
pub fn of(desk: &Desk<'_>) -> Result<String> {
    let journal = desk.journal()?;
    let session = Session::of(&journal);
    if !session.with_interviewer {
        return Err(Error::new(format!("{} has no interviewer", desk.handle.id))
            .next("`cargo kata interview LOOP --with-interviewer` starts one that has."));
    }
    let mut text = format!(
        "# Private: the interviewer's sheet for {}\n\n{} minutes, {} rounds. Answer what is asked, \
         and nothing else.\n",
        desk.handle.id,
        session.minutes,
        session.rounds.len()
    );
    for (number, round) in (1..).zip(session.rounds) {
        let stage = desk.workspace.stage(&round.stage)?;
        let manifest = &stage.manifest;
        text.push_str(&format!(
            "\n## {number}. {} ({} min)\n\n{}\n",
            manifest.title, round.minutes, manifest.summary
        ));
        if let Some(planted) = &round.planted {
            text.push_str(&format!(
                "\nPlanted: `{}`, found by `{}` ({}).\n",
                planted.defect, planted.by, planted.specimen
            ));
        }
        text.push_str("\nLeft out of the prompt, and what to say when asked:\n\n");
        for requirement in &manifest.requirements {
            let question = requirement.questions.first().map_or("", String::as_str);
            text.push_str(&format!("- *{question}* {}\n", requirement.text));
        }
        text.push_str("\nHints, weakest first:\n\n");
        for (tier, hint) in (1..).zip(&manifest.hints) {
            text.push_str(&format!("{tier}. {hint}\n"));
        }
        text.push_str("\nAfter it is green, one or two of these, and what a strong answer has:\n");
        for follow_up in &manifest.follow_ups {
            text.push_str(&format!("\n**{}**\n\n", follow_up.question));
            for point in &follow_up.points {
                text.push_str(&format!("- {point}\n"));
            }
        }
    }
    text.push_str(&format!("\n## Scores\n\n{SCALE}\n"));
    for rule in &Rubric::published().dimensions {
        if rule.judge != Judge::Program {
            text.push_str(&format!(
                "    cargo kata interview score {}=N --note \"what you saw\" --session {}\n",
                rule.id, desk.handle.id
            ));
        }
    }
    text.push_str(
        "\nAny other dimension may be scored too; it is printed beside what the rules make of it.\n",
    );
    Ok(text)
}
