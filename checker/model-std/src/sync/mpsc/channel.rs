//! A channel inside a model: a queue that the kernel blocks on.

use std::collections::VecDeque;
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Place;
use crate::model::kernel::{self, ObjectId, Timed, Why};
use crate::model::object::Object;

/// A channel of a model.
pub(super) struct Channel<T> {
    object: Object,
    end: Object,
    /// `None`: unbounded. `Some(0)`: a sender waits until its item is taken.
    bound: Option<usize>,
    /// A real mutex, never held across a switch and so never contended.
    state: Mutex<State<T>>,
}

pub(super) struct State<T> {
    items: VecDeque<T>,
    pub(super) senders: usize,
    receiver: bool,
    /// Items ever taken: how a rendezvous knows that its own was.
    taken: usize,
    sent: usize,
}

impl<T> Channel<T> {
    #[track_caller]
    pub(super) fn new(bound: Option<usize>) -> Arc<Self> {
        let state = State {
            items: VecDeque::new(),
            senders: 1,
            receiver: true,
            taken: 0,
            sent: 0,
        };
        Arc::new(Self {
            object: Object::new(),
            end: Object::new(),
            bound,
            state: Mutex::new(state),
        })
    }

    fn id(&self) -> ObjectId {
        self.object.id("channel", Some(std::any::type_name::<T>()))
    }

    /// What stands for whether there are senders. Nobody looks at that who finds an item, so
    /// that senders come and go without an order to what is sent and received.
    fn end(&self) -> ObjectId {
        if !kernel::can_look() {
            return self.id();
        }
        self.end.id("end of a channel", None)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, action: &'static str, at: Place, detail: &str) {
        let id = self.id();
        let detail = (!detail.is_empty()).then_some(detail);
        kernel::with(|kernel| {
            kernel.record(action, Some(id), Some(at), || detail.map(str::to_owned));
        });
    }

    /// Whether a sender must wait.
    fn is_full(&self) -> bool {
        let state = self.state();
        state.receiver
            && self
                .bound
                .is_some_and(|bound| state.items.len() >= bound.max(1))
    }

    pub(super) fn send(&self, item: T, at: Place) -> Result<(), SendError<T>> {
        let id = self.id();
        loop {
            // Every attempt is a step, for who tries first matters.
            kernel::step(id, at);
            if !self.is_full() {
                break;
            }
            kernel::block(Why::Send(id), Timed::No);
        }
        let mine = match self.put(item, at) {
            Ok(mine) => mine,
            Err(item) => return Err(SendError(item)),
        };
        if self.bound == Some(0) {
            while self.state().taken < mine {
                if !self.state().receiver {
                    return self
                        .state()
                        .items
                        .pop_back()
                        .map_or(Ok(()), |item| Err(SendError(item)));
                }
                kernel::block(Why::Send(id), Timed::No);
                kernel::last_step(id, at);
            }
        }
        Ok(())
    }

    pub(super) fn try_send(&self, item: T, at: Place) -> Result<(), TrySendError<T>> {
        let id = self.id();
        kernel::step(id, at);
        let nobody_waits = || {
            kernel::with(|kernel| {
                !kernel
                    .threads
                    .iter()
                    .any(|thread| thread.waits_for() == Some(Why::Receive(id)))
            })
        };
        if self.is_full() || (self.bound == Some(0) && self.state().receiver && nobody_waits()) {
            self.tell("try send", at, "full");
            return Err(TrySendError::Full(item));
        }
        self.put(item, at)
            .map(|_| ())
            .map_err(TrySendError::Disconnected)
    }

    /// Puts `item` into the queue; its running number, or the item if nobody can
    /// receive it any more.
    fn put(&self, item: T, at: Place) -> Result<usize, T> {
        let mut state = self.state();
        if !state.receiver {
            drop(state);
            self.tell("send", at, "nobody receives");
            return Err(item);
        }
        state.items.push_back(item);
        state.sent += 1;
        let mine = state.sent;
        drop(state);
        self.tell("send", at, "");
        self.wake(Why::Receive);
        Ok(mine)
    }

    pub(super) fn recv(&self, timed: Timed, at: Place) -> Result<T, RecvTimeoutError> {
        let id = self.id();
        let mut out_of_time = false;
        let mut may_run_out = timed != Timed::No;
        loop {
            let empty = if out_of_time { "empty" } else { "empty, waits" };
            match self.attempt_to_receive(at, empty) {
                Ok(item) => return Ok(item),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if out_of_time => return Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => {}
            }
            // The time may run out at any moment, also while others could still send.
            if std::mem::take(&mut may_run_out) && kernel::choose(2) == 1 {
                out_of_time = true;
                if let Timed::After(duration) = timed {
                    kernel::passes(duration);
                }
            } else {
                out_of_time = kernel::block(Why::Receive(id), timed);
            }
        }
    }

    pub(super) fn try_recv(&self, at: Place) -> Result<T, TryRecvError> {
        self.attempt_to_receive(at, "empty")
    }

    /// Every attempt is a step, for who comes first matters. `empty` is what to tell of one
    /// that finds nothing.
    fn attempt_to_receive(&self, at: Place, empty: &'static str) -> Result<T, TryRecvError> {
        kernel::step(self.id(), at);
        let mut state = self.state();
        let item = state.items.pop_front();
        state.taken += usize::from(item.is_some());
        let hung_up = state.senders == 0;
        drop(state);
        if item.is_none() && kernel::can_look() {
            kernel::looks_at(self.end());
        }
        match item {
            Some(item) => {
                self.tell("receive", at, "");
                self.wake(Why::Send);
                Ok(item)
            }
            None if hung_up => {
                self.tell("receive", at, "hung up");
                Err(TryRecvError::Disconnected)
            }
            None => {
                self.tell("receive", at, empty);
                Err(TryRecvError::Empty)
            }
        }
    }

    fn wake(&self, why: fn(ObjectId) -> Why) {
        let id = self.id();
        kernel::with(|kernel| {
            kernel.progressed();
            kernel.wake_where(|waiting| waiting == why(id));
        });
    }

    pub(super) fn drop_sender(&self) {
        if !kernel::active() {
            return;
        }
        // Others may see that the channel is open, and then that it is not; and which of the
        // senders is the last depends on who comes first.
        kernel::last_step(self.end(), self.object.created());
        let last = {
            let mut state = self.state();
            state.senders -= 1;
            state.senders == 0
        };
        if last {
            let id = self.id();
            kernel::with(|kernel| kernel.record("hang up", Some(id), None, || None));
            self.wake(Why::Receive);
        }
    }

    pub(super) fn drop_receiver(&self) {
        if !kernel::active() {
            return;
        }
        kernel::last_step(self.id(), self.object.created());
        let unread = {
            let mut state = self.state();
            state.receiver = false;
            // A rendezvous gets its item back; everything else is dropped here.
            if self.bound == Some(0) {
                VecDeque::new()
            } else {
                std::mem::take(&mut state.items)
            }
        };
        drop(unread);
        self.wake(Why::Send);
    }
}
