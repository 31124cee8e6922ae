//! The loops: which stages a mock interview asks, in which order.

use assessment::{Planted, Round};
use serde::Deserialize;

use crate::error::{Context, Error, Result};
use crate::specimen::{self, Promise};
use crate::starter;
use crate::workspace::{Stage, Workspace, nearest};

/// A loop.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loop {
    /// Its name.
    pub name: String,
    /// How long its clock runs.
    pub minutes: u32,
    /// What it is about.
    pub about: String,
    /// The stages in order; `*` for every stage of the workspace.
    #[serde(default)]
    stages: Vec<String>,
    /// How many specimens to draw instead.
    #[serde(default)]
    pub planted: usize,
}

#[derive(Debug, Deserialize)]
struct Loops {
    #[serde(rename = "loop")]
    loops: Vec<Loop>,
}

/// Every loop.
pub fn all() -> Result<Vec<Loop>> {
    let loops: Loops = toml::from_str(include_str!("loops.toml"))
        .context(|| "loops.toml cannot be used".to_owned())?;
    Ok(loops.loops)
}

/// The loop of that name.
pub fn find(name: &str) -> Result<Loop> {
    let loops = all()?;
    let names: Vec<String> = loops.iter().map(|one| one.name.clone()).collect();
    let known = names.join(", ");
    let nearest = nearest(name, &names);
    loops
        .into_iter()
        .find(|one| one.name == name)
        .ok_or_else(|| {
            let error = Error::new(format!("no loop is called `{name}`"));
            error.next(match nearest {
                Some(nearest) => format!("Did you mean `{nearest}`? The loops are {known}."),
                None => format!("The loops are {known}."),
            })
        })
}

/// What a loop comes to in this workspace.
#[derive(Debug)]
pub struct Drawn {
    /// The rounds.
    pub rounds: Vec<Round>,
    /// The stages that the workspace does not have.
    pub missing: Vec<String>,
}

impl Loop {
    /// Draws the rounds. The same seed gives the same rounds.
    pub fn draw(&self, workspace: &Workspace, seed: u64) -> Result<Drawn> {
        let mut ladder = workspace.ladder()?.stages;
        // Without a starter there is nothing to give a candidate.
        ladder.retain(|stage| {
            let starter = workspace.root.join(starter::folder(stage));
            starter.join("lib.rs").is_file()
        });
        let drawn = if self.planted > 0 {
            self.bugs(workspace, &ladder, seed)?
        } else {
            self.ladder(&ladder)
        };
        if drawn.rounds.is_empty() {
            let error = Error::new(format!(
                "none of the stages of `{}` is in this workspace",
                self.name
            ));
            return Err(error.next("`cargo kata interview` shows which loops can be taken."));
        }
        Ok(drawn)
    }

    fn ladder(&self, ladder: &[Stage]) -> Drawn {
        let round = |stage: &Stage| Round {
            stage: stage.name().to_owned(),
            minutes: stage.manifest.minutes,
            planted: None,
        };
        if self.stages == ["*"] {
            let rounds = ladder.iter().map(round).collect();
            return Drawn {
                rounds,
                missing: Vec::new(),
            };
        }
        let mut drawn = Drawn {
            rounds: Vec::new(),
            missing: Vec::new(),
        };
        for name in &self.stages {
            match ladder.iter().find(|stage| stage.name() == name) {
                Some(stage) => drawn.rounds.push(round(stage)),
                None => drawn.missing.push(name.clone()),
            }
        }
        drawn
    }

    /// Draws wrong solutions: no defect twice, and each stage as often as the others.
    fn bugs(&self, workspace: &Workspace, ladder: &[Stage], seed: u64) -> Result<Drawn> {
        let mut bags = Vec::new();
        for stage in ladder {
            let mut bag: Vec<Planted> = specimen::of(workspace, stage)?
                .into_iter()
                .filter_map(|specimen| match specimen.promise {
                    Promise::Reject { defect, by } => Some(Planted {
                        defect,
                        by,
                        specimen: workspace.relative(&specimen.file).display().to_string(),
                    }),
                    Promise::Accept => None,
                })
                .collect();
            let mut dice = Dice(seed ^ u64::from(stage.manifest.position) << 32);
            shuffle(&mut bag, &mut dice);
            bags.push((stage.name().to_owned(), bag));
        }
        let mut dice = Dice(seed);
        shuffle(&mut bags, &mut dice);
        let share = u32::try_from(self.planted).map_or(1, |planted| self.minutes / planted.max(1));
        let mut rounds: Vec<Round> = Vec::new();
        while rounds.len() < self.planted && bags.iter().any(|(_, bag)| !bag.is_empty()) {
            for (stage, bag) in &mut bags {
                let Some(planted) = bag.pop() else { continue };
                let known = |round: &Round| {
                    round
                        .planted
                        .as_ref()
                        .is_some_and(|known| known.defect == planted.defect)
                };
                if rounds.len() < self.planted && !rounds.iter().any(known) {
                    rounds.push(Round {
                        stage: stage.clone(),
                        minutes: share,
                        planted: Some(planted),
                    });
                }
            }
        }
        Ok(Drawn {
            rounds,
            missing: Vec::new(),
        })
    }
}

/// SplitMix64: small, and the same everywhere and for ever, which a seed that is
/// written down needs.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let value = u128::from(value ^ (value >> 31));
        usize::try_from((value * bound as u128) >> 64).unwrap_or_default()
    }
}

fn shuffle<T>(items: &mut [T], dice: &mut Dice) {
    for index in (1..items.len()).rev() {
        items.swap(index, dice.below(index + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loops_can_be_read() {
        let loops = all().expect("the loops");
        assert!(loops.iter().all(|one| (1..=480).contains(&one.minutes)));
        assert!(
            find("schedular")
                .expect_err("no such loop")
                .to_string()
                .contains("`scheduler`")
        );
    }

    #[test]
    fn a_shuffle_keeps_everything_and_follows_its_seed() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            shuffle(&mut items, &mut Dice(seed));
            items
        };
        assert_eq!(shuffled(7), shuffled(7));
        assert_ne!(shuffled(7), shuffled(8));
        let mut sorted = shuffled(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<u32>>());
    }
}
