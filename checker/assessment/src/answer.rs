//! What is in an answer to a follow-up question. Only that it is there: whether
//! it is true, and deep enough, takes a person.

/// What a good answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// At least two ways to do it.
    pub options: bool,
    /// A quantity.
    pub number: bool,
    /// What would change the decision.
    pub turning_point: bool,
}

/// Fewer words than this are no answer, whatever they are.
const FEWEST_WORDS: usize = 12;
/// Words that set one option against another.
const ALTERNATIVES: [&str; 10] = [
    "or",
    "alternatively",
    "instead",
    "either",
    "option",
    "options",
    "versus",
    "vs",
    "rather",
    "otherwise",
];
/// Words behind which a condition stands.
const CONDITIONS: [&str; 12] = [
    "if",
    "when",
    "unless",
    "once",
    "until",
    "depends",
    "depending",
    "whether",
    "threshold",
    "beyond",
    "above",
    "below",
];
/// Quantities without a digit.
const QUANTITIES: [&str; 9] = [
    "ten",
    "dozen",
    "dozens",
    "hundred",
    "hundreds",
    "thousand",
    "thousands",
    "million",
    "millions",
];

impl Contents {
    /// Looks into an answer.
    #[must_use]
    pub fn of(answer: &str) -> Self {
        let lower = answer.to_lowercase();
        let words: Vec<&str> = lower
            .split(|char: char| !char.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        if words.len() < FEWEST_WORDS {
            return Self {
                options: false,
                number: false,
                turning_point: false,
            };
        }
        let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
        let items = lower.lines().filter(|line| is_item(line)).count();
        Self {
            options: items >= 2 || any(&ALTERNATIVES),
            number: lower.contains(|char: char| char.is_ascii_digit()) && has_quantity(&lower)
                || any(&QUANTITIES),
            turning_point: any(&CONDITIONS),
        }
    }

    /// How many of the three are there.
    #[must_use]
    pub fn count(self) -> usize {
        [self.options, self.number, self.turning_point]
            .into_iter()
            .filter(|there| *there)
            .count()
    }

    /// What is missing, in words.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        let parts = [
            (self.options, "a second option"),
            (self.number, "a number"),
            (self.turning_point, "what would change the decision"),
        ];
        let missing = parts.into_iter().filter(|(there, _)| !there);
        missing.map(|(_, what)| what).collect()
    }
}

/// Whether a line is an item of a list.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let numbered = line.split_once(['.', ')']).is_some_and(|(number, rest)| {
        !number.is_empty()
            && number.chars().all(|char| char.is_ascii_digit())
            && rest.starts_with(' ')
    });
    numbered || ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark))
}

/// Whether there is a number besides those that number the items of a list.
fn has_quantity(text: &str) -> bool {
    text.lines().any(|line| {
        let content = if is_item(line) {
            line.trim_start()
                .split_once(' ')
                .map_or("", |(_, rest)| rest)
        } else {
            line
        };
        content.contains(|char: char| char.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found() {
        let whole = "Either split the queue from the records or give each worker a queue of its \
                     own; at 1 ms a task the lock is busy 0.2 % of the time, so I would keep it \
                     until tasks take a microsecond.";
        assert_eq!(Contents::of(whole).count(), 3);
        let list = "What I see:\n1. one more lock for the statistics of the workers\n\
                    2. batches of claims, taken in one visit";
        assert_eq!(
            Contents::of(list).missing(),
            ["a number", "what would change the decision"]
        );
    }

    #[test]
    fn a_few_words_are_no_answer() {
        assert_eq!(Contents::of("It depends: 2 locks or 3.").count(), 0);
        assert_eq!(Contents::of("").missing().len(), 3);
    }
}
