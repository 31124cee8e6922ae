//! A schedule, as it is written down to be followed again.

use std::fmt;
use std::str::FromStr;

/// One decision of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// This thread goes on.
    Run(usize),
    /// Of several things that may happen, this one does; 0 is the ordinary one.
    Choose(usize),
    /// The thread goes round in circles, and waits until something changes.
    Circle,
}

/// The decisions of one execution. As text, `0*3 1 ?1 ~`: thread 0 goes on three times, then
/// thread 1, then the first unusual thing happens, and then the thread is found to go round
/// in circles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule(Vec<Decision>);

impl Schedule {
    pub(crate) fn push(&mut self, decision: Decision) {
        self.0.push(decision);
    }

    /// The decisions, in order.
    pub(crate) fn into_decisions(self) -> impl Iterator<Item = Decision> {
        self.0.into_iter()
    }
}

impl FromIterator<Decision> for Schedule {
    fn from_iter<I: IntoIterator<Item = Decision>>(decisions: I) -> Self {
        Self(decisions.into_iter().collect())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.0.chunk_by(|a, b| a == b).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match run[0] {
                Decision::Run(thread) => write!(f, "{thread}")?,
                Decision::Choose(option) => write!(f, "?{option}")?,
                Decision::Circle => f.write_str("~")?,
            }
            if run.len() > 1 {
                write!(f, "*{}", run.len())?;
            }
        }
        Ok(())
    }
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSchedule {
    word: String,
}

impl fmt::Display for NoSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no decision of a schedule", self.word)
    }
}

impl std::error::Error for NoSchedule {}

/// No execution takes more decisions than this.
const LONGEST: usize = 1_000_000;

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let mut decisions = Vec::new();
        for word in text.split_whitespace() {
            let wrong = || NoSchedule {
                word: word.to_owned(),
            };
            let (decision, times) = word.split_once('*').unwrap_or((word, "1"));
            let times: usize = times.parse().map_err(|_| wrong())?;
            let decision = match decision.strip_prefix('?') {
                Some(option) => Decision::Choose(option.parse().map_err(|_| wrong())?),
                None if decision == "~" => Decision::Circle,
                None => Decision::Run(decision.parse().map_err(|_| wrong())?),
            };
            if times > LONGEST - decisions.len() {
                return Err(wrong());
            }
            decisions.extend(std::iter::repeat_n(decision, times));
        }
        Ok(Self(decisions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_survives_being_written_down() {
        let schedule: Schedule = [0, 0, 0, 1, 0]
            .map(Decision::Run)
            .into_iter()
            .chain([Decision::Choose(1), Decision::Circle, Decision::Choose(0)])
            .collect();
        let text = schedule.to_string();
        assert_eq!(text, "0*3 1 0 ?1 ~ ?0");
        assert_eq!(text.parse(), Ok(schedule));
        assert_eq!("".parse(), Ok(Schedule::default()));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["x", "1*", "?", "1*x", "-1", "~1", "1*99999999999"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
