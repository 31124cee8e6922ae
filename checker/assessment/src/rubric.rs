//! What counts how much: `rubric.toml`, typed.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::Dimension;

/// What counts how much.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// What evidence is worth.
    pub values: Values,
    /// The dimensions, in the order of the report.
    #[serde(rename = "dimension")]
    pub dimensions: Vec<DimensionRule>,
    /// The levels above `not yet`, lowest first.
    #[serde(rename = "level")]
    pub levels: Vec<LevelRule>,
    /// Defects that come from one thought.
    #[serde(rename = "family")]
    pub families: Vec<Family>,
}

/// What evidence is worth, from 0 to 1; `rubric.toml` explains each.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    pub first: f64,
    pub closed: Vec<f64>,
    pub open: f64,
    pub regression: f64,
    pub questions: QuestionValues,
    pub iteration: IterationValues,
    pub testing: TestingValues,
    pub trade_offs: TradeOffValues,
    pub idiom: IdiomValues,
}

/// For problem decomposition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionValues {
    pub full: usize,
    pub weight: f64,
    pub plan_weight: f64,
    pub interface_weight: f64,
    pub interface_change: f64,
}

/// For iteration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IterationValues {
    pub scale: f64,
    pub closed: Vec<f64>,
    pub open: f64,
    pub regression: f64,
    pub hint_unused: f64,
}

/// For testing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestingValues {
    pub weight: f64,
    pub before: f64,
    pub later: f64,
    pub none: f64,
}

/// For trade-offs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeOffValues {
    pub full: usize,
}

/// For language idiom.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdiomValues {
    pub not_compiling: Vec<f64>,
}

/// How a dimension counts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionRule {
    /// Which.
    pub id: Dimension,
    /// What a person calls it.
    pub name: String,
    /// Its weight in the mean.
    pub weight: u32,
    /// Who judges it.
    pub judge: Judge,
    /// What it rests on.
    pub evidence: String,
}

/// Who judges a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// The rules alone; an interviewer's score is printed beside theirs.
    Program,
    /// The mean of both, where there is an interviewer.
    Both,
    /// A person alone.
    Interviewer,
}

/// How good it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Below the others.
    NotYet,
    /// Senior.
    Senior,
    /// Staff.
    Staff,
    /// Above Staff.
    StaffPlus,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotYet => "not yet",
            Self::Senior => "Senior",
            Self::Staff => "Staff",
            Self::StaffPlus => "Staff+",
        })
    }
}

/// What a level takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRule {
    /// Which.
    pub id: Level,
    /// The least weighted mean, 1 to 4.
    pub at_least: f64,
    /// Minutes of the passed stages, as a share of the loop's clock.
    pub reach: f64,
    /// Families that may have no open gap.
    #[serde(default)]
    pub closed: Vec<String>,
    /// The least score in trade-offs or in communication, whichever is higher.
    #[serde(default)]
    pub reasons: Option<f64>,
    /// The least score of the interviewer in communication.
    #[serde(default)]
    pub interviewer: Option<u8>,
}

/// Defects that come from one thought, and go with it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name in files.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// The dimension of its own.
    pub dimension: Dimension,
    /// What a planted defect of it is worth in a bug-bash.
    pub severity: u32,
    /// The thought: "because …".
    pub thought: String,
    /// What to practise next.
    pub practise: String,
    /// The defects.
    pub defects: Vec<String>,
}

impl Rubric {
    /// The rubric that is published in `docs/assessment.md`.
    ///
    /// # Panics
    /// Never: a test reads the file that is built in.
    #[must_use]
    pub fn published() -> &'static Self {
        static PUBLISHED: LazyLock<Rubric> = LazyLock::new(|| {
            toml::from_str(include_str!("../rubric.toml")).expect("a test reads it")
        });
        &PUBLISHED
    }

    /// The family of a defect, or else of its check's dimension.
    #[must_use]
    pub fn family(&self, defect: &str, dimension: Dimension) -> &Family {
        let named = self
            .families
            .iter()
            .find(|family| family.defects.iter().any(|known| known == defect));
        let of_dimension = || {
            self.families
                .iter()
                .find(|family| family.dimension == dimension)
        };
        // Dimensions that no check counts for have no family; any will do.
        named.or_else(of_dimension).unwrap_or(&self.families[0])
    }
}

/// The value at `index`, or the last: later is as good as the latest that is told.
pub(crate) fn nth(values: &[f64], index: usize) -> f64 {
    let last = values.last().copied().unwrap_or_default();
    values.get(index).copied().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_rubric_is_whole() {
        let rubric = Rubric::published();
        let ids: Vec<_> = rubric.dimensions.iter().map(|rule| rule.id).collect();
        assert_eq!(ids, Dimension::ALL);
        let levels: Vec<_> = rubric.levels.iter().map(|rule| rule.id).collect();
        assert_eq!(levels, [Level::Senior, Level::Staff, Level::StaffPlus]);
        for rule in &rubric.levels {
            for family in &rule.closed {
                assert!(
                    rubric.families.iter().any(|known| known.id == *family),
                    "{family}"
                );
            }
        }
    }

    #[test]
    fn iteration_weighs_most_and_idiom_least() {
        let rubric = Rubric::published();
        let weight = |id| {
            let rule = rubric.dimensions.iter().find(|rule| rule.id == id);
            rule.map(|rule| rule.weight)
        };
        for rule in &rubric.dimensions {
            assert!(
                rule.id == Dimension::Iteration || Some(rule.weight) < weight(Dimension::Iteration)
            );
            assert!(
                rule.id == Dimension::LanguageIdiom
                    || Some(rule.weight) > weight(Dimension::LanguageIdiom)
            );
        }
    }

    #[test]
    fn a_defect_is_in_one_family() {
        let rubric = Rubric::published();
        let mut all: Vec<&str> = Vec::new();
        for family in &rubric.families {
            all.extend(family.defects.iter().map(String::as_str));
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn an_unknown_defect_goes_by_its_checks_dimension() {
        let rubric = Rubric::published();
        let family = |defect, dimension| rubric.family(defect, dimension).id.as_str();
        assert_eq!(
            family("brand-new", Dimension::LockGranularity),
            "granularity"
        );
        assert_eq!(family("lost-wakeup", Dimension::LockGranularity), "waiting");
    }
}
