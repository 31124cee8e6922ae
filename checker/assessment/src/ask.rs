//! Which requirement a question is after.
//!
//! Ranking by text alone: no network, no model. A question and each paraphrase in
//! the bank become sets of stemmed words, near-synonyms folded together, weighted
//! by how few requirements mention them (the idf of Okapi BM25; with questions this
//! short, its term frequencies and lengths add nothing that the cosine does not).
//! A wrong answer misleads and no answer does not, so both a floor and a lead over
//! the runner-up are demanded, and a word that the bank does not know counts
//! against the match.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The least likeness that counts.
const FLOOR: f64 = 0.5;
/// The least likeness to the nearest paraphrase alone: words that only the answer
/// has may support a match and not make one.
const NEAREST: f64 = 0.3;
/// How far the best requirement must be ahead of the next.
const LEAD: f64 = 0.07;
/// A question may share only common words with a requirement; then it is not
/// about it. At least this share of its weight must be in rare ones; and half of
/// its words, more than half of a few, must be shared at all.
const RARE: f64 = 0.35;

/// The words of a text that carry its meaning.
type Words = BTreeSet<String>;

/// The questions of a stage.
#[derive(Debug)]
pub struct Bank {
    requirements: Vec<Entry>,
    weights: BTreeMap<String, f64>,
    /// The weight of a word that only one requirement has, or none.
    rare: f64,
}

/// A requirement, in words.
#[derive(Debug)]
struct Entry {
    paraphrases: Vec<Words>,
    /// Those of all paraphrases and of the answer.
    all: Words,
}

impl Bank {
    /// Takes the answer and the paraphrases of each requirement, in order.
    #[must_use]
    pub fn new<'a>(requirements: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Self {
        let entry = |(answer, questions): (&str, &[String])| {
            let paraphrases: Vec<Words> = questions.iter().map(|text| words(text)).collect();
            let asked = paraphrases.iter().flatten().cloned();
            Entry {
                all: asked.chain(words(answer)).collect(),
                paraphrases,
            }
        };
        let requirements: Vec<Entry> = requirements.into_iter().map(entry).collect();
        let mut mentioned: BTreeMap<&String, usize> = BTreeMap::new();
        for word in requirements.iter().flat_map(|entry| &entry.all) {
            *mentioned.entry(word).or_default() += 1;
        }
        let count = requirements.len();
        let weights = mentioned.into_iter();
        Self {
            weights: weights
                .map(|(word, by)| (word.clone(), rarity(count, by)))
                .collect(),
            rare: rarity(count, 1),
            requirements,
        }
    }

    /// The requirement that the question is after, if it is after one.
    #[must_use]
    pub fn find(&self, question: &str) -> Option<usize> {
        if let Some(requirement) = self.exactly(&words(question)) {
            return Some(requirement);
        }
        let ranked = self.rank(question);
        let (requirement, likeness) = *ranked.first()?;
        let next = ranked.get(1).map_or(0.0, |(_, likeness)| *likeness);
        (likeness >= FLOOR && likeness - next >= LEAD).then_some(requirement)
    }

    /// The one requirement that has a paraphrase of just these words.
    fn exactly(&self, asked: &Words) -> Option<usize> {
        let is_it = |entry: &Entry| entry.paraphrases.contains(asked);
        let mut found = (0..self.requirements.len()).filter(|at| is_it(&self.requirements[*at]));
        let first = found.next().filter(|_| !asked.is_empty());
        first.filter(|_| found.next().is_none())
    }

    /// Every requirement with its likeness to the question, 0 to 1, best first.
    #[must_use]
    pub fn rank(&self, question: &str) -> Vec<(usize, f64)> {
        let asked = words(question);
        let likeness = |entry: &Entry| self.likeness(&asked, entry);
        let mut ranked: Vec<_> = self.requirements.iter().map(likeness).enumerate().collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        ranked
    }

    /// The mean of two views: how much of the question the requirement speaks of,
    /// and the cosine with its nearest paraphrase.
    fn likeness(&self, asked: &Words, entry: &Entry) -> f64 {
        let length = self.length(asked.iter());
        let shared = || asked.intersection(&entry.all);
        let rare = shared().filter(|word| self.weight(word) > self.rare / 2.0);
        let few = asked.len() < 4;
        let half = 2 * shared().count() >= asked.len() + usize::from(few);
        if !half || self.length(rare) < RARE * length {
            return 0.0;
        }
        let covered = self.length(shared()) / length;
        let cosine = |paraphrase: &Words| {
            let both = (length * self.length(paraphrase.iter())).sqrt();
            self.length(asked.intersection(paraphrase)) / both.max(f64::MIN_POSITIVE)
        };
        let nearest = entry.paraphrases.iter().map(cosine).fold(0.0, f64::max);
        if nearest < NEAREST {
            return 0.0;
        }
        f64::midpoint(covered, nearest)
    }

    /// The square of the length of a set as a vector.
    fn length<'a>(&self, words: impl Iterator<Item = &'a String>) -> f64 {
        words.map(|word| self.weight(word).powi(2)).sum()
    }

    fn weight(&self, word: &str) -> f64 {
        self.weights.get(word).copied().unwrap_or(self.rare)
    }
}

/// The idf of Okapi BM25: `ln(1 + (N − n + ½) / (n + ½))`.
fn rarity(requirements: usize, mentioning: usize) -> f64 {
    let (all, some) = (requirements as f64, mentioning as f64);
    (1.0 + (all - some + 0.5) / (some + 0.5)).ln()
}

/// Words without a meaning of their own in a question.
const EMPTY: &str = "a about actually after all also am an and any are as at be because been \
    before being but by can could did do does doing done during each else even ever every exactly \
    expect expected for from get gets give given go going goes guess had handle handled has have \
    having he her here how i if in into is it its itself just kind know let like make many matter \
    maybe me mean might more most much must my need needs no not of off ok on one only or other our \
    out over own please possible promise promised question really say shall she should so some \
    something sort still such suppose sure take takes tell than that the their them then there \
    these they thing things this those to too under up us use used want was way we well were what \
    whatever when where whether which while who whole why will wish with without would yes you \
    your happen happens happened supposed semantics behaviour behavior case cases allowed allow \
    talk talking new concern between required requires policy rule rules legal fine \
    toward towards up okay assume right wonder wondering curious clarify hi hello thanks requirement requirements";

/// Words that mean the same here; the first of a line stands for all.
const SAME: [&[&str]; 29] = [
    &["high", "higher", "highest", "larger", "greater", "bigger"],
    &["count", "total", "result"],
    &["catch", "caught"],
    &["interleave", "mix", "alternate"],
    &["task", "closure", "job", "work", "function", "callable"],
    &["panic", "crash", "explode", "blow", "unwind"],
    &["fail", "error", "failure", "err", "unsuccessful", "failing"],
    &[
        "retry", "attempt", "try", "tries", "again", "rerun", "retries",
    ],
    &["cancel", "abort", "kill", "cancellation", "interrupt"],
    &["order", "sequence", "fifo", "ordering"],
    &["equal", "same", "tie", "identical", "tied", "ties"],
    &["urgent", "important", "urgency"],
    &[
        "concurrent",
        "simultaneous",
        "parallel",
        "overlap",
        "once",
        "simultaneously",
        "concurrently",
    ],
    &["scale", "volume", "large", "load", "throughput", "big"],
    &["performance", "fast", "complexity", "speed", "latency"],
    &["memory", "unbounded", "ram", "grow"],
    &[
        "keep",
        "kept",
        "save",
        "retain",
        "stay",
        "stored",
        "store",
        "retention",
        "remember",
    ],
    &[
        "evict", "delete", "remove", "purge", "clean", "forget", "drop",
    ],
    &["unique", "distinct", "duplicate", "share", "twice"],
    &["metadata", "record", "info", "information", "detail"],
    &["statistic", "stat", "metric", "stats"],
    &[
        "consistent",
        "atomic",
        "snapshot",
        "exact",
        "accurate",
        "approximate",
        "stale",
    ],
    &["submit", "enqueue", "schedule", "spawn", "submission"],
    &[
        "inside",
        "within",
        "itself",
        "callback",
        "nested",
        "reentrant",
        "reenter",
        "reentrancy",
        "reentry",
    ],
    &["finish", "end", "complete", "finished", "over", "completed"],
    &["stop", "shutdown", "close", "terminate", "closed"],
    &["message", "text", "payload", "reason"],
    &["reuse", "recycle", "recycled"],
    &["status", "state"],
];

/// Phrases whose words carry nothing each, and a word that carries the whole.
const PHRASES: [(&str, &str); 6] = [
    ("re-ent", "reent"),
    ("how many", "howmany"),
    ("no tasks", "nothing tasks"),
    ("without any", "nothing"),
    ("nothing to do", "nothing"),
    ("is empty", "nothing"),
];

/// The words of a question that carry its meaning.
fn words(question: &str) -> Words {
    let mut text = String::new();
    let mut lower = false;
    for char in question.chars() {
        // `TaskId` and `run_all` are two words each.
        if char.is_uppercase() && lower {
            text.push(' ');
        }
        lower = char.is_lowercase();
        text.extend(char.to_lowercase());
    }
    for (phrase, word) in PHRASES {
        text = text.replace(phrase, word);
    }
    text.split(|char: char| !char.is_alphanumeric())
        .filter(|word| word.len() > 1 && !is_empty_word(word))
        .map(folded)
        .filter(|word| !is_empty_word(word))
        .collect()
}

fn is_empty_word(word: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| EMPTY.split_whitespace().collect());
    WORDS.contains(word)
}

/// The word that stands for all its forms and synonyms.
fn folded(word: &str) -> String {
    static FOLDED: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let mut folded = BTreeMap::new();
        for same in SAME {
            for other in same {
                folded
                    .entry((*other).to_owned())
                    .or_insert_with(|| stem(same[0]));
                folded.entry(stem(other)).or_insert_with(|| stem(same[0]));
            }
        }
        folded
    });
    let stem = stem(word);
    let known = FOLDED.get(word).or_else(|| FOLDED.get(&stem));
    known.cloned().unwrap_or(stem)
}

/// A word without its commonest endings. Crude, and the same for both sides.
fn stem(word: &str) -> String {
    let enough = |stem: &&str| stem.chars().count() >= 3;
    for (ending, instead) in [
        ("ies", "y"),
        ("ied", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
        ("ly", ""),
    ] {
        if word.ends_with("ss") {
            break;
        }
        if let Some(stem) = word.strip_suffix(ending).filter(enough) {
            return doubled(&format!("{stem}{instead}"))
                .trim_end_matches('e')
                .to_owned();
        }
    }
    doubled(word).trim_end_matches('e').to_owned()
}

/// `submitt`, which remains of `submitted`, is `submit`.
fn doubled(stem: &str) -> String {
    let mut chars: Vec<char> = stem.chars().collect();
    if let [.., one, other] = chars[..]
        && one == other
        && chars.len() > 3
        && !"aeious".contains(one)
    {
        chars.pop();
    }
    chars.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_synonyms_are_one_word() {
        let same = |one: &str, other: &str| assert_eq!(words(one), words(other), "{one} / {other}");
        same("submitted tasks", "submit task");
        same("it panics", "crashed");
        same(
            "retries",
            "another attempt? another try"
                .replace("another", "")
                .as_str(),
        );
        same("run_all", "RunAll");
        same("priorities", "priority");
    }

    #[test]
    fn an_empty_bank_and_an_empty_question_find_nothing() {
        assert_eq!(Bank::new([]).find("What about panics?"), None);
        let questions = ["What happens when a task panics?".to_owned()];
        let bank = Bank::new([("A panic is caught.", questions.as_slice())]);
        for question in ["", "?", "   ", "and so on"] {
            assert_eq!(bank.find(question), None, "{question}");
        }
    }
}
