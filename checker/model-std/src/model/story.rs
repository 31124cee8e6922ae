//! How matters stand when an execution fails, in sentences.

use super::kernel::{Kernel, ObjectId, ThreadId, Why};
use super::trace::short_place;

impl Kernel {
    /// `Mutex<State> (lib.rs:40)`, and `Mutex<State> (lib.rs:40 #2)` for the second of
    /// those that one line created: a loop, or a derived `Default`.
    pub(crate) fn describe(&self, object: ObjectId) -> String {
        let state = &self.objects[object.0];
        let place = short_place(state.created);
        let earlier = &self.objects[..object.0];
        match earlier
            .iter()
            .filter(|other| other.is_twin_of(state))
            .count()
        {
            0 => format!("{} ({place})", state.name()),
            twins => format!("{} ({place} #{})", state.name(), twins + 1),
        }
    }

    fn label(&self, thread: ThreadId) -> String {
        self.threads[thread.0].info.label(thread.0)
    }

    /// A sentence for each thread that waits: for what, and who could end it.
    pub(super) fn standings(&self) -> Vec<String> {
        (0..self.threads.len())
            .map(ThreadId)
            .filter_map(|thread| {
                let why = self.threads[thread.0].waits_for()?;
                Some(self.waiting_sentence(thread, why))
            })
            .collect()
    }

    fn waiting_sentence(&self, thread: ThreadId, why: Why) -> String {
        let name = self.label(thread);
        match why {
            Why::Lock(lock) => {
                format!(
                    "{name} waits for {}, {}.",
                    self.describe(lock),
                    self.holders(thread, lock)
                )
            }
            Why::Condvar(condvar) => {
                format!("{name} waits on {} to be notified.", self.describe(condvar))
            }
            Why::Receive(channel) => {
                format!(
                    "{name} waits to receive from the {}.",
                    self.describe(channel)
                )
            }
            Why::Send(channel) => {
                format!("{name} waits for room in the {}.", self.describe(channel))
            }
            Why::Once(once) => {
                format!(
                    "{name} waits for {} to be initialised.",
                    self.describe(once)
                )
            }
            Why::Barrier(barrier) => {
                format!(
                    "{name} waits at the {} for the others.",
                    self.describe(barrier)
                )
            }
            Why::Join(other) => format!("{name} waits for {} to end.", self.label(other)),
            Why::Park => format!("{name} is parked and waits to be unparked."),
            Why::Change => {
                format!("{name} asks again and again, and goes on when something changes.")
            }
            Why::Idle => format!("{name} waits until nobody else can go on."),
            Why::End => format!("{name} has finished."),
        }
    }

    fn holders(&self, waiting: ThreadId, lock: ObjectId) -> String {
        let owners = &self.objects[lock.0].owners;
        let sentences: Vec<String> = owners
            .iter()
            .map(|owner| {
                let who = if *owner == waiting {
                    "which it holds itself".to_owned()
                } else {
                    format!("held by {}", self.label(*owner))
                };
                let held = self.threads[owner.0]
                    .held
                    .iter()
                    .find(|held| held.object == lock);
                match held {
                    Some(held) => format!("{who} since {}", short_place(held.at)),
                    None => who,
                }
            })
            .collect();
        if sentences.is_empty() {
            "which is free".to_owned()
        } else {
            sentences.join(" and ")
        }
    }
}
