//! Channels: std's outside a model, and in a model the same promises over a
//! queue that the kernel blocks on.

mod channel;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use channel::Channel;

use crate::model::kernel::{self, Timed};

type Place = &'static Location<'static>;

/// As in std.
#[track_caller]
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    if kernel::active() {
        let channel = Channel::new(None);
        (
            Sender(Sending::Model(Arc::clone(&channel))),
            Receiver(Receiving::Model(channel)),
        )
    } else {
        let (sender, receiver) = std::sync::mpsc::channel();
        (
            Sender(Sending::Real(sender)),
            Receiver(Receiving::Real(receiver)),
        )
    }
}

/// As in std.
#[track_caller]
#[must_use]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    if kernel::active() {
        let channel = Channel::new(Some(bound));
        (
            SyncSender(Sending::Model(Arc::clone(&channel))),
            Receiver(Receiving::Model(channel)),
        )
    } else {
        let (sender, receiver) = std::sync::mpsc::sync_channel(bound);
        (
            SyncSender(Sending::Real(sender)),
            Receiver(Receiving::Real(receiver)),
        )
    }
}

/// `std::sync::mpsc::Sender`.
pub struct Sender<T>(Sending<std::sync::mpsc::Sender<T>, T>);
/// `std::sync::mpsc::SyncSender`.
pub struct SyncSender<T>(Sending<std::sync::mpsc::SyncSender<T>, T>);
/// `std::sync::mpsc::Receiver`.
pub struct Receiver<T>(Receiving<T>);

enum Sending<Real, T> {
    Real(Real),
    Model(Arc<Channel<T>>),
}

enum Receiving<T> {
    Real(std::sync::mpsc::Receiver<T>),
    Model(Arc<Channel<T>>),
}

impl<T> Sender<T> {
    /// As in std.
    ///
    /// # Errors
    /// If the receiver is gone; the error gives the item back.
    #[track_caller]
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        match &self.0 {
            Sending::Real(sender) => sender.send(item),
            Sending::Model(channel) => channel.send(item, Location::caller()),
        }
    }
}

impl<T> SyncSender<T> {
    /// As in std.
    ///
    /// # Errors
    /// If the receiver is gone; the error gives the item back.
    #[track_caller]
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        match &self.0 {
            Sending::Real(sender) => sender.send(item),
            Sending::Model(channel) => channel.send(item, Location::caller()),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If there is no room, or the receiver is gone; the error gives the item back.
    #[track_caller]
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        match &self.0 {
            Sending::Real(sender) => sender.try_send(item),
            Sending::Model(channel) => channel.try_send(item, Location::caller()),
        }
    }
}

impl<T> Receiver<T> {
    /// As in std.
    ///
    /// # Errors
    /// If the channel is empty and every sender is gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        match &self.0 {
            Receiving::Real(receiver) => receiver.recv(),
            Receiving::Model(channel) => channel
                .recv(Timed::No, Location::caller())
                .map_err(|_| RecvError),
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If nothing is there now.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match &self.0 {
            Receiving::Real(receiver) => receiver.try_recv(),
            Receiving::Model(channel) => channel.try_recv(Location::caller()),
        }
    }

    /// As in std. In a model the timeout may strike at any moment at which other
    /// threads have had a chance to run.
    ///
    /// # Errors
    /// If nothing came in time, or nothing can come any more.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match &self.0 {
            Receiving::Real(receiver) => receiver.recv_timeout(timeout),
            Receiving::Model(channel) => {
                kernel::asks_time(Location::caller());
                channel.recv(Timed::After(timeout), Location::caller())
            }
        }
    }

    /// As in std.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { rx: self }
    }

    /// As in std.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { rx: self }
    }
}

/// `std::sync::mpsc::Iter`.
#[derive(Debug)]
pub struct Iter<'a, T: 'a> {
    rx: &'a Receiver<T>,
}

/// `std::sync::mpsc::TryIter`.
#[derive(Debug)]
pub struct TryIter<'a, T: 'a> {
    rx: &'a Receiver<T>,
}

/// `std::sync::mpsc::IntoIter`.
#[derive(Debug)]
pub struct IntoIter<T> {
    rx: Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.rx.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.rx.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { rx: self }
    }
}

impl<Real: Clone, T> Clone for Sending<Real, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Real(sender) => Self::Real(sender.clone()),
            Self::Model(channel) => {
                channel.state().senders += 1;
                Self::Model(Arc::clone(channel))
            }
        }
    }
}

impl<Real, T> Drop for Sending<Real, T> {
    fn drop(&mut self) {
        if let Self::Model(channel) = self {
            channel.drop_sender();
        }
    }
}

impl<T> Drop for Receiving<T> {
    fn drop(&mut self) {
        if let Self::Model(channel) = self {
            channel.drop_receiver();
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

// A `Receiver` is for one thread at a time, as std's is: its real form already
// is not `Sync`, and with it neither is this one.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<Receiver<u8>>();
    is_send::<Sender<u8>>();
};
