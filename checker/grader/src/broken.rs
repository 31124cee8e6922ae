//! What a check knows of a promise that does not hold, beyond that it does not.

use std::sync::{Mutex, PoisonError};

use crate::probe::{Log, broken, held_locks};

/// A promise that does not hold, and what the check knows of the reason.
#[derive(Debug, Clone)]
pub struct Broken {
    pub(crate) sentence: String,
    pub(crate) defect: Option<&'static str>,
}

impl Broken {
    /// By a defect of the catalogue that what happened cannot be without. Otherwise it
    /// is the one that the manifest names for the check.
    #[must_use]
    pub fn by(defect: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            defect: Some(defect),
        }
    }

    /// Ends the check, as a failed [`expect!`](crate::expect) does.
    ///
    /// # Panics
    /// In a check over random inputs, so that the input can be shrunk.
    #[track_caller]
    pub fn end(self) -> ! {
        let sentence = self.sentence.clone();
        *NAMED.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
        broken(sentence);
        unreachable!("the check has ended");
    }
}

impl From<String> for Broken {
    fn from(sentence: String) -> Self {
        Self {
            sentence,
            defect: None,
        }
    }
}

/// The last promise that was broken by a defect with a name.
static NAMED: Mutex<Option<Broken>> = Mutex::new(None);

/// The defect that the check has named along with this sentence.
pub(crate) fn defect_named_with(sentence: &str) -> Option<String> {
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    let named = named.as_ref().filter(|named| named.sentence == sentence)?;
    named.defect.map(str::to_owned)
}

/// How a program stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standstill {
    /// A thread waits for a lock that it holds itself.
    OnItsOwnLock,
    /// Threads wait for locks of each other, or of one that waits for them.
    OnALock,
    /// Threads wait, and none of them for a lock.
    Asleep,
    /// Threads run on, and nothing changes.
    Spinning,
}

type StuckSentence = Box<dyn Fn(Standstill) -> Option<Broken> + Send>;

/// What the running check says about a standstill.
static STUCK: Mutex<Option<StuckSentence>> = Mutex::new(None);

/// Says which promise is broken when this program comes to a standstill, so that the
/// verdict can tell what the check knows and the model does not: how many tasks were
/// running, say. `sentence` is asked after the fact and must only read logs; `None`
/// leaves it at a plain deadlock.
pub fn broken_if_stuck(sentence: impl Fn(Standstill) -> Option<Broken> + Send + 'static) {
    let mut stuck = STUCK.lock().unwrap_or_else(PoisonError::into_inner);
    let former = stuck.replace(Box::new(sentence));
    drop(stuck);
    // It belongs to the execution before, and what belongs to one is not dropped in another:
    // it may own a scheduler, whose destructor would wait for threads that are gone.
    std::mem::forget(former);
}

/// The promise that a standstill breaks, as the check sees it.
pub(crate) fn broken_by(standstill: Standstill) -> Option<Broken> {
    let stuck = STUCK.lock().unwrap_or_else(PoisonError::into_inner);
    stuck.as_ref().and_then(|sentence| sentence(standstill))
}

/// Under which locks a task runs, as it begins: ` Task left runs under Mutex<State>
/// (lib.rs:40), taken in lib.rs:88.`, and nothing without any.
#[must_use]
pub fn locks_around(task: &str) -> String {
    match &*held_locks() {
        [] => String::new(),
        held => format!(" Task `{task}` runs under {}.", held.join(" and ")),
    }
}

/// Says what it means when two tasks that wait for each other never meet, in a program
/// with two workers. Each task has to push its [`locks_around`] as it begins; `workers`
/// are the threads that were alive before the first was submitted.
pub fn broken_unless_both_run(around: &Log<String>, workers: usize) {
    let around = around.clone();
    broken_if_stuck(move |standstill| {
        let meant = match around.len() {
            0 => "none of them runs",
            1 => "only one of them could run at once",
            _ => return None,
        };
        let locks = around.snapshot().concat();
        let sentence = format!("Two tasks wait for each other on 2 workers, and {meant}");
        Some(match (standstill, &*locks) {
            (Standstill::OnItsOwnLock, "") => return None,
            (Standstill::Asleep, "") if workers < 2 => {
                let sentence = format!("{sentence}: there are not two workers.");
                Broken::by("workers-ignored", sentence)
            }
            (Standstill::Asleep, "") => {
                let sentence = format!("{sentence}. No lock is held: a worker sleeps.");
                Broken::by("lost-wakeup", sentence)
            }
            _ => format!("{sentence}.{locks}").into(),
        })
    });
}
