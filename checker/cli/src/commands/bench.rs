//! `bench STAGE`: the starter, the learner's code and the reference, measured in
//! one run by Criterion and shown as ratios.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use verdict::render::Style;

use crate::args::{BenchArguments, Format};
use crate::compile;
use crate::error::{Context, Error, Outcome, Result};
use crate::files;
use crate::output::{print, print_json, style};
use crate::workspace::Workspace;

/// What all others are compared with.
const REFERENCE: &str = "reference";
/// Columns of the longest bar.
const BAR: f64 = 30.0;

pub fn run(workspace: &Workspace, arguments: &BenchArguments) -> Result<Outcome> {
    let stage = workspace.stage(&arguments.stage)?;
    let folder = stage.folder.join("bench");
    if !workspace.root.join(&folder).join("Cargo.toml").is_file() {
        let error = Error::new(format!(
            "{} has no bench: speed is not its point",
            stage.name()
        ));
        return Err(error.next("The stages with a folder `bench` in them have one."));
    }
    // A folder of its own holds the numbers of this run and of no other.
    let results = tempfile::tempdir().context(|| "Cannot make a temporary folder".into())?;
    let mut command = compile::cargo_command(workspace);
    command
        .args(["bench", "--package", &format!("{}-bench", stage.name())])
        .env("CRITERION_HOME", results.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if arguments.quick {
        command.args(["--", "--quick"]);
    }
    let status = command.status().context(|| "Cannot start cargo".into())?;
    if !status.success() {
        let error = Error::new(format!("the bench of {} failed ({status})", stage.name()));
        return Err(error.next("It needs code that compiles and ends: see `cargo kata check`."));
    }
    let measured = read(results.path())?;
    match arguments.format {
        Format::Json => print_json(&measured)?,
        Format::Human => print(&chart(&measured, style())),
    }
    Ok(Outcome::Passed)
}

/// One thing that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Measured {
    /// What was done.
    group: String,
    /// To what: how many workers, how many nodes.
    value: Option<String>,
    /// Whose code did it.
    who: String,
    /// Nanoseconds, on average.
    nanoseconds: f64,
    /// How many times faster than the reference.
    speed: Option<f64>,
}

/// What Criterion says it measured.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Everything that Criterion left below a folder.
fn read(folder: &Path) -> Result<Vec<Measured>> {
    let context = || format!("Cannot read {}", folder.display());
    let mut measured = Vec::new();
    for file in files::below(folder) {
        let file = file.context(context)?;
        if file.ends_with("new/estimates.json")
            && let Some(folder) = file.parent()
        {
            measured.push(one(folder)?);
        }
    }
    let time = |one: &Measured| (one.group.clone(), one.value.clone());
    let references: BTreeMap<_, f64> = measured
        .iter()
        .filter(|one| one.who == REFERENCE)
        .map(|one| (time(one), one.nanoseconds))
        .collect();
    for one in &mut measured {
        let reference = references.get(&time(one));
        one.speed = reference.map(|reference| reference / one.nanoseconds);
    }
    measured.sort_by_key(|one| {
        let number = one
            .value
            .as_ref()
            .and_then(|value| value.parse::<u64>().ok());
        (
            one.group.clone(),
            number,
            one.value.clone(),
            rank(&one.who),
            one.who.clone(),
        )
    });
    Ok(measured)
}

fn one(folder: &Path) -> Result<Measured> {
    let benchmark: Benchmark = json(&folder.join("benchmark.json"))?;
    let estimates: Estimates = json(&folder.join("estimates.json"))?;
    Ok(Measured {
        who: benchmark
            .function_id
            .unwrap_or_else(|| benchmark.group_id.clone()),
        group: benchmark.group_id,
        value: benchmark.value_str,
        nanoseconds: estimates.mean.point_estimate,
        speed: None,
    })
}

fn json<T: for<'a> Deserialize<'a>>(file: &Path) -> Result<T> {
    let context = || format!("Cannot read {}", file.display());
    let bytes = fs::read(file).context(context)?;
    serde_json::from_slice(&bytes).context(context)
}

/// From the flaw to the reference.
fn rank(who: &str) -> usize {
    let order = ["starter", "learner", REFERENCE];
    order
        .iter()
        .position(|known| *known == who)
        .unwrap_or(order.len())
}

/// A bar for each, as long as it is fast.
fn chart(measured: &[Measured], style: Style) -> String {
    let mut text = String::new();
    let mut before = None;
    let of_who = |who: &str| {
        if who == "learner" {
            "yours".to_owned()
        } else {
            who.to_owned()
        }
    };
    let width = measured
        .iter()
        .map(|one| of_who(&one.who).chars().count())
        .max();
    let width = width.unwrap_or(0);
    for one in measured {
        let heading = (&one.group, &one.value);
        if before != Some(heading) {
            let gap = if before.is_some() { "\n" } else { "" };
            let value = one
                .value
                .as_ref()
                .map_or(String::new(), |value| format!(", {value}"));
            text.push_str(&format!(
                "{gap}{}\n",
                style.strong(&format!("{}{value}", one.group))
            ));
            before = Some(heading);
        }
        let same = measured
            .iter()
            .filter(|other| (&other.group, &other.value) == heading);
        let fastest = same
            .map(|other| other.nanoseconds)
            .fold(f64::INFINITY, f64::min);
        let length = (BAR * fastest / one.nanoseconds).round().max(1.0) as usize;
        let bar = "█".repeat(length) + &" ".repeat((BAR as usize).saturating_sub(length));
        let speed = one
            .speed
            .map_or(String::new(), |speed| format!("{speed:5.2}×"));
        let name = format!("{:width$}", of_who(&one.who));
        let painted = match rank(&one.who) {
            0 => style.dim(&bar),
            1 => style.name(&bar),
            _ => bar,
        };
        let line = format!(
            "  {name}  {painted}  {speed}  {}",
            style.dim(&duration(one.nanoseconds))
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text + "\n× is the speed against the reference, measured in the same run.\n"
}

/// A duration in the unit that suits it.
fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        _ if nanoseconds < 1e3 => format!("{nanoseconds:.0} ns"),
        _ if nanoseconds < 1e6 => format!("{:.1} µs", nanoseconds / 1e3),
        _ if nanoseconds < 1e9 => format!("{:.1} ms", nanoseconds / 1e6),
        _ => format!("{:.2} s", nanoseconds / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves a measurement as Criterion does.
    fn leave(folder: &Path, who: &str, value: u32, nanoseconds: f64) {
        let new = folder.join(format!("waiting/{who}/{value}/new"));
        fs::create_dir_all(&new).expect("a folder");
        let benchmark = format!(
            "{{\"group_id\":\"waiting\",\"function_id\":\"{who}\",\"value_str\":\"{value}\"}}"
        );
        fs::write(new.join("benchmark.json"), benchmark).expect("a file");
        let estimates = format!("{{\"mean\":{{\"point_estimate\":{nanoseconds}}}}}");
        fs::write(new.join("estimates.json"), estimates).expect("a file");
    }

    #[test]
    fn results_become_ratios_and_bars() {
        let folder = tempfile::tempdir().expect("a folder");
        for (value, starter, learner) in [(10, 8e6, 2e6), (2, 8e6, 8e6)] {
            leave(folder.path(), "starter", value, starter);
            leave(folder.path(), "learner", value, learner);
            leave(folder.path(), "reference", value, 4e6);
        }
        let measured = read(folder.path()).expect("results");
        let speeds: Vec<_> = measured.iter().map(|one| one.speed).collect();
        let expected = [0.5, 0.5, 1.0, 0.5, 2.0, 1.0].map(Some);
        assert_eq!(speeds, expected);
        let style = Style {
            width: 80,
            color: false,
            full: false,
        };
        let text = chart(&measured, style);
        let expected = "\
waiting, 2
  starter    ███████████████                  0.50×  8.0 ms
  yours      ███████████████                  0.50×  8.0 ms
  reference  ██████████████████████████████   1.00×  4.0 ms

waiting, 10
  starter    ████████                         0.50×  8.0 ms
  yours      ██████████████████████████████   2.00×  2.0 ms
  reference  ███████████████                  1.00×  4.0 ms

× is the speed against the reference, measured in the same run.
";
        assert_eq!(text, expected);
    }
}
